"""Trial day: the observation schedule and the verdict with its arithmetic (clinical.md 2.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pathway.clinical.observation import (
    ADVERSE_EVENTS,
    BASELINE_WITHIN_H,
    GRACE_MINUTES,
    MAS_FALL,
    OBSERVE_H,
    PENN_FALL,
    VERDICT_H,
    VITALS_MINUTES,
    Check,
    Observation,
    Reading,
    TrialVerdict,
    minute_problems,
    next_observation,
    observation_schedule,
    observation_to_take,
    timing_problems,
    trial_verdict,
)
from pathway.clinical.results import CannotCompute, Reason
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


MINUTES = VITALS_MINUTES.value


@pytest.mark.parametrize(
    ("elapsed", "done", "minute"),
    [
        (10, (), 0),  # nothing is due after the dose: the reading before it is missing
        (14.9, (), 0),
        (15, (), 15),  # what is due now goes before what is missing
        (29.9, (0,), 15),
        (30, (0,), 30),  # 15 min can no longer be taken
        (10, (0,), 15),
        (80, (0, 15, 30, 45), 60),
        (80, (0, 15), 60),
        (80, (0, 15, 60), 90),
        (80, (15, 60), 0),
        (539, MINUTES[:-1], 480),
        (540, MINUTES[:-1], 480),
        (540, (0, *MINUTES[2:]), 15),  # missed: perhaps it stands on paper
        (600, (), 0),
    ],
)
def test_the_observation_to_take_now(elapsed: float, done: tuple[int, ...], minute: int) -> None:
    found = observation_to_take(NOON, set(done), NOON + timedelta(minutes=elapsed))
    assert found is not None
    assert (found.minute, found.at) == (minute, NOON + timedelta(minutes=minute))


def test_a_complete_day_asks_for_nothing() -> None:
    assert observation_to_take(NOON, set(MINUTES), NOON) is None
    assert (BASELINE_WITHIN_H.value, GRACE_MINUTES.value) == (24, 5)
    assert {BASELINE_WITHIN_H.citation, GRACE_MINUTES.citation} == {"local policy"}


def test_only_minutes_of_the_schedule_2_1() -> None:
    assert all(minute_problems(minute) == () for minute in MINUTES)
    known = "0, 15, 30, 45, 60, 90, 120, 180, 240, 300, 360, 420, 480"
    for minute in (-1, 1, 479):
        text = f"There is no observation at {minute} min; they are at {known} min."
        assert minute_problems(minute) == (Reason("minute", text),)
    for minute in (481, 540):
        assert minute_problems(minute) == (Reason("minute", "Observations end 8 h after the injection."),)


@pytest.mark.parametrize(
    ("minute", "taken", "text"),
    [
        (0, 0, ""),
        (0, -1440, ""),
        (0, 1, "The reading at 0 min is taken before the injection, not after it."),
        (0, -1441, "The reading at 0 min was taken more than 24 h before the injection: take it again."),
        (15, 0, "This time is before the injection: only the reading at 0 min is."),
        (15, -1, "This time is before the injection: only the reading at 0 min is."),
        (15, 1, ""),
        (15, 29, ""),
        (15, 29.9, ""),
        (15, 30, "This is 30 min after the injection: that is the observation at 30 min."),
        (30, 14, "This is 14 min after the injection: that is the observation at 15 min."),
        (30, 15, ""),
        (60, 45, ""),
        (60, 89, ""),
        (60, 150, "This is 150 min after the injection: that is the observation at 120 min."),
        (60, 5, "This is 5 min after the injection: that is the observation at 15 min."),
        (480, 419, "This is 419 min after the injection: that is the observation at 420 min."),
        (480, 539, ""),
        (480, 540, "This is 540 min after the injection: observations end at 480 min."),
        (60, 540, "This is 540 min after the injection: observations end at 480 min."),
        (60, 539, "This is 539 min after the injection: that is the observation at 480 min."),
    ],
)
def test_a_reading_belongs_to_its_minute(minute: int, taken: float, text: str) -> None:
    found = timing_problems(minute, NOON, NOON + timedelta(minutes=taken))
    assert found == ((Reason("observed_at", text),) if text else ())


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
