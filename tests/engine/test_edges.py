"""Every edge of the state machine: one test that passes it, one for each reason it can be refused.

The reasons come from the guards that the protocol names: a guard added to a gate without a test here fails the table.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from pathway.engine.advance import advance
from pathway.engine.cases import hold
from pathway.engine.errors import EngineError, Invalid, NotAllowed, NotFound, Refused, Stale
from pathway.engine.reopening import reopen
from pathway.engine.todos import mark_not_applicable
from pathway.models import Case, Event
from pathway.protocol.loader import VERSIONS, load
from pathway.protocol.roles import EDGE, EDGES, Role, Stage
from tests.cast import MONDAY, Cast, referred
from tests.engine.traces import nothing_written
from tests.walk import Walk

PROTOCOL = load(VERSIONS / "itb-1")
GATES = [(stage.stage, gate) for stage in PROTOCOL.stages for gate in stage.edge]
CODES = {
    "not_on_hold": ["on_hold"],
    "required_todos_done": ["todo_missing"],
    "eligibility_recorded": ["not_eligible"],
    "all_signed_for": ["signature_missing", "dissent"],
    "all_waived_trial": ["trial_not_waived"],
    "positive_response": ["no_positive_response"],
    "operation_recorded": ["no_operation", "no_program"],
    "dose_settled": ["dose_not_settled", "no_dose"],
    "goals_reviewed": ["goals_not_reviewed"],
}
WAIVED = {"waives_trial": True, "reason": "Continuous catheter trial elsewhere, letter on file."}


def start(cast: Cast) -> Walk:
    return Walk(cast, referred(cast), MONDAY + timedelta(hours=6))


def at_stage(cast: Cast, stage: Stage, **changes: Any) -> Walk:
    """A case that has just reached a stage on the usual way."""
    walk = start(cast)
    walk.values = lambda todo, values: {**values, **changes.get(todo.key, {})}
    if stage == Stage.LONG_TERM:
        walk.do_all(until=Stage.TITRATION)
        walk.wait(40)
    walk.do_all(until=stage)
    assert walk.case.stage == stage
    return walk


def do_until(walk: Walk, *stop: str) -> Walk:
    """Do what is open until one of these duties is open, leaving it and the moves alone."""
    for _ in range(60):
        keys = {todo.key for todo in walk.open()}
        if keys & set(stop):
            return walk
        ready = [
            todo
            for todo in walk.open()
            if todo.required and not todo.key.startswith("edge_") and not todo.safety
        ]
        ready = ready or [todo for todo in walk.open() if todo.key in ("operation", "first_program")]
        walk.do(ready[0].key)
    raise AssertionError(f"none of {stop} opened")


def ready(cast: Cast, edge: str) -> Walk:
    """A case at the gate of this edge with everything done."""
    if edge == "accept":
        return do_until(start(cast), "edge_accept")
    if edge == "start_trial":
        return do_until(at_stage(cast, Stage.SELECTION), "edge_start_trial")
    if edge == "waive_trial":
        walk = do_until(at_stage(cast, Stage.SELECTION), "candidacy_neurosurgeon")
        for role in ("neurosurgeon", "physiatrist", "anesthesiologist"):
            walk.sign(f"candidacy_{role}", **WAIVED)
        return do_until(walk, "edge_waive_trial")
    if edge == "pass_trial":
        return do_until(at_stage(cast, Stage.TRIAL), "edge_pass_trial")
    if edge == "start_titration":
        return do_until(at_stage(cast, Stage.IMPLANT), "edge_start_titration")
    if edge == "settle":
        walk = at_stage(cast, Stage.TITRATION)
        walk.wait(40)
        return do_until(walk, "edge_settle")
    return at_stage(cast, Stage.LONG_TERM)


def press(
    walk: Walk, edge: str, by: Any = None, reason: str = "Because the team agreed.", **more: Any
) -> Any:
    gate = PROTOCOL.edge_from(Stage(walk.case.stage), edge)
    person = by or walk.cast.of(gate.roles[0] if gate else Role.COORDINATOR)
    return advance(case_id=walk.case_id, edge=edge, by=person, at=walk.at, reason=reason, **more)


def refused(walk: Walk, edge: str, kind: type[EngineError] = Refused, **more: Any) -> EngineError:
    """Press, be refused, and leave no trace."""
    with nothing_written(), pytest.raises(kind) as caught:
        press(walk, edge, **more)
    return caught.value


def codes(walk: Walk, edge: str) -> set[str]:
    error = refused(walk, edge)
    assert isinstance(error, Refused)
    assert all(reason.clears for reason in error.verdict.reasons), "each reason says who can clear it"
    return error.verdict.codes()


@pytest.mark.parametrize("edge", [edge.name for edge in EDGES if edge.name not in ("close", "reopen")])
def test_the_edge_passes(cast: Cast, edge: str) -> None:
    walk = ready(cast, edge)
    before = walk.case
    outcome = press(walk, edge, version=before.event_seq)
    case = walk.case
    assert case.stage == EDGE[edge].target
    assert (case.visit_seq, case.event_seq) == (before.visit_seq + 1, before.event_seq + 1)
    event = Event.objects.get(case=case, seq=outcome.version)
    assert (event.verb, event.data["from"], event.data["to"]) == (edge, before.stage, case.stage)
    assert case.next_due_on is not None
    assert press_again_changes_nothing(walk, edge)


def press_again_changes_nothing(walk: Walk, edge: str) -> bool:
    with nothing_written():
        gate_roles = next(gate.roles for _, gate in GATES if gate.edge == edge)
        again = advance(
            case_id=walk.case_id,
            edge=edge,
            by=walk.cast.of(gate_roles[0]),
            at=walk.at,
            reason="Pressed twice.",
        )
    return bool(again.repeated)


def unsigned(cast: Cast, edge: str) -> Walk:
    if edge == "pass_trial":
        return do_until(at_stage(cast, Stage.TRIAL), "trial_result_physiatrist")
    return do_until(at_stage(cast, Stage.SELECTION), "candidacy_physiatrist")


def make_on_hold(cast: Cast, edge: str) -> Walk:
    walk = ready(cast, edge)
    review = walk.today + timedelta(days=10)
    hold(case_id=walk.case_id, reason="Pressure injury.", review_on=review, by=cast.cora, at=walk.at)
    return walk


def make_todo_missing(cast: Cast, edge: str) -> Walk:
    walk = ready(cast, edge)
    key = {
        "accept": "surgical_review",
        "start_trial": "mdt_minute",
        "waive_trial": "mdt_minute",
        "pass_trial": "trial_plan",
        "start_titration": "education_second",
        "settle": "taper_plan",
    }[edge]
    todo = walk.todo(key)
    reopen(todo_id=todo.id, by=cast.of(todo.role), at=walk.at, reason="Wrong patient's form.")
    return walk


def make_not_eligible(cast: Cast, edge: str) -> Walk:
    return at_stage(cast, Stage.SELECTION)


def make_signature_missing(cast: Cast, edge: str) -> Walk:
    return unsigned(cast, edge)


def make_dissent(cast: Cast, edge: str) -> Walk:
    walk = unsigned(cast, edge)
    decision = "trial_result" if edge == "pass_trial" else "candidacy"
    walk.sign(f"{decision}_physiatrist", vote="against", reason="The tone holds the patient upright.")
    return walk


def make_trial_not_waived(cast: Cast, edge: str) -> Walk:
    return ready(cast, "start_trial")


def make_no_positive_response(cast: Cast, edge: str) -> Walk:
    return do_until(at_stage(cast, Stage.TRIAL), "trial_readings")


def make_no_operation(cast: Cast, edge: str) -> Walk:
    return do_until(at_stage(cast, Stage.IMPLANT), "operation")


def make_no_program(cast: Cast, edge: str) -> Walk:
    return do_until(at_stage(cast, Stage.IMPLANT), "first_program")


def make_dose_not_settled(cast: Cast, edge: str) -> Walk:
    return do_until(at_stage(cast, Stage.TITRATION), "titration_review")


def make_goals_not_reviewed(cast: Cast, edge: str) -> Walk:
    return do_until(at_stage(cast, Stage.TITRATION), "titration_review")


MAKE: dict[str, Callable[[Cast, str], Walk]] = {
    name.removeprefix("make_"): function
    for name, function in list(globals().items())
    if name.startswith("make_")
}
# Reached only through the pure guards (tests of the protocol layer): no verb can lose a dose that a pump once had.
PURE_ONLY = {"no_dose"}
REFUSALS = [
    (gate.edge, code)
    for stage, gate in GATES
    for guard in gate.guards
    for code in CODES[guard]
    if code not in PURE_ONLY and (stage, gate.edge) != (Stage.TITRATION, "revise")
]


@pytest.mark.parametrize(("edge", "code"), REFUSALS)
def test_the_guard_refuses_and_leaves_no_trace(cast: Cast, edge: str, code: str) -> None:
    walk = MAKE[code](cast, edge)
    assert code in codes(walk, edge)


@pytest.mark.parametrize("edge", [edge.name for edge in EDGES if edge.name not in ("close", "reopen")])
def test_who_may_and_from_where(cast: Cast, edge: str) -> None:
    walk = ready(cast, edge)
    gate = PROTOCOL.edge_from(Stage(walk.case.stage), edge)
    assert gate is not None
    stranger = next(role for role in ("anesthesiologist", "physiatrist") if role not in gate.roles)
    error = refused(walk, edge, NotAllowed, by=cast.of(stranger))
    assert isinstance(error, NotAllowed)
    assert set(error.verdict.reasons[0].clears) == set(gate.roles)
    refused(walk, edge, NotFound, by=cast.omar)
    refused(walk, edge, Stale, version=walk.case.event_seq - 1)
    here = Stage(walk.case.stage)
    elsewhere = next(
        name for name, other in EDGE.items() if here not in other.sources and other.target is not here
    )
    assert codes_elsewhere(walk, elsewhere) == {"no_such_edge"}
    if EDGE[edge].needs_reason:
        error = refused(walk, edge, Invalid, reason="  ")
        assert isinstance(error, Invalid)
        assert set(error.errors) == {"reason"}


def codes_elsewhere(walk: Walk, edge: str) -> set[str]:
    with nothing_written(), pytest.raises(Refused) as caught:
        advance(case_id=walk.case_id, edge=edge, by=walk.cast.cora, at=walk.at, reason="Try.")
    return caught.value.verdict.codes()


@pytest.mark.parametrize("target", [stage for stage in Stage if stage not in (Stage.SELECTION, Stage.CLOSED)])
def test_raw_sql_cannot_jump_a_stage(cast: Cast, target: Stage) -> None:
    walk = at_stage(cast, Stage.SELECTION) if target == Stage.EVALUATION else start(cast)
    with (
        nothing_written(),
        pytest.raises(ProgrammingError, match="Invalid transition"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE pathway_case SET stage = %s WHERE id = %s", [str(target), walk.case_id])


def test_the_orm_cannot_jump_a_stage_either(cast: Cast) -> None:
    walk = start(cast)
    with pytest.raises(ProgrammingError, match="Invalid transition"), transaction.atomic():
        Case.objects.filter(pk=walk.case_id).update(stage="titration")
    with pytest.raises(AttributeError):
        walk.case.stage = "titration"


def test_the_database_knows_exactly_the_declared_moves() -> None:
    declared = {pair for edge in EDGES for pair in edge.pairs()}
    trigger = next(trigger for trigger in Case._meta.triggers if trigger.name == "stage_moves")
    assert set(trigger.transitions) == declared
    by_fsm = {
        (transition.source, target)
        for transition in Case._meta.get_field("stage").get_all_transitions(Case)
        for target in (
            transition.target.allowed_states
            if hasattr(transition.target, "allowed_states")
            else [transition.target]
        )
    }
    assert by_fsm == {(str(source), str(target)) for source, target in declared}


def test_a_duty_that_does_not_apply_does_not_stop_the_gate(cast: Cast) -> None:
    walk = start(cast)
    todo = walk.todo("education_first")
    mark_not_applicable(todo_id=todo.id, by=cast.cora, at=walk.at, reason="Taught at the referring centre.")
    do_until(walk, "edge_accept")
    press(walk, "accept")
    assert walk.case.stage == Stage.SELECTION
