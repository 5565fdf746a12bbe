"""What is being typed on a trial day against the reading before the dose. Nothing here is stored or decided."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pathway.clinical.observation import MAS_FALL, PENN_FALL
from pathway.clinical.results import CannotCompute, plain
from pathway.clinical.scales import AshworthVariant, ashworth_mean, ashworth_number
from pathway.models import TrialObservation
from pathway.models.observation import PLACE_NAMES, grades_of
from pathway.models.trial import SEDATION
from pathway.queries.observations import variant_of
from pathway.views.trial_day import TrialDay

FEW = 3
"""So many muscles are named; more are counted."""
VITALS = (
    ("heart_rate", "Heart rate", "/min"),
    ("systolic", "Systolic pressure", "mmHg"),
    ("diastolic", "Diastolic pressure", "mmHg"),
    ("spo2", "SpO2", "%"),
    ("respiratory_rate", "Breaths", "/min"),
    ("temperature_c", "Temperature", "°C"),
)


def change_of(day: TrialDay, minute: int, typed: dict[str, Any]) -> dict[str, Any]:
    """What is typed against the reading before the dose: lines of a table, and sentences. Nothing is stored."""
    before = day.by_minute.get(0)
    grades = grades_of(typed.get("tone") or [])
    if minute == 0:
        mean = ashworth_mean(grades, variant_of(day.baseline)) if grades else None
        said = f" Its mean MAS is {plain(mean)}." if isinstance(mean, Decimal) else ""
        return {"lines": [], "notes": [f"Later readings are compared with this one.{said}"], "met": False}
    if before is None:
        return {
            "lines": [],
            "notes": ["There is no reading before the injection to compare with."],
            "met": False,
        }
    variant = variant_of(day.baseline)
    lines = [*_tone_lines(before.grades(), grades, variant), *_vital_lines(before, typed)]
    notes, met = _response(day, before, minute, grades, typed.get("penn"))
    return {"lines": lines, "notes": notes, "met": met}


def _tone_lines(
    before: dict[str, str], now: dict[str, str], variant: AshworthVariant
) -> list[tuple[str, str, str, str]]:
    return [
        (PLACE_NAMES[place], before[place], grade, _direction(before[place], grade, variant))
        for place, grade in now.items()
        if place in before
    ]


def _direction(old: str, new: str, variant: AshworthVariant) -> str:
    """Whether a grade fell or rose: the word is read before the figures are."""
    was, now = ashworth_number(old, variant), ashworth_number(new, variant)
    if old == new:
        return "same"
    if isinstance(was, CannotCompute) or isinstance(now, CannotCompute):
        return "changed"
    return "lower" if now < was else "higher"


def _vital_lines(before: TrialObservation, typed: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    lines = []
    for name, label, unit in VITALS:
        old, new = getattr(before, name), typed.get(name)
        if old is None or new is None:
            continue
        difference = Decimal(new) - Decimal(old)
        change = f"{'+' if difference > 0 else ''}{plain(difference)} {unit}" if difference else "same"
        lines.append((label, f"{plain(Decimal(old))} {unit}", f"{plain(Decimal(new))} {unit}", change))
    sedation = dict(SEDATION)
    if typed.get("sedation"):
        old, new = sedation[before.sedation], sedation[typed["sedation"]]
        lines.append(("Sedation", old, new, "same" if old == new else "changed"))
    return lines


def _response(
    day: TrialDay, before: TrialObservation, minute: int, grades: dict[str, str], penn: Any
) -> tuple[list[str], bool]:
    """The fall of mean MAS and of Penn with the limits they are read against; whether one is reached."""
    notes, met = [], False
    missing = [PLACE_NAMES[place] for place in before.grades() if place not in grades]
    if grades and missing:
        few = ", ".join(missing) if len(missing) <= FEW else f"{len(missing)} sides of muscles"
        notes.append(f"Still to score for the mean: {few}.")
    elif grades and before.grades():
        variant = variant_of(day.baseline)
        old, new = ashworth_mean(before.grades(), variant), ashworth_mean(grades, variant)
        if isinstance(old, Decimal) and isinstance(new, Decimal):
            met = old - new >= MAS_FALL.value
            notes.append(
                f"Mean MAS {plain(old)} - {plain(new)} = {plain(old - new)}; the limit is a fall of "
                f"{plain(MAS_FALL.value)} {MAS_FALL.bracket}."
            )
    if penn not in (None, "") and before.penn is not None:
        fall = before.penn - int(penn)
        met = met or fall >= PENN_FALL.value
        notes.append(
            f"Penn {before.penn} - {penn} = {fall}; the limit is a fall of {PENN_FALL.value} {PENN_FALL.bracket}."
        )
    return notes, met
