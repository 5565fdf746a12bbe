"""Every step of an incident is answered or left out with a reason; it closes when all is done, with its cause."""

from __future__ import annotations

from typing import Any

import pytest

from pathway.clinical.signs import Signs, Wound
from pathway.engine.errors import Invalid, Refused
from pathway.engine.incidents import acknowledge
from pathway.engine.reopening import reopen
from pathway.engine.todos import complete
from pathway.models import IncidentTimer, Pump
from pathway.protocol.roles import Stage
from tests.cast import Cast, referred
from tests.engine.test_edges import at_stage
from tests.engine.told import (
    AT,
    SEIZURE,
    SWOLLEN,
    answer,
    answer_all,
    answers,
    close_it,
    open_keys,
    stored,
    tell,
)
from tests.engine.traces import nothing_written
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return Walk(cast, referred(cast), AT)


# --- answering and closing ---


def test_a_step_left_out_says_why(walk: Walk) -> None:
    incident = tell(walk)
    todo = walk.todo("incident_physiatrist")
    record = answers(incident, "physiatrist")
    record["steps"][1] |= {"answer": "not_done", "note": " "}
    sentence = "“Interrogate the pump.” not done: write why in its note."
    with nothing_written(), pytest.raises(Invalid) as caught:
        complete(todo_id=todo.id, by=walk.cast.phil, at=AT, record=record)
    assert caught.value.errors == {"steps": [sentence]}
    record["steps"][1]["note"] = "No programmer here."
    complete(todo_id=todo.id, by=walk.cast.phil, at=AT, record=record)
    assert stored(walk).waiting == ["anesthesiologist", "neurosurgeon"]


def test_every_asked_step_is_answered_once_and_no_other(walk: Walk) -> None:
    incident = tell(walk)
    todo = walk.todo("incident_physiatrist")
    record = answers(incident, "physiatrist")
    first, *rest = record["steps"]
    for steps, sentence in (
        (rest, f"Not answered yet: {first['step']}"),
        ([*record["steps"], {**first, "step": "Wait."}], "This step is not asked: Wait."),
        ([*record["steps"], first], "A step is answered twice."),
    ):
        with nothing_written(), pytest.raises(Invalid) as caught:
            complete(todo_id=todo.id, by=walk.cast.phil, at=AT, record={**record, "steps": steps})
        assert caught.value.errors == {"steps": [sentence]}


def test_findings_that_came_meanwhile_add_steps_to_an_open_duty(walk: Walk) -> None:
    before = tell(walk, SWOLLEN)
    tell(walk, Signs(wound=Wound.OPEN_OR_PUS))
    with nothing_written(), pytest.raises(Invalid, match="Not answered yet: Vitals, blood count"):
        complete(
            todo_id=walk.todo("incident_neurosurgeon").id,
            by=walk.cast.nora,
            at=AT,
            record=answers(before, "neurosurgeon"),
        )


def test_closing_keeps_cause_and_remedy_and_the_next_incident_asks_anew(walk: Walk) -> None:
    tell(walk, SWOLLEN)
    assert open_keys(walk) == {"incident_neurosurgeon"}
    answer_all(walk)
    close_it(walk, cause="pump", remedies=["revision", "refill"], outcome="Well again.")
    incident = stored(walk)
    assert (incident.cause, incident.remedies, incident.outcome) == (
        "pump",
        ["revision", "refill"],
        "Well again.",
    )
    assert (incident.closed_by, incident.closed_at) == (walk.cast.phil, AT)
    assert not open_keys(walk)
    assert not IncidentTimer.objects.exists()
    again = tell(walk, SWOLLEN)
    assert again.number == 2
    assert (open_keys(walk), walk.todo("incident_neurosurgeon").occurrence) == ({"incident_neurosurgeon"}, 2)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        (
            {"symptoms_resolved": False},
            "follow_up",
            "Something is not settled: write what follows, who does it and when.",
        ),
        (
            {"pump_interrogated": "no"},
            "follow_up",
            "Something is not settled: write what follows, who does it and when.",
        ),
        ({"remedies": ["none", "refill"]}, "remedies", "“None” cannot stand beside another remedy."),
        ({"outcome": ""}, "outcome", "This field cannot be blank."),
        ({"remedies": []}, "remedies", "This field cannot be blank."),
    ],
)
def test_a_closure_that_leaves_something_open_is_refused(
    walk: Walk, changes: dict[str, Any], field: str, sentence: str
) -> None:
    tell(walk, SWOLLEN)
    answer_all(walk)
    with nothing_written(), pytest.raises(Invalid) as caught:
        close_it(walk, **changes)
    assert caught.value.errors == {field: [sentence]}


def test_a_red_one_is_not_closed_before_somebody_acknowledged_it(walk: Walk) -> None:
    incident = tell(walk, SEIZURE)
    answer_all(walk)
    with nothing_written(), pytest.raises(Refused) as caught:
        close_it(walk)
    assert caught.value.verdict.codes() == {"not_acknowledged"}
    acknowledge(incident_id=incident.id, by=walk.cast.phil, at=AT)
    close_it(walk)


def test_a_duty_reopened_to_be_corrected_takes_the_closure_back(walk: Walk) -> None:
    tell(walk, SWOLLEN)
    answer_all(walk)
    todo = walk.todo("incident_neurosurgeon")
    reopen(todo_id=todo.id, by=walk.cast.nora, at=AT, reason="The wrong side.")
    assert open_keys(walk) == {"incident_neurosurgeon"}
    answer(walk, "neurosurgeon")
    close_it(walk)
    with nothing_written(), pytest.raises(Refused, match="nothing to correct it for"):
        reopen(todo_id=todo.id, by=walk.cast.nora, at=AT, reason="Once more.")


@pytest.mark.parametrize(("confirmed", "risk"), [(["withdrawal"], ["withdrawal_here"]), ([], [])])
def test_a_confirmed_withdrawal_makes_the_next_one_more_dangerous(
    walk: Walk, confirmed: list[str], risk: list[str]
) -> None:
    for _ in range(2):
        tell(walk)
        answer_all(walk)
        acknowledge(incident_id=stored(walk).id, by=walk.cast.phil, at=walk.at)
        close_it(walk, confirmed=confirmed)
        assert walk.case.withdrawal_risk == risk
        walk.wait(1)
    assert tell(walk).level == ("red" if risk else "orange")


def test_a_confirmed_withdrawal_moves_the_pumps_dates_earlier_and_its_refill_with_them(cast: Cast) -> None:
    walk = at_stage(cast, Stage.TITRATION)
    before = Pump.objects.get(case_id=walk.case_id)
    tell(walk)
    answer_all(walk)
    acknowledge(incident_id=stored(walk).id, by=cast.phil, at=walk.at)
    close_it(walk, confirmed=["withdrawal"], cause="refill", remedies=["refill"])
    after = Pump.objects.get(case_id=walk.case_id)
    assert after.refill_by < before.refill_by
    assert walk.todo("refill").due_on <= after.refill_by
