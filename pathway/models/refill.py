"""A refill: the reservoir emptied and filled, with what was expected and what was found (clinical.md 4.5, 7).

Knows one refill; dates that follow from it are worked out elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from pathway.clinical.advice import second_look
from pathway.clinical.pump_log import Filled
from pathway.clinical.refill_advice import RefillAdvice, judge_refill
from pathway.clinical.residual import ABSOLUTE_ML, Discrepancy
from pathway.clinical.results import CannotCompute, Severity, plain
from pathway.clinical.situation import Situation
from pathway.clinical.steps import BridgeDecision
from pathway.models.checked import CheckedRecord, Problem, date_problems
from pathway.models.fields import Amount, Choice, LongText
from pathway.models.implant import LARGEST_RESERVOIR_ML, STRENGTH_HELP, alarm_problems, alarm_setting
from pathway.models.running import (
    BRIDGES,
    advice_problems,
    as_stored,
    bridge_problems,
    dose_field,
    dose_problems,
    strength_field,
)

NEEDLE_GUIDES = (
    ("template", "Template"),
    ("ultrasound", "Ultrasound"),
    ("fluoroscopy", "Fluoroscopy"),
    ("none", "None"),
)
REFILL_FIELDS = {
    "dose_mcg_per_day": "daily_dose_mcg_per_day",
    "at": "refilled_at",
    "volume_ml": "filled_ml",
}
"""Where a finding about a refill stands on its form."""


class Refill(CheckedRecord):
    """A reservoir emptied and filled, with what was expected and what was found."""

    kind = "refill"
    LOCAL_DATES = {"refilled_at": "refilled_on"}
    READS = frozenset({"pump"})
    DERIVED = ("previous_dose_mcg_per_day", "previous_concentration_mcg_per_ml", "computed_residual_ml")

    refilled_at = models.DateTimeField("refilled at")
    refilled_on = models.DateField("refilled on")
    interrogated = models.BooleanField("pump interrogated")
    alarms = LongText(
        "alarms in the log", max_length=500, blank=True, help_text="Empty where there were none"
    )
    expected_residual_ml = Amount(
        "expected in the reservoir",
        low=0,
        high=LARGEST_RESERVOIR_ML,
        unit="mL",
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        help_text="As the programmer shows; empty: what the records here give",
    )
    computed_residual_ml = Amount(
        "expected by the records",
        low=0,
        high=LARGEST_RESERVOIR_ML,
        unit="mL",
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
    )
    eri_seen = models.BooleanField(
        "replacement indicator (ERI) shown", default=False, help_text="Then surgery within 60 days [P]"
    )
    alarm_setting_ml = alarm_setting(
        "Empty: as it was. 4 mL is offered after withdrawal at a low volume [V:S32]"
    )
    aspirated_ml = Amount(
        "aspirated",
        low=0,
        high=LARGEST_RESERVOIR_ML + 5,
        unit="mL",
        max_digits=4,
        decimal_places=1,
        help_text="Emptied fully",
    )
    residual_action = LongText(
        "what was done about the difference",
        max_length=1000,
        blank=True,
        help_text="Needed when aspirated and expected differ by more than 2 mL [V:S57] or the delivery by more than "
        "the pump's accuracy [M: SM2]",
    )
    filled_ml = Amount(
        "filled", low="0.5", high=LARGEST_RESERVOIR_ML, unit="mL", max_digits=4, decimal_places=1
    )
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
        help_text="Steps up at a refill in long-term care: spinal adults 40 %, cerebral adults and children 20 %; in "
        "titration 30 and 15 %; down 20 % [V:S4,S6b,S14]",
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
        expected, aspirated = self.expected_ml, self.aspirated_ml
        if not isinstance(expected, Decimal) or not isinstance(aspirated, Decimal):
            expected = aspirated = Decimal(0)  # what is missing is said at its field
        if abs(aspirated - expected) > ABSOLUTE_ML.value and not self.residual_action:
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

    @property
    def expected_ml(self) -> Decimal | None:
        """What should have been left: as the programmer showed it, else as the records give it."""
        shown: Decimal | None = self.expected_residual_ml
        return self.computed_residual_ml if shown is None else shown

    def entry(self) -> Filled:
        """This refill in the pump's log."""
        return Filled(
            at=self.refilled_at,
            on=self.refilled_on,
            volume_ml=self.filled_ml,
            concentration_mcg_per_ml=Decimal(self.concentration_mcg_per_ml),
            dose_mcg_per_day=self.daily_dose_mcg_per_day,
            bridged=self.bridge == BridgeDecision.DONE,
            expected_ml=self.expected_residual_ml,
            aspirated_ml=self.aspirated_ml,
            alarm_ml=self.alarm_setting_ml,
            eri_seen=bool(self.eri_seen),
        )

    def advice(self, situation: Situation) -> RefillAdvice | CannotCompute | None:
        """What this refill means; None while a field it needs is missing or wrong."""
        needed = (
            self.refilled_at,
            self.refilled_on,
            self.filled_ml,
            self.concentration_mcg_per_ml,
            self.daily_dose_mcg_per_day,
        )
        if None in needed or situation.pump is None:
            return None
        decision = BridgeDecision(self.bridge) if self.bridge else None
        return judge_refill(situation, self.entry(), decision)

    def derive(self, situation: Situation) -> None:
        """Dose, strength and residual before come from the pump's log, at the instant of this refill."""
        if situation.pump is None or not isinstance(self.refilled_at, datetime):
            return
        before = situation.pump.log.before(self.refilled_at)
        strength = before.concentration_mcg_per_ml
        self.previous_dose_mcg_per_day = as_stored(before.dose_mcg_per_day)
        self.previous_concentration_mcg_per_ml = int(strength) if strength else None
        computed = before.residual_ml(self.refilled_at)
        self.computed_residual_ml = None if isinstance(computed, CannotCompute) else round(computed, 1)

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        """Dates, volumes that this pump can hold, the difference, and the dose against this patient's limits."""
        yield from date_problems(self, situation)
        if situation.pump is not None:
            model, size = situation.pump.model, int(situation.pump.reservoir_ml)
            yield from alarm_problems(self.alarm_setting_ml, model, size)
        advice = self.advice(situation)
        if advice is None:
            return
        yield from advice_problems(advice, self.over_limit_reason, REFILL_FIELDS)
        if isinstance(advice, RefillAdvice) and advice.work_up and not self.residual_action:
            yield from self._work_up_problems(advice)

    def _work_up_problems(self, advice: RefillAdvice) -> Iterator[Problem]:
        """A difference that has no sentence yet: by percentage, by trend, or over the limit only before rounding."""
        expected = self.expected_ml
        if expected is not None and abs(self.aspirated_ml - expected) > ABSOLUTE_ML.value:
            return  # `problems` has said so
        found = advice.discrepancy.findings if isinstance(advice.discrepancy, Discrepancy) else ()
        alerts = [finding for finding in found if finding.severity is Severity.WARNING]
        for finding in (*alerts, *([advice.trend] if advice.trend else ())):
            yield "residual_action", f"{finding.text} Write what was done about it."

    def second_look(self, situation: Situation) -> tuple[str, ...]:
        """More than 1000 mcg/day, another strength, a restart after a stop (13.12)."""
        advice = self.advice(situation)
        if not isinstance(advice, RefillAdvice):
            return ()
        return tuple(finding.text for finding in second_look(advice.findings))

    def facts(self) -> dict[str, Any]:
        return {
            "refilled_on": self.refilled_on.isoformat(),
            "filled_ml": plain(self.filled_ml),
            "aspirated_ml": plain(self.aspirated_ml),
        }
