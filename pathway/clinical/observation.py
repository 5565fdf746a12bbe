"""Trial day: which observation is due when, and whether the readings meet the threshold, with the arithmetic
(2.1).

Counts from the injection; knows no patient and decides nothing: the clinician records the response.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pathway.clinical.results import CannotCompute, Reason, plain
from pathway.clinical.scales import AshworthVariant, ashworth_mean
from pathway.clinical.sources import Sourced, Tag

OBSERVE_H = Sourced((4, 8), "h", Tag.VERIFIED, ("S4", "S5"), rule="2.1 observe")
VITALS_MINUTES = Sourced(
    (0, 15, 30, 45, 60, 90, 120, 180, 240, 300, 360, 420, 480),
    "minutes",
    Tag.POLICY,
    ("S9",),
    rule="2.1 monitoring",
)
TONE_H = Sourced((0, 1, 2, 4, 6, 8), "h", Tag.POLICY, ("S9", "S11"), rule="2.1 monitoring")
VERDICT_H = Sourced((1, 2, 4, 6, 8), "h", Tag.POLICY, ("S28",), rule="2.1 positive response")
BASELINE_WITHIN_H = Sourced(
    24, "h", Tag.POLICY, rule="2.1 monitoring", note="the reading before the dose is no older than this"
)
GRACE_MINUTES = Sourced(
    5, "minutes", Tag.POLICY, rule="2.1 monitoring", note="an observation is late from then on"
)
MAS_FALL = Sourced(Decimal(1), "point of the mean", Tag.POLICY, ("S28",), rule="2.1 positive response")
PENN_FALL = Sourced(1, "level", Tag.POLICY, rule="2.1 positive response")
ADVERSE_EVENTS = Sourced(
    (
        "post-lumbar-puncture headache",
        "nausea or vomiting",
        "urinary retention",
        "hypotension",
        "seizure",
        "drowsiness",
        "respiratory depression",
        "coma",
    ),
    "",
    Tag.VERIFIED,
    ("S9",),
    rule="2.1 adverse events",
)


class Check(StrEnum):
    """What is observed."""

    VITALS = "vitals"
    TONE = "tone"


@dataclass(frozen=True, slots=True)
class Observation:
    """One due observation, minutes after the injection; minute 0 is right before it."""

    minute: int
    at: datetime
    checks: tuple[Check, ...]


def observation_schedule(injected_at: datetime) -> tuple[Observation, ...]:
    """Vitals and sedation every 15 min for 1 h, every 30 min for 1 h, hourly to 8 h; tone at 0, 1, 2, 4, 6, 8
    h.
    """
    tone = {hour * 60 for hour in TONE_H.value}
    return tuple(
        Observation(
            minute,
            injected_at + timedelta(minutes=minute),
            (Check.VITALS, Check.TONE) if minute in tone else (Check.VITALS,),
        )
        for minute in VITALS_MINUTES.value
    )


def next_observation(injected_at: datetime, done_minutes: Collection[int]) -> Observation | None:
    """The earliest observation that is not done; None when the day is complete. Compare `.at` with now for
    lateness.
    """
    return next((due for due in observation_schedule(injected_at) if due.minute not in done_minutes), None)


def observation_to_take(
    injected_at: datetime, done_minutes: Collection[int], now: datetime
) -> Observation | None:
    """The observation to offer now: the one that is due and can still be taken, else the missing reading before the
    dose, else the next one, else one that was missed (taken on paper, perhaps). None when the day is complete.
    """
    left = [due for due in observation_schedule(injected_at) if due.minute not in done_minutes]
    elapsed = (now - injected_at) / timedelta(minutes=1)
    takeable = [due for due in left if due.minute and elapsed < _window(due.minute)[1]]
    due_now = [due for due in takeable if due.at <= now]
    before = [due for due in left if due.minute == 0]
    return next(iter([*due_now, *before, *takeable, *left]), None)


def _window(minute: int) -> tuple[int, int]:
    """Minutes between which a reading belongs to this observation: its neighbours; the last interval repeats."""
    minutes = VITALS_MINUTES.value
    place = minutes.index(minute)
    end = minutes[-1] + (minutes[-1] - minutes[-2])
    return minutes[place - 1], (*minutes, end)[place + 1]


def minute_problems(minute: int) -> tuple[Reason, ...]:
    """Whether the schedule has an observation so many minutes after the injection."""
    minutes = VITALS_MINUTES.value
    if minute in minutes:
        return ()
    if minute > minutes[-1]:
        return (Reason("minute", "Observations end 8 h after the injection."),)
    known = ", ".join(str(known) for known in minutes)
    return (Reason("minute", f"There is no observation at {minute} min; they are at {known} min."),)


def timing_problems(minute: int, injected_at: datetime, observed_at: datetime) -> tuple[Reason, ...]:
    """Whether a reading taken at this instant can be the observation of this minute (one of the schedule)."""
    if minute == 0:
        text = _baseline_problem(injected_at, observed_at)
    elif observed_at <= injected_at:
        text = "This time is before the injection: only the reading at 0 min is."
    else:
        text = _window_problem(minute, int((observed_at - injected_at) / timedelta(minutes=1)))
    return (Reason("observed_at", text),) if text else ()


def _baseline_problem(injected_at: datetime, observed_at: datetime) -> str:
    if observed_at > injected_at:
        return "The reading at 0 min is taken before the injection, not after it."
    if observed_at < injected_at - timedelta(hours=BASELINE_WITHIN_H.value):
        return "The reading at 0 min was taken more than 24 h before the injection: take it again."
    return ""


def _window_problem(minute: int, elapsed: int) -> str:
    after, before = _window(minute)
    if after <= elapsed < before:
        return ""
    minutes = VITALS_MINUTES.value
    if elapsed >= _window(minutes[-1])[1]:
        return f"This is {elapsed} min after the injection: observations end at {minutes[-1]} min."
    nearest = min(minutes[1:], key=lambda known: abs(known - elapsed))
    return f"This is {elapsed} min after the injection: that is the observation at {nearest} min."


@dataclass(frozen=True, slots=True)
class Reading:
    """Tone (muscle -> grade) and Penn frequency at some hours after the injection; hour 0 is the baseline."""

    hour: Decimal
    grades: Mapping[str, str]
    penn_frequency: int | None = None


@dataclass(frozen=True, slots=True)
class TrialVerdict:
    """The best change against baseline and whether the threshold is met. `positive` needs the clinician's
    word too.

    `arithmetic` has one line for each reading that was judged.
    """

    threshold_met: bool
    positive: bool
    best_mas_fall: Decimal
    best_penn_fall: int | None
    best_hour: Decimal
    arithmetic: tuple[str, ...]
    limits: tuple[Sourced[Any], ...]


def trial_verdict(
    readings: Sequence[Reading],
    *,
    clinician_positive: bool | None,
    variant: AshworthVariant = AshworthVariant.MODIFIED,
) -> TrialVerdict | CannotCompute:
    """Threshold: mean MAS of the same muscles falls >= 1 from baseline, or Penn falls >= 1, from 1 h to 8 h.

    Refuses a missing baseline or later reading, other muscles than at baseline, and unknown grades.
    """
    baseline = next((reading for reading in readings if reading.hour == 0), None)
    later = [reading for reading in readings if VERDICT_H.value[0] <= reading.hour <= VERDICT_H.value[-1]]
    reasons = _reading_problems(baseline, later)
    if baseline is None or reasons:
        return CannotCompute(tuple(reasons))
    start = ashworth_mean(baseline.grades, variant)
    means = [ashworth_mean(reading.grades, variant) for reading in later]
    bad = [mean for mean in (start, *means) if isinstance(mean, CannotCompute)]
    if bad or isinstance(start, CannotCompute):
        return bad[0]
    falls = [start - mean for mean in means if not isinstance(mean, CannotCompute)]
    penn = [_penn_fall(baseline, reading) for reading in later]
    best = max(range(len(later)), key=lambda index: (falls[index], penn[index] or 0))
    known_penn = [fall for fall in penn if fall is not None]
    best_penn = max(known_penn, default=None)
    met = falls[best] >= MAS_FALL.value or (best_penn or 0) >= PENN_FALL.value
    return TrialVerdict(
        threshold_met=met,
        positive=met and clinician_positive is True,
        best_mas_fall=falls[best],
        best_penn_fall=best_penn,
        best_hour=later[best].hour,
        arithmetic=tuple(_line(*row, start) for row in zip(later, falls, penn, strict=True)),
        limits=(MAS_FALL, PENN_FALL, VERDICT_H),
    )


def _reading_problems(baseline: Reading | None, later: Sequence[Reading]) -> list[Reason]:
    if baseline is None:
        return [Reason("baseline", "There is no reading before the injection to compare with.")]
    if not later:
        return [Reason("readings", "There is no reading from 1 to 8 hours after the injection.")]
    odd = sorted({muscle for reading in later for muscle in set(reading.grades) ^ set(baseline.grades)})
    if odd:
        return [
            Reason(
                "grades", f"Each reading needs the muscles of the baseline; these differ: {', '.join(odd)}."
            )
        ]
    return []


def _penn_fall(baseline: Reading, reading: Reading) -> int | None:
    if baseline.penn_frequency is None or reading.penn_frequency is None:
        return None
    return baseline.penn_frequency - reading.penn_frequency


def _line(reading: Reading, fall: Decimal, penn_fall: int | None, start: Decimal) -> str:
    line = f"{plain(reading.hour)} h: mean {plain(start)} - {plain(start - fall)} = {plain(fall)}"
    return line if penn_fall is None else f"{line}; Penn down by {penn_fall}"
