"""Random people do random things to a case in any order; the promises of the plan hold after every step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pathway.protocol.plan import LAST_RESORT
from pathway.protocol.roles import Decision, Stage, TodoState
from tests.protocol.story import (
    CHICAGO,
    ITB1,
    MONDAY,
    Story,
    in_implant,
    in_long_term,
    in_titration,
    in_trial,
    selected,
)

STARTS = [Story, selected, in_trial, in_implant, in_titration, in_long_term]
VERDICTS = st.sampled_from(["positive", "inadequate", "adverse"])
DAYS = st.integers(0, 120)


class RandomCase(RuleBasedStateMachine):
    """`Story.settle`, called by every verb, checks that a second plan is empty and that somebody has a duty."""

    @initialize(start=st.sampled_from(STARTS))
    def begin(self, start: Any) -> None:
        self.story = start()

    def _result(self, key: str, data: st.DataObject) -> dict[str, Any]:
        today = self.story.facts.today
        day = str(today + timedelta(days=data.draw(DAYS)))
        by_key: dict[str, dict[str, Any]] = {
            "eligibility": {"eligible": data.draw(st.booleans())},
            "trial_booking": {"date": day},
            "theatre_booking": {"date": day},
            "book_refill": {"date": day},
            "trial_dose": {"given_on": str(today)},
            "trial_readings": {
                "verdict": data.draw(VERDICTS),
                "dose_mcg": data.draw(st.sampled_from([50, 75, 100])),
                "read_on": str(today),
            },
            "operation": {"operated_on": str(today)},
            "first_program": {"effective_on": str(today)},
        }
        return by_key.get(key, {})

    @precondition(lambda self: self.story.facts.stage is not Stage.CLOSED)
    @rule(data=st.data())
    def somebody_does_something(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.story.open)))
        definition = ITB1.todos[key]
        if definition.decision is not None:
            if self.story.facts.votes(definition.decision).get(definition.role) is None:
                vote = data.draw(st.sampled_from(["for", "for", "against"]))
                waives = (
                    vote == "for" and definition.decision is Decision.CANDIDACY and data.draw(st.booleans())
                )
                self.story.sign(definition.decision, definition.role, vote, waives)
        elif key in ITB1.prompts:
            self.story.advance(key.removeprefix("edge_"))
        elif definition.skippable and data.draw(st.integers(0, 5)) == 0:
            self.story.skip(key)
        else:
            if key in ("operation", "refill"):
                self.story.fill(data.draw(st.integers(5, 180)))
            self.story.do(key, **self._result(key, data))

    @precondition(lambda self: self.story.facts.stage is not Stage.CLOSED)
    @rule(data=st.data())
    def somebody_corrects_something(self, data: st.DataObject) -> None:
        settled = [
            key
            for key, todo in self.story.facts.todos.items()
            if todo.is_settled and key not in ITB1.prompts and ITB1.todos[key].decision is None
        ]
        if settled:
            self.story.reopen(data.draw(st.sampled_from(sorted(settled))))

    @rule(days=DAYS)
    def time_passes(self, days: int) -> None:
        self.story.wait(days)

    @precondition(lambda self: self.story.facts.stage is not Stage.CLOSED)
    @rule(data=st.data())
    def hold_or_resume(self, data: st.DataObject) -> None:
        held = self.story.facts.on_hold
        self.story.hold(
            None if held else self.story.facts.today + timedelta(days=data.draw(st.integers(1, 90)))
        )

    @precondition(lambda self: self.story.facts.stage in (Stage.TITRATION, Stage.LONG_TERM))
    @rule(edge=st.sampled_from(["revise", "retitrate"]))
    def the_case_goes_back(self, edge: str) -> None:
        stage = self.story.facts.stage
        if ITB1.edge_from(stage, edge) is not None and self.story.verdict(edge).allowed:
            self.story.advance(edge)

    @precondition(lambda self: self.story.facts.stage is not Stage.CLOSED)
    @rule()
    def closed_by_mistake(self) -> None:
        stage, before = self.story.facts.stage, set(self.story.open)
        self.story.hold(None)
        self.story.enter(Stage.CLOSED)
        self.story.enter(stage)
        assert {"refill", "book_refill"} & before <= set(self.story.open)

    @precondition(lambda self: self.story.facts.pump is not None)
    @rule(days=st.integers(-10, 200))
    def the_runway_moves(self, days: int) -> None:
        pump = self.story.facts.pump
        assert pump is not None
        moved = replace(pump, refill_by=self.story.facts.today + timedelta(days=days))
        self.story.facts = replace(self.story.facts, pump=moved)
        self.story.settle()

    @invariant()
    def a_pump_always_has_a_refill_duty_dated_safely(self) -> None:
        facts = self.story.facts
        if facts.pump is None or facts.pump.refill_by is None or facts.stage is Stage.CLOSED:
            return
        assert self.story.on("refill") == CHICAGO.last_working_day_on_or_before(facts.pump.refill_by)
        if "book_refill" in self.story.open:
            assert self.story.on("book_refill") <= facts.pump.refill_by

    @invariant()
    def no_signature_counts_on_changed_facts(self) -> None:
        facts = self.story.facts
        for decision in Decision:
            for signed in facts.votes(decision).values():
                assert signed.facts_hash == facts.facts_hash(ITB1.decision[decision].binds)

    @invariant()
    def a_prompt_is_open_exactly_when_its_gate_is(self) -> None:
        facts = self.story.facts
        if facts.stage is Stage.CLOSED:
            return
        for gate in ITB1.stage[facts.stage].edge:
            if gate.key in self.story.open:
                assert self.story.verdict(gate.edge).allowed

    @invariant()
    def what_is_open_belongs_here_or_outlives_its_stage_or_is_being_corrected(self) -> None:
        facts = self.story.facts
        for key, todo in self.story.open.items():
            home = ITB1.home[key]
            assert home in (None, facts.stage) or ITB1.todos[key].outlives_stage or facts.is_here(todo)

    @invariant()
    def the_last_resort_stands_alone(self) -> None:
        for key in self.story.open:
            if ITB1.todos[key].when == LAST_RESORT:
                assert set(self.story.open) == {key}

    @invariant()
    def only_safety_duties_are_dated_into_the_past(self) -> None:
        for opening in self.story.plan.openings:
            assert opening.todo.safety or opening.due_on >= self.story.facts.today >= MONDAY
            assert opening.occurrence >= 1
            assert self.story.facts.todos[opening.todo.key].state is TodoState.OPEN

    def teardown(self) -> None:
        """Whatever happened, a diligent team can still bring the case into long-term care: no dead end."""
        if hasattr(self, "story"):
            bring_home(self.story)


def bring_home(story: Story) -> None:
    """Do what is open, with good results, correct what stands in the way, and wait where only time helps."""
    story.hold(None)
    for _ in range(300):
        if story.facts.stage is Stage.LONG_TERM:
            return
        prompts = [key for key in story.open if key in ITB1.prompts]
        turn = [key for key in story.open if ITB1.home[key] is story.facts.stage or key == "mdt_dissent"]
        needed = [key for key in turn if ITB1.todos[key].required]
        if prompts:
            story.advance(prompts[0].removeprefix("edge_"))
        elif needed:
            do_well(story, needed[0])
        elif story.facts.value("eligibility.eligible") is False:
            story.reopen("eligibility")
        elif story.facts.stage is Stage.TRIAL:
            story.reopen("trial_readings")
        elif corrected := [key for key in story.open if ITB1.home[key] not in (None, story.facts.stage)]:
            story.do(corrected[0])
        else:
            story.wait(30)
    raise AssertionError(f"stuck in {story.facts.stage} with {sorted(story.open)}")


def do_well(story: Story, key: str) -> None:
    """Complete one duty so that the case can move on."""
    definition, today = ITB1.todos[key], str(story.facts.today)
    if definition.decision is not None:
        story.sign(definition.decision, definition.role)
        return
    if key == "operation":
        story.fill()
    good = {"date": today, "given_on": today, "read_on": today, "operated_on": today, "effective_on": today}
    story.do(key, eligible=True, verdict="positive", dose_mcg=50, **good)


TestRandomCase = RandomCase.TestCase
# Without shrinking: it takes minutes here, and forty steps can be read.
TestRandomCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
