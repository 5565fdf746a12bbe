"""Records about a running pump: what follows from a stop, a catheter, an alarm, an operation, a form sent twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from pathway.engine.advance import advance
from pathway.engine.errors import EngineError, Invalid, NotAllowed, Refused
from pathway.engine.reopening import reopen
from pathway.engine.todos import complete, record_now
from pathway.models import Operation, ProgramRecord, Refill
from pathway.models.base import new_id
from pathway.protocol.roles import Stage
from tests.cast import MONDAY, Cast, referred
from tests.engine.running_pump import (
    DAY,
    NO_REASON,
    change,
    dates,
    duty,
    event,
    fill,
    now,
    program,
    pump_of,
    refill,
    titrating,
    wrong,
)
from tests.engine.test_edges import at_stage, do_until
from tests.engine.traces import nothing_written
from tests.examples import example
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return titrating(cast)


def test_a_stop_asks_for_cover_against_withdrawal_every_day_until_a_program_runs(walk: Walk) -> None:
    before = pump_of(walk).refill_by
    record_now(
        case_id=walk.case_id,
        key="pump_event",
        request_id=new_id(),
        by=walk.cast.phil,
        at=walk.at,
        record=event(walk.at, event="stopped", reason="Pocket infected"),
    )
    first = duty(walk, "stopped_watch")
    assert (first.role, first.due_on, first.safety) == ("physiatrist", walk.today, True)
    assert pump_of(walk).refill_by == before, "a stop moves no date later"
    walk.do("stopped_watch", text="Oral baclofen by the physician; watched on the ward")
    again = duty(walk, "stopped_watch")
    assert (again.occurrence, again.due_on) == (2, walk.today + DAY)
    walk.wait(1)
    change(walk, program(walk.at, **NO_REASON), second=walk.cast.nora.id)
    assert walk.todo("stopped_watch").state == "withdrawn"


# --- catheter, alarm, prime, model ------------------------------------------------------------------------------------


def test_without_a_catheter_length_it_is_saved_and_nothing_is_bridged(cast: Cast) -> None:
    empty = {"catheter_implanted_cm": None, "catheter_trimmed_cm": None, "catheter_total_cm": None}
    walk = titrating(cast, values=lambda todo, values: values | empty if todo.key == "operation" else values)
    change(walk, program(walk.at, concentration_mcg_per_ml=1000, bridge="done"), second=cast.nora.id)
    pump = pump_of(walk)
    left = 18 - (walk.at - pump.filled_at) / DAY * 0.2
    assert pump.alarm_on is not None
    assert abs((pump.alarm_on - walk.today).days - (left - 2) / 0.1) <= 2


def test_an_alarm_of_4_ml_and_a_prime_shorten_the_first_cycle(cast: Cast) -> None:
    plain = titrating(cast)
    set_up = {"alarm_setting_ml": Decimal(4), "prime_ml": Decimal("0.400"), "pump_serial": "SYN-2"}
    walk = titrating(
        cast, "R-1002", lambda todo, values: values | set_up if todo.key == "operation" else values
    )
    assert pump_of(walk).alarm_ml == 4
    usual, sooner = pump_of(plain).alarm_on, pump_of(walk).alarm_on
    assert usual is not None
    assert sooner is not None
    assert (usual - sooner).days == 12  # 2 mL of alarm and 0.4 mL of prime at 0.2 mL/day
    fill(walk, refill(walk.at, aspirated_ml=Decimal("15.6")))
    assert pump_of(walk).alarm_ml == 4  # as it was set
    assert Refill.objects.get().computed_residual_ml == Decimal("15.5")


def test_an_older_refill_entered_late_does_not_set_the_alarm_back(walk: Walk) -> None:
    fill(walk, refill(walk.at, alarm_setting_ml=Decimal(4)))
    fill(walk, refill(walk.at - 3 * DAY, aspirated_ml=Decimal("16.6"), alarm_setting_ml=Decimal(3)))
    pump = pump_of(walk)
    assert (pump.alarm_ml, pump.filled_on) == (4, walk.today)


def test_an_unknown_pump_model(cast: Cast) -> None:
    other = {"pump_model": "medstream"}
    with pytest.raises(EngineError) as refused:
        titrating(cast, values=lambda todo, values: values | other if todo.key == "operation" else values)
    assert isinstance(refused.value, Invalid)
    assert refused.value.errors == {
        "pump_model": [
            "The pump model 'medstream' is not known. A site can add a model with its manual's numbers."
        ]
    }


# --- sent twice, and nothing to record about --------------------------------------------------------------------------


def test_a_form_that_is_sent_twice_is_recorded_once(walk: Walk) -> None:
    request_id = new_id()
    asked = {"case_id": walk.case_id, "key": "program_change", "request_id": request_id}
    record = program(walk.at, "110")
    record_now(**asked, by=walk.cast.phil, at=walk.at, record=record)
    with nothing_written():
        again = record_now(**asked, by=walk.cast.phil, at=walk.at, record=record)
    assert (again.repeated, again.todo_id) == (True, request_id)
    assert ProgramRecord.objects.filter(todo_id=request_id).count() == 1


def test_what_cannot_be_recorded_by_itself(cast: Cast, walk: Walk) -> None:
    with nothing_written(), pytest.raises(EngineError, match="nothing that can be recorded"):
        now(walk, "refill", refill(walk.at))
    with nothing_written(), pytest.raises(NotAllowed, match="physiatrist"):
        change(walk, program(walk.at), by=cast.nora)
    fresh = Walk(cast, referred(cast, mrn="R-1003"), MONDAY + timedelta(hours=6))
    with nothing_written(), pytest.raises(Refused, match="nothing to record it about"):
        change(fresh, program(fresh.at))


def test_a_form_sent_again_after_a_later_one_is_known(walk: Walk) -> None:
    request_id, record = new_id(), program(walk.at, "110")
    change(walk, record, request_id=request_id)
    walk.wait(2)
    change(walk, program(walk.at, "120"))
    asked = {"case_id": walk.case_id, "key": "program_change", "by": walk.cast.phil, "at": walk.at}
    with nothing_written():
        again = record_now(**asked, request_id=request_id, record=record)
    assert again.repeated
    assert again.todo_id == request_id


# --- the operation and its days ---------------------------------------------------------------------------------------


def test_a_first_fill_is_not_moved_past_what_was_recorded_since(walk: Walk) -> None:
    """The refill would be forgotten without a word, and the next one would be dated from the wrong fill."""
    fill(walk, refill(walk.at))
    before, refilled_at = dates(walk), walk.at
    walk.wait(5)
    operation = Operation.objects.get(case_id=walk.case_id)
    reopen(todo_id=operation.todo_id, by=walk.cast.nora, at=walk.at, reason="Wrong time.")
    at = refilled_at + DAY
    values = example("operation", operated_on=operation.operated_on, filled_at=at, filled_on=at.date())
    asked = {"todo_id": operation.todo_id, "by": walk.cast.nora, "at": walk.at}
    assert "before this time" in wrong(complete, **asked, record=values)["filled_at"][0]
    assert dates(walk) == before


def test_a_pump_is_not_replaced_before_it_was_implanted(cast: Cast) -> None:
    walk = do_until(at_stage(cast, Stage.LONG_TERM), "refill")
    advance(case_id=walk.case_id, edge="revise", by=cast.nora, at=walk.at, reason="Battery")
    do_until(walk, "operation")
    pump = pump_of(walk)
    assert pump.filled_at is not None
    on = pump.implanted_on - DAY
    values = example(
        "operation", operated_on=on, filled_at=pump.filled_at - DAY, filled_on=on, pump_serial="SYN-9"
    )
    asked = {"todo_id": walk.todo("operation").id, "by": cast.nora, "at": walk.at}
    assert "is before that" in wrong(complete, **asked, record=values)["operated_on"][0]


def test_a_difference_that_rounding_hides_is_acted_on_too(walk: Walk) -> None:
    """15.89 mL are expected and shown as 15.9: 17.9 mL are 2.01 mL more, which opens the work-up."""
    walk.at += timedelta(hours=5)
    record = refill(walk.at, aspirated_ml=Decimal("17.9"), residual_action="")
    assert "2.01 mL off" in wrong(fill, walk, record)["residual_action"][0]
