"""What is written late, corrected or taken back about a pump counts as if it had been written in time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from pathway.engine.advance import advance
from pathway.engine.errors import Invalid, NotAllowed, Refused
from pathway.engine.reopening import reopen
from pathway.engine.todos import complete
from pathway.models import Operation, ProgramRecord, Refill, Timer, Todo
from pathway.protocol.roles import Stage
from pathway.queries.definitions import calendar_of
from tests.cast import Cast
from tests.engine.running_pump import (
    DAY,
    SERIALS,
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
)
from tests.engine.test_edges import at_stage, do_until
from tests.engine.traces import nothing_written
from tests.examples import example
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return titrating(cast)


def test_a_program_entered_late(walk: Walk) -> None:
    """The same three records, in time and with the first program last: dose, dates and duty end up the same."""
    other = titrating(walk.cast, "R-1002", lambda todo, values: values | SERIALS.get(todo.key, {}))
    start = walk.at
    first, second = program(start, "120"), program(start + 5 * DAY, "140", over_limit_reason="Spasms.")
    third = refill(start + 8 * DAY, "140", aspirated_ml=Decimal("14.5"), residual_action="Log looked at.")
    change(walk, first)
    walk.wait(5)
    change(walk, second)
    walk.wait(3)
    fill(walk, third)
    other.wait(8)
    change(other, second)
    fill(other, third)
    before = dates(other)
    late = change(other, first)
    assert dates(other) == dates(walk)
    assert dates(other) == before  # a refill begins the cycle anew: what was before it moves no date
    assert ProgramRecord.objects.get(todo=late).previous_dose_mcg_per_day == 100
    assert duty(other).due_on == duty(walk).due_on


def test_a_late_program_of_this_cycle_moves_the_dates(walk: Walk) -> None:
    change(walk, program(walk.at, "110"))
    before = pump_of(walk)
    late = change(walk, program(walk.at - 5 * DAY, "130"))
    pump = pump_of(walk)
    assert pump.daily_dose_mcg_per_day == 110
    assert pump.dose_since == before.dose_since
    assert ProgramRecord.objects.get(todo=late).previous_dose_mcg_per_day == 100
    assert pump.alarm_on is not None
    assert before.alarm_on is not None
    assert pump.alarm_on < before.alarm_on


def test_the_indicator_seen_at_a_refill(walk: Walk) -> None:
    before = pump_of(walk)
    todo = fill(walk, refill(walk.at, eri_seen=True))
    pump = pump_of(walk)
    assert (pump.eri_seen_on, pump.end_of_service_on) == (walk.today, walk.today + timedelta(days=90))
    plan = duty(walk, "replace_after_eri")
    assert walk.today <= plan.due_on <= walk.today + timedelta(days=14)
    assert (plan.safety, plan.role) == (True, "neurosurgeon")
    assert Timer.objects.filter(todo=plan).exists()
    reopen(todo_id=todo.id, by=walk.cast.phil, at=walk.at, reason="It was another pump.")
    pump = pump_of(walk)
    assert (pump.eri_seen_on, pump.end_of_service_on) == (None, before.end_of_service_on)
    assert not Todo.objects.filter(case_id=walk.case_id, key="replace_after_eri", state="open").exists()


def test_what_was_planned_about_the_old_pump_is_not_held_against_the_new_one(cast: Cast) -> None:
    """The indicator is seen while the replacement already waits: its plan is asked after the operation was."""
    walk = do_until(at_stage(cast, Stage.LONG_TERM), "refill")
    advance(case_id=walk.case_id, edge="revise", by=cast.nora, at=walk.at, reason="Battery")
    do_until(walk, "operation")
    fill(walk, refill(walk.at, eri_seen=True, aspirated_ml=Decimal("9.9")))
    plan = duty(walk, "replace_after_eri")
    assert plan.id > walk.todo("operation").id
    record = example("device_plan", eri_seen=True, eri_seen_on=walk.today)
    complete(todo_id=plan.id, by=cast.nora, at=walk.at, record=record)
    assert pump_of(walk).eri_seen_on == walk.today
    walk.wait(1)
    filled = {"operated_on": walk.today, "filled_at": walk.at, "filled_on": walk.today}
    record = example("operation", **filled, pump_serial="SYN-9")
    complete(todo_id=walk.todo("operation").id, by=cast.nora, at=walk.at, record=record)
    new = pump_of(walk)
    assert (new.serial, new.eri_seen_on) == ("SYN-9", None)
    assert new.end_of_service_on is not None
    assert new.end_of_service_on > walk.today + timedelta(days=1000)


def test_a_known_life_never_moves_an_end_later(cast: Cast) -> None:
    """SynchroMed III: nobody knows its life, so somebody must find it; the indicator is nearer than any manual."""
    walk = titrating(
        cast, values=lambda todo, values: values | MODEL_III if todo.key == "operation" else values
    )
    assert pump_of(walk).end_of_service_on is None
    asked = duty(walk, "service_life")
    assert asked.role == "neurosurgeon"
    record = example("service_life", ends_on=walk.today + timedelta(days=900))
    walk.wait(1)
    complete(todo_id=asked.id, by=cast.nora, at=walk.at, record=record)
    assert pump_of(walk).end_of_service_on == record["ends_on"]
    operation = walk.todo("operation")
    written = Operation.objects.get(todo=operation).content()
    reopen(todo_id=operation.id, by=cast.nora, at=walk.at, reason="Tip level misread.")
    complete(todo_id=operation.id, by=cast.nora, at=walk.at, record={**written, "tip_level": "T10"})
    assert pump_of(walk).end_of_service_on == record["ends_on"]


MODEL_III = {"pump_model": "synchromed-iii"}


def test_a_refill_is_corrected(walk: Walk) -> None:
    """Taken back, the pump is as before it; written anew, the dates are those of the new record."""
    before = dates(walk)
    first = duty(walk)
    walk.wait(1)
    fill(walk, refill(walk.at, "130", aspirated_ml=Decimal(15), alarm_setting_ml=Decimal(4)))
    walk.wait(1)
    reopen(todo_id=first.id, by=walk.cast.phil, at=walk.at, reason="The volume was of another patient.")
    assert dates(walk) == before
    first.refresh_from_db()
    assert (first.state, first.reason) == (
        "withdrawn",
        "Reopened to correct: The volume was of another patient.",
    )
    again = duty(walk)
    calendar = calendar_of(walk.case.clinic_id, walk.cast.clinic.calendar_version)
    assert again.due_on == calendar.last_working_day_on_or_before(pump_of(walk).refill_by)
    fill(walk, refill(walk.at - DAY, "110", aspirated_ml=Decimal(15), filled_ml=Decimal(19)))
    pump = pump_of(walk)
    assert (pump.fill_ml, pump.daily_dose_mcg_per_day, pump.alarm_ml) == (19, 110, 2)
    assert Refill.objects.filter(superseded_at__isnull=True).count() == 1
    assert again.id != duty(walk).id


def test_an_old_program_is_taken_back_and_its_second_check_with_it(walk: Walk) -> None:
    walk.wait(1)
    wanted = program(walk.at, "1100", over_limit_reason="Tolerance; catheter intact.")
    todo = walk.todo("titration_review")
    complete(todo_id=todo.id, by=walk.cast.phil, at=walk.at, record=wanted, second=walk.cast.nora.id)
    assert duty(walk, "second_check").owner_id == walk.cast.nora.id
    with nothing_written(), pytest.raises(Invalid, match="Write why"):
        reopen(todo_id=todo.id, by=walk.cast.phil, at=walk.at, reason=" ")
    with nothing_written(), pytest.raises(NotAllowed):
        reopen(todo_id=todo.id, by=walk.cast.nora, at=walk.at, reason="Not mine.")
    reopen(todo_id=todo.id, by=walk.cast.phil, at=walk.at, reason="110 was meant.")
    assert pump_of(walk).daily_dose_mcg_per_day == 100
    assert walk.todo("second_check").state == "withdrawn"
    review = duty(walk, "titration_review")
    assert (review.occurrence, review.due_on) == (2, walk.today)


def test_two_changes_between_reviews_and_the_first_taken_back(walk: Walk) -> None:
    first = change(walk, program(walk.at - 2 * DAY, "110"))
    change(walk, program(walk.at - DAY, "120"))
    reopen(todo_id=first.id, by=walk.cast.phil, at=walk.at, reason="Never set.")
    assert pump_of(walk).daily_dose_mcg_per_day == 120
    asked = duty(walk, "program_change")
    assert (asked.occurrence, asked.due_on) == (3, walk.today)
    with nothing_written(), pytest.raises(Refused, match="record it there"):
        change(walk, program(walk.at, "120"))
    with nothing_written(), pytest.raises(Refused, match="is history"):
        reopen(todo_id=first.id, by=walk.cast.phil, at=walk.at, reason="Again.")


def test_a_strength_entered_late_changes_what_a_bolus_was(walk: Walk) -> None:
    """A bolus of 250 mcg is 0.5 mL of 500 mcg/mL; once the refill with 1000 is on record it was 0.25 mL."""
    now(walk, "pump_event", event(walk.at, event="bolus", dose_mcg=Decimal(250)))
    walk.wait(1)
    record = refill(
        walk.at - 3 * DAY, concentration_mcg_per_ml=1000, bridge="not_needed", bridge_reason="Rinsed."
    )
    fill(walk, record | {"aspirated_ml": Decimal("16.6")}, second=walk.cast.nora.id)
    pump = pump_of(walk)
    alarm_at = record["refilled_at"] + timedelta(days=float((20 - 2 - Decimal("0.25")) / Decimal("0.1")))
    assert pump.alarm_on == (alarm_at - timedelta(hours=5)).date()
