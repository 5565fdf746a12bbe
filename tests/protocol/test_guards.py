"""Each guard: facts it allows, and facts for every reason it can give, with who can clear it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from pathway.clinical.conditions import TriageLevel
from pathway.protocol import guards
from pathway.protocol.conditions import SIGNERS
from pathway.protocol.facts import CaseFacts, IncidentFact, PumpFact, SignOffFact, TodoFact
from pathway.protocol.guards import GUARDS
from pathway.protocol.roles import CloseReason, Decision, Role, Stage, TodoState
from pathway.protocol.verdict import Reason
from tests.protocol.story import ITB1

TODAY = date(2026, 6, 1)
DONE, OPEN, SKIPPED = TodoState.DONE, TodoState.OPEN, TodoState.NOT_APPLICABLE
EVALUATION_KEYS = [todo.key for todo in ITB1.stage[Stage.EVALUATION].todo]


def todo(key: str, state: TodoState = DONE, visit: int = 2, **result: Any) -> TodoFact:
    return TodoFact(
        id=UUID(int=1),
        key=key,
        occurrence=1,
        visit_seq=visit,
        role=Role.COORDINATOR,
        state=state,
        due_on=TODAY,
        opened_on=TODAY,
        result=result,
    )


def facts(stage: Stage, *todos: TodoFact, **changes: Any) -> CaseFacts:
    """A case in its second visit."""
    return replace(CaseFacts(stage, 2, TODAY, TODAY, todos={fact.key: fact for fact in todos}), **changes)


def reasons(name: str, case: CaseFacts) -> list[Reason]:
    return GUARDS[name](ITB1, case)


def codes(name: str, case: CaseFacts) -> list[str]:
    return [reason.code for reason in reasons(name, case)]


def vote(role: Role, vote: str = "for", **changes: Any) -> SignOffFact:
    signed = SignOffFact(UUID(int=1), Decision.CANDIDACY, 1, role, UUID(int=2), vote, False, "hash", False)
    return replace(signed, **changes)


PUMP = PumpFact(UUID(int=9), TODAY, TODAY, TODAY + timedelta(days=60), None, TODAY - timedelta(days=28))


class TestRequiredTodosDone:
    def test_all_settled_allows(self) -> None:
        done = [todo(key) for key in EVALUATION_KEYS[1:]]
        assert (
            codes("required_todos_done", facts(Stage.EVALUATION, todo(EVALUATION_KEYS[0], SKIPPED), *done))
            == []
        )

    def test_each_missing_duty_is_named_with_its_owner(self) -> None:
        done = [todo(key) for key in EVALUATION_KEYS if key not in ("goals", "surgical_review")]
        found = reasons("required_todos_done", facts(Stage.EVALUATION, *done, todo("surgical_review", OPEN)))
        assert [(reason.code, reason.todo_key, reason.clears) for reason in found] == [
            ("todo_missing", "goals", (Role.PHYSIATRIST,)),
            ("todo_missing", "surgical_review", (Role.NEUROSURGEON,)),
        ]
        assert "Treatment goals" in found[0].text

    def test_what_was_done_in_an_earlier_stay_does_not_count(self) -> None:
        done = [todo(key, visit=1) for key in EVALUATION_KEYS]
        assert len(codes("required_todos_done", facts(Stage.EVALUATION, *done))) == len(EVALUATION_KEYS)
        assert codes("required_todos_done", facts(Stage.EVALUATION, *done, since_visit=1)) == []

    def test_duties_that_do_not_apply_or_are_not_required_or_are_signatures_are_left_out(self) -> None:
        waived = tuple(vote(role, waives_trial=True) for role in SIGNERS)
        case = facts(Stage.SELECTION, todo("eligibility"), todo("mdt_minute"), signoffs=waived)
        assert codes("required_todos_done", case) == []
        asked = [reason.todo_key for reason in reasons("required_todos_done", replace(case, signoffs=()))]
        assert asked == ["trial_booking"]
        keys = {reason.todo_key for reason in reasons("required_todos_done", facts(Stage.TITRATION))}
        assert keys == {"rehab_plan", "taper_plan", "goals_review"}


def test_not_on_hold() -> None:
    assert codes("not_on_hold", facts(Stage.TRIAL)) == []
    found = reasons("not_on_hold", facts(Stage.TRIAL, hold_review_on=TODAY))
    assert [(reason.code, reason.clears) for reason in found] == [("on_hold", (Role.COORDINATOR,))]


def test_eligibility_recorded() -> None:
    assert codes("eligibility_recorded", facts(Stage.SELECTION, todo("eligibility", eligible=True))) == []
    for unsettled in ([], [todo("eligibility", OPEN)]):
        found = reasons("eligibility_recorded", facts(Stage.SELECTION, *unsettled))
        assert [(reason.code, reason.todo_key) for reason in found] == [("not_eligible", "eligibility")]
        assert "not recorded" in found[0].text
    found = reasons("eligibility_recorded", facts(Stage.SELECTION, todo("eligibility", eligible=False)))
    assert "recorded as not eligible" in found[0].text


class TestAllSignedFor:
    def test_three_signatures_allow(self) -> None:
        case = facts(Stage.SELECTION, signoffs=tuple(vote(role) for role in SIGNERS))
        assert codes("all_signed_for", case) == []

    def test_each_missing_signature_is_named(self) -> None:
        found = reasons("all_signed_for", facts(Stage.SELECTION, signoffs=(vote(Role.PHYSIATRIST),)))
        assert [(reason.code, reason.todo_key, reason.clears) for reason in found] == [
            ("signature_missing", "candidacy_neurosurgeon", (Role.NEUROSURGEON,)),
            ("signature_missing", "candidacy_anesthesiologist", (Role.ANESTHESIOLOGIST,)),
        ]

    def test_a_dissent_is_cleared_by_the_team(self) -> None:
        signoffs = (vote(Role.NEUROSURGEON), vote(Role.PHYSIATRIST, "against"), vote(Role.ANESTHESIOLOGIST))
        found = reasons("all_signed_for", facts(Stage.SELECTION, signoffs=signoffs))
        assert [(reason.code, reason.todo_key, reason.clears) for reason in found] == [
            ("dissent", "mdt_dissent", (Role.COORDINATOR, Role.PHYSIATRIST))
        ]

    def test_signatures_of_another_round_or_decision_do_not_count(self) -> None:
        signoffs = tuple(vote(role) for role in SIGNERS)
        assert (
            codes("all_signed_for", facts(Stage.SELECTION, signoffs=signoffs, decision_round=2))
            == ["signature_missing"] * 3
        )
        assert codes("all_signed_for", facts(Stage.TRIAL, signoffs=signoffs)) == ["signature_missing"] * 3


@pytest.mark.parametrize(
    ("last", "allowed"),
    [
        (vote(Role.ANESTHESIOLOGIST, waives_trial=True, has_reason=True), True),
        (vote(Role.ANESTHESIOLOGIST, waives_trial=True, has_reason=False), False),
        (vote(Role.ANESTHESIOLOGIST, waives_trial=False, has_reason=True), False),
        (None, False),
    ],
)
def test_all_waived_trial(last: SignOffFact | None, allowed: bool) -> None:
    first = tuple(vote(role, waives_trial=True, has_reason=True) for role in SIGNERS[:2])
    found = reasons("all_waived_trial", facts(Stage.SELECTION, signoffs=(*first, last) if last else first))
    assert [reason.code for reason in found] == ([] if allowed else ["trial_not_waived"])
    assert all(reason.clears == (Role.ANESTHESIOLOGIST,) for reason in found)


@pytest.mark.parametrize(
    ("readings", "text"),
    [
        (todo("trial_readings", verdict="positive"), None),
        (todo("trial_readings", verdict="inadequate"), "“inadequate”"),
        (todo("trial_readings", verdict="adverse"), "“adverse”"),
        (todo("trial_readings", OPEN, verdict="positive"), "No trial verdict"),
        (todo("trial_readings", visit=1, verdict="positive"), "No trial verdict"),
        (None, "No trial verdict"),
    ],
)
def test_positive_response(readings: TodoFact | None, text: str | None) -> None:
    found = reasons("positive_response", facts(Stage.TRIAL, *([readings] if readings else [])))
    assert [reason.code for reason in found] == ([] if text is None else ["no_positive_response"])
    assert text is None or text in found[0].text


@pytest.mark.parametrize(
    ("todos", "pump", "expected"),
    [
        (("operation", "first_program"), PUMP, []),
        ((), None, ["no_operation", "no_program"]),
        (("operation",), PUMP, ["no_program"]),
        (("operation", "first_program"), None, ["no_fill"]),
        (("operation", "first_program"), replace(PUMP, filled_on=None), ["no_fill"]),
    ],
)
def test_operation_recorded(todos: tuple[str, ...], pump: PumpFact | None, expected: list[str]) -> None:
    results = {"operation": {"operated_on": "2026-05-20"}, "first_program": {"effective_on": "2026-05-20"}}
    case = facts(Stage.IMPLANT, *[todo(key, **results[key]) for key in todos], pump=pump)
    assert codes("operation_recorded", case) == expected
    earlier = facts(Stage.IMPLANT, *[todo(key, visit=1, **results[key]) for key in todos], pump=PUMP)
    assert codes("operation_recorded", earlier) == ["no_operation", "no_program"]


@pytest.mark.parametrize(
    ("unchanged_days", "code"), [(28, None), (200, None), (27, "dose_not_settled"), (-3, "dose_not_settled")]
)
def test_dose_settled(unchanged_days: int, code: str | None) -> None:
    pump = replace(PUMP, dose_since=TODAY - timedelta(days=unchanged_days))
    found = reasons("dose_settled", facts(Stage.TITRATION, pump=pump))
    assert [reason.code for reason in found] == ([] if code is None else [code])
    if code:
        assert f"{max(unchanged_days, 0)} days; the protocol asks for 28 [P]" in found[0].text


@pytest.mark.parametrize("pump", [None, replace(PUMP, dose_since=None)])
def test_no_dose_no_settling(pump: PumpFact | None) -> None:
    assert codes("dose_settled", facts(Stage.TITRATION, pump=pump)) == ["no_dose"]


def test_goals_reviewed() -> None:
    assert codes("goals_reviewed", facts(Stage.TITRATION, todo("goals_review"))) == []
    for missing in ([], [todo("goals_review", OPEN)], [todo("goals_review", visit=1)]):
        assert codes("goals_reviewed", facts(Stage.TITRATION, *missing)) == ["goals_not_reviewed"]


def test_a_gate_gathers_the_reasons_of_all_its_guards() -> None:
    gate = ITB1.edge_from(Stage.SELECTION, "waive_trial")
    assert gate is not None
    verdict = guards.judge(ITB1, gate, facts(Stage.SELECTION, hold_review_on=TODAY))
    assert verdict.codes() == {
        "on_hold",
        "not_eligible",
        "signature_missing",
        "trial_not_waived",
        "todo_missing",
    }
    assert not verdict.allowed


NOTE = {"note": "What happened."}
FAILED = todo("trial_readings", verdict="inadequate")


@pytest.mark.parametrize(
    ("reason", "todos", "pump", "evidence", "expected"),
    [
        ("withdrew", [], None, NOTE, set()),
        ("withdrew", [], None, {}, {"missing_note"}),
        ("withdrew", [], None, {"note": "  "}, {"missing_note"}),
        ("withdrew", [], PUMP, NOTE, {"pump_in_place"}),
        ("lost", [], None, NOTE, set()),
        ("lost", [], PUMP, NOTE, {"pump_in_place"}),
        ("transferred", [], PUMP, NOTE | {"receiving_clinic": "Hillside"}, set()),
        ("transferred", [], PUMP, NOTE, {"missing_receiving_clinic"}),
        ("died", [], PUMP, NOTE | {"on": "2026-05-30"}, set()),
        ("died", [], None, NOTE, {"missing_on"}),
        ("explanted", [], PUMP, NOTE | {"on": "2026-05-30"}, set()),
        ("explanted", [], PUMP, NOTE, {"missing_on"}),
        ("explanted", [], None, NOTE | {"on": "2026-05-30"}, {"no_pump"}),
        ("non_responder", [FAILED], None, NOTE, set()),
        ("non_responder", [todo("trial_readings", verdict="adverse")], None, NOTE, set()),
        ("non_responder", [todo("trial_readings", verdict="positive")], None, NOTE, {"trial_not_failed"}),
        ("non_responder", [], None, NOTE, {"trial_not_failed"}),
        ("non_responder", [FAILED], PUMP, NOTE, {"pump_in_place"}),
        ("declined", [todo("eligibility", eligible=False)], None, NOTE, set()),
        ("declined", [todo("mdt_dissent")], None, NOTE, set()),
        ("declined", [todo("mdt_dissent", OPEN)], None, NOTE, {"not_declined"}),
        ("declined", [todo("eligibility", eligible=True)], None, NOTE, {"not_declined"}),
        ("declined", [], None, {}, {"missing_note", "not_declined"}),
    ],
)
def test_closing_needs_the_evidence_of_its_reason(
    reason: str, todos: list[TodoFact], pump: PumpFact | None, evidence: dict[str, str], expected: set[str]
) -> None:
    case = facts(Stage.TRIAL, *todos, pump=pump)
    assert guards.close(ITB1, case, CloseReason(reason), evidence).codes() == expected


def test_a_dissenting_signature_is_evidence_of_a_decline() -> None:
    case = facts(Stage.SELECTION, signoffs=(vote(Role.PHYSIATRIST, "against"),))
    assert guards.close(ITB1, case, CloseReason.DECLINED, NOTE).allowed


@pytest.mark.parametrize("reason", [reason for reason in CloseReason if reason is not CloseReason.DIED])
def test_no_case_closes_over_an_open_incident_but_by_death(reason: CloseReason) -> None:
    open_one = IncidentFact(UUID(int=7), TriageLevel.YELLOW, frozenset(), frozenset(), acknowledged=True)
    case = facts(Stage.EVALUATION, incident=open_one)
    [said] = [one for one in guards.close(ITB1, case, reason, NOTE).reasons if one.code == "incident_open"]
    assert (said.clears, said.todo_key) == ((Role.PHYSIATRIST,), "incident_closure")
    died = guards.close(ITB1, case, CloseReason.DIED, {**NOTE, "on": "2026-06-01"})
    assert died.allowed
