"""Spasticity, function and goal scales: valid values, arithmetic, and what counts as change (clinical.md
section 5).

A difference is described, never judged: knows no patient, no dose and no decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pathway.clinical.results import CannotCompute, Reason, cannot
from pathway.clinical.sources import Sourced, Tag

CENT = Decimal("0.01")


class AshworthVariant(StrEnum):
    """Which Ashworth scale was used; readings of different variants never meet in one sum."""

    MODIFIED = "modified"
    ORIGINAL_0_4 = "original_0_4"
    ORIGINAL_1_5 = "original_1_5"


class Limb(StrEnum):
    """Which limbs a mean covers: the change that matters differs."""

    UPPER = "upper"
    LOWER = "lower"


_ORIGINAL = {str(grade): Decimal(grade) for grade in range(6)}
ASHWORTH_NUMBERS = Sourced(
    {
        AshworthVariant.MODIFIED: {"0": Decimal(0), "1": Decimal(1), "1+": Decimal("1.5")}
        | {str(grade): Decimal(grade) for grade in (2, 3, 4)},
        AshworthVariant.ORIGINAL_0_4: {grade: number for grade, number in _ORIGINAL.items() if number <= 4},
        AshworthVariant.ORIGINAL_1_5: {grade: number for grade, number in _ORIGINAL.items() if number >= 1},
    },
    "",
    Tag.UNCERTAIN,
    rule="section 5 MAS",
    note="1+ counted as 1.5 for averages: a convention; the raw grade is kept",
)
MAS_MCID = Sourced(
    {Limb.UPPER: (Decimal("0.48"), Decimal("0.76")), Limb.LOWER: (Decimal("0.45"), Decimal("0.73"))},
    "points",
    Tag.VERIFIED,
    ("S60",),
    rule="section 5 MAS",
    note="stroke; 0.5 SD and 0.8 SD of the mean",
)
PENN_IMPROVEMENT = Sourced(1, "level", Tag.POLICY, ("S61",), rule="section 5 Penn")
NRS_SPASTICITY_PCT = Sourced(
    (Decimal(18), Decimal(29)),
    "% fall",
    Tag.MEMORY,
    ("S62",),
    rule="section 5 NRS",
    note="minimal, clinically important",
)
NRS_PAIN = Sourced(
    (Decimal(2), Decimal(30)), "points or % fall", Tag.MEMORY, ("FARRAR01",), rule="section 5 NRS pain"
)
VAS_PAIN_MM = Sourced((Decimal(13), Decimal(20)), "mm", Tag.MEMORY, ("FARRAR01",), rule="section 5 VAS pain")
FIM_MCID = Sourced(
    {"total": 22, "motor": 17, "cognitive": 3},
    "points",
    Tag.MEMORY,
    ("BENINATO",),
    rule="section 5 FIM",
    note="stroke",
)
FIM_RANGES = {"total": (18, 126), "motor": (13, 91), "cognitive": (5, 35)}
GAS_FORMULA = Sourced(
    (Decimal("0.7"), Decimal("0.3")), "", Tag.VERIFIED, ("S63", "KIRESUK"), rule="section 5 GAS"
)
GMFCS_LEVELS = ("I", "II", "III", "IV", "V")


@dataclass(frozen=True, slots=True)
class ScaleChange:
    """A difference on one scale: positive means better. `reached` names the thresholds met."""

    before: Decimal
    after: Decimal
    improvement: Decimal
    improvement_pct: Decimal | None
    reached: tuple[str, ...]
    limit: Sourced[Any]

    @property
    def meaningful(self) -> bool:
        """Whether at least the smallest threshold of the scale is met."""
        return bool(self.reached)


def ashworth_number(
    grade: str, variant: AshworthVariant = AshworthVariant.MODIFIED
) -> Decimal | CannotCompute:
    """The number of a grade for averaging: MAS 1+ is 1.5."""
    numbers = ASHWORTH_NUMBERS.value[variant]
    if grade not in numbers:
        return cannot("grade", f"{grade!r} is not a grade of this scale; it has {', '.join(numbers)}.")
    return numbers[grade]


def ashworth_mean(
    grades: Mapping[str, str], variant: AshworthVariant = AshworthVariant.MODIFIED
) -> Decimal | CannotCompute:
    """The mean over muscles (muscle -> raw grade); refuses an empty reading and names every muscle with a bad
    grade.
    """
    if not grades:
        return cannot("grades", "No muscle was scored.")
    numbers, reasons = [], []
    for muscle, grade in grades.items():
        number = ashworth_number(grade, variant)
        if isinstance(number, CannotCompute):
            reasons.append(Reason(muscle, number.text))
        else:
            numbers.append(number)
    return CannotCompute(tuple(reasons)) if reasons else sum(numbers, Decimal(0)) / len(numbers)


def tone_change(
    before: Mapping[str, str],
    after: Mapping[str, str],
    limb: Limb,
    variant: AshworthVariant = AshworthVariant.MODIFIED,
) -> ScaleChange | CannotCompute:
    """Fall of the mean Ashworth over the same muscles; refuses readings of different muscles."""
    if set(before) != set(after):
        odd = ", ".join(sorted(set(before) ^ set(after)))
        return cannot("grades", f"Both readings need the same muscles; these are in one only: {odd}.")
    first, second = ashworth_mean(before, variant), ashworth_mean(after, variant)
    if isinstance(first, CannotCompute):
        return first
    if isinstance(second, CannotCompute):
        return second
    small, large = MAS_MCID.value[limb]
    return _change(first, second, first - second, {"0.5 SD": small, "0.8 SD": large}, MAS_MCID)


def _change(
    before: Decimal,
    after: Decimal,
    improvement: Decimal,
    thresholds: Mapping[str, Decimal],
    limit: Sourced[Any],
) -> ScaleChange:
    pct = improvement / before * 100 if before else None
    reached = tuple(name for name, threshold in thresholds.items() if improvement >= threshold)
    return ScaleChange(before, after, improvement, pct, reached, limit)


def penn_problems(frequency: int, severity: int | None) -> tuple[Reason, ...]:
    """What is wrong with a Penn score: frequency 0-4; severity 1-3, left out when there are no spasms."""
    problems = []
    if frequency not in range(5):
        problems.append(Reason("penn_frequency", "Penn spasm frequency is 0 to 4."))
    if frequency == 0 and severity is not None:
        problems.append(Reason("penn_severity", "Without spasms (frequency 0) no severity is scored."))
    if frequency != 0 and severity not in (1, 2, 3):
        problems.append(Reason("penn_severity", "Penn severity is 1 mild, 2 moderate or 3 severe."))
    return tuple(problems)


def penn_change(before: int, after: int) -> ScaleChange:
    """Fall of the Penn frequency; one level counts (local policy)."""
    fall = Decimal(before - after)
    one = {"1 level": Decimal(PENN_IMPROVEMENT.value)}
    return _change(Decimal(before), Decimal(after), fall, one, PENN_IMPROVEMENT)


def _in_range(field: str, number: Decimal, top: int) -> tuple[Reason, ...]:
    return () if 0 <= number <= top else (Reason(field, f"The scale runs from 0 to {top}."),)


def nrs_spasticity_change(before: Decimal, after: Decimal) -> ScaleChange | CannotCompute:
    """Percent fall of the 0-10 spasticity rating: 18 % is minimal, 29 % clinically important (MS)."""
    reasons = (*_in_range("before", before, 10), *_in_range("after", after, 10))
    if reasons:
        return CannotCompute(reasons)
    minimal, important = NRS_SPASTICITY_PCT.value
    thresholds = {"minimal": before * minimal / 100, "important": before * important / 100} if before else {}
    return _change(before, after, before - after, thresholds, NRS_SPASTICITY_PCT)


def nrs_pain_change(before: Decimal, after: Decimal) -> ScaleChange | CannotCompute:
    """Fall of the 0-10 pain rating: 2 points or 30 %."""
    reasons = (*_in_range("before", before, 10), *_in_range("after", after, 10))
    if reasons:
        return CannotCompute(reasons)
    points, percent = NRS_PAIN.value
    thresholds = {"2 points": points, "30 %": before * percent / 100} if before else {}
    return _change(before, after, before - after, thresholds, NRS_PAIN)


def vas_pain_change(before_mm: Decimal, after_mm: Decimal) -> ScaleChange | CannotCompute:
    """Fall of the 100 mm pain scale: about 13 to 20 mm."""
    reasons = (*_in_range("before", before_mm, 100), *_in_range("after", after_mm, 100))
    if reasons:
        return CannotCompute(reasons)
    small, large = VAS_PAIN_MM.value
    return _change(before_mm, after_mm, before_mm - after_mm, {"13 mm": small, "20 mm": large}, VAS_PAIN_MM)


def gmfcs_problems(level: str) -> tuple[Reason, ...]:
    """GMFCS is a classifier I-V, not an outcome."""
    return () if level in GMFCS_LEVELS else (Reason("gmfcs", "GMFCS is one of I, II, III, IV, V."),)


def fim_problems(motor: int, cognitive: int) -> tuple[Reason, ...]:
    """FIM motor 13-91, cognitive 5-35; the total is their sum, 18-126."""
    problems = []
    for part, score in (("motor", motor), ("cognitive", cognitive)):
        low, high = FIM_RANGES[part]
        if not low <= score <= high:
            problems.append(Reason(f"fim_{part}", f"FIM {part} is {low} to {high}."))
    return tuple(problems)


def fim_change(part: str, before: int, after: int) -> ScaleChange | CannotCompute:
    """Rise of FIM `total`, `motor` or `cognitive`; stroke thresholds 22, 17, 3."""
    low, high = FIM_RANGES[part]
    if not (low <= before <= high and low <= after <= high):
        return cannot(f"fim_{part}", f"FIM {part} is {low} to {high}.")
    needed = FIM_MCID.value[part]
    return _change(
        Decimal(before), Decimal(after), Decimal(after - before), {"MCID": Decimal(needed)}, FIM_MCID
    )


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal in GAS form: -2 much less than expected, 0 as expected, +2 much more; weight above 0."""

    score: int
    weight: Decimal = Decimal(1)


def gas_t_score(goals: Sequence[Goal]) -> Decimal | CannotCompute:
    """T = 50 + 10*sum(w*x) / sqrt(0.7*sum(w^2) + 0.3*(sum w)^2), to two decimals; all goals as expected give
    50.
    """
    if not goals:
        return cannot("goals", "No goal was scored.")
    reasons = [Reason("score", "A goal is scored from -2 to +2.") for goal in goals if abs(goal.score) > 2]
    reasons += [Reason("weight", "A goal's weight is above 0.") for goal in goals if goal.weight <= 0]
    if reasons:
        return CannotCompute(tuple(reasons))
    own, shared = GAS_FORMULA.value
    weights = [goal.weight for goal in goals]
    attained = sum((goal.weight * goal.score for goal in goals), Decimal(0))
    spread = own * sum((w * w for w in weights), Decimal(0)) + shared * sum(weights, Decimal(0)) ** 2
    return (50 + 10 * attained / spread.sqrt()).quantize(CENT)
