"""What is in the reservoir at any instant, through every fill, program change, bolus and correction
(clinical.md 4.4).

Knows volumes and instants only; dates, lead times and alarms belong to the runway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from pathway.clinical.program import (
    MICROSECONDS_A_DAY,
    ZERO,
    Mode,
    Program,
    delivered_ml,
    microseconds,
    schedule_problems,
)
from pathway.clinical.results import CannotCompute, Reason, cannot

# A flow this slow outlives every pump; the cap keeps the arithmetic inside the calendar.
LONGEST_DAYS = Decimal(36_500)
ONE = Decimal(1)


class Purpose(StrEnum):
    """Why volume left the reservoir outside the program."""

    BOLUS = "bolus"
    BRIDGE = "bridge"
    PRIME = "prime"
    PURGE = "purge"
    ASPIRATION = "aspiration"


@dataclass(frozen=True, slots=True)
class Fill:
    """A reservoir emptied and filled: it then holds `volume_ml`, and the drug's stability starts anew."""

    at: datetime
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class Correction:
    """The volume is known to be `volume_ml` at this instant; the drug is as old as before."""

    at: datetime
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class Removal:
    """Volume that left at once, outside the program."""

    at: datetime
    volume_ml: Decimal
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class ProgramChange:
    """From this instant the pump runs `program`; None: it is stopped, or idles at `idle_ml_per_day` (minimum
    rate).

    A program that varies over the day needs `pump_midnight`, any midnight of the pump's own clock.
    """

    at: datetime
    program: Program | None
    pump_midnight: datetime | None = None
    idle_ml_per_day: Decimal = ZERO

    @property
    def flow_ml_per_day(self) -> Decimal:
        return self.program.flow_ml_per_day if self.program else self.idle_ml_per_day

    def delivered_ml(self, start: datetime, end: datetime) -> Decimal:
        if self.program is None:
            return self.idle_ml_per_day * microseconds(end - start) / MICROSECONDS_A_DAY
        return delivered_ml(self.program, start, end, self.pump_midnight)


ReservoirEvent = Fill | Correction | Removal | ProgramChange
# Events of one instant happen in this order: a prime at the fill comes out of the new volume.
_ORDER: dict[type, int] = {Fill: 0, Correction: 1, Removal: 2, ProgramChange: 3}


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time between two events: the volume at its start and the program that runs; `end` is None for the
    last.
    """

    start: datetime
    end: datetime | None
    volume_ml: Decimal
    running: ProgramChange | None
    measured: bool
    factor: Decimal = ONE

    def volume_at(self, instant: datetime) -> Decimal:
        """Volume left, never below 0: an empty reservoir delivers nothing more."""
        used = self.running.delivered_ml(self.start, instant) * self.factor if self.running else ZERO
        return max(ZERO, self.volume_ml - used)

    def reaches(self, level_ml: Decimal) -> datetime | None:
        """When the volume sinks to the level inside this stretch, rounded earlier; None when it does not.

        A program that varies over the day is counted in whole days, which can only be early.
        """
        if self.volume_ml <= level_ml:
            return self.start
        if self.end is not None and self.volume_at(self.end) > level_ml:
            return None
        flow = self.running.flow_ml_per_day * self.factor if self.running else ZERO
        if flow == 0:
            return None
        days = min((self.volume_ml - level_ml) / flow, LONGEST_DAYS)
        if self.running and self.running.program and self.running.program.mode is not Mode.SIMPLE:
            days = days.to_integral_value(ROUND_FLOOR)
        return self.start + timedelta(microseconds=int(days * MICROSECONDS_A_DAY))


def check_events(events: Iterable[ReservoirEvent]) -> tuple[Reason, ...]:
    """What makes a history unusable, each at its field."""
    problems: list[Reason] = []
    fills = 0
    for event in events:
        fills += isinstance(event, Fill)
        if event.at.tzinfo is None:
            problems.append(Reason("at", "Every time needs its time zone."))
        if isinstance(event, ProgramChange):
            problems += _change_problems(event)
        elif event.volume_ml < 0:
            problems.append(Reason("volume_ml", "A volume cannot be negative."))
    if not fills:
        problems.append(Reason("fill", "No fill is recorded, so the volume is unknown."))
    return tuple(problems)


def _change_problems(change: ProgramChange) -> list[Reason]:
    problems = schedule_problems(change.program) if change.program else []
    varies = change.program is not None and change.program.mode is not Mode.SIMPLE
    if varies and change.pump_midnight is None:
        problems.append(Reason("pump_midnight", "A dose that varies over the day needs the pump's clock."))
    if change.idle_ml_per_day < 0:
        problems.append(Reason("idle_ml_per_day", "A flow cannot be negative."))
    return problems


def stretches(events: Iterable[ReservoirEvent], factor: Decimal = ONE) -> tuple[Stretch, ...]:
    """The history from the first fill on, in order; `factor` scales every delivery (an over-infusing pump:
    1.145).

    Needs events that `check_events` accepts.
    """
    found: list[Stretch] = []
    running: ProgramChange | None = None
    for event in sorted(events, key=lambda one: (one.at, _ORDER[type(one)])):
        if isinstance(event, ProgramChange):
            running = event
        if not found and not isinstance(event, Fill):
            continue
        volume = _volume_after(event, found[-1] if found else None)
        if found:
            found[-1] = replace(found[-1], end=event.at)
        found.append(Stretch(event.at, None, volume, running, isinstance(event, Fill | Correction), factor))
    return tuple(found)


def _volume_after(event: ReservoirEvent, before: Stretch | None) -> Decimal:
    if before is None or isinstance(event, Fill | Correction):
        return event.volume_ml  # type: ignore[union-attr]
    left = before.volume_at(event.at)
    return max(ZERO, left - event.volume_ml) if isinstance(event, Removal) else left


def since_measured(history: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    """The part of the history that starts at the last fill or correction, where the volume was known."""
    start = max(index for index, stretch in enumerate(history) if stretch.measured)
    return history[start:]


def first_reach(history: tuple[Stretch, ...], level_ml: Decimal) -> datetime | None:
    """The first instant with the volume at or below the level, rounded earlier; None when it never is."""
    reached = (stretch.reaches(level_ml) for stretch in history)
    return next((instant for instant in reached if instant is not None), None)


def expected_residual_ml(events: Iterable[ReservoirEvent], at: datetime) -> Decimal | CannotCompute:
    """V_fill - delivered(t), through every change, bolus and correction up to `at`; mL, never below 0."""
    if at.tzinfo is None:
        return cannot("at", "Every time needs its time zone.")
    history = tuple(events)
    problems = check_events(history)
    if problems:
        return CannotCompute(problems)
    known = tuple(event for event in history if event.at <= at)
    if not any(isinstance(event, Fill) for event in known):
        return cannot("fill", "No fill is recorded before this time, so the volume is unknown.")
    last = stretches(known)[-1]
    if last.running is None and at > last.start:
        return cannot("program", "No program is recorded, so nobody knows what the pump delivered.")
    return last.volume_at(at)
