"""Random verbs by random people at random times: whatever they press, the promises hold.

Nobody waits on nothing; the history is the truth; no signature counts on changed facts; each pump has its refill duty.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pathway.engine.action import chain
from pathway.engine.advance import advance
from pathway.engine.cases import close, hold, refresh, reopen_case, resume
from pathway.engine.errors import EngineError
from pathway.engine.reopening import reopen
from pathway.engine.signoffs import sign
from pathway.engine.timers import fire_due
from pathway.engine.todos import claim, complete, hand_over, mark_not_applicable, release
from pathway.models import Case, Event, Pump, SignOff, StageCount, StageVisit, Timer, Todo
from pathway.protocol.roles import EDGE, OPEN_STAGES, CloseReason, Decision, Stage
from pathway.queries.definitions import protocol_of
from pathway.queries.facts import facts_hash
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.examples import moved
from tests.walk import Walk

PEOPLE = st.sampled_from(["nora", "phil", "anna", "cora", "omar"])
NUMBER = st.integers(min_value=0, max_value=40)
REASON = st.sampled_from(["", "Because."])
GENESIS = b""


class Clinic(RuleBasedStateMachine):
    """One case and everybody who may press anything on it."""

    cast: Cast
    count = 0
    start: Stage

    def __init__(self) -> None:
        super().__init__()
        Clinic.count += 1
        self.at = MONDAY + timedelta(hours=6)
        self.case_id: UUID = referred(self.cast, mrn=f"W-{Clinic.count:05}")
        self.refusals = 0

    @initialize()
    def the_case_is_somewhere(self) -> None:
        """Random presses alone seldom get far: the usual way leads to some stage first."""
        stage = self.start
        serial = {"pump_serial": f"SYN-{Clinic.count:06}"}
        walk = Walk(
            self.cast,
            self.case_id,
            self.at,
            lambda todo, values: {**values, **(serial if todo.key == "operation" else {})},
        )
        for step in [Stage.TITRATION, Stage.LONG_TERM] if stage is Stage.LONG_TERM else [stage]:
            walk.do_all(until=step)
            walk.wait(40 if step is Stage.TITRATION else 0)
        self.at = walk.at

    # --- what people press ---------------------------------------------------------------------------------

    def press(self, verb: Any, **values: Any) -> None:
        """A refusal is an answer; anything else but success is a defect."""
        try:
            verb(at=self.at, **values)
        except EngineError:
            self.refusals += 1

    def pick(self, number: int, **filters: Any) -> Todo | None:
        todos = list(Todo.objects.filter(case_id=self.case_id, **filters).order_by("opened_at", "id"))
        return todos[number % len(todos)] if todos else None

    def person(self, name: str) -> Any:
        return getattr(self.cast, name)

    @rule(number=NUMBER)
    def the_right_person_does_something(self, number: int) -> None:
        todo = self.pick(number, state="open")
        if todo is not None:
            self.do(todo, self.cast.of(todo.role))

    @rule(number=NUMBER)
    def and_something_more(self, number: int) -> None:
        self.the_right_person_does_something(number)

    @rule(number=NUMBER, who=PEOPLE)
    def anybody_does_something(self, number: int, who: str) -> None:
        todo = self.pick(number)
        if todo is not None:
            self.do(todo, self.person(who))

    def do(self, todo: Todo, by: Any) -> None:
        definition = protocol_of(Case.objects.get(pk=self.case_id).protocol_id).todos[todo.key]
        if todo.key == "edge_reopen":
            self.press(reopen_case, case_id=self.case_id, by=by)
        elif todo.key.startswith("edge_"):
            self.press(
                advance, case_id=self.case_id, edge=todo.key.removeprefix("edge_"), by=by, reason="Agreed."
            )
        elif definition.decision is not None:
            self.sign(todo, by, definition.decision)
        else:
            record = moved(definition.form, self.at.date()) if definition.form else None
            if definition.form == "operation" and record is not None:
                record["pump_serial"] = f"SYN-{Clinic.count:06}"
            self.press(complete, todo_id=todo.id, by=by, record=record)

    def sign(self, todo: Todo, by: Any, decision: Decision) -> None:
        vote = "against" if self.refusals % 7 == 6 else "for"
        shown = facts_hash(self.case_id, decision)
        self.press(sign, todo_id=todo.id, by=by, vote=vote, facts_hash=shown, reason="As discussed.")

    @rule(number=NUMBER, who=PEOPLE, verb=st.sampled_from([claim, release]))
    def claim_or_release(self, number: int, who: str, verb: Any) -> None:
        todo = self.pick(number)
        if todo is not None:
            self.press(verb, todo_id=todo.id, by=self.person(who))

    @rule(number=NUMBER, who=PEOPLE, to=PEOPLE, reason=REASON)
    def hand_it_over(self, number: int, who: str, to: str, reason: str) -> None:
        todo = self.pick(number)
        if todo is not None:
            self.press(hand_over, todo_id=todo.id, by=self.person(who), to=self.person(to).id, reason=reason)

    @rule(number=NUMBER, who=PEOPLE, reason=REASON)
    def not_applicable(self, number: int, who: str, reason: str) -> None:
        todo = self.pick(number, state="open")
        if todo is not None:
            self.press(mark_not_applicable, todo_id=todo.id, by=self.person(who), reason=reason)

    @rule(number=NUMBER, who=PEOPLE, reason=REASON)
    def reopen_something(self, number: int, who: str, reason: str) -> None:
        todo = self.pick(number, state__in=["done", "not_applicable"])
        if todo is not None:
            self.press(reopen, todo_id=todo.id, by=self.person(who), reason=reason)

    @rule(edge=st.sampled_from(sorted(EDGE)), who=PEOPLE, reason=REASON)
    def try_a_move(self, edge: str, who: str, reason: str) -> None:
        self.press(advance, case_id=self.case_id, edge=edge, by=self.person(who), reason=reason)

    @rule(who=PEOPLE, days=st.integers(min_value=0, max_value=30), reason=REASON)
    def hold_it(self, who: str, days: int, reason: str) -> None:
        review = self.at.date() + timedelta(days=days)
        self.press(hold, case_id=self.case_id, by=self.person(who), reason=reason, review_on=review)

    @rule(who=PEOPLE)
    def resume_it(self, who: str) -> None:
        self.press(resume, case_id=self.case_id, by=self.person(who))

    @precondition(lambda self: self.refusals % 4 == 3)
    @rule(who=PEOPLE, reason=st.sampled_from(sorted(CloseReason)))
    def close_it(self, who: str, reason: str) -> None:
        evidence = {"note": "Written.", "receiving_clinic": "Hillside", "on": str(self.at.date())}
        self.press(close, case_id=self.case_id, by=self.person(who), reason=str(reason), evidence=evidence)

    @rule(who=PEOPLE, reason=REASON)
    def reopen_the_case(self, who: str, reason: str) -> None:
        self.press(reopen_case, case_id=self.case_id, by=self.person(who), reason=reason)

    @rule(hours=st.integers(min_value=1, max_value=24 * 20))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)
        while fire_due(at=self.at):
            pass
        refresh(case_id=self.case_id, at=self.at)

    # --- what must always be true --------------------------------------------------------------------------

    @invariant()
    def nobody_waits_on_nothing(self) -> None:
        case = Case.objects.get(pk=self.case_id)
        live = Todo.objects.filter(case=case, state="open")
        if case.is_open:
            assert live.exists(), f"an open case in {case.stage} with no next duty"
            assert (case.next_role, case.next_due_on) != ("", None)
            assert live.filter(key=case.next_key, role=case.next_role, due_on=case.next_due_on).exists()
        assert set(live.values_list("id", flat=True)) == set(
            Timer.objects.filter(todo__case=case).values_list("todo_id", flat=True)
        )
        assert case.required_open == live.filter(required=True).count()

    @invariant()
    def stage_history_equals_the_events(self) -> None:
        case = Case.objects.get(pk=self.case_id)
        moves = (
            Event.objects.filter(case=case, verb__in=[*EDGE, "reopen_case"])
            .exclude(verb="reopen")
            .order_by("seq")
        )
        told = ["evaluation", *("closed" if event.verb == "close" else event.data["to"] for event in moves)]
        visits = list(StageVisit.objects.filter(case=case).order_by("seq").values_list("stage", flat=True))
        assert visits == told
        assert (visits[-1], len(visits)) == (case.stage, case.visit_seq)

    @invariant()
    def the_chain_is_whole(self) -> None:
        case = Case.objects.get(pk=self.case_id)
        head = GENESIS
        events = list(Event.objects.filter(case=case).order_by("seq"))
        for number, event in enumerate(events, start=1):
            head = chain(head, event)
            assert (event.seq, bytes(event.hash)) == (number, head)
        assert (case.event_seq, bytes(case.event_hash)) == (len(events), head)

    @invariant()
    def no_signature_counts_on_changed_facts(self) -> None:
        case = Case.objects.get(pk=self.case_id)
        for signed in SignOff.objects.filter(case=case, lapsed_at__isnull=True, round=case.decision_round):
            assert signed.facts_hash == facts_hash(case.id, Decision(signed.decision))

    @invariant()
    def each_pump_has_a_live_refill_duty_in_time(self) -> None:
        case = Case.objects.get(pk=self.case_id)
        pump = Pump.objects.filter(case=case, explanted_on__isnull=True).first()
        if pump is not None and case.is_open:
            assert pump.refill_by is not None
            duty = Todo.objects.get(case=case, key="refill", state="open")
            assert duty.due_on <= pump.refill_by
            assert duty.role == "physiatrist"

    @invariant()
    def the_kept_counts_are_the_counts(self) -> None:
        for stage in Stage:
            kept = StageCount.objects.filter(clinic=self.cast.clinic, stage=str(stage)).first()
            assert (kept.cases if kept else 0) == Case.objects.filter(
                clinic=self.cast.clinic, stage=str(stage)
            ).count()


@pytest.mark.django_db
@pytest.mark.parametrize("stage", OPEN_STAGES)
def test_whatever_people_press_the_promises_hold(stage: Stage) -> None:
    Clinic.cast, Clinic.start = make_cast(), stage
    run_state_machine_as_test(
        Clinic,
        settings=settings(
            max_examples=4,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
