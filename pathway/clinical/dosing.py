"""Who gets which dose limits, the starting dose, the dose ranges that ask for a second look, and tolerance
(section 3).

In range never means safe: these are checks that a clinician confirms. Dose in mcg/day, bolus in mcg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pathway.clinical.results import CannotCompute, Finding, Reason, Severity, cannot, plain
from pathway.clinical.service import add_months
from pathway.clinical.sources import Sourced, Tag


class Origin(StrEnum):
    """Where the spasticity comes from; every titration limit depends on it."""

    SPINAL = "spinal"
    CEREBRAL = "cerebral"


class Diagnosis(StrEnum):
    """Common causes, for the suggested origin only."""

    MULTIPLE_SCLEROSIS = "ms"
    SPINAL_CORD_INJURY = "sci"
    CEREBRAL_PALSY = "cp"
    STROKE = "stroke"
    BRAIN_INJURY = "tbi"
    OTHER = "other"


class Population(StrEnum):
    """The three groups of the label's step limits."""

    SPINAL_ADULT = "spinal_adult"
    CEREBRAL_ADULT = "cerebral_adult"
    PAEDIATRIC = "paediatric"


ADULT_YEARS = Sourced(
    18, "years", Tag.POLICY, rule="3.2 paediatric", note="the label's dose data split at 12"
)
OBSERVED_CHILD_YEARS = Sourced(12, "years", Tag.MEMORY, ("LIO",), rule="3.3")
DEFAULT_ORIGIN = Sourced(
    {
        Diagnosis.MULTIPLE_SCLEROSIS: Origin.SPINAL,
        Diagnosis.SPINAL_CORD_INJURY: Origin.SPINAL,
        Diagnosis.CEREBRAL_PALSY: Origin.CEREBRAL,
        Diagnosis.STROKE: Origin.CEREBRAL,
        Diagnosis.BRAIN_INJURY: Origin.CEREBRAL,
    },
    "",
    Tag.POLICY,
    rule="1.1 origin",
    note="the clinician confirms; multiple sclerosis can have both",
)
START_MULTIPLIER = Sourced(2, "x", Tag.VERIFIED, ("S4", "S14"), rule="3.1 start")
LONG_EFFECT_MULTIPLIER = Sourced(1, "x", Tag.VERIFIED, ("S4", "S14"), rule="3.1 start")
NEGATIVE_REACTION_MULTIPLIER = Sourced(
    1, "x", Tag.VERIFIED, ("S14", "S15"), rule="3.1 start", note="best practice"
)
LONG_EFFECT_H = Sourced(Decimal(8), "h", Tag.VERIFIED, ("S4", "S14"), rule="3.1 start")
EFFECTIVE_BOLUSES_MCG = Sourced(
    (Decimal(25), Decimal(50), Decimal(75), Decimal(100)),
    "mcg",
    Tag.VERIFIED,
    ("S4", "S5", "S9"),
    rule="3.1 start",
)
FIRST_FILL_MCG_PER_ML = Sourced(Decimal(500), "mcg/mL", Tag.VERIFIED, ("S14",), rule="3.1 first fill")
OBSERVE_AFTER_START_H = Sourced(8, "h", Tag.VERIFIED, ("S14",), rule="3.1 observe")
LIMITED_EXPERIENCE = Sourced(
    Decimal(1000),
    "mcg/day",
    Tag.MEMORY,
    ("LIO",),
    rule="3.3",
    note="not a maximum; the second clinician is policy",
)
OBSERVED_MAX = Sourced(
    {Origin.SPINAL: Decimal(2003), Origin.CEREBRAL: Decimal(1400)},
    "mcg/day",
    Tag.MEMORY,
    ("LIO",),
    rule="3.3",
)
OBSERVED_MAX_CHILD = Sourced(
    Decimal(1199), "mcg/day", Tag.VERIFIED, ("S3",), rule="3.3", note="under 12 years"
)
USUAL_RANGE = Sourced(
    {Origin.SPINAL: (Decimal(300), Decimal(800)), Origin.CEREBRAL: (Decimal(90), Decimal(703))},
    "mcg/day",
    Tag.VERIFIED,
    ("S3", "S4"),
    rule="3.3",
    note="most patients",
)
TOLERANCE_RISE = Sourced(Decimal(100), "mcg/day in 12 months", Tag.VERIFIED, ("S30",), rule="3.5")
TOLERANCE_AFTER_MONTHS = Sourced(18, "months", Tag.VERIFIED, ("S30",), rule="3.5", note="dose stable by then")


