"""What a record raises by itself: a difference at a refill and a finding after an operation become incidents."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pathway.engine.errors import Invalid
from pathway.engine.reopening import reopen
from pathway.models import Incident, Notice, Todo
from pathway.protocol.roles import Stage
from pathway.queries.incidents import read_incident
from tests.cast import Cast
from tests.engine.test_edges import at_stage, do_until
from tests.engine.traces import nothing_written
from tests.views.desk import Desk
from tests.walk import Walk


@pytest.fixture
def titrating(cast: Cast) -> Walk:
    """18 mL at 500 mcg/mL, 100 mcg/day for thirty days: 12 mL should be left."""
    walk = at_stage(cast, Stage.TITRATION)
    walk.wait(30)
    return walk


def refill(walk: Walk, aspirated: str, **changes: Any) -> None:
    values = {"expected_residual_ml": Decimal(12), "aspirated_ml": Decimal(aspirated), **changes}
    walk.do("refill", **values)


def test_a_difference_over_the_limit_opens_the_work_up_of_catheter_and_pump(titrating: Walk) -> None:
    refill(titrating, "14.5", residual_action="Aspirated twice, log read: no stall")
    incident = Incident.objects.get()
    assert (incident.level, incident.closed_at) == ("orange", None)
    assert "catheter" in incident.conditions
    assert {"physiatrist", "neurosurgeon"} <= set(incident.asked)
    opened = Todo.objects.filter(case_id=titrating.case_id, key__startswith="incident_", state="open")
    assert {todo.role for todo in opened} == set(incident.asked)
    assert all(todo.safety and todo.due_on == titrating.today for todo in opened)
    note = incident.assessments.get().note
    assert note.startswith("At the refill 14.5 mL were aspirated, 12 mL were expected.")
    assert "log read" in note
    assert Notice.objects.filter(kind="incident").exists()


def test_a_difference_inside_the_limit_opens_nothing(titrating: Walk) -> None:
    refill(titrating, "12.8")
    assert not Incident.objects.exists()


def test_the_second_refill_off_the_same_way_is_a_trend(titrating: Walk) -> None:
    refill(titrating, "12.7")
    titrating.wait(60)
    # 20 mL, 0.2 mL/day for sixty days: 8 mL should be left; 9.3 mL is 10.8 % less delivered, as the first was 11.7 %
    with nothing_written(), pytest.raises(Invalid, match="Two refills in a row erred alike"):
        titrating.do("refill", expected_residual_ml=Decimal(8), aspirated_ml=Decimal("9.3"))
    titrating.do(
        "refill",
        expected_residual_ml=Decimal(8),
        aspirated_ml=Decimal("9.3"),
        residual_action="Device query sent",
    )
    assert "catheter" in Incident.objects.get().conditions


@pytest.mark.parametrize(
    ("found", "level", "condition"),
    [
        ({"wound": "red"}, "orange", "infection"),
        ({"wound": "red", "fever": True}, "red", "infection"),
        ({"wound": "open"}, "red", "infection"),
        ({"wound": "swollen"}, "yellow", "seroma"),
        ({"csf_leak": True}, "orange", "csf_leak"),
        ({"headache": True}, "orange", "csf_leak"),
    ],
)
def test_a_finding_after_the_operation_asks_the_right_people_at_once(
    cast: Cast, found: dict[str, Any], level: str, condition: str
) -> None:
    walk = do_until(at_stage(cast, Stage.IMPLANT), "postop_d1_neurosurgeon")
    walk.wait(1)
    walk.do("postop_d1_neurosurgeon", **found, action="Seen the same day")
    incident = Incident.objects.get()
    assert incident.level == level
    assert condition in incident.conditions
    assert "Seen the same day" in incident.assessments.get().note


def test_a_clean_wound_raises_nothing(cast: Cast) -> None:
    walk = do_until(at_stage(cast, Stage.IMPLANT), "postop_d1_neurosurgeon")
    walk.wait(1)
    walk.do("postop_d1_neurosurgeon")
    assert not Incident.objects.exists()


def test_a_second_difference_joins_the_open_incident(titrating: Walk) -> None:
    refill(titrating, "14.5", residual_action="Aspirated twice")
    titrating.at += timedelta(days=30)
    # 20 mL, thirty days at 0.2 mL/day: 14 mL should be left
    titrating.do(
        "refill",
        expected_residual_ml=Decimal(14),
        aspirated_ml=Decimal("17"),
        residual_action="Again too much left",
    )
    assert Incident.objects.count() == 1
    assert Incident.objects.get().assessments.count() == 2


def test_taking_the_refill_back_ends_nothing_and_is_said_beside_the_findings(titrating: Walk) -> None:
    refill(titrating, "14.5", residual_action="Aspirated twice")
    done = Todo.objects.get(case_id=titrating.case_id, key="refill", state="done")
    incident = Incident.objects.get()
    assert read_incident(incident).taken_back == {}
    reopen(todo_id=done.id, by=titrating.cast.phil, at=titrating.at, reason="14.5 was 12.5.")
    incident.refresh_from_db()
    assert (incident.closed_at, incident.waiting) == (None, incident.asked)
    found = incident.assessments.get()
    assert read_incident(incident).taken_back == {found.record_key: done.id}
    page = Desk(titrating.cast.phil).get(f"/incidents/{incident.id}/")
    assert "The record behind this was taken back" in page
    assert f"/todos/{done.id}/" in page
