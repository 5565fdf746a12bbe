"""Running the pump: what a dose, a step and a strength must satisfy, and the program that was set.

A record says what was done; limits that need the case's history are checked by the pathway, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q

from pathway.clinical.advice import ProgramAdvice, judge_program, second_look
from pathway.clinical.dosing import LIMITED_EXPERIENCE
from pathway.clinical.program import DailyBolus, DoseStep, Mode, Program, schedule_problems
from pathway.clinical.pump_log import Programmed
from pathway.clinical.refill_advice import RefillAdvice
from pathway.clinical.results import CannotCompute, Severity, plain
from pathway.clinical.situation import Situation
from pathway.clinical.steps import BridgeDecision
from pathway.models.assessment import PENN_FREQUENCIES
from pathway.models.checked import CheckedRecord, Problem, date_problems
from pathway.models.columns import Table, amount, choice, text
from pathway.models.fields import Amount, Choice, LongText, Rows, Whole
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


def as_stored(dose_mcg_per_day: Decimal | None) -> Decimal | None:
    """A dose that was worked out, with the two decimals of its column: a sum of parts may carry more zeros."""
    return None if dose_mcg_per_day is None else round(dose_mcg_per_day, 2)


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


def bridge_problems(old: int | None, new: int | None, bridge: str, reason: str) -> Iterator[Problem]:
    """A new strength is never saved without a decision about the bridge bolus (clinical.md 13.10)."""
    if old and new and old != new:
        if not bridge:
            yield "bridge", f"From {old} to {new} mcg/mL: decide on the bridge bolus [V:S14]."
        if bridge == BridgeDecision.NOT_NEEDED and not reason:
            yield "bridge_reason", "Say why no bridge is needed."
    elif bridge and old == new:
        yield "bridge", "The strength is the same: there is nothing to bridge."


JUDGED_ELSEWHERE = frozenset({"bridge_undecided", "bridge_skipped"})
"""Findings whose sentence stands at the bridge's own fields (`bridge_problems`)."""


def advice_problems(
    advice: ProgramAdvice | RefillAdvice | CannotCompute, reason: str, fields: Mapping[str, str]
) -> Iterator[Problem]:
    """What the advice refuses, or lets pass only with a reason, at the record's own fields."""
    if isinstance(advice, CannotCompute):
        for wrong in advice.reasons:
            yield fields.get(wrong.field, wrong.field) or "__all__", wrong.text
        return
    for finding in advice.findings:
        field = fields.get(finding.field, finding.field) or fields["dose_mcg_per_day"]
        if finding.code in JUDGED_ELSEWHERE:
            continue
        if finding.severity is Severity.REFUSED or (finding.severity is Severity.NEEDS_REASON and not reason):
            yield field, finding.text
    program = advice.program if isinstance(advice, RefillAdvice) else advice
    if program and isinstance(program.step, CannotCompute) and not reason:
        yield fields["dose_mcg_per_day"], f"{program.step.text} Give a reason for this dose."
    if isinstance(advice.runway, CannotCompute) and not isinstance(advice, RefillAdvice):
        yield "__all__", f"The refill date cannot be worked out: {advice.runway.text}"


STEP_KINDS = (("step", "Step: from then on"), ("bolus", "Bolus: at once"))
CLOCK = re.compile(r"^([01]?[0-9]|2[0-3]):([0-5][0-9])$")
SCHEDULE_TABLE = Table(
    {
        "kind": choice("Kind", STEP_KINDS),
        "at": text("At (hours:minutes)", max_length=5),
        "dose_mcg": amount("Dose", "0", "9999", unit="mcg"),
    },
    at_least=0,
    at_most=24,
    row_header="Part",
)


def clock_hours(at: str) -> Decimal | None:
    """Hours after midnight of "06:30"; None for what is no time of day."""
    match = CLOCK.match(at.strip())
    return Decimal(match[1]) + Decimal(match[2]) / 60 if match else None


