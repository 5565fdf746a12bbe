"""One dose change against the step limits of this population and phase, and the changes two people confirm
(3.2, 13).

Judges the 24 h total; knows no pump volume and saves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pathway.clinical.dosing import Origin, Population, dose_review, population
from pathway.clinical.results import CannotCompute, Finding, Reason, Severity, plain
from pathway.clinical.sources import Sourced, Tag


class Phase(StrEnum):
    """Titration after the implant, or maintenance at refills."""

    TITRATION = "titration"
    MAINTENANCE = "maintenance"


class BridgeDecision(StrEnum):
    """What was decided about the bridge bolus at a concentration change."""

    DONE = "done"
    NOT_NEEDED = "not_needed"


def _pct(low: int, high: int, tag: Tag, *sources: str) -> Sourced[tuple[Decimal, Decimal]]:
    return Sourced((Decimal(low), Decimal(high)), "%", tag, sources, rule="3.2 step")


STEP_PCT: dict[tuple[Population, Phase], Sourced[tuple[Decimal, Decimal]]] = {
    (Population.SPINAL_ADULT, Phase.TITRATION): _pct(10, 30, Tag.VERIFIED, "S6b", "S14"),
    (Population.CEREBRAL_ADULT, Phase.TITRATION): _pct(5, 15, Tag.VERIFIED, "S4", "S6b", "S14"),
    (Population.PAEDIATRIC, Phase.TITRATION): _pct(5, 15, Tag.VERIFIED, "S14"),
    (Population.SPINAL_ADULT, Phase.MAINTENANCE): _pct(10, 40, Tag.VERIFIED, "S6b"),
    (Population.CEREBRAL_ADULT, Phase.MAINTENANCE): _pct(5, 20, Tag.VERIFIED, "S4", "S6b"),
    (Population.PAEDIATRIC, Phase.MAINTENANCE): _pct(5, 20, Tag.MEMORY, "LIO"),
}
MIN_INTERVAL_H = Sourced(24, "h", Tag.VERIFIED, ("S4", "S14"), rule="3.2 interval")
NO_INCREASE_FIRST_H = Sourced(24, "h", Tag.VERIFIED, ("S4",), rule="3.1 first 24 h")
DECREASE_PCT = Sourced((Decimal(10), Decimal(20)), "%", Tag.VERIFIED, ("S4", "S6b"), rule="3.2 decrease")
HIGH_DOSE_PCT = Sourced(Decimal(20), "%", Tag.VERIFIED, ("S15",), rule="3.2 expert brake")
HIGH_DOSE_FROM = Sourced(Decimal(300), "mcg/day", Tag.POLICY, rule="3.2 expert brake")
EPSILON_PCT = Sourced(Decimal("0.05"), "percentage points", Tag.POLICY, rule="3.2 rounding")
RESTART_AFTER_H = Sourced(48, "h", Tag.POLICY, rule="13.12")
NEVER_JUMP_TO_ZERO = Sourced(
    "a planned stop is a taper", "", Tag.VERIFIED, ("S2", "S7"), rule="3.2 stop, 3.6"
)
DOSE = "dose_mcg_per_day"


@dataclass(frozen=True, slots=True)
class DoseChange:
    """A change to judge. Instants carry their time zone; `changed_at` is the last effective change, None
    before any.

    `stopped_at` is set when the infusion has been off; `at_refill` matters in maintenance only.
    """

    old_mcg_per_day: Decimal
    new_mcg_per_day: Decimal
    at: datetime
    infusion_started_at: datetime
    changed_at: datetime | None
    origin: Origin
    born_on: date
    on: date
    phase: Phase
    at_refill: bool = True
    stopped_at: datetime | None = None
    old_mcg_per_ml: Decimal | None = None
    new_mcg_per_ml: Decimal | None = None
    bridge: BridgeDecision | None = None


@dataclass(frozen=True, slots=True)
class StepCheck:
    """pct = (new - old) / old * 100, the limit that applies, and what the change asks of people."""

    pct: Decimal
    population: Population
    limit: Sourced[tuple[Decimal, Decimal]]
    findings: tuple[Finding, ...]

    def needs(self, severity: Severity) -> bool:
        """Whether some finding asks exactly this."""
        return any(finding.severity is severity for finding in self.findings)


def check_step(change: DoseChange) -> StepCheck | CannotCompute:
    """Judge one dose change. Refuses a missing or negative dose, times out of order, and an unknown
    population.
    """
    reasons = _problems(change)
    group = population(change.origin, change.born_on, change.on)
    if isinstance(group, CannotCompute):
        return CannotCompute((*reasons, *group.reasons))
    if reasons:
        return CannotCompute(tuple(reasons))
    limit = STEP_PCT[group, change.phase]
    pct = (change.new_mcg_per_day - change.old_mcg_per_day) / change.old_mcg_per_day * 100
    findings = (
        *_size_findings(change, pct, limit),
        *_time_findings(change, pct),
        *dose_review(change.new_mcg_per_day, change.origin, change.born_on, change.on),
        *_restart_findings(change),
        *concentration_findings(change.old_mcg_per_ml, change.new_mcg_per_ml, change.bridge),
    )
    return StepCheck(pct, group, limit, findings)


def _problems(change: DoseChange) -> list[Reason]:
    reasons = []
    if change.old_mcg_per_day <= 0:
        reasons.append(
            Reason("old_mcg_per_day", "Without a running dose there is no step: use the starting dose.")
        )
    if change.new_mcg_per_day < 0:
        reasons.append(Reason(DOSE, "A dose cannot be negative."))
    if change.at < change.infusion_started_at:
        reasons.append(Reason("at", "The change lies before the start of the infusion."))
    if change.changed_at and change.at < change.changed_at:
        reasons.append(Reason("at", "A later change is already recorded: enter this one as a correction."))
    return reasons


def _size_findings(
    change: DoseChange, pct: Decimal, limit: Sourced[tuple[Decimal, Decimal]]
) -> list[Finding]:
    low, high = limit.value
    if change.new_mcg_per_day == 0:
        text = "A dose of 0 stops the infusion at once. Plan a taper and cover for withdrawal."
        return [Finding("stop", Severity.REFUSED, text, (NEVER_JUMP_TO_ZERO,), DOSE)]
    if pct < 0:
        return _decrease_findings(pct)
    found = []
    if pct > high + EPSILON_PCT.value:
        text = f"+{plain(round(pct, 1))} % is above the step limit of {plain(high)} %: give a reason."
        found.append(Finding("over_limit", Severity.NEEDS_REASON, text, (limit, EPSILON_PCT), DOSE))
    if 0 < pct < low - EPSILON_PCT.value:
        text = f"+{plain(round(pct, 1))} % is below the usual step of {plain(low)} %; that is allowed."
        found.append(Finding("small_step", Severity.INFO, text, (limit,), DOSE))
    if pct > HIGH_DOSE_PCT.value + EPSILON_PCT.value and change.old_mcg_per_day >= HIGH_DOSE_FROM.value:
        text = f"From 300 mcg/day on, +{plain(round(pct, 1))} % in one step may be too much."
        found.append(Finding("high_dose_step", Severity.WARNING, text, (HIGH_DOSE_PCT, HIGH_DOSE_FROM), DOSE))
    return found


def _decrease_findings(pct: Decimal) -> list[Finding]:
    if -pct <= DECREASE_PCT.value[1] + EPSILON_PCT.value:
        return []
    text = f"{plain(round(pct, 1))} % is outside the label's step; withdrawal is possible: give a reason."
    return [Finding("large_decrease", Severity.NEEDS_REASON, text, (DECREASE_PCT,), DOSE)]


def _time_findings(change: DoseChange, pct: Decimal) -> list[Finding]:
    found = []
    if pct > 0 and change.at - change.infusion_started_at < timedelta(hours=NO_INCREASE_FIRST_H.value):
        text = "No increase in the first 24 h of infusion, until it is steady."
        found.append(Finding("first_day", Severity.NEEDS_REASON, text, (NO_INCREASE_FIRST_H,), "at"))
    elif (
        pct > 0
        and change.changed_at
        and change.at - change.changed_at < timedelta(hours=MIN_INTERVAL_H.value)
    ):
        text = "The last change is less than 24 h ago; its full effect is not visible yet."
        found.append(Finding("short_interval", Severity.NEEDS_REASON, text, (MIN_INTERVAL_H,), "at"))
    if pct > 0 and change.phase is Phase.MAINTENANCE and not change.at_refill:
        text = "In maintenance the dose is raised at refills."
        found.append(
            Finding(
                "not_at_refill",
                Severity.WARNING,
                text,
                (STEP_PCT[Population.SPINAL_ADULT, change.phase],),
                "at",
            )
        )
    return found


def _restart_findings(change: DoseChange) -> list[Finding]:
    if change.stopped_at is None or change.at - change.stopped_at <= timedelta(hours=RESTART_AFTER_H.value):
        return []
    text = "The infusion was off for more than 48 h: restart low, with a second clinician."
    return [Finding("restart", Severity.NEEDS_SECOND, text, (RESTART_AFTER_H,), DOSE)]


def concentration_findings(
    old_mcg_per_ml: Decimal | None, new_mcg_per_ml: Decimal | None, bridge: BridgeDecision | None
) -> tuple[Finding, ...]:
    """A concentration change, with or without bridge, takes two people and never saves without a bridge
    decision.
    """
    if old_mcg_per_ml is None or new_mcg_per_ml is None or old_mcg_per_ml == new_mcg_per_ml:
        return ()
    field, limits = "bridge", _CONCENTRATION_LIMITS
    found = [
        Finding(
            "concentration_change", Severity.NEEDS_SECOND, "A new concentration takes two people.", limits
        )
    ]
    if bridge is None:
        text = "Decide on the bridge bolus: done, or not needed with a reason."
        found.append(Finding("bridge_undecided", Severity.REFUSED, text, limits, field))
    if bridge is BridgeDecision.NOT_NEEDED:
        found.append(
            Finding("bridge_skipped", Severity.NEEDS_REASON, "Say why no bridge is needed.", limits, field)
        )
    return tuple(found)


_CONCENTRATION_LIMITS: tuple[Sourced[Any], ...] = (
    Sourced(True, "", Tag.VERIFIED, ("S14",), rule="4.4 bridge, 13.10"),
)
