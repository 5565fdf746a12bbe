"""Trial day: the observation schedule and the verdict with its arithmetic (clinical.md 2.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pathway.clinical.observation import (
    ADVERSE_EVENTS,
    MAS_FALL,
    OBSERVE_H,
    PENN_FALL,
    VERDICT_H,
    Check,
    Observation,
    Reading,
    TrialVerdict,
    next_observation,
    observation_schedule,
    trial_verdict,
)
from pathway.clinical.results import CannotCompute
from pathway.clinical.scales import AshworthVariant
from tests.clinical.builders import NOON, d, refusal


def test_schedule_2_1() -> None:
    schedule = observation_schedule(NOON)
    minutes = [due.minute for due in schedule]
    assert minutes == [0, 15, 30, 45, 60, 90, 120, 180, 240, 300, 360, 420, 480]
    assert [due.minute // 60 for due in schedule if Check.TONE in due.checks] == [0, 1, 2, 4, 6, 8]
    assert all(Check.VITALS in due.checks for due in schedule)
    assert schedule[1] == Observation(15, NOON + timedelta(minutes=15), (Check.VITALS,))
    assert schedule[4] == Observation(60, NOON + timedelta(minutes=60), (Check.VITALS, Check.TONE))
    assert OBSERVE_H.value == (4, 8)
    assert len(ADVERSE_EVENTS.value) == 8


def test_next_observation_is_the_earliest_open_one() -> None:
    first, second = observation_schedule(NOON)[:2]
    assert next_observation(NOON, []) == first
    assert next_observation(NOON, {0, 30}) == second
    assert next_observation(NOON, {due.minute for due in observation_schedule(NOON)}) is None


def reading(hour: str, hip: str, knee: str, penn: int | None = None) -> Reading:
    return Reading(d(hour), {"hip": hip, "knee": knee}, penn)


BASE = reading("0", "3", "3", 3)


def verdict(*readings: Reading, positive: bool | None = True) -> TrialVerdict:
    result = trial_verdict(readings, clinician_positive=positive)
    assert isinstance(result, TrialVerdict), result
    return result


def test_the_best_reading_counts_with_its_arithmetic() -> None:
    assert verdict(
        BASE, reading("1", "3", "2", 3), reading("4", "2", "2", 2), reading("8", "3", "2")
    ) == TrialVerdict(
        threshold_met=True,
        positive=True,
        best_mas_fall=d(1),
        best_penn_fall=1,
        best_hour=d(4),
        arithmetic=(
            "1 h: mean 3 - 2.5 = 0.5; Penn down by 0",
            "4 h: mean 3 - 2 = 1; Penn down by 1",
            "8 h: mean 3 - 2.5 = 0.5",
        ),
        limits=(MAS_FALL, PENN_FALL, VERDICT_H),
    )


@pytest.mark.parametrize(
    ("readings", "met"),
    [
        ((BASE, reading("1", "2", "2", 3)), True),
        ((BASE, reading("1", "2", "3", 3)), False),
        ((BASE, reading("1", "2", "3", 2)), True),  # Penn alone
        ((BASE, reading("1", "2", "3")), False),
        ((reading("0", "3", "3"), reading("1", "2", "3", 1)), False),  # no Penn at baseline
        ((BASE, reading("8", "2", "2")), True),
        ((BASE, reading("2", "4", "4", 4)), False),
        ((BASE, reading("2", "3", "3", 2), reading("4", "2", "3", 3)), True),  # each scale at its best hour
    ],
)
def test_threshold_2_1(readings: tuple[Reading, ...], met: bool) -> None:
    assert verdict(*readings).threshold_met is met


def test_a_met_threshold_needs_the_clinicians_word() -> None:
    readings = (BASE, reading("1", "2", "2"))
    assert verdict(*readings, positive=True).positive
    assert not verdict(*readings, positive=False).positive
    assert not verdict(*readings, positive=None).positive
    assert not verdict(BASE, reading("1", "3", "3"), positive=True).positive


def test_of_equal_falls_the_better_penn_is_shown() -> None:
    result = verdict(BASE, reading("1", "2", "2"), reading("2", "2", "2", 1))
    assert result.best_hour == 2
    assert verdict(BASE, reading("1", "2", "2", 4), reading("2", "2", "2")).best_hour == 2
    assert verdict(BASE, reading("1", "2", "2"), reading("2", "2", "2", 2)).best_hour == 2
    assert verdict(reading("0", "3", "3"), reading("1", "2", "2")).best_penn_fall is None


def test_no_verdict_without_comparable_readings() -> None:
    def refused(*readings: Reading) -> object:
        return trial_verdict(readings, clinician_positive=True)

    none_later = refusal("readings", "There is no reading from 1 to 8 hours after the injection.")
    assert refused(reading("1", "2", "2")) == refusal(
        "baseline", "There is no reading before the injection to compare with."
    )
    assert refused(BASE) == none_later
    assert refused(BASE, reading("0.9", "2", "2"), reading("8.1", "2", "2")) == none_later
    odd = Reading(d(2), {"hip": "2", "ankle": "2"})
    assert refused(BASE, odd) == refusal(
        "grades", "Each reading needs the muscles of the baseline; these differ: ankle, knee."
    )
    assert isinstance(refused(BASE, reading("1", "2", "9")), CannotCompute)
    assert isinstance(refused(reading("0", "9", "3"), reading("1", "2", "2")), CannotCompute)


def test_readings_outside_the_window_do_not_count() -> None:
    result = verdict(BASE, reading("0.5", "0", "0"), reading("4", "3", "3"), reading("9", "0", "0"))
    assert not result.threshold_met
    assert result.best_hour == 4


def test_the_scale_variant_is_kept() -> None:
    readings = (Reading(d(0), {"hip": "5"}), Reading(d(1), {"hip": "4"}), Reading(d(2), {"hip": "5"}))
    assert isinstance(trial_verdict(readings, clinician_positive=True), CannotCompute)
    kept = trial_verdict(readings, clinician_positive=True, variant=AshworthVariant.ORIGINAL_1_5)
    assert isinstance(kept, TrialVerdict)
    assert kept.best_mas_fall == 1
