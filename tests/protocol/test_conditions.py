"""Each named condition, on facts that make it true and on facts that make it false."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from pathway.clinical.conditions import TriageLevel
from pathway.protocol.conditions import CONDITIONS
from pathway.protocol.facts import CaseFacts, IncidentFact, PumpFact, SignOffFact, TodoFact
from pathway.protocol.roles import Decision, Role, Stage, TodoState
from tests.protocol.story import ITB1, MONDAY, Story, new_id

TODAY = date(2026, 6, 1)
DONE, OPEN, SKIPPED = TodoState.DONE, TodoState.OPEN, TodoState.NOT_APPLICABLE


def todo(
    key: str, number: int, state: TodoState = DONE, visit: int = 3, ended: date = TODAY, **result: Any
) -> TodoFact:
    """A duty; `number` is its place in time."""
    return TodoFact(
        id=UUID(int=number),
        key=key,
        occurrence=1,
        visit_seq=visit,
        role=Role.COORDINATOR,
        state=state,
        due_on=TODAY,
        opened_on=TODAY,
        ended_on=None if state is OPEN else ended,
        result=result,
    )


def facts(*todos: TodoFact, **changes: Any) -> CaseFacts:
    """A case in its third visit."""
    case = CaseFacts(Stage.TRIAL, 3, TODAY, TODAY, todos={fact.key: fact for fact in todos})
    return replace(case, **changes)


def holds(name: str, case: CaseFacts) -> bool:
    return CONDITIONS[name](ITB1, case)


def pump(**changes: date | None) -> PumpFact:
    filled = PumpFact(
        UUID(int=9), date(2026, 1, 5), date(2026, 5, 4), date(2026, 8, 3), date(2033, 1, 5), None
    )
    return replace(filled, **changes)


def vote(role: Role, vote: str = "for", waives: bool = False, number: int = 1) -> SignOffFact:
    decision = Decision.CANDIDACY
    return SignOffFact(UUID(int=1), decision, number, role, UUID(int=2), vote, waives, "hash", waives)


def test_on_hold() -> None:
    assert holds("on_hold", facts(hold_review_on=TODAY))
    assert not holds("on_hold", facts())


def test_has_pump() -> None:
    assert holds("has_pump", facts(pump=pump()))
    assert not holds("has_pump", facts(pump=pump(refill_by=None)))
    assert not holds("has_pump", facts())


def booked(for_day: str | None, on: date) -> TodoFact:
    return todo("book_refill", 1, ended=on, date=for_day)


@pytest.mark.parametrize(
    ("booking", "expected"),
    [
        (None, True),
        (todo("book_refill", 1, OPEN), True),
        (todo("book_refill", 1, TodoState.WITHDRAWN, date="2026-07-20"), True),
        (booked("2026-07-20", date(2026, 5, 20)), False),
        (booked("2026-08-03", date(2026, 5, 20)), False),  # on the refill-by date itself
        (booked("2026-06-01", date(2026, 5, 20)), False),  # today
        (booked("2026-07-20", date(2026, 5, 4)), False),  # made on the day of the fill
        (booked("2026-08-04", date(2026, 5, 20)), True),  # too late since the date moved
        (booked("2026-05-29", date(2026, 5, 20)), True),  # missed
        (booked("2026-05-04", date(2026, 4, 20)), True),  # used by the last fill
        (booked("2026-07-20", date(2026, 4, 20)), True),  # made for the fill that came early
    ],
)
def test_refill_not_booked(booking: TodoFact | None, expected: bool) -> None:
    case = facts(*([booking] if booking else []), pump=pump())
    assert holds("refill_not_booked", case) is expected


@pytest.mark.parametrize("absent", [None, pump(filled_on=None), pump(refill_by=None)])
def test_without_a_filled_pump_nothing_is_booked(absent: PumpFact | None) -> None:
    assert not holds("refill_not_booked", facts(pump=absent))


def test_dissent_counts_in_the_present_round_of_the_stages_decision_only() -> None:
    against = vote(Role.PHYSIATRIST, "against")
    assert holds("dissent", facts(stage=Stage.SELECTION, signoffs=(against,)))
    assert not holds("dissent", facts(stage=Stage.SELECTION, signoffs=(against,), decision_round=2))
    assert not holds("dissent", facts(stage=Stage.SELECTION, signoffs=(vote(Role.PHYSIATRIST),)))
    assert not holds("dissent", facts(stage=Stage.TRIAL, signoffs=(against,)))
    assert not holds("dissent", facts(stage=Stage.LONG_TERM, signoffs=(against,)))


def test_a_trial_is_waived_by_all_three_or_not_at_all() -> None:
    all_three = tuple(
        vote(role, waives=True) for role in (Role.NEUROSURGEON, Role.PHYSIATRIST, Role.ANESTHESIOLOGIST)
    )
    for signoffs, waived in [
        ((), False),
        (all_three[:2], False),
        ((*all_three[:2], vote(Role.ANESTHESIOLOGIST)), False),
        (all_three, True),
    ]:
        case = facts(stage=Stage.SELECTION, signoffs=signoffs)
        assert holds("trial_waived", case) is waived
        assert holds("trial_not_waived", case) is not waived


def readings(number: int, verdict: str, dose_mcg: int = 50, **changes: Any) -> TodoFact:
    return todo("trial_readings", number, verdict=verdict, dose_mcg=dose_mcg, **changes)


@pytest.mark.parametrize(
    ("todos", "escalates", "concluded", "failed"),
    [
        ([], False, False, False),
        ([todo("trial_dose", 1)], False, False, False),
        ([todo("trial_dose", 1), readings(2, "positive")], False, True, False),
        ([todo("trial_dose", 1), readings(2, "inadequate")], True, False, False),
        ([todo("trial_dose", 1), readings(2, "inadequate", 75)], True, False, False),
        ([todo("trial_dose", 1), readings(2, "inadequate", 100)], False, True, True),
        ([todo("trial_dose", 1), readings(2, "adverse")], False, True, True),
        # a newer dose is to be given, was given, or was declined
        ([todo("trial_dose", 3, OPEN), readings(2, "inadequate")], False, False, False),
        ([todo("trial_dose", 3), readings(2, "inadequate")], False, False, False),
        ([todo("trial_dose", 3, SKIPPED), readings(2, "inadequate")], False, True, True),
        # being corrected, withdrawn, or of an earlier stay
        ([todo("trial_dose", 1, OPEN), readings(2, "positive")], False, False, False),
        ([todo("trial_dose", 1), readings(2, "positive", state=OPEN)], False, False, False),
        ([todo("trial_dose", 1), readings(2, "positive", visit=2)], False, False, False),
    ],
)
def test_the_course_of_a_trial(todos: list[TodoFact], escalates: bool, concluded: bool, failed: bool) -> None:
    case = facts(*todos)
    assert holds("trial_may_escalate", case) is escalates
    assert holds("trial_concluded", case) is concluded
    assert holds("trial_failed", case) is failed


@pytest.mark.parametrize(
    ("todos", "expected"),
    [
        ([], False),
        ([todo("operation", 1, OPEN)], False),
        ([todo("operation", 1, visit=4)], True),
        ([todo("operation", 1, visit=4), todo("review_6mo", 2, visit=6)], False),
        ([todo("operation", 3, visit=7), todo("review_6mo", 2, visit=6)], True),
    ],
)
def test_fresh_operation(todos: list[TodoFact], expected: bool) -> None:
    assert holds("fresh_operation", facts(*todos)) is expected


def test_has_end_of_service() -> None:
    assert holds("has_end_of_service", facts(pump=pump()))
    assert not holds("has_end_of_service", facts(pump=pump(end_of_service_on=None)))
    assert not holds("has_end_of_service", facts())


def test_in_titration() -> None:
    assert holds("in_titration", facts(stage=Stage.TITRATION))
    assert not holds("in_titration", facts(stage=Stage.LONG_TERM))


def test_nothing_else_open() -> None:
    assert holds("nothing_else_open", facts(todo("goals", 1), todo("next_step", 2, OPEN)))
    assert not holds("nothing_else_open", facts(todo("goals", 1, OPEN)))


# --- incidents ---

ROLES = ("physiatrist", "neurosurgeon", "anesthesiologist", "coordinator")


def incident(asked: str, waiting: str) -> IncidentFact:
    return IncidentFact(
        new_id(),
        TriageLevel.ORANGE,
        frozenset(map(Role, asked.split())),
        frozenset(map(Role, waiting.split())),
        acknowledged=False,
    )


def asks(facts: CaseFacts) -> set[str]:
    return {role for role in ROLES if CONDITIONS[f"incident_asks_{role}"](ITB1, facts)}


def test_an_incident_asks_whom_it_waits_for_until_all_have_answered() -> None:
    story = Story()
    assert asks(story.facts) == set()
    assert not CONDITIONS["incident_answered"](ITB1, story.facts)
    open_one = incident("physiatrist neurosurgeon", "neurosurgeon")
    facts = replace(story.facts, incident=open_one)
    assert asks(facts) == {"neurosurgeon"}
    assert not CONDITIONS["incident_answered"](ITB1, facts)
    facts = replace(story.facts, incident=replace(open_one, waiting=frozenset()))
    assert asks(facts) == set()
    assert CONDITIONS["incident_answered"](ITB1, facts)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_its_own_question(role: str) -> None:
    assert asks(replace(Story().facts, incident=incident(" ".join(ROLES), role))) == {role}


def test_an_answer_that_is_being_corrected_keeps_its_duty_open() -> None:
    story = Story()
    story.facts = replace(story.facts, incident=incident("physiatrist", "physiatrist"))
    story.settle()
    assert "incident_physiatrist" in story.opened()
    story.facts = replace(story.facts, incident=incident("physiatrist", ""))
    assert asks(story.facts) == {"physiatrist"}, "open, though it is not waited for"
    story.do("incident_physiatrist")
    assert story.opened() == {"incident_closure"}


def test_an_incident_never_moves_its_duty_to_a_day_before_it() -> None:
    saturday = MONDAY + timedelta(days=5)
    story = Story(saturday)
    story.facts = replace(story.facts, incident=incident("physiatrist", "physiatrist"))
    story.settle()
    assert story.on("incident_physiatrist") == saturday


def test_a_hold_keeps_an_incidents_duties_and_a_later_one_asks_anew() -> None:
    story = Story()
    story.hold(MONDAY + timedelta(days=30))
    for occurrence in (1, 2):
        story.facts = replace(story.facts, incident=incident("neurosurgeon", "neurosurgeon"))
        story.settle()
        assert story.open["incident_neurosurgeon"].occurrence == occurrence
        story.facts = replace(story.facts, incident=incident("neurosurgeon", ""))
        story.do("incident_neurosurgeon")
        story.facts = replace(story.facts, incident=None)
        story.settle()
        assert "incident_closure" not in story.open
