"""Observations of a trial day: vital signs, sedation, tone and spasms at one minute after the injection.

Append-only: a correction supersedes the row before it. Which observation is due, and whether its time fits, is a rule
of the clinical layer; this module must not know the dose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q

from pathway.clinical.observation import TONE_H, VITALS_MINUTES
from pathway.clinical.scales import ASHWORTH_NUMBERS, AshworthVariant
from pathway.models.assessment import ASHWORTH_SCALES, GRADES, MUSCLES, PENN_FREQUENCIES
from pathway.models.base import Row, choices, one_of
from pathway.models.case import Case
from pathway.models.checked import Problem, raise_all
from pathway.models.columns import Table, choice
from pathway.models.fields import Amount, Choice, Codes, Rows, Whole
from pathway.models.people import Clinician
from pathway.models.todo import Todo
from pathway.models.trial import ADVERSE_EVENTS, SEDATION
from pathway.protocol.roles import CARE_ROLES

SIDES = ("left", "right")
PLACES = tuple((f"{muscle} {side}", f"{name}, {side}") for muscle, name in MUSCLES for side in SIDES)
"""Each muscle on each side, e.g. `("knee_flexors left", "Knee flexors (hamstrings), left")`."""
PLACE_NAMES = dict(PLACES)
TONE_TABLE = Table(
    {side: choice(side.capitalize(), GRADES, required=False) for side in SIDES},
    at_least=0,
    key="muscle",
    row_header="Muscle group",
    fixed=MUSCLES,
)
TONE_MINUTES = frozenset(hour * 60 for hour in TONE_H.value)
MINUTES = tuple((minute, f"{minute} min") for minute in VITALS_MINUTES.value)


def grades_of(tone: list[dict[str, Any]]) -> dict[str, str]:
    """Raw grades by place: `{"knee_flexors left": "1+"}`."""
    return {f"{row['muscle']} {side}": row[side] for row in tone for side in SIDES if row.get(side)}


class TrialObservation(Row):
    """What one person saw at one minute of a trial day. Minute 0 is before the injection."""

    CONTENT = (
        "observed_at",
        "heart_rate",
        "systolic",
        "diastolic",
        "spo2",
        "respiratory_rate",
        "sedation",
        "temperature_c",
        "tone",
        "penn",
        "adverse_events",
    )
    """What the observer writes; the rest is bookkeeping."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    todo = models.ForeignKey(Todo, on_delete=models.PROTECT, related_name="observations", db_index=False)
    minute = models.PositiveSmallIntegerField(choices=MINUTES)
    observed_at = models.DateTimeField("observed at")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=20, choices=choices(CARE_ROLES))
    heart_rate = Whole("heart rate", low=20, high=250, unit="/min")
    systolic = Whole("systolic pressure", low=40, high=300, unit="mmHg")
    diastolic = Whole("diastolic pressure", low=20, high=200, unit="mmHg")
    spo2 = Whole("SpO2", low=40, high=100, unit="%")
    respiratory_rate = Whole("breaths", low=2, high=80, unit="/min")
    sedation = Choice("sedation", choices=SEDATION)
    temperature_c = Amount(
        "temperature", low=30, high=43, unit="°C", max_digits=4, decimal_places=1, null=True, blank=True
    )
    scale_variant = Choice("Ashworth scale", choices=ASHWORTH_SCALES, default=str(AshworthVariant.MODIFIED))
    tone = Rows("tone by muscle and side", table=TONE_TABLE)
    penn = Whole("Penn spasm frequency", choices=PENN_FREQUENCIES, low=0, high=4, null=True, blank=True)
    adverse_events = Codes("adverse events", codes=ADVERSE_EVENTS, blank=True)
    correction_reason = models.CharField("why it is corrected", max_length=300, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["todo", "minute"],
                condition=Q(superseded_at__isnull=True),
                name="observation_once_a_minute",
            ),
            models.CheckConstraint(
                condition=Q(minute__in=VITALS_MINUTES.value), name="observation_minute_known"
            ),
            one_of("observation_role_known", "role", CARE_ROLES),
            models.CheckConstraint(
                condition=Q(systolic__gt=models.F("diastolic")), name="observation_pressures_in_order"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="only_superseded",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["superseded_at"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minute} min of case {self.case_id}"

    def grades(self) -> dict[str, str]:
        """Raw grades by place."""
        return grades_of(self.tone)

    def content(self) -> dict[str, Any]:
        """What the observer wrote, by field."""
        return {name: getattr(self, name) for name in self.CONTENT}

    def adds_only(self, earlier: TrialObservation) -> bool:
        """Whether this says all that the earlier one says, and more: the tone that was scored after the vitals."""
        mine, before = self.content(), earlier.content()
        return all(value in (None, [], "") or value == mine[name] for name, value in before.items())

    def clean(self) -> None:
        """The pressures are in order and the grades belong to the scale; raises ValidationError by field."""
        raise_all(self.problems())

    def problems(self) -> Iterator[Problem]:
        """What is wrong across fields. A field that is missing is None here."""
        if None not in (self.systolic, self.diastolic) and self.diastolic >= self.systolic:
            yield "diastolic", "The diastolic pressure lies below the systolic."
        if TONE_TABLE.problems(self.tone):
            return
        known = ASHWORTH_NUMBERS.value[AshworthVariant(self.scale_variant)]
        for place, grade in self.grades().items():
            if grade not in known:
                has = ", ".join(known)
                yield (
                    "tone",
                    f"{PLACE_NAMES[place]}: {grade} is not on the scale of the baseline; it has {has}.",
                )


def muscle_problems(
    grades: Mapping[str, str], *, scored_before: Mapping[str, str] | None, minute: int
) -> Iterator[Problem]:
    """Every reading of a trial scores the muscles of the reading it is compared with, no more and no fewer.

    `scored_before` are the grades of that reading, None where there is none yet. Without tone there is nothing to say.
    """
    if not grades or not scored_before:
        return
    which = "in the other readings of this dose" if minute == 0 else "before the dose"
    for place in sorted(set(scored_before) - set(grades)):
        yield "tone", f"{PLACE_NAMES[place]} is missing: it was scored {which}."
    for place in sorted(set(grades) - set(scored_before)):
        yield "tone", f"{PLACE_NAMES[place]} was not scored {which}: leave it out."
