"""What is typed wrong about a running pump is told at its field, and a refusal leaves nothing behind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pathway.models import Case, ProgramRecord, Refill
from pathway.protocol.roles import Stage
from pathway.queries.definitions import calendar_of
from tests.cast import MONDAY, Cast, referred
from tests.engine.running_pump import (
    DAY,
    NO_REASON,
    SERIALS,
    change,
    event,
    fill,
    now,
    program,
    pump_of,
    refill,
    titrating,
    wrong,
)
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return titrating(cast)


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
