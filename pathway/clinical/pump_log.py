"""What happened to one pump, as people recorded it, folded into what runs now and into the reservoir's history.

A record that is entered late takes its place by its instant, so everything after it is worked out anew. Knows entries,
volumes and programs; dates and limits belong to the runway and to the advice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pathway.clinical.program import ZERO, Program, simple_program
from pathway.clinical.reservoir import (
    Correction,
    Fill,
    ProgramChange,
    Purpose,
    Removal,
    ReservoirEvent,
    expected_residual_ml,
)
from pathway.clinical.results import CannotCompute


@dataclass(frozen=True, slots=True)
class Filled:
    """The reservoir was emptied and filled. Volume in mL, strength in mcg/mL, dose in mcg/day.

    `dose_mcg_per_day` is the program that goes on afterwards; None: whatever ran goes on. `prime_ml` left at once for
    priming. `bridged`: the strength changed and a bridge bolus was programmed. `aspirated_ml` is what was found before.
    `alarm_ml`: the low-reservoir alarm was set to this; None: as it was. `eri_seen`: the replacement indicator showed.
    """

    at: datetime
    on: date
    volume_ml: Decimal
    concentration_mcg_per_ml: Decimal
    dose_mcg_per_day: Decimal | None = None
    prime_ml: Decimal = ZERO
    bridged: bool = False
    expected_ml: Decimal | None = None
    aspirated_ml: Decimal | None = None
    alarm_ml: Decimal | None = None
    eri_seen: bool = False


@dataclass(frozen=True, slots=True)
class Programmed:
    """A program was set. `midnight` is any midnight of the pump's clock, needed where the dose varies over the day."""

    at: datetime
    on: date
    program: Program
    midnight: datetime | None = None
    bridged: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """Volume left the reservoir at once, outside the program.

    A bolus that was given in mcg has its dose: what volume that is depends on the strength in the pump at that time.
    """

    at: datetime
    purpose: Purpose
    volume_ml: Decimal | None = None
    dose_mcg: Decimal = ZERO

    def volume_at(self, concentration_mcg_per_ml: Decimal | None) -> Decimal:
        """Its volume, mL, at the strength in the pump; none where nothing was in it yet."""
        if self.volume_ml is not None:
            return self.volume_ml
        return self.dose_mcg / concentration_mcg_per_ml if concentration_mcg_per_ml else ZERO


@dataclass(frozen=True, slots=True)
class Measured:
    """The volume was found to be this; the drug is as old as before."""

    at: datetime
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class Stopped:
    """The infusion was stopped, until a program is set again."""

    at: datetime


Entry = Filled | Programmed | Removed | Measured | Stopped
# Entries of one instant happen in this order: a program set at the refill runs on the new fill. What left at a fill
# (prime, bridge) leaves after a volume measured in that minute, see the reservoir: the smaller amount counts.
_ORDER: dict[type, int] = {Filled: 0, Measured: 1, Removed: 2, Stopped: 3, Programmed: 4}


@dataclass(frozen=True, slots=True)
class PumpState:
    """What is in the pump and what it runs, after some entries.

    `changed_at` is the last change of the daily dose, `dose_since` its local date, `started_at` the first program.
    `stopped_at` is set while the infusion is off. `alarm_ml` is what the alarm was last set to (None: as the maker
    sets it), `eri_seen_on` the first fill with the replacement indicator shown. `events` is the reservoir's history.
    """

    fill: Filled | None = None
    concentration_mcg_per_ml: Decimal | None = None
    program: Program | None = None
    midnight: datetime | None = None
    started_at: datetime | None = None
    changed_at: datetime | None = None
    dose_since: date | None = None
    stopped_at: datetime | None = None
    alarm_ml: Decimal | None = None
    eri_seen_on: date | None = None
    events: tuple[ReservoirEvent, ...] = ()

    @property
    def dose_mcg_per_day(self) -> Decimal | None:
        """The daily dose that was last set; None before the first program."""
        return self.program.dose_mcg_per_day if self.program else None

    @property
    def planning_events(self) -> tuple[ReservoirEvent, ...]:
        """The history as if the pump had never stopped: safety dates then come earlier, never later."""
        return tuple(event for event in self.events if not _is_stop(event))

    @property
    def cycle_volume_ml(self) -> Decimal | None:
        """What was in the reservoir when this cycle began: the last fill less its prime."""
        return self.fill.volume_ml - self.fill.prime_ml if self.fill else None

    def residual_ml(self, at: datetime) -> Decimal | CannotCompute:
        """What should be left in the reservoir, mL."""
        return expected_residual_ml(self.events, at)