PROGRAM_FIELDS = {
    "dose_mcg_per_day": "daily_dose_mcg_per_day",
    "steps": "schedule",
    "boluses": "schedule",
    "at": "effective_at",
}
"""Where a finding about a program stands on its form."""


class ProgramRecord(CheckedRecord):
    """What the pump was set to, from what, and why."""

    kind = "program"
    LOCAL_DATES = {"effective_at": "effective_on"}
    READS = frozenset({"pump"})
    DERIVED = ("previous_dose_mcg_per_day", "previous_concentration_mcg_per_ml")

    effective_at = models.DateTimeField("set at")
    effective_on = models.DateField("set on")
    concentration_mcg_per_ml = strength_field("strength in the pump", help_text=STRENGTH_HELP)
    previous_concentration_mcg_per_ml = strength_field("strength before", null=True, blank=True)
    mode = Choice(choices=MODES, default=str(Mode.SIMPLE))
    daily_dose_mcg_per_day = dose_field(
        "daily dose",
        help_text="The 24 h total, allotted patient boluses included. Start: twice the effective screening dose; once "
        "if it lasted over 8 h or after a negative reaction [V:S4,S14]",
    )
    previous_dose_mcg_per_day = dose_field("daily dose before", null=True, blank=True)
    schedule = Rows(
        "parts of the day",
        table=SCHEDULE_TABLE,
        help_text="For flex and scheduled boluses: steps begin at 00:00, and all parts add up to the daily dose",
    )
    patient_bolus_mcg = Amount(
        "patient bolus", low=0, high=200, unit="mcg", max_digits=5, decimal_places=2, null=True, blank=True
    )
    patient_boluses_per_day = Whole(
        "patient boluses allowed a day",
        low=0,
        high=24,
        null=True,
        blank=True,
        help_text="Dates count with all of them used, which is the earlier date",
    )
    reason = LongText("reason for dose and mode", max_length=1000)
    over_limit_reason = LongText(
        "reason beyond a limit",
        max_length=1000,
        blank=True,
        help_text="Steps up: spinal adults 30 %, cerebral adults and children 15 %; in long-term care 40 and 20 %; "
        "down 20 % [V:S4,S6b,S14]",
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
        """A dose that runs, in the right unit; parts that add up; reasons beyond experience; a bridge decision."""
        yield from dose_problems(
            "daily_dose_mcg_per_day", self.daily_dose_mcg_per_day, self.over_limit_reason
        )
        old, new = self.previous_concentration_mcg_per_ml, self.concentration_mcg_per_ml
        yield from bridge_problems(old, new, self.bridge, self.bridge_reason)
        if self.previous_dose_mcg_per_day == 0:
            yield "previous_dose_mcg_per_day", "A dose that ran before is above 0."
        if (self.patient_bolus_mcg is None) != (self.patient_boluses_per_day is None):
            yield "patient_boluses_per_day", "A patient bolus has its dose and how many a day are allowed."
        if not SCHEDULE_TABLE.problems(self.schedule):
            yield from self._schedule_problems()

    def _schedule_problems(self) -> Iterator[Problem]:
        """The parts fit the mode, are times of day, start at midnight and add up to the daily dose."""
        parts = {row["kind"] for row in self.schedule}
        if self.mode == Mode.SIMPLE:
            if self.schedule:
                yield (
                    "schedule",
                    "A simple continuous program has no parts: choose flex or scheduled boluses.",
                )
            return
        if self.mode == Mode.FLEX and (len(self.schedule) < 2 or parts != {"step"}):
            yield "schedule", "A flex program has two steps or more."
        if self.mode == Mode.SCHEDULED and "bolus" not in parts:
            yield "schedule", "A program with scheduled boluses names them."
        odd = [row["at"] for row in self.schedule if clock_hours(row["at"]) is None]
        if odd:
            yield "schedule", f"“{odd[0]}” is no time of day: write 06:00."
        elif isinstance(self.daily_dose_mcg_per_day, Decimal):
            yield from self._sum_problems()

    def _sum_problems(self) -> Iterator[Problem]:
        program = self.program()
        if program.dose_mcg_per_day != self.daily_dose_mcg_per_day:
            yield (
                "schedule",
                f"The parts add up to {plain(program.dose_mcg_per_day)} mcg, the daily dose is "
                f"{plain(self.daily_dose_mcg_per_day)} mcg.",
            )
        for wrong in schedule_problems(program):
            yield "schedule", wrong.text

    def program(self) -> Program:
        """What the pump runs, for the clinical layer."""
        strength = Decimal(self.concentration_mcg_per_ml)
        stored: Any = self  # the stubs take no column of ours for one that may be empty
        bolus, times = stored.patient_bolus_mcg or Decimal(0), stored.patient_boluses_per_day or 0
        if self.mode == Mode.SIMPLE:
            even = DoseStep(Decimal(0), self.daily_dose_mcg_per_day - bolus * times)
            return Program(strength, (even,), (), bolus, times)
        rows = sorted(self.schedule, key=lambda row: clock_hours(row["at"]) or Decimal(0))
        steps = tuple(_part(DoseStep, row) for row in rows if row["kind"] == "step")
        boluses = tuple(_part(DailyBolus, row) for row in rows if row["kind"] == "bolus")
        if not steps:  # boluses alone: nothing flows between them
            steps = (DoseStep(Decimal(0), Decimal(0)),)
        return Program(strength, steps, boluses, bolus, times)

    def entry(self, time_zone: str) -> Programmed:
        """This program in the pump's log; the pump's clock is the clinic's."""
        midnight = datetime.combine(self.effective_on, time.min, ZoneInfo(time_zone))
        bridged = self.bridge == BridgeDecision.DONE
        return Programmed(
            self.effective_at, self.effective_on, self.program(), midnight.astimezone(UTC), bridged
        )

    def advice(self, situation: Situation) -> ProgramAdvice | CannotCompute | None:
        """What this program means for the patient; None while a field it needs is missing or wrong."""
        needed = (
            self.effective_at,
            self.effective_on,
            self.daily_dose_mcg_per_day,
            self.concentration_mcg_per_ml,
        )
        if None in needed or situation.pump is None or any(self._schedule_problems()):
            return None
        decision = BridgeDecision(self.bridge) if self.bridge else None
        return judge_program(situation, self.entry(situation.time_zone), decision)

    def derive(self, situation: Situation) -> None:
        """Dose and strength before come from the pump's log, at the instant of this program."""
        if situation.pump is not None and isinstance(self.effective_at, datetime):
            before = situation.pump.running_before(self.effective_at)
            strength = before.concentration_mcg_per_ml
            self.previous_dose_mcg_per_day = as_stored(before.dose_mcg_per_day)
            self.previous_concentration_mcg_per_ml = int(strength) if strength else None

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        """Dates, and the dose against flow, step and start limits of this patient."""
        yield from date_problems(self, situation)
        advice = self.advice(situation)
        if advice is not None:
            yield from advice_problems(advice, self.over_limit_reason, PROGRAM_FIELDS)

    def second_look(self, situation: Situation) -> tuple[str, ...]:
        """More than 1000 mcg/day, another strength, a restart after a stop (13.12)."""
        advice = self.advice(situation)
        if not isinstance(advice, ProgramAdvice):
            return ()
        return tuple(finding.text for finding in second_look(advice.findings))

    def facts(self) -> dict[str, Any]:
        return {
            "daily_dose_mcg_per_day": plain(self.daily_dose_mcg_per_day),
            "concentration_mcg_per_ml": str(self.concentration_mcg_per_ml),
            "effective_on": self.effective_on.isoformat(),
            "changed": self.changed,
        }


def _part(kind: type[DoseStep] | type[DailyBolus], row: dict[str, Any]) -> Any:
    """One part of the day; a time that cannot be read counts as midnight until it is corrected."""
    return kind(clock_hours(row["at"]) or Decimal(0), Decimal(row["dose_mcg"]))
