"""Every scenario of the demonstration, on days of every kind, ends where it is meant to and breaks no promise."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pathway.clinical.observation import observation_schedule
from pathway.models import Case, Incident, ProgramRecord, Pump, Refill, SignOff, StageVisit, Timer, Todo
from pathway.protocol.roles import Stage
from pathway.queries.observations import observations_of, readings_of
from pathway.synthetic.cases import make_case
from pathway.synthetic.demo import HILLSIDE_CASES, RIVERSIDE_CASES
from pathway.synthetic.scenario import Scenario
from pathway.synthetic.staff import Staff
from tests.synthetic.conftest import WEDNESDAY

SCENARIOS = (*RIVERSIDE_CASES, *HILLSIDE_CASES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "scenario"), list(enumerate(SCENARIOS)), ids=[one.name for one in SCENARIOS]
)
def test_a_scenario_ends_where_it_is_meant_to(staff: Staff, number: int, scenario: Scenario) -> None:
    end = WEDNESDAY + timedelta(days=number)  # another day of the week and month for each
    walked = make_case(staff, scenario, seed=f"test:{number}", number=number, end=end, spread=1.3)

    case = Case.objects.get(pk=walked.case_id)
    assert case.stage == scenario.goal
    assert case.on_hold == any(turn.kind == "hold" and turn.length is None for turn in scenario.turns)
    open_todos = Todo.objects.filter(case=case, state="open")
    if scenario.goal is Stage.CLOSED:
        assert not open_todos.exists()
        return
    assert open_todos.exists(), "nobody waits on nothing"
    assert Timer.objects.filter(todo__in=open_todos).count() == open_todos.count()
    assert not Timer.objects.filter(due_at__lte=end).exists(), "every step of the past was told"
    for key in set(scenario.undone) & set(open_todos.values_list("key", flat=True)):
        assert open_todos.filter(key=key).count() == 1
    _assert_pump_is_watched(case)
    _assert_history_is_whole(case)


def _assert_pump_is_watched(case: Case) -> None:
    pump = Pump.objects.filter(case=case, explanted_on__isnull=True).first()
    if pump is None:
        return
    duty = Todo.objects.get(case=case, key="refill", state="open")
    assert duty.due_on <= pump.refill_by
    for model in (ProgramRecord, Refill):
        assert not model.objects.filter(case=case).exclude(over_limit_reason="").exists()


def _assert_history_is_whole(case: Case) -> None:
    moments = list(case.events.order_by("seq").values_list("at", flat=True))
    assert moments == sorted(moments), "time never runs backwards"
    visits = StageVisit.objects.filter(case=case).order_by("seq").values_list("stage", flat=True)
    assert visits[0] == Stage.EVALUATION
    assert list(visits)[-1] == case.stage


def test_a_pump_is_due_when_the_scenario_says(staff: Staff) -> None:
    overdue = next(one for one in SCENARIOS if one.refill_by_in is not None and one.refill_by_in < 0)
    walked = make_case(staff, overdue, seed="due", number=1, end=WEDNESDAY, spread=1.3)

    pump = Pump.objects.get(case_id=walked.case_id)
    late = (WEDNESDAY.date() - pump.refill_by).days
    assert 0 < late <= 7, "past its refill date, before its alarm"
    assert Todo.objects.filter(case_id=walked.case_id, key="refill", state="open").exists()


def test_a_signature_lapsed_and_waits_to_be_given_anew(staff: Staff) -> None:
    lapsed = next(one for one in SCENARIOS if one.name == "a signature lapsed")
    walked = make_case(staff, lapsed, seed="lapse", number=1, end=WEDNESDAY, spread=1.3)

    gone = SignOff.objects.get(case_id=walked.case_id, role="physiatrist")
    assert gone.lapsed_at is not None
    assert Todo.objects.filter(case_id=walked.case_id, key="candidacy_physiatrist", state="open").exists()


@pytest.mark.parametrize(
    ("name", "level", "acknowledged", "waiting"),
    [
        ("red incident, not acknowledged", "red", False, {"physiatrist", "neurosurgeon", "anesthesiologist"}),
        ("orange incident, being worked on", "orange", True, {"neurosurgeon"}),
        ("incident closed", "yellow", True, set()),
    ],
)
def test_an_incident_stands_where_the_scenario_wants_it(
    staff: Staff, name: str, level: str, acknowledged: bool, waiting: set[str]
) -> None:
    scenario = next(one for one in SCENARIOS if one.name == name)
    walked = make_case(staff, scenario, seed="alarm", number=1, end=WEDNESDAY, spread=1.3)
    incident = Incident.objects.get(case_id=walked.case_id)
    assert incident.level == level
    assert (incident.acknowledged_at is not None) == acknowledged
    assert set(incident.waiting) == waiting
    assert (incident.closed_at is not None) == (name == "incident closed")


def test_a_trial_day_is_under_way_with_one_observation_late(staff: Staff) -> None:
    under_way = next(one for one in SCENARIOS if one.injected_ago is not None)
    walked = make_case(staff, under_way, seed="day", number=1, end=WEDNESDAY, spread=1.3)

    todo = Todo.objects.get(case_id=walked.case_id, key="trial_readings", state="open")
    given_at = datetime.fromisoformat(
        Todo.objects.get(case_id=walked.case_id, key="trial_dose").result["given_at"]
    )
    assert given_at == WEDNESDAY - timedelta(minutes=under_way.injected_ago or 0)
    done = [row.minute for row in observations_of(todo.id)]
    due = [one.minute for one in observation_schedule(given_at) if one.at <= WEDNESDAY]
    assert due == [*done, 240], "the last one that fell due is late"
    assert [row.hour for row in readings_of(observations_of(todo.id))] == [0, 1, 2]
