"""Records about a running pump: what is typed wrong is told at its field, what is written late or corrected counts.

Everything goes through the verbs; a refusal leaves nothing behind.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pathway.engine.advance import advance
from pathway.engine.errors import EngineError, Invalid, NotAllowed, Refused
from pathway.engine.todos import complete, record_now, reopen
from pathway.models import Case, Operation, ProgramRecord, Pump, Refill, Timer, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Role, Stage
from pathway.queries.definitions import calendar_of
from tests.cast import MONDAY, Cast, person, referred
from tests.engine.test_edges import at_stage, do_until
from tests.engine.traces import nothing_written
from tests.examples import example
from tests.walk import Values, Walk, as_is

DAY = timedelta(days=1)
NO_REASON = {"over_limit_reason": ""}


def titrating(cast: Cast, mrn: str = "R-1001", values: Values = as_is) -> Walk:
    """A case whose pump was filled with 18 mL of 500 mcg/mL and runs 100 mcg/day for ten days."""
    walk = Walk(cast, referred(cast, mrn=mrn), MONDAY + timedelta(hours=6), values)
    walk.do_all(until=Stage.TITRATION)
    walk.wait(10)
    return walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return titrating(cast)


def pump_of(walk: Walk) -> Pump:
    return Pump.objects.get(case_id=walk.case_id, explanted_on__isnull=True)


def duty(walk: Walk, key: str = "refill") -> Todo:
    return Todo.objects.get(case_id=walk.case_id, key=key, state="open")


def dates(walk: Walk) -> tuple[Any, ...]:
    """What the pump runs and every date that follows from it."""
    pump = pump_of(walk)
    dose = (pump.daily_dose_mcg_per_day, pump.dose_since, pump.concentration_mcg_per_ml, pump.stopped_at)
    fill = (pump.filled_at, pump.fill_ml, pump.alarm_ml, pump.eri_seen_on, pump.end_of_service_on)
    return (*dose, *fill, pump.alarm_on, pump.worst_case_on, pump.dry_on, pump.stability_on, pump.refill_by)


def program(at: datetime, dose: str | Decimal = "100", **changes: Any) -> dict[str, Any]:
    values = {"effective_at": at, "effective_on": at.date(), "daily_dose_mcg_per_day": Decimal(dose)}
    return example("program", **values, **changes)


def refill(at: datetime, dose: str = "100", **changes: Any) -> dict[str, Any]:
    """A refill with nothing unusual: what comes out is what the programmer shows."""
    values = {
        "refilled_at": at,
        "refilled_on": at.date(),
        "expected_residual_ml": None,
        "aspirated_ml": Decimal(16),
        "filled_ml": Decimal(20),
        "daily_dose_mcg_per_day": Decimal(dose),
    }
    return example("refill", **{**values, **changes})


def event(at: datetime, **changes: Any) -> dict[str, Any]:
    values = {"happened_at": at, "happened_on": at.date(), "dose_mcg": None, "volume_ml": None}
    return example("volume_event", **{**values, **changes})


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


def change(walk: Walk, record: dict[str, Any], **options: Any) -> Todo:
    """Record a program between the planned reviews."""
    return now(walk, "program_change", record, **options)


def now(walk: Walk, key: str, record: dict[str, Any], **options: Any) -> Todo:
    asked = {"case_id": walk.case_id, "key": key, "request_id": new_id(), "by": walk.cast.phil, "at": walk.at}
    outcome = record_now(**{**asked, **options}, record=record)
    return Todo.objects.get(pk=outcome.todo_id)


def fill(walk: Walk, record: dict[str, Any], **options: Any) -> Todo:
    todo = duty(walk)
    complete(todo_id=todo.id, by=walk.cast.phil, at=walk.at, record=record, **options)
    return todo


def wrong(verb: Any, *args: Any, **options: Any) -> dict[str, list[str]]:
    """The sentences by field of a record that is refused; nothing was written."""
    with nothing_written(), pytest.raises(Invalid) as refused:
        verb(*args, **options)
    return refused.value.errors


# --- wrong units and amounts ------------------------------------------------------------------------------------------


def test_mg_typed_for_mcg(walk: Walk) -> None:
    errors = wrong(change, walk, program(walk.at, "0.15", **NO_REASON))
    assert errors["daily_dose_mcg_per_day"] == [
        "0.15 mcg/day is below the lowest dose in the label, 12 mcg/day [M: LIO]. If you mean 0.15 mg/day, enter 150; "
        "otherwise give a reason."
    ]


def test_a_dose_below_the_least_flow_even_with_a_reason(walk: Walk) -> None:
    """A flow of 0.2 mL/day typed where the dose is asked, or a dose this pump cannot run: no reason helps."""
    for dose, flow in (("0.2", "0.0004"), ("23", "0.046")):
        errors = wrong(change, walk, program(walk.at, dose, over_limit_reason="As discussed."))
        assert errors == {
            "daily_dose_mcg_per_day": [
                f"{dose} mcg in 24 h at 500 mcg/mL is {flow} mL/day, below the least flow of SynchroMed II, "
                "0.048 mL/day: give at least 24 mcg in that time or choose a weaker concentration."
            ]
        }


def test_a_concentration_that_no_product_has(walk: Walk) -> None:
    for strength in (50, 4000):
        errors = wrong(change, walk, program(walk.at, concentration_mcg_per_ml=strength, bridge="done"))
        assert f"Value {strength} is not a valid choice." in errors["concentration_mcg_per_ml"]
    assert (
        "Value 50 is not a valid choice."
        in wrong(fill, walk, refill(walk.at, concentration_mcg_per_ml=50, bridge="done"))[
            "concentration_mcg_per_ml"
        ]
    )


def test_a_refill_larger_than_the_reservoir(walk: Walk) -> None:
    assert wrong(fill, walk, refill(walk.at, filled_ml=Decimal("20.5"))) == {
        "filled_ml": ["20.5 mL do not fit into this pump's reservoir of 20 mL."]
    }


def test_more_aspirated_than_was_in_the_pump(walk: Walk) -> None:
    record = refill(walk.at, aspirated_ml=Decimal(19), residual_action="Aspirated twice.")
    assert wrong(fill, walk, record) == {
        "aspirated_ml": ["19 mL is more than the 18 mL that were in the pump after its last fill."]
    }


def test_a_difference_asks_what_was_done(walk: Walk) -> None:
    """18 mL filled, 10 days at 0.2 mL/day: a little less than 16 mL are expected."""
    assert wrong(fill, walk, refill(walk.at, aspirated_ml=Decimal("13.5"))) == {
        "residual_action": [
            "13.5 mL instead of 15.9 mL: repeat the aspiration, check the program and log, look at the patient, and "
            "write what was done [V:S57]."
        ]
    }
    fill(walk, refill(walk.at, aspirated_ml=Decimal("13.5"), residual_action="Log and program agree."))
    assert Refill.objects.get().computed_residual_ml == Decimal("15.9")


def test_a_child_is_not_given_adult_limits_nor_a_brain_those_of_the_cord(cast: Cast) -> None:
    child = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    patient = child.case.patient
    patient.birth_date = date(2012, 5, 17)
    patient.save()
    child.do_all(until=Stage.TITRATION)
    child.wait(10)
    over = ["+25 % is above the step limit of 15 %: give a reason."]
    assert wrong(change, child, program(child.at, "125")) == {"daily_dose_mcg_per_day": over}
    adult = titrating(
        cast, "R-1002", lambda todo, values: values | SERIALS[todo.key] if todo.key in SERIALS else values
    )
    change(adult, program(adult.at, "125"))
    Case.objects.filter(pk=adult.case_id).update(origin="cerebral")
    adult.wait(2)
    over = ["+20 % is above the step limit of 15 %: give a reason."]
    assert wrong(change, adult, program(adult.at, "150")) == {"daily_dose_mcg_per_day": over}


SERIALS = {"operation": {"pump_serial": "SYN-2"}}


def test_parts_of_the_day_that_do_not_add_up(walk: Walk) -> None:
    parts = [
        {"kind": "step", "at": "00:00", "dose_mcg": "60"},
        {"kind": "step", "at": "12:00", "dose_mcg": "50"},
    ]
    assert wrong(change, walk, program(walk.at, mode="flex", schedule=parts)) == {
        "schedule": ["The parts add up to 110 mcg, the daily dose is 100 mcg."]
    }
    parts[1]["dose_mcg"] = "40"
    change(walk, program(walk.at, mode="flex", schedule=parts))
    walk.wait(20)
    fill(walk, refill(walk.at, "110", aspirated_ml=Decimal(12)))
    assert pump_of(walk).daily_dose_mcg_per_day == 110


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (1, "{} lies in the future."),
        (-11, "At this time no fill of this pump is on record yet."),
        (-20_000, "{} is before the patient's birth."),
    ],
)
def test_a_program_in_the_future_before_the_fill_or_before_birth(walk: Walk, days: int, words: str) -> None:
    at = pump_of(walk).filled_at - DAY if days == -11 else walk.at + days * DAY
    errors = wrong(change, walk, program(at))
    local = calendar_of(walk.case.clinic_id, walk.cast.clinic.calendar_version).local_date(at)
    assert words.format(local.isoformat()) in errors["effective_at"]


def test_a_time_later_today_and_a_refill_before_the_implant(walk: Walk) -> None:
    assert wrong(change, walk, program(walk.at + timedelta(minutes=5)))["effective_at"] == [
        "This time lies in the future."
    ]
    assert wrong(fill, walk, refill(pump_of(walk).filled_at - DAY)) == {
        "refilled_at": ["This is before the first fill of this pump."]
    }
    assert wrong(now, walk, "pump_event", event(pump_of(walk).filled_at - DAY, event="stopped")) == {
        "happened_at": ["This is before the first fill of this pump."]
    }


def test_two_programs_fills_or_volumes_of_one_minute(walk: Walk) -> None:
    at = walk.at - DAY
    change(walk, program(at, "110"))
    assert wrong(change, walk, program(at, "120"))["effective_at"] == [
        "A program of this very minute is on record already: correct that one."
    ]
    now(walk, "pump_event", event(at, event="measured", volume_ml=Decimal(15)))
    assert wrong(now, walk, "pump_event", event(at, event="measured", volume_ml=Decimal(14))) == {
        "happened_at": ["A volume of this very minute is on record already: correct that one."]
    }
    fill(walk, refill(walk.at, "110", aspirated_ml=Decimal(15)))
    assert wrong(fill, walk, refill(walk.at, "110", aspirated_ml=Decimal(15))) == {
        "refilled_at": ["A fill of this very minute is on record already: correct that one."]
    }


def test_dates_follow_the_clinics_day_across_a_change_of_clocks(walk: Walk) -> None:
    """01:30 in Chicago happens twice on 1 November 2026: both are that day, an hour of flow apart."""
    walk.at = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
    first, second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    fill(walk, refill(first, aspirated_ml=Decimal(0)))
    change(walk, program(second, "110"))
    record = ProgramRecord.objects.latest("recorded_at")
    assert (record.effective_on, Refill.objects.get().refilled_on) == (date(2026, 11, 1), date(2026, 11, 1))
    now(walk, "pump_event", event(walk.at, event="bolus", dose_mcg=Decimal(50)))
    pump = pump_of(walk)
    used = Decimal(20) - Decimal(2) - Decimal("0.2") / 24 - Decimal("0.1")
    alarm_at = second + timedelta(days=float(used / Decimal("0.22")))
    assert pump.alarm_on == (alarm_at - timedelta(hours=6)).date()
    assert pump.refill_by == pump.alarm_on - timedelta(days=7)


# --- late and corrected records ---------------------------------------------------------------------------------------


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


# --- two people -------------------------------------------------------------------------------------------------------


def high(walk: Walk) -> dict[str, Any]:
    return program(walk.at, "1100", over_limit_reason="Tolerance; catheter intact.")


LIMITED = "Above 1000 mcg/day there is limited experience: a second clinician confirms."


def test_the_second_clinician_is_named_and_fit(cast: Cast, walk: Walk) -> None:
    assert wrong(change, walk, high(walk)) == {
        "second_clinician": [f"{LIMITED} Name the second clinician who checks it."]
    }
    assert wrong(change, walk, high(walk), second=cast.phil.id) == {
        "second_clinician": ["The second clinician is somebody else than you."]
    }
    for nobody in (cast.omar, cast.cora):
        assert wrong(change, walk, high(walk), second=nobody.id) == {
            "second_clinician": ["That person is no physician of this clinic."]
        }
    change(walk, program(walk.at, "110"))
    assert not Todo.objects.filter(case_id=walk.case_id, key="second_check").exists()


def test_the_second_clinician_agrees(cast: Cast, walk: Walk) -> None:
    todo = change(walk, high(walk), second=cast.nora.id)
    assert pump_of(walk).daily_dose_mcg_per_day == 1100  # the pump runs it: dates never wait for a signature
    check = duty(walk, "second_check")
    assert (check.owner_id, check.role, check.due_on, check.safety) == (
        cast.nora.id,
        "neurosurgeon",
        walk.today,
        True,
    )
    assert check.result["record_about"] == todo.result["record"]
    complete(todo_id=check.id, by=cast.nora, at=walk.at, record=example("second_check"))
    assert not Todo.objects.filter(case_id=walk.case_id, key="program_change", state="open").exists()
    check.refresh_from_db()
    assert check.result["agrees"] is True
    assert check.result["record_about"] == todo.result["record"]


def test_the_second_clinician_disagrees(cast: Cast, walk: Walk) -> None:
    change(walk, high(walk), second=cast.nora.id)
    check = duty(walk, "second_check")
    silent = example("second_check", agrees=False)
    with nothing_written(), pytest.raises(Invalid) as refused:
        complete(todo_id=check.id, by=cast.nora, at=walk.at, record=silent)
    assert refused.value.errors == {"remarks": ["Write what is wrong and what must happen now."]}
    complete(todo_id=check.id, by=cast.nora, at=walk.at, record=silent | {"remarks": "110 was agreed."})
    asked = duty(walk, "program_change")
    assert (asked.role, asked.due_on, asked.safety) == ("physiatrist", walk.today, True)


def test_who_recorded_it_never_confirms_it(cast: Cast, walk: Walk) -> None:
    """Even where the named one hands it over: two people answer for it."""
    paul = person("paul", cast.clinic, Role.PHYSIATRIST)
    change(walk, high(walk), second=paul.id)
    Todo.objects.filter(case_id=walk.case_id, key="second_check").update(owner=cast.phil)
    check = duty(walk, "second_check")
    with nothing_written(), pytest.raises(NotAllowed, match="somebody else must check it"):
        complete(todo_id=check.id, by=cast.phil, at=walk.at, record=example("second_check"))


def test_a_later_change_takes_the_place_of_the_one_to_check(cast: Cast, walk: Walk) -> None:
    change(walk, high(walk) | {"effective_at": walk.at - DAY}, second=cast.nora.id)
    first = duty(walk, "second_check")
    later = change(walk, program(walk.at, "1200", over_limit_reason="Still tight."), second=cast.anna.id)
    first.refresh_from_db()
    assert first.state == "withdrawn"
    check = duty(walk, "second_check")
    assert (check.owner_id, check.occurrence) == (cast.anna.id, 2)
    assert check.result["record_about"] == later.result["record"]


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
