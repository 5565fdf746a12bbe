"""A pump program: concentration, the doses of one day, and the flow they need from a given pump.

Knows no reservoir volume, no calendar and no titration rule. Dose in mcg, flow in mL/day, hours of the pump's
clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from pathway.clinical.device import PumpModel
from pathway.clinical.results import Reason, plain
from pathway.clinical.sources import Sourced, Tag

REFILL_CONCENTRATIONS = Sourced(
    (Decimal(500), Decimal(1000), Decimal(2000)),
    "mcg/mL",
    Tag.VERIFIED,
    ("S3", "S38", "S39"),
    rule="section 3.4",
)
HOURS_A_DAY = Decimal(24)
MICROSECONDS_AN_HOUR = Decimal(3_600_000_000)
MICROSECONDS_A_DAY = HOURS_A_DAY * MICROSECONDS_AN_HOUR
ZERO = Decimal(0)


class Mode(StrEnum):
    """How the pump spreads the daily dose."""

    SIMPLE = "simple_continuous"
    FLEX = "flex"
    SCHEDULED = "scheduled_boluses"


@dataclass(frozen=True, slots=True)
class DoseStep:
    """A dose given evenly from `start_h` (hours after the pump's midnight) to the next step, or to 24."""

    start_h: Decimal
    dose_mcg: Decimal


@dataclass(frozen=True, slots=True)
class DailyBolus:
    """A dose given at once at `at_h` hours after the pump's midnight, every day."""

    at_h: Decimal
    dose_mcg: Decimal


@dataclass(frozen=True, slots=True)
class Program:
    """What the pump is set to do. Patient boluses count as all used, spread over the day (section 4.4)."""

    concentration_mcg_per_ml: Decimal
    steps: tuple[DoseStep, ...]
    boluses: tuple[DailyBolus, ...] = ()
    patient_bolus_mcg: Decimal = ZERO
    patient_boluses_per_day: int = 0

    @property
    def mode(self) -> Mode:
        if self.boluses:
            return Mode.SCHEDULED
        return Mode.SIMPLE if len(self.steps) == 1 else Mode.FLEX

    @property
    def patient_mcg_per_day(self) -> Decimal:
        return self.patient_bolus_mcg * self.patient_boluses_per_day

    @property
    def dose_mcg_per_day(self) -> Decimal:
        """The 24 h total on which every limit is checked."""
        steps = sum((step.dose_mcg for step in self.steps), ZERO)
        boluses = sum((bolus.dose_mcg for bolus in self.boluses), ZERO)
        return steps + boluses + self.patient_mcg_per_day

    @property
    def flow_ml_per_day(self) -> Decimal:
        """Q = D / C, averaged over 24 h."""
        return self.dose_mcg_per_day / self.concentration_mcg_per_ml

    def step_spans(self) -> tuple[tuple[DoseStep, Decimal], ...]:
        """Each step with its length in hours."""
        ends = (*(step.start_h for step in self.steps[1:]), HOURS_A_DAY)
        return tuple((step, end - step.start_h) for step, end in zip(self.steps, ends, strict=True))


def simple_program(concentration_mcg_per_ml: Decimal, dose_mcg_per_day: Decimal) -> Program:
    """A simple continuous program: one even dose over 24 h."""
    return Program(concentration_mcg_per_ml, (DoseStep(ZERO, dose_mcg_per_day),))


def microseconds(span: timedelta) -> Decimal:
    """Elapsed real time, exact, whatever the clocks did; divisions come last, so that no bolus slips by
    rounding.
    """
    return Decimal(span // timedelta(microseconds=1))


def delivered_ml(program: Program, start: datetime, end: datetime, pump_midnight: datetime | None) -> Decimal:
    """Volume the program delivers from `start` to `end`, mL. `pump_midnight` is any midnight of the pump's
    clock;
    only a program that varies over the day needs it. A bolus counts as given right after its minute.
    """
    if program.mode is Mode.SIMPLE:
        return program.flow_ml_per_day * microseconds(end - start) / MICROSECONDS_A_DAY
    anchor = start if pump_midnight is None else pump_midnight
    until_end = _dose_since_midnight(program, microseconds(end - anchor))
    until_start = _dose_since_midnight(program, microseconds(start - anchor))
    return (until_end - until_start) / program.concentration_mcg_per_ml


def _dose_since_midnight(program: Program, elapsed: Decimal) -> Decimal:
    days = (elapsed / MICROSECONDS_A_DAY).to_integral_value(ROUND_FLOOR)
    of_day = elapsed - days * MICROSECONDS_A_DAY
    dose = days * program.dose_mcg_per_day + program.patient_mcg_per_day * of_day / MICROSECONDS_A_DAY
    for step, length_h in program.step_spans():
        covered = min(
            max(of_day - step.start_h * MICROSECONDS_AN_HOUR, ZERO), length_h * MICROSECONDS_AN_HOUR
        )
        dose += step.dose_mcg * covered / (length_h * MICROSECONDS_AN_HOUR)
    given = (bolus.dose_mcg for bolus in program.boluses if bolus.at_h * MICROSECONDS_AN_HOUR < of_day)
    return dose + sum(given, ZERO)


def min_dose_mcg_per_day(pump: PumpModel, concentration_mcg_per_ml: Decimal) -> Decimal:
    """Least continuous dose: Q_min * C; SynchroMed II: 24, 48, 96 mcg/day at 500, 1000, 2000 mcg/mL."""
    return pump.min_flow_ml_per_day.value * concentration_mcg_per_ml


def max_concentration_mcg_per_ml(pump: PumpModel, dose_mcg_per_day: Decimal) -> Decimal | None:
    """The strongest product that still reaches the minimum flow, C <= D / Q_min; None where even the weakest
    cannot.
    """
    least = pump.min_flow_ml_per_day.value
    fitting = [c for c in REFILL_CONCENTRATIONS.value if least * c <= dose_mcg_per_day]
    return max(fitting, default=None)


def program_problems(program: Program, pump: PumpModel) -> tuple[Reason, ...]:
    """Why this pump cannot run this program, each at its field; empty when it can. In range is not the same
    as safe.
    """
    problems = [*_concentration_problems(program, pump), *schedule_problems(program)]
    return tuple(problems or _flow_problems(program, pump))


def _concentration_problems(program: Program, pump: PumpModel) -> list[Reason]:
    strength, field = program.concentration_mcg_per_ml, "concentration_mcg_per_ml"
    if strength == 50:
        return [
            Reason(
                field, "50 mcg/mL is the screening strength; a pump is filled with 500, 1000 or 2000 mcg/mL."
            )
        ]
    if strength not in REFILL_CONCENTRATIONS.value:
        return [
            Reason(field, f"No approved product has {plain(strength)} mcg/mL; use 500, 1000 or 2000 mcg/mL.")
        ]
    allowed = pump.concentration_range_mcg_per_ml
    if allowed and not allowed.value[0] <= strength <= allowed.value[1]:
        return [Reason(field, f"{pump.name} takes {allowed.value[0]} to {allowed.value[1]} mcg/mL.")]
    return []


def schedule_problems(program: Program) -> list[Reason]:
    """What makes a program no program at all, whatever the pump: without it no volume can be worked out."""
    starts = [step.start_h for step in program.steps]
    problems = []
    if program.concentration_mcg_per_ml <= 0:
        problems.append(Reason("concentration_mcg_per_ml", "A concentration is above 0 mcg/mL."))
    if not starts or starts[0] != 0 or starts != sorted(set(starts)) or starts[-1] >= HOURS_A_DAY:
        problems.append(Reason("steps", "Steps start at 0 h, rise, and stay below 24 h."))
    if any(not 0 <= bolus.at_h < HOURS_A_DAY for bolus in program.boluses):
        problems.append(Reason("boluses", "A bolus is given between 0 h and 24 h."))
    given = [step.dose_mcg for step in program.steps] + [bolus.dose_mcg for bolus in program.boluses]
    given += [program.patient_bolus_mcg, Decimal(program.patient_boluses_per_day)]
    if min(given) < 0:
        problems.append(Reason("dose_mcg_per_day", "A dose cannot be negative."))
    return problems


def _flow_problems(program: Program, pump: PumpModel) -> list[Reason]:
    field, strength = "dose_mcg_per_day", program.concentration_mcg_per_ml
    if program.dose_mcg_per_day == 0:
        return [Reason(field, "A dose of 0 is a stop, not a program: plan for withdrawal first.")]
    least, most = pump.min_flow_ml_per_day.value, pump.max_flow_ml_per_day.value
    problems = []
    for step, length_h in program.step_spans():
        flow = step.dose_mcg / strength / length_h * HOURS_A_DAY
        if flow < least:
            floor = min_dose_mcg_per_day(pump, strength) * length_h / HOURS_A_DAY
            problems.append(
                Reason(
                    field,
                    f"{plain(step.dose_mcg)} mcg in {plain(length_h)} h at {plain(strength)} mcg/mL is "
                    f"{plain(flow)} mL/day, below the least flow of {pump.name}, {plain(least)} mL/day: "
                    f"give at least {plain(floor)} mcg in that time or choose a weaker concentration.",
                )
            )
        if flow > most:
            problems.append(
                Reason(
                    field,
                    f"{plain(flow)} mL/day is above the most {pump.name} can deliver, {plain(most)} mL/day.",
                )
            )
    return problems
