"""Cases told without a database: facts walk through the protocol, and every step must leave somebody with a duty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from pathway.calendars import WorkCalendar, even_week
from pathway.protocol.conditions import SIGNERS
from pathway.protocol.facts import CaseFacts, PumpFact, SignOffFact, TodoFact
from pathway.protocol.guards import judge
from pathway.protocol.loader import VERSIONS, load
from pathway.protocol.plan import Plan, make_plan
from pathway.protocol.roles import EDGE, Decision, Role, Stage, TodoState
from pathway.protocol.verdict import Verdict

FORMS = frozenset(
    {
        "assessment",
        "medication_history",
        "neuro_history",
        "goals",
        "surgical_review",
        "anesthesia_review",
        "social_checklist",
        "education_record",
        "eligibility",
        "mdt_minute",
        "booking",
        "second_check",
        "service_life",
        "volume_event",
        "trial_plan",
        "trial_dose",
        "trial_readings",
        "call_note",
        "surgical_plan",
        "anesthesia_plan",
        "operation",
        "program",
        "device_registration",
        "postop_check",
        "rehab_plan",
        "taper_plan",
        "goals_review",
        "refill",
        "device_plan",
        "emergency_check",
        "incident_steps",
        "incident_closure",
        "emergency_plan",
        "card_issue",
        "note",
    }
)
ITB1 = load(VERSIONS / "itb-1", FORMS)
CHICAGO = WorkCalendar(
    time_zone="America/Chicago",
    week=even_week(time(8), time(17)),
    country="US",
    subdivision="IL",
    closed_days=frozenset({date(2026, 11, 27)}),
    version=1,
)
MONDAY = date(2026, 3, 2)
_ids = count(1)


def new_id() -> UUID:
    """Ids in the order of time, as the engine makes them."""
    return UUID(int=next(_ids))


def apply(facts: CaseFacts, plan: Plan) -> CaseFacts:
    """The facts after a plan was carried out, as the engine does it."""
    todos = dict(facts.todos)
    for gone in plan.withdrawals:
        todos[gone.key] = replace(todos[gone.key], state=TodoState.WITHDRAWN, ended_on=facts.today)
    for moved in plan.redates:
        todos[moved.key] = replace(todos[moved.key], due_on=moved.due_on)
    for opening in plan.openings:
        todos[opening.todo.key] = TodoFact(
            id=new_id(),
            key=opening.todo.key,
            occurrence=opening.occurrence,
            visit_seq=facts.visit_seq,
            role=opening.todo.role,
            state=TodoState.OPEN,
            due_on=opening.due_on,
            opened_on=facts.today,
            required=opening.todo.required,
            safety=opening.todo.safety,
        )
    live = tuple(signed for signed in facts.signoffs if signed not in plan.lapses)
    return replace(facts, todos=todos, signoffs=live)


class Story:
    """One case and its clock. Every verb plans afterwards and checks what must hold at any moment."""

    def __init__(self, today: date = MONDAY) -> None:
        self.plan = Plan()
        self.facts = CaseFacts(stage=Stage.EVALUATION, visit_seq=1, stage_entered_on=today, today=today)
        self.settle()

    def settle(self) -> None:
        """Plan and carry it out; a second plan must find nothing left to do, and somebody must have a duty."""
        self.plan = make_plan(ITB1, self.facts, CHICAGO)
        self.facts = apply(self.facts, self.plan)
        assert make_plan(ITB1, self.facts, CHICAGO) == Plan()
        assert self.open or self.facts.stage is Stage.CLOSED
        for opening in self.plan.openings:
            self._check_safety(opening.todo.key, opening.due_on)

    def _check_safety(self, key: str, due_on: date) -> None:
        definition = ITB1.todos[key]
        pump = self.facts.pump
        if definition.safety and definition.due.anchor == "refill_by":
            assert pump is not None
            assert pump.refill_by is not None
            assert due_on <= pump.refill_by

    @property
    def open(self) -> dict[str, TodoFact]:
        """What is open, by key."""
        return {key: todo for key, todo in self.facts.todos.items() if todo.is_open}

    def opened(self) -> set[str]:
        """What the last step opened."""
        return {opening.todo.key for opening in self.plan.openings}

    def wait(self, days: int) -> None:
        """Let days pass."""
        self.facts = replace(self.facts, today=self.facts.today + timedelta(days=days))
        self.settle()

    def _end(self, key: str, state: TodoState, result: Mapping[str, Any]) -> None:
        todo = self.facts.todos[key]
        assert todo.is_open, f"{key} is {todo.state}"
        ended = replace(todo, state=state, ended_on=self.facts.today, result=result)
        self.facts = replace(self.facts, todos={**self.facts.todos, key: ended})

    def do(self, *keys: str, **result: Any) -> None:
        """Complete duties, all with the same result."""
        for key in keys:
            self._end(key, TodoState.DONE, {"digest": f"digest {next(_ids)}", **result})
            if ITB1.todos[key].new_round:
                self.facts = replace(self.facts, decision_round=self.facts.decision_round + 1)
            self.settle()

    def skip(self, key: str) -> None:
        """Mark a duty not applicable."""
        self._end(key, TodoState.NOT_APPLICABLE, {"digest": "skipped"})
        self.settle()

    def reopen(self, key: str) -> None:
        """Open a settled duty again to correct it."""
        todo = replace(
            self.facts.todos[key], state=TodoState.OPEN, ended_on=None, visit_seq=self.facts.visit_seq
        )
        self.facts = replace(self.facts, todos={**self.facts.todos, key: todo})
        self.settle()

    def sign(self, decision: Decision, role: Role, vote: str = "for", waives: bool = False) -> None:
        """One discipline signs."""
        facts_hash = self.facts.facts_hash(ITB1.decision[decision].binds)
        signed = SignOffFact(
            id=new_id(),
            decision=decision,
            round=self.facts.decision_round,
            role=role,
            signer_id=new_id(),
            vote=vote,
            waives_trial=waives,
            facts_hash=facts_hash,
            has_reason=waives or vote == "against",
        )
        self.facts = replace(self.facts, signoffs=(*self.facts.signoffs, signed))
        self._end(f"{decision}_{role}", TodoState.DONE, {"digest": f"{vote}:{facts_hash}"})
        self.settle()

    def sign_all(self, decision: Decision, waives: bool = False) -> None:
        """All three disciplines sign for."""
        for role in SIGNERS:
            self.sign(decision, role, waives=waives)

    def verdict(self, edge: str) -> Verdict:
        """What the gate says now."""
        gate = ITB1.edge_from(self.facts.stage, edge)
        assert gate is not None
        return judge(ITB1, gate, self.facts)

    def advance(self, edge: str) -> None:
        """Pass a gate that stands open."""
        verdict = self.verdict(edge)
        assert verdict.allowed, str(verdict)
        if f"edge_{edge}" in self.open:
            self._end(f"edge_{edge}", TodoState.DONE, {"digest": ""})
        target = EDGE[edge].target
        assert target is not None
        self.enter(target)

    def enter(self, stage: Stage) -> None:
        """Stand in another stage, as the state machine would leave the facts; reopening goes on with the stay."""
        before, seq = self.facts, self.facts.visit_seq + 1
        goes_on = Stage.CLOSED in (before.stage, stage)
        since = (before.since_visit or before.visit_seq) if goes_on else None
        self.facts = replace(
            before, stage=stage, visit_seq=seq, stage_entered_on=before.today, since_visit=since
        )
        self.settle()

    def hold(self, review_on: date | None) -> None:
        """Pause the case, or resume it with None."""
        self.facts = replace(self.facts, hold_review_on=review_on)
        self.settle()

    def fill(self, days: int = 90) -> None:
        """A filled pump is in place from today on and must be refilled in so many days."""
        today = self.facts.today
        pump = self.facts.pump or PumpFact(
            new_id(), today, None, None, today + timedelta(days=7 * 365), today
        )
        pump = replace(pump, filled_on=today, refill_by=today + timedelta(days=days))
        self.facts = replace(self.facts, pump=pump)

    def on(self, key: str) -> date:
        """The due date of an open duty."""
        return self.open[key].due_on


def evaluated() -> Story:
    """A case whose evaluation is done."""
    story = Story()
    story.do(*[todo.key for todo in ITB1.stage[Stage.EVALUATION].todo])
    return story


def selected(waives: bool = False) -> Story:
    """A case that the three disciplines signed for."""
    story = evaluated()
    story.advance("accept")
    story.do("eligibility", eligible=True)
    story.sign_all(Decision.CANDIDACY, waives=waives)
    story.do("mdt_minute")
    return story


def in_trial() -> Story:
    """A case on its trial day, 14 days on, with the plan made."""
    story = selected()
    story.do("trial_booking", date=str(story.facts.today + timedelta(days=14)))
    story.advance("start_trial")
    story.do("trial_plan")
    story.wait(14)
    return story


def give_and_read(story: Story, dose_mcg: int, verdict: str) -> None:
    """One screening dose and its readings."""
    today = str(story.facts.today)
    story.do("trial_dose", given_on=today, dose_mcg=dose_mcg)
    story.do("trial_readings", verdict=verdict, dose_mcg=dose_mcg, read_on=today)


def in_implant() -> Story:
    """A case that passed its trial."""
    story = in_trial()
    give_and_read(story, 50, "positive")
    story.sign_all(Decision.TRIAL_RESULT)
    story.wait(2)
    story.advance("pass_trial")
    return story


def operate(story: Story) -> None:
    """From the booking to the day-3 checks of one operation."""
    day = story.facts.today + timedelta(days=28)
    story.do("theatre_booking", date=str(day))
    story.do("surgical_plan", "anesthesia_plan")
    story.wait(28)
    story.fill()
    story.do("operation", operated_on=str(day))
    story.do("first_program", effective_on=str(day))
    story.do(
        "device_registration", "education_second", "postop_d1_neurosurgeon", "postop_d1_anesthesiologist"
    )
    story.wait(3)
    story.do("postop_d3_neurosurgeon", "postop_d3_anesthesiologist")


def in_titration() -> Story:
    """A case whose pump runs."""
    story = in_implant()
    operate(story)
    story.advance("start_titration")
    return story


def in_long_term() -> Story:
    """A case whose dose has settled."""
    story = in_titration()
    story.do("headache_closure", "rehab_plan", "taper_plan", "wound_d12")
    story.do("book_refill", date=str(story.facts.today + timedelta(days=60)))
    story.wait(30)
    story.do("goals_review")
    story.advance("settle")
    return story
