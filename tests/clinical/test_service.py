"""End of service and replacement planning (clinical.md section 7)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.clinical.device import PROMETRA_II, SYNCHROMED_II, SYNCHROMED_III
from pathway.clinical.service import (
    DONE_DAYS,
    PLAN_MONTHS,
    SCHEDULE_MONTHS,
    SURGERY_AFTER_ERI_DAYS,
    EndOfService,
    add_months,
    end_of_service,
    surgery_after_eri,
)
from tests.clinical.builders import refusal


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 8, 31), -6, date(2024, 2, 29)),
        (date(2024, 1, 15), 1, date(2024, 2, 15)),
        (date(2024, 12, 15), 1, date(2025, 1, 15)),
        (date(2024, 1, 15), -1, date(2023, 12, 15)),
        (date(2024, 11, 30), 1, date(2024, 12, 30)),
        (date(2024, 3, 31), 0, date(2024, 3, 31)),
    ],
)
def test_add_months(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@settings(deadline=None)
@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(0, 120))
def test_months_never_land_later_than_asked(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert (moved.year - day.year) * 12 + moved.month - day.month == months
    assert moved.day <= day.day


CONSTANTS = (
    SYNCHROMED_II.life_months,
    SYNCHROMED_II.eri_to_stop_days,
    PLAN_MONTHS,
    SCHEDULE_MONTHS,
    DONE_DAYS,
    SURGERY_AFTER_ERI_DAYS,
)


def test_synchromed_ii_stops_after_84_months() -> None:
    assert end_of_service(SYNCHROMED_II, date(2026, 3, 31)) == EndOfService(
        ends_on=date(2033, 3, 31),
        plan_on=date(2032, 3, 31),
        schedule_on=date(2032, 9, 30),
        done_by=date(2032, 12, 31),
        constants=CONSTANTS,  # type: ignore[arg-type]
    )


def test_a_replacement_alarm_brings_the_end_forward() -> None:
    result = end_of_service(SYNCHROMED_II, date(2026, 3, 31), date(2032, 1, 1))
    assert isinstance(result, EndOfService)
    assert result.ends_on == date(2032, 3, 31)
    assert result.done_by == date(2032, 1, 1)
    early = end_of_service(SYNCHROMED_II, date(2026, 3, 31), date(2032, 12, 1))
    assert isinstance(early, EndOfService)
    assert early.ends_on == date(2033, 3, 1)
    assert early.done_by == date(2032, 12, 1)


def test_a_late_alarm_never_moves_the_end_later() -> None:
    result = end_of_service(SYNCHROMED_II, date(2026, 3, 31), date(2033, 3, 1))
    assert isinstance(result, EndOfService)
    assert result.ends_on == date(2033, 3, 31)
    assert result.done_by == date(2032, 12, 31)


def test_an_alarm_without_known_days_still_asks_for_surgery_in_60_days() -> None:
    assert surgery_after_eri(date(2030, 1, 1)) == date(2030, 3, 2)
    result = end_of_service(PROMETRA_II, date(2020, 1, 1), date(2028, 1, 1))
    assert isinstance(result, EndOfService)
    assert result.ends_on == date(2030, 1, 1)
    assert result.done_by == date(2028, 3, 1)
    assert PROMETRA_II.life_months in result.constants
    assert None not in result.constants


def test_an_unknown_life_is_not_borrowed_from_another_pump() -> None:
    text = "The service life of SynchroMed III is not known: take the date from its manual."
    assert end_of_service(SYNCHROMED_III, date(2026, 1, 1)) == refusal("pump_model", text)
    assert end_of_service(SYNCHROMED_III, date(2026, 1, 1), date(2030, 1, 1)) == refusal("pump_model", text)


def test_an_alarm_before_the_implant_is_refused() -> None:
    assert end_of_service(SYNCHROMED_II, date(2026, 1, 2), date(2026, 1, 1)) == refusal(
        "eri_seen_on", "The alarm cannot be older than the implant."
    )
    assert isinstance(end_of_service(SYNCHROMED_II, date(2026, 1, 2), date(2026, 1, 2)), EndOfService)
