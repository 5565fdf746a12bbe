"""A refill: the reservoir emptied and filled, with what was expected and what was found (clinical.md 4.5, 7).

Knows one refill; dates that follow from it are worked out elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from pathway.clinical.results import plain
from pathway.clinical.steps import Phase
from pathway.models.checked import CheckedRecord, Problem, date_problems
from pathway.models.fields import Amount, Choice, LongText
from pathway.models.implant import STRENGTH_HELP
from pathway.models.running import (
    BRIDGES,
    bridge_problems,
    dose_field,
    dose_problems,
    highest_step,
    step_problems,
    strength_field,
)

NEEDLE_GUIDES = (
    ("template", "Template"),
    ("ultrasound", "Ultrasound"),
    ("fluoroscopy", "Fluoroscopy"),
    ("none", "None"),
)
RESIDUAL_LIMIT_ML = Decimal(2)


class Refill(CheckedRecord):
    """A reservoir emptied and filled, with what was expected and what was found."""

    kind = "refill"
    LOCAL_DATES = {"refilled_at": "refilled_on"}

    refilled_at = models.DateTimeField("refilled at")
    refilled_on = models.DateField("refilled on")
    interrogated = models.BooleanField("pump interrogated")
    alarms = LongText(
        "alarms in the log", max_length=500, blank=True, help_text="Empty where there were none"
    )
    expected_residual_ml = Amount(
        "expected in the reservoir",
        low=0,
        high=40,
        unit="mL",
        max_digits=4,
        decimal_places=1,
        help_text="As the programmer shows",
    )
    aspirated_ml = Amount(
        "aspirated", low=0, high=45, unit="mL", max_digits=4, decimal_places=1, help_text="Emptied fully"
    )
    residual_action = LongText(
        "what was done about the difference",
        max_length=1000,
        blank=True,
        help_text="Needed when aspirated and expected differ by more than 2 mL [V:S57]",
    )
    filled_ml = Amount("filled", low="0.5", high=40, unit="mL", max_digits=4, decimal_places=1)
    concentration_mcg_per_ml = strength_field("strength of the fill", help_text=STRENGTH_HELP)
    previous_concentration_mcg_per_ml = strength_field("strength before", null=True, blank=True)
    bridge = Choice(
        "bridge bolus", choices=BRIDGES, blank=True, help_text="Where the strength changed [V:S14]"
    )
    bridge_reason = models.CharField("why no bridge", max_length=200, blank=True)
    daily_dose_mcg_per_day = dose_field("daily dose after the refill")
    previous_dose_mcg_per_day = dose_field("daily dose before", null=True, blank=True)
    over_limit_reason = LongText(
        "reason beyond a limit",
        max_length=1000,
        blank=True,
        help_text="Steps up at a refill: spinal adults 40 %, cerebral adults and children 20 %; down 20 % "
        "[V:S6b,S4]",
    )
    drug_lot = models.CharField("drug lot", max_length=40)
    needle_guide = Choice("needle placed with", choices=NEEDLE_GUIDES)
    septum_identified = models.BooleanField(
        "septum identified", help_text="Never the catheter access port: direct injection can be fatal [V:S16]"
    )
    complications = LongText(blank=True, help_text="Empty where there were none")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(condition=Q(daily_dose_mcg_per_day__gt=0), name="refill_is_no_stop"),
            models.CheckConstraint(condition=Q(septum_identified=True), name="no_fill_without_septum"),
            models.CheckConstraint(
                condition=Q(concentration_mcg_per_ml__in=[500, 1000, 2000]), name="refill_strength_known"
            ),
            models.CheckConstraint(
                condition=Q(daily_dose_mcg_per_day__lte=1000) | ~Q(over_limit_reason=""),
                name="high_refill_dose_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    aspirated_ml__lte=F("expected_residual_ml") + 2,
                    aspirated_ml__gte=F("expected_residual_ml") - 2,
                )
                | ~Q(residual_action=""),
                name="residual_difference_has_action",
            ),
            models.CheckConstraint(
                condition=Q(previous_concentration_mcg_per_ml__isnull=True)
                | Q(previous_concentration_mcg_per_ml=F("concentration_mcg_per_ml"))
                | ~Q(bridge=""),
                name="refill_strength_change_bridged",
            ),
        ]

    @property
    def changed(self) -> bool:
        """Whether the daily dose is another than before."""
        return self.previous_dose_mcg_per_day not in (None, self.daily_dose_mcg_per_day)

    def problems(self) -> Iterator[Problem]:
        """No fill when unsure, a difference that is acted on, a dose that runs, and a bridge decision."""
        if self.septum_identified is False:
            yield (
                "septum_identified",
                "No fill when unsure: a refill is recorded only with the septum identified [V:S16].",
            )
        expected, aspirated = self.expected_residual_ml, self.aspirated_ml
        known = isinstance(expected, Decimal) and isinstance(aspirated, Decimal)
        if known and abs(aspirated - expected) > RESIDUAL_LIMIT_ML and not self.residual_action:
            yield (
                "residual_action",
                f"{plain(aspirated)} mL instead of {plain(expected)} mL: repeat the aspiration, check the "
                "program and log, look at the patient, and write what was done [V:S57].",
            )
        yield from dose_problems(
            "daily_dose_mcg_per_day", self.daily_dose_mcg_per_day, self.over_limit_reason
        )
        old, new = self.previous_concentration_mcg_per_ml, self.concentration_mcg_per_ml
        yield from bridge_problems(old, new, self.bridge, self.bridge_reason)

    def problems_on(self, *, today: date, birth_date: date | None, origin: str) -> Iterator[Problem]:
        yield from date_problems(self, today=today, birth_date=birth_date)
        yield from step_problems(
            "daily_dose_mcg_per_day",
            self.previous_dose_mcg_per_day,
            self.daily_dose_mcg_per_day,
            self.over_limit_reason,
            highest_step(origin, Phase.MAINTENANCE, birth_date, today),
        )

    def facts(self) -> dict[str, Any]:
        return {
            "refilled_on": self.refilled_on.isoformat(),
            "filled_ml": plain(self.filled_ml),
            "aspirated_ml": plain(self.aspirated_ml),
        }
