"""Running the pump: what a dose, a step and a strength must satisfy, and the program that was set.

A record says what was done; limits that need the case's history are checked by the pathway, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from pathway.clinical.dosing import LIMITED_EXPERIENCE, Origin, population
from pathway.clinical.program import Mode
from pathway.clinical.results import CannotCompute, plain
from pathway.clinical.steps import DECREASE_PCT, EPSILON_PCT, STEP_PCT, BridgeDecision, Phase
from pathway.models.assessment import PENN_FREQUENCIES
from pathway.models.checked import CheckedRecord, Problem, date_problems
from pathway.models.fields import Amount, Choice, LongText, Whole
from pathway.models.implant import STRENGTH_HELP, STRENGTHS

MODES = (
    (str(Mode.SIMPLE), "Simple continuous"),
    (str(Mode.FLEX), "Flex (variable over 24 h)"),
    (str(Mode.SCHEDULED), "Scheduled boluses"),
)
BRIDGES = (
    (str(BridgeDecision.DONE), "Bridge programmed"),
    (str(BridgeDecision.NOT_NEEDED), "Not needed"),
)
LOWEST_OBSERVED = Decimal(12)
"""mcg/day, the lowest maintenance dose in the label [M: LIO]: below it, mg typed for mcg is likely."""


def dose_field(label: str, **options: Any) -> Amount:
    """A daily dose in mcg."""
    return Amount(label, low=0, high=9999, unit="mcg/day", max_digits=6, decimal_places=2, **options)


def strength_field(label: str, **options: Any) -> Whole:
    """A strength a pump may hold."""
    return Whole(label, choices=STRENGTHS, low=500, high=2000, unit="mcg/mL", **options)


def dose_problems(field: str, dose: Decimal | None, reason: str) -> Iterator[Problem]:
    """A dose that stops the pump, a dose in the wrong unit, and a dose beyond common experience."""
    if not isinstance(dose, Decimal):
        return
    if dose <= 0:
        yield (
            field,
            "A dose of 0 stops the infusion at once: plan a taper and cover for withdrawal [V:S2,S7].",
        )
    elif dose < LOWEST_OBSERVED and not reason:
        yield (
            field,
            f"{plain(dose)} mcg/day is below the lowest dose in the label, 12 mcg/day [M: LIO]. If you mean "
            f"{plain(dose)} mg/day, enter {plain(dose * 1000)}; otherwise give a reason.",
        )
    elif dose > LIMITED_EXPERIENCE.value and not reason:
        yield field, "Above 1000 mcg/day there is limited experience [M: LIO]: give a reason."


def step_problems(
    field: str, old: Decimal | None, new: Decimal | None, reason: str, highest: Decimal
) -> Iterator[Problem]:
    """A step above `highest` percent up, or beyond the label's step down, needs a reason."""
    if not isinstance(old, Decimal) or not isinstance(new, Decimal) or old <= 0 or new <= 0 or reason:
        return
    pct = (new - old) / old * 100
    if pct > highest + EPSILON_PCT.value:
        yield (
            field,
            f"+{plain(pct)} % is above the step limit of {plain(highest)} % [V:S4,S14]: give a reason.",
        )
    if -pct > DECREASE_PCT.value[1] + EPSILON_PCT.value:
        yield (
            field,
            f"{plain(pct)} % is more than the label's step down of 20 %; withdrawal is possible: give a "
            f"reason.",
        )


def bridge_problems(old: int | None, new: int | None, bridge: str, reason: str) -> Iterator[Problem]:
    """A new strength is never saved without a decision about the bridge bolus (clinical.md 13.10)."""
    if old and new and old != new:
        if not bridge:
            yield "bridge", f"From {old} to {new} mcg/mL: decide on the bridge bolus [V:S14]."
        if bridge == BridgeDecision.NOT_NEEDED and not reason:
            yield "bridge_reason", "Say why no bridge is needed."
    elif bridge and old == new:
        yield "bridge", "The strength is the same: there is nothing to bridge."


def highest_step(origin: str, phase: Phase, birth_date: date | None, today: date) -> Decimal:
    """The largest step up in percent for this patient; the widest of all where origin or age is not known."""
    known = {group: limit.value[1] for (group, of), limit in STEP_PCT.items() if of is phase}
    if not origin or birth_date is None:
        return max(known.values())
    group = population(Origin(origin), birth_date, today)
    return max(known.values()) if isinstance(group, CannotCompute) else known[group]