def age_years(born_on: date, on: date) -> int:
    """Completed years; a birthday on 29 February falls on 1 March in other years."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def population(origin: Origin, born_on: date, on: date) -> Population | CannotCompute:
    """The limit group on a day: a child has its own limits, an adult those of the origin."""
    if born_on > on:
        return cannot("born_on", "The birth date lies after this date.")
    if age_years(born_on, on) < ADULT_YEARS.value:
        return Population.PAEDIATRIC
    return Population.SPINAL_ADULT if origin is Origin.SPINAL else Population.CEREBRAL_ADULT


@dataclass(frozen=True, slots=True)
class StartDose:
    """The label's starting dose: multiplier x effective screening bolus over 24 h."""

    dose_mcg_per_day: Decimal
    multiplier: Sourced[int]
    text: str


def start_dose(
    effective_bolus_mcg: Decimal, effect_duration_h: Decimal | None, *, negative_reaction: bool
) -> StartDose | CannotCompute:
    """2 x the effective bolus; 1 x after an effect longer than 8 h (label) or a negative reaction (best
    practice).
    """
    reasons = []
    if effective_bolus_mcg not in EFFECTIVE_BOLUSES_MCG.value:
        reasons.append(Reason("effective_bolus_mcg", "The effective bolus is 25, 50, 75 or 100 mcg."))
    if effect_duration_h is None and not negative_reaction:
        reasons.append(
            Reason("effect_duration_h", "How long the bolus worked decides between once and twice.")
        )
    if effect_duration_h is not None and effect_duration_h < 0:
        reasons.append(Reason("effect_duration_h", "A duration cannot be negative."))
    if reasons:
        return CannotCompute(tuple(reasons))
    multiplier = _multiplier(effect_duration_h, negative_reaction)
    dose = effective_bolus_mcg * multiplier.value
    text = f"{multiplier.value} x {plain(effective_bolus_mcg)} mcg = {plain(dose)} mcg over 24 h"
    return StartDose(dose, multiplier, text)


def _multiplier(effect_duration_h: Decimal | None, negative_reaction: bool) -> Sourced[int]:
    if effect_duration_h is not None and effect_duration_h > LONG_EFFECT_H.value:
        return LONG_EFFECT_MULTIPLIER
    return NEGATIVE_REACTION_MULTIPLIER if negative_reaction else START_MULTIPLIER


def observed_max(origin: Origin, born_on: date, on: date) -> Sourced[Any]:
    """The highest dose the label observed: under 12 years the child's, else that of the origin."""
    if age_years(born_on, on) < OBSERVED_CHILD_YEARS.value:
        return OBSERVED_MAX_CHILD
    return Sourced(
        OBSERVED_MAX.value[origin], OBSERVED_MAX.unit, OBSERVED_MAX.tag, OBSERVED_MAX.sources, "3.3"
    )


def dose_review(dose_mcg_per_day: Decimal, origin: Origin, born_on: date, on: date) -> tuple[Finding, ...]:
    """Above 1000 mcg/day a second clinician looks; above the observed maximum a reason too."""
    found, field = [], "dose_mcg_per_day"
    if dose_mcg_per_day > LIMITED_EXPERIENCE.value:
        text = "Above 1000 mcg/day there is limited experience: a second clinician confirms."
        found.append(Finding("limited_experience", Severity.NEEDS_SECOND, text, (LIMITED_EXPERIENCE,), field))
    limit = observed_max(origin, born_on, on)
    if dose_mcg_per_day > limit.value:
        text = f"Above {plain(limit.value)} mcg/day, the highest dose observed in this group: give a reason."
        found.append(Finding("observed_maximum", Severity.NEEDS_REASON, text, (limit,), field))
    return tuple(found)


def tolerance_check(doses: Sequence[tuple[date, Decimal]], implanted_on: date, today: date) -> Finding | None:
    """After month 18: a rise of more than 100 mcg/day over 12 months asks for a catheter and pump check
    first.

    `doses`: (first day, mcg/day) of every program; those of one day in the order in which they were set. The dose of
    a year ago is the one that then ran.
    """
    if today < add_months(implanted_on, TOLERANCE_AFTER_MONTHS.value):
        return None
    then, now = _dose_on(doses, add_months(today, -12)), _dose_on(doses, today)
    if then is None or now is None or now - then <= TOLERANCE_RISE.value:
        return None
    rise = plain(now - then)
    text = f"The dose rose by {rise} mcg/day in 12 months: check catheter and pump first, then tolerance."
    return Finding("dose_rise", Severity.WARNING, text, (TOLERANCE_RISE, TOLERANCE_AFTER_MONTHS))


def _dose_on(doses: Sequence[tuple[date, Decimal]], day: date) -> Decimal | None:
    """The dose that ran at the end of the day: of several set on one day, the last."""
    started = sorted((entry for entry in doses if entry[0] <= day), key=lambda entry: entry[0])
    return started[-1][1] if started else None