def _is_stop(event: ReservoirEvent) -> bool:
    return isinstance(event, ProgramChange) and event.program is None


@dataclass(frozen=True, slots=True)
class PumpLog:
    """Every entry about one pump, in any order. `path_ml`: volume from reservoir to catheter tip, where it is known."""

    entries: tuple[Entry, ...] = ()
    path_ml: Decimal | None = None
    _ordered: tuple[Entry, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = sorted(self.entries, key=lambda entry: (entry.at, _ORDER[type(entry)]))
        object.__setattr__(self, "_ordered", tuple(ordered))

    def with_entries(self, entries: Iterable[Entry]) -> PumpLog:
        """This log and some more entries."""
        return PumpLog((*self.entries, *entries), self.path_ml)

    def before(self, at: datetime, *, after_fill: bool = False) -> PumpState:
        """The state right before an instant: what a record of that instant changes.

        `after_fill` counts a fill of that very instant: a program is often noted at the minute of the fill.
        """
        return self._fold(
            entry
            for entry in self._ordered
            if entry.at < at or (after_fill and entry.at == at and isinstance(entry, Filled))
        )

    def until(self, at: datetime) -> PumpState:
        """The state at an instant, its own entries included."""
        return self._fold(entry for entry in self._ordered if entry.at <= at)

    def state(self) -> PumpState:
        """The state after everything that is recorded."""
        return self._fold(self._ordered)

    def has(self, kind: type[Entry], at: datetime) -> bool:
        """Whether an entry of this kind stands at this very instant: a second one would leave the order open."""
        return any(isinstance(entry, kind) and entry.at == at for entry in self.entries)

    @property
    def fills(self) -> tuple[Filled, ...]:
        """Every fill, the oldest first."""
        return tuple(entry for entry in self._ordered if isinstance(entry, Filled))

    @property
    def doses(self) -> tuple[tuple[date, Decimal], ...]:
        """(first day, mcg/day) of every dose that was set, in order."""
        found: list[tuple[date, Decimal]] = []
        for entry in self._ordered:
            if isinstance(entry, Programmed):
                found.append((entry.on, entry.program.dose_mcg_per_day))
            elif isinstance(entry, Filled) and entry.dose_mcg_per_day is not None:
                found.append((entry.on, entry.dose_mcg_per_day))
        return tuple(found)

    def _fold(self, entries: Iterable[Entry]) -> PumpState:
        state = PumpState()
        for entry in entries:
            state = self._after(state, entry)
        return state

    def _after(self, state: PumpState, entry: Entry) -> PumpState:
        match entry:
            case Filled():
                return self._filled(state, entry)
            case Programmed():
                return self._programmed(state, entry)
            case Removed():
                volume = entry.volume_at(state.concentration_mcg_per_ml)
                return _happened(state, Removal(entry.at, volume, entry.purpose))
            case Measured():
                return _happened(state, Correction(entry.at, entry.volume_ml))
            case _:  # stopped
                return replace(_happened(state, ProgramChange(entry.at, None)), stopped_at=entry.at)

    def _filled(self, state: PumpState, fill: Filled) -> PumpState:
        """A fill, and the program that goes on with it: the same pattern over the day at the new dose and strength."""
        events: list[ReservoirEvent] = [Fill(fill.at, fill.volume_ml)]
        if fill.prime_ml:
            events.append(Removal(fill.at, fill.prime_ml, Purpose.PRIME))
        if fill.bridged and self.path_ml:
            events.append(Removal(fill.at, self.path_ml, Purpose.BRIDGE))
        state = replace(
            state,
            fill=fill,
            concentration_mcg_per_ml=fill.concentration_mcg_per_ml,
            alarm_ml=state.alarm_ml if fill.alarm_ml is None else fill.alarm_ml,
            eri_seen_on=state.eri_seen_on or (fill.on if fill.eri_seen else None),
        )
        program = _carried_on(state.program, fill)
        if program is None:
            return _happened(state, *events)
        events.append(ProgramChange(fill.at, program, state.midnight))
        if fill.dose_mcg_per_day is not None:
            state = replace(state, stopped_at=None)
        elif (
            state.stopped_at is not None
        ):  # still off; dates count on with the new strength, see `planning_events`
            events.append(ProgramChange(fill.at, None))
        return _with_program(_happened(state, *events), program, state.midnight, fill.at, fill.on)

    def _programmed(self, state: PumpState, entry: Programmed) -> PumpState:
        events: list[ReservoirEvent] = []
        if entry.bridged and self.path_ml:
            events.append(Removal(entry.at, self.path_ml, Purpose.BRIDGE))
        events.append(ProgramChange(entry.at, entry.program, entry.midnight))
        state = replace(
            state, concentration_mcg_per_ml=entry.program.concentration_mcg_per_ml, stopped_at=None
        )
        return _with_program(_happened(state, *events), entry.program, entry.midnight, entry.at, entry.on)


def _happened(state: PumpState, *events: ReservoirEvent) -> PumpState:
    return replace(state, events=(*state.events, *events))


def _with_program(
    state: PumpState, program: Program, midnight: datetime | None, at: datetime, on: date
) -> PumpState:
    """The program that runs from now on; the dates of the dose move only when the dose does."""
    if state.dose_mcg_per_day != program.dose_mcg_per_day:
        state = replace(state, changed_at=at, dose_since=on)
    return replace(state, program=program, midnight=midnight, started_at=state.started_at or at)


def _carried_on(program: Program | None, fill: Filled) -> Program | None:
    """The program after a fill: none before the first one, else the same shape at the dose and strength of the fill."""
    dose = fill.dose_mcg_per_day
    if program is None:
        return None if dose is None else simple_program(fill.concentration_mcg_per_ml, dose)
    if dose is not None and dose != program.dose_mcg_per_day:
        program = scaled(program, dose)
    return replace(program, concentration_mcg_per_ml=fill.concentration_mcg_per_ml)


def scaled(program: Program, dose_mcg_per_day: Decimal) -> Program:
    """The same pattern over the day with another 24 h total, mcg/day.

    Patient boluses stay as allotted, where they fit; an even program stays exact.
    """
    strength, total = program.concentration_mcg_per_ml, program.dose_mcg_per_day
    fixed = program.patient_mcg_per_day
    if total <= fixed or dose_mcg_per_day <= fixed or (len(program.steps) == 1 and not program.boluses):
        kept = fixed if dose_mcg_per_day > fixed else ZERO
        even = simple_program(strength, dose_mcg_per_day - kept)
        if not kept:
            return even
        return replace(
            even,
            patient_bolus_mcg=program.patient_bolus_mcg,
            patient_boluses_per_day=program.patient_boluses_per_day,
        )
    factor = (dose_mcg_per_day - fixed) / (total - fixed)
    steps = [replace(step, dose_mcg=_part(step.dose_mcg * factor)) for step in program.steps]
    boluses = [replace(bolus, dose_mcg=_part(bolus.dose_mcg * factor)) for bolus in program.boluses]
    parts = (steps, boluses)
    rest = dose_mcg_per_day - fixed - sum((part.dose_mcg for some in parts for part in some), ZERO)
    _add_to_largest(parts, rest)
    return replace(program, steps=tuple(steps), boluses=tuple(boluses))


def _part(dose_mcg: Decimal) -> Decimal:
    """A part of the day to a millionth of a mcg, so that sums stay exact."""
    return round(dose_mcg, 6)


def _add_to_largest(parts: Any, rest_mcg: Decimal) -> None:
    """What rounding left goes to the largest part: the total is then exactly the dose, and no part falls below 0."""
    _, some, index = max(
        ((part.dose_mcg, some, index) for some in parts for index, part in enumerate(some)),
        key=lambda found: found[0],
    )
    some[index] = replace(some[index], dose_mcg=some[index].dose_mcg + rest_mcg)
