"""How long a pump is safe: alarm, stability, worst-case, dry and refill-by dates (clinical.md 4.4), rounded
earlier.

Knows the reservoir and the pump's data; must not know working days, to-dos or people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pathway.clinical.device import PumpModel
from pathway.clinical.program import MICROSECONDS_A_DAY, ZERO, Program, microseconds, program_problems
from pathway.clinical.reservoir import (
    Correction,
    Fill,
    ProgramChange,
    Purpose,
    Removal,
    ReservoirEvent,
    Stretch,
    check_events,
    first_reach,
    since_measured,
    stretches,
)
from pathway.clinical.results import CannotCompute, Reason, plain
from pathway.clinical.sources import Sourced, Tag

LEAD_DAYS = Sourced(7, "days", Tag.POLICY, rule="4.4 lead_days")
BOOK_DAYS_BEFORE = Sourced((14, 7), "days", Tag.POLICY, rule="section 7 window")
CRITICAL_DAYS_BEFORE_DRY = Sourced(3, "days", Tag.POLICY, rule="section 7 window")
SENSITIVE_ALARM_ML = Sourced(
    Decimal("4.0"), "mL", Tag.VERIFIED, ("S32",), rule="4.5", note="offered after withdrawal at a low volume"
)


class Limit(StrEnum):
    """Which clock ends the cycle."""

    ALARM = "alarm"
    STABILITY = "stability"


@dataclass(frozen=True, slots=True)
class Runway:
    """The safety dates of one fill. Instants are UTC; dates are local to the clinic and never later than the
    instant.

    `worst_alarm_at` and `dry_at` are None where the pump's number is unknown (see `notes`); `critical_at`
    then falls
    back on the alarm. `refill_by` may lie before the fill: the cycle is shorter than the lead.
    """

    fill_at: datetime
    as_of: datetime
    volume_ml: Decimal
    flow_ml_per_day: Decimal
    alarm_ml: Decimal
    days_to_alarm: Decimal
    whole_days: int
    alarm_at: datetime
    stability_at: datetime
    limit_at: datetime
    limited_by: Limit
    worst_alarm_at: datetime | None
    dry_at: datetime | None
    critical_at: datetime
    alarm_date: date
    stability_date: date
    limit_date: date
    worst_alarm_date: date | None
    dry_date: date | None
    critical_date: date
    refill_by: date
    book_from: date
    constants: tuple[Sourced[Any], ...]
    notes: tuple[Reason, ...]

    @property
    def unverified(self) -> tuple[Sourced[Any], ...]:
        """The constants a screen must show as unverified beside these dates."""
        return tuple(constant for constant in self.constants if constant.tag is Tag.UNCERTAIN)


def compute_runway(
    *,
    fill_instant: datetime,
    fill_volume_ml: Decimal,
    program: Program,
    pump: PumpModel,
    reservoir_ml: Decimal,
    time_zone: str,
    alarm_ml: Decimal | None = None,
    lead_days: int | None = None,
    removed_ml: Decimal = ZERO,
    pump_midnight: datetime | None = None,
) -> Runway | CannotCompute:
    """The runway of a fill with one program. `removed_ml`: prime, bridge and purge volumes at the fill."""
    events = (
        Fill(fill_instant, fill_volume_ml),
        Removal(fill_instant, removed_ml, Purpose.PRIME),
        ProgramChange(fill_instant, program, pump_midnight or fill_instant),
    )
    return runway_of(
        events,
        pump=pump,
        reservoir_ml=reservoir_ml,
        time_zone=time_zone,
        alarm_ml=alarm_ml,
        lead_days=lead_days,
    )


def runway_of(
    events: Iterable[ReservoirEvent],
    *,
    pump: PumpModel,
    reservoir_ml: Decimal,
    time_zone: str,
    alarm_ml: Decimal | None = None,
    lead_days: int | None = None,
) -> Runway | CannotCompute:
    """The runway after a whole history: recomputed from the residual at the last change, stability from the
    last fill.

    alarm = when V_fill - delivered reaches V_alarm; stability = fill + 180 d; refill_by = local date of the
    earlier of
    both - lead days; worst case = the alarm with every delivery scaled by 1 + accuracy; dry = at the unusable
    volume.
    `alarm_ml` replaces the model's default where this pump is set differently. Time zone: an IANA name.
    """
    known = tuple(events)
    alarm = (
        pump.alarm_ml if alarm_ml is None else Sourced(alarm_ml, "mL", Tag.POLICY, note="set on this pump")
    )
    lead = (
        LEAD_DAYS
        if lead_days is None
        else Sourced(lead_days, "days", Tag.POLICY, note="set by this programme")
    )
    problems = (*_setting_problems(pump, reservoir_ml, alarm, lead), *check_events(known))
    if problems:
        return CannotCompute(problems)
    history = stretches(known)
    problems = (*_volume_problems(known, reservoir_ml), *_running_problems(history[-1], pump))
    if problems:
        return CannotCompute(problems)
    alarm_at = first_reach(since_measured(history), alarm.value)
    assert alarm_at is not None  # a running pump reaches every level
    fill_at = max(event.at for event in known if isinstance(event, Fill))
    return _runway(known, history[-1], pump, alarm, lead, fill_at, alarm_at, ZoneInfo(time_zone))


def _runway(
    events: tuple[ReservoirEvent, ...],
    last: Stretch,
    pump: PumpModel,
    alarm: Sourced[Decimal],
    lead: Sourced[int],
    fill_at: datetime,
    alarm_at: datetime,
    zone: ZoneInfo,
) -> Runway:
    def local(instant: datetime) -> date:
        return instant.astimezone(zone).date()

    notes: list[Reason] = []
    stability_at = fill_at + timedelta(days=pump.stability_days.value)
    limit_at = min(alarm_at, stability_at)
    worst_at = _worst_alarm_at(events, pump, alarm, notes)
    dry_at = _dry_at(events, pump, notes)
    critical_at = dry_at - timedelta(days=CRITICAL_DAYS_BEFORE_DRY.value) if dry_at else alarm_at
    refill_by = local(limit_at) - timedelta(days=lead.value)
    if refill_by <= local(last.start):
        notes.append(Reason("refill_by", "The drug lasts no longer than the lead time: book the refill now."))
    used = (alarm, lead, pump.stability_days, pump.accuracy_pct, pump.unusable_ml, pump.min_flow_ml_per_day)
    assert last.running is not None  # checked before
    return Runway(
        fill_at=fill_at,
        as_of=last.start,
        volume_ml=last.volume_ml,
        flow_ml_per_day=last.running.flow_ml_per_day,
        alarm_ml=alarm.value,
        days_to_alarm=microseconds(alarm_at - fill_at) / MICROSECONDS_A_DAY,
        whole_days=(limit_at - fill_at).days,
        alarm_at=alarm_at,
        stability_at=stability_at,
        limit_at=limit_at,
        limited_by=Limit.ALARM if alarm_at <= stability_at else Limit.STABILITY,
        worst_alarm_at=worst_at,
        dry_at=dry_at,
        critical_at=critical_at,
        alarm_date=local(alarm_at),
        stability_date=local(stability_at),
        limit_date=local(limit_at),
        worst_alarm_date=local(worst_at) if worst_at else None,
        dry_date=local(dry_at) if dry_at else None,
        critical_date=local(critical_at),
        refill_by=refill_by,
        book_from=local(limit_at) - timedelta(days=BOOK_DAYS_BEFORE.value[0]),
        constants=tuple(constant for constant in used if constant is not None),
        notes=tuple(notes),
    )


def _worst_alarm_at(
    events: tuple[ReservoirEvent, ...], pump: PumpModel, alarm: Sourced[Decimal], notes: list[Reason]
) -> datetime | None:
    if pump.accuracy_pct is None:
        notes.append(Reason("worst_alarm", f"No worst case: the accuracy of {pump.name} is not known."))
        return None
    factor = 1 + pump.accuracy_pct.value / 100
    return first_reach(since_measured(stretches(events, factor)), alarm.value)


def _dry_at(events: tuple[ReservoirEvent, ...], pump: PumpModel, notes: list[Reason]) -> datetime | None:
    if pump.unusable_ml is None:
        notes.append(
            Reason(
                "dry", f"No dry date: the unusable volume of {pump.name} is not known; the alarm stands in."
            )
        )
        return None
    return first_reach(since_measured(stretches(events)), pump.unusable_ml.value)


def _setting_problems(
    pump: PumpModel, reservoir_ml: Decimal, alarm: Sourced[Decimal], lead: Sourced[int]
) -> list[Reason]:
    problems = []
    if reservoir_ml not in pump.reservoir_sizes_ml.value:
        sizes = " or ".join(plain(size) for size in pump.reservoir_sizes_ml.value)
        problems.append(Reason("reservoir_ml", f"{pump.name} has a reservoir of {sizes} mL."))
    floor = pump.unusable_ml.value if pump.unusable_ml else ZERO
    if not floor < alarm.value < reservoir_ml:
        problems.append(
            Reason("alarm_ml", f"The alarm volume lies between {plain(floor)} mL and a full reservoir.")
        )
    if lead.value < 0:
        problems.append(
            Reason("lead_days", "Lead days are not negative: a refill is never planned after its date.")
        )
    return problems


def _volume_problems(events: tuple[ReservoirEvent, ...], reservoir_ml: Decimal) -> list[Reason]:
    measured = [event for event in events if isinstance(event, Fill | Correction)]
    return [
        Reason(
            "volume_ml", f"{plain(event.volume_ml)} mL does not fit a reservoir of {plain(reservoir_ml)} mL."
        )
        for event in measured
        if event.volume_ml > reservoir_ml
    ]


def _running_problems(last: Stretch, pump: PumpModel) -> list[Reason]:
    if last.running is None:
        return [Reason("program", "No program is recorded since the fill.")]
    if last.running.program is None:
        return [
            Reason("program", "The pump is stopped: no refill date can be computed; plan for withdrawal.")
        ]
    return list(program_problems(last.running.program, pump))
