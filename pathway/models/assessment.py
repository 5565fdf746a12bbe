"""Spasticity, pain and function on one day: the scales a physiatrist scores at baseline and at each review.

Knows the scales of clinical.md section 5, no protocol and no due date.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from pathway.clinical.results import CannotCompute, plain
from pathway.clinical.scales import (
    ASHWORTH_NUMBERS,
    GMFCS_LEVELS,
    AshworthVariant,
    ashworth_mean,
    ashworth_number,
    penn_problems,
)
from pathway.models.checked import CheckedRecord, Problem
from pathway.models.columns import Table, choice
from pathway.models.fields import Choice, LongText, Rows, Whole

MUSCLES = (
    ("shoulder_adductors", "Shoulder adductors"),
    ("elbow_flexors", "Elbow flexors"),
    ("elbow_extensors", "Elbow extensors"),
    ("wrist_flexors", "Wrist flexors"),
    ("finger_flexors", "Finger flexors"),
    ("hip_flexors", "Hip flexors"),
    ("hip_adductors", "Hip adductors"),
    ("knee_flexors", "Knee flexors (hamstrings)"),
    ("knee_extensors", "Knee extensors (quadriceps)"),
    ("plantar_flexors", "Plantar flexors"),
    ("foot_invertors", "Foot invertors"),
)
ASHWORTH_SCALES = (
    (str(AshworthVariant.MODIFIED), "Modified Ashworth, 0 to 4 with 1+"),
    (str(AshworthVariant.ORIGINAL_0_4), "Original Ashworth, 0 to 4"),
    (str(AshworthVariant.ORIGINAL_1_5), "Original Ashworth scored 1 to 5"),
)
GRADES = tuple((grade, grade) for grade in ("0", "1", "1+", "2", "3", "4", "5"))
SEVERE_GRADE = {AshworthVariant.ORIGINAL_1_5: Decimal(4)}
"""The grade that stands for 3 where a scale starts at 1 (clinical.md 1.2, tag U); 3 on the others."""
PENN_FREQUENCIES = (
    (0, "0: none"),
    (1, "1: mild, on stimulation"),
    (2, "2: full spasms, less than one an hour"),
    (3, "3: more than one an hour"),
    (4, "4: more than ten an hour"),
)
PENN_SEVERITIES = ((1, "1: mild"), (2, "2: moderate"), (3, "3: severe"))
MAS_TABLE = Table(
    {"left": choice("Left", GRADES, required=False), "right": choice("Right", GRADES, required=False)},
    key="muscle",
    row_header="Muscle group",
    fixed=MUSCLES,
)


class Assessment(CheckedRecord):
    """Spasticity, pain and function on one day, scored by one rater."""

    kind = "assessment"
    PAST = ("assessed_on",)

    assessed_on = models.DateField("assessed on")
    rater = models.CharField(
        max_length=80, help_text="The same rater scores baseline, trial and reviews [V:S9]"
    )
    scale_variant = Choice(
        "Ashworth scale",
        choices=ASHWORTH_SCALES,
        default=str(AshworthVariant.MODIFIED),
        help_text="Readings of different scales never meet in one mean",
    )
    mas = Rows("tone by muscle and side", table=MAS_TABLE, help_text="Leave out what was not tested")
    penn_frequency = Whole("Penn spasm frequency", choices=PENN_FREQUENCIES, low=0, high=4)
    penn_severity = Whole(
        "Penn severity",
        choices=PENN_SEVERITIES,
        low=1,
        high=3,
        null=True,
        blank=True,
        help_text="Left out when there are no spasms [V:S61]",
    )
    nrs_spasticity = Whole("spasticity, patient's rating", low=0, high=10, help_text="0 none, 10 worst")
    nrs_pain = Whole("pain, patient's rating", low=0, high=10, help_text="0 none, 10 worst")
    gmfcs = Choice(
        "GMFCS level",
        choices=[(level, level) for level in GMFCS_LEVELS],
        blank=True,
        help_text="In cerebral palsy; a classifier, not an outcome",
    )
    fim_motor = Whole("FIM motor", low=13, high=91, null=True, blank=True)
    fim_cognitive = Whole("FIM cognitive", low=5, high=35, null=True, blank=True)
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(penn_frequency=0, penn_severity__isnull=True)
                | Q(penn_frequency__gt=0, penn_severity__isnull=False),
                name="assessment_penn_severity_with_spasms",
            ),
        ]

    def grades(self) -> dict[str, str]:
        """Raw grades by muscle and side, e.g. `{"knee_flexors left": "1+"}`."""
        return {
            f"{row['muscle']} {side}": row[side]
            for row in self.mas
            for side in ("left", "right")
            if row.get(side)
        }

    def mas_mean(self) -> Decimal | None:
        """Mean grade over the muscles and sides tested (1+ counts 1.5); None where none was."""
        mean = ashworth_mean(self.grades(), AshworthVariant(self.scale_variant))
        return None if isinstance(mean, CannotCompute) else mean

    def severe_groups(self) -> int:
        """Muscle groups whose worse side has grade 3 or more; both sides of a group count once."""
        variant = AshworthVariant(self.scale_variant)
        limit = SEVERE_GRADE.get(variant, Decimal(3))
        numbers = {place: ashworth_number(grade, variant) for place, grade in self.grades().items()}
        return len(
            {
                place.split()[0]
                for place, number in numbers.items()
                if isinstance(number, Decimal) and number >= limit
            }
        )

    def problems(self) -> Iterator[Problem]:
        """The grades belong to the scale, at least one muscle was tested, and the Penn score is whole."""
        if self.scale_variant in list(AshworthVariant) and not MAS_TABLE.problems(self.mas):
            yield from self._grade_problems(AshworthVariant(self.scale_variant))
        if self.penn_frequency is not None:
            for reason in penn_problems(self.penn_frequency, self.penn_severity):
                yield reason.field, reason.text

    def _grade_problems(self, variant: AshworthVariant) -> Iterator[Problem]:
        known = ASHWORTH_NUMBERS.value[variant]
        if not self.grades():
            yield "mas", "Score at least one muscle."
        for place, grade in self.grades().items():
            if grade not in known:
                yield (
                    "mas",
                    f"{place.replace('_', ' ')}: {grade} is not on this scale; it has {', '.join(known)}.",
                )

    def facts(self) -> dict[str, Any]:
        mean = self.mas_mean()
        return {
            "assessed_on": self.assessed_on.isoformat(),
            "mas_mean": None if mean is None else plain(mean),
            "mas_over_3": self.severe_groups(),
            "penn_frequency": self.penn_frequency,
        }