class ProgramRecord(CheckedRecord):
    """What the pump was set to, from what, and why."""

    kind = "program"
    LOCAL_DATES = {"effective_at": "effective_on"}

    effective_at = models.DateTimeField("set at")
    effective_on = models.DateField("set on")
    concentration_mcg_per_ml = strength_field("strength in the pump", help_text=STRENGTH_HELP)
    previous_concentration_mcg_per_ml = strength_field("strength before", null=True, blank=True)
    mode = Choice(choices=MODES, default=str(Mode.SIMPLE))
    daily_dose_mcg_per_day = dose_field(
        "daily dose",
        help_text="The 24 h total. Start: twice the effective screening dose; once if it lasted over 8 h "
        "or after a "
        "negative reaction [V:S4,S14]",
    )
    previous_dose_mcg_per_day = dose_field(
        "daily dose before", null=True, blank=True, help_text="Empty for the first program"
    )
    reason = LongText("reason for dose and mode", max_length=1000)
    over_limit_reason = LongText(
        "reason beyond a limit",
        max_length=1000,
        blank=True,
        help_text="Steps up: spinal adults 30 %, cerebral adults and children 15 %; down 20 % [V:S4,S14]",
    )
    bridge = Choice(
        "bridge bolus", choices=BRIDGES, blank=True, help_text="Where the strength changed [V:S14]"
    )
    bridge_reason = models.CharField("why no bridge", max_length=200, blank=True)
    penn_frequency = Whole(
        "Penn spasm frequency", choices=PENN_FREQUENCIES, low=0, high=4, null=True, blank=True
    )
    mas_mean = Amount("mean MAS", low=0, high=4, max_digits=3, decimal_places=2, null=True, blank=True)
    remarks = LongText("effect and side effects", blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(condition=Q(daily_dose_mcg_per_day__gt=0), name="program_is_no_stop"),
            models.CheckConstraint(
                condition=Q(previous_dose_mcg_per_day__isnull=True) | Q(previous_dose_mcg_per_day__gt=0),
                name="program_before_ran",
            ),
            models.CheckConstraint(
                condition=Q(concentration_mcg_per_ml__in=[500, 1000, 2000]), name="program_strength_known"
            ),
            models.CheckConstraint(
                condition=Q(daily_dose_mcg_per_day__lte=1000) | ~Q(over_limit_reason=""),
                name="high_dose_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(previous_concentration_mcg_per_ml__isnull=True)
                | Q(previous_concentration_mcg_per_ml=F("concentration_mcg_per_ml"))
                | ~Q(bridge=""),
                name="program_strength_change_bridged",
            ),
        ]

    @property
    def changed(self) -> bool:
        """Whether the daily dose is new: another than before, or the first."""
        return self.previous_dose_mcg_per_day != self.daily_dose_mcg_per_day

    def problems(self) -> Iterator[Problem]:
        """A dose that runs, in the right unit, reasons beyond common experience, a bridge decision."""
        yield from dose_problems(
            "daily_dose_mcg_per_day", self.daily_dose_mcg_per_day, self.over_limit_reason
        )
        if self.previous_dose_mcg_per_day == 0:
            yield "previous_dose_mcg_per_day", "Leave this empty for the first program."
        old, new = self.previous_concentration_mcg_per_ml, self.concentration_mcg_per_ml
        yield from bridge_problems(old, new, self.bridge, self.bridge_reason)

    def problems_on(self, *, today: date, birth_date: date | None, origin: str) -> Iterator[Problem]:
        yield from date_problems(self, today=today, birth_date=birth_date)
        yield from step_problems(
            "daily_dose_mcg_per_day",
            self.previous_dose_mcg_per_day,
            self.daily_dose_mcg_per_day,
            self.over_limit_reason,
            highest_step(origin, Phase.TITRATION, birth_date, today),
        )

    def facts(self) -> dict[str, Any]:
        return {
            "daily_dose_mcg_per_day": plain(self.daily_dose_mcg_per_day),
            "concentration_mcg_per_ml": str(self.concentration_mcg_per_ml),
            "effective_on": self.effective_on.isoformat(),
            "changed": self.changed,
        }
