"""What was in one pump's reservoir, from its first fill to now and on to empty: the expected line, and each refill
with what was measured. The clinical layer does the arithmetic; dates ahead are those the engine wrote on the pump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pathway.clinical.device import PUMP_MODELS
from pathway.clinical.program import ZERO, simple_program
from pathway.clinical.reservoir import (
    Fill,
    ProgramChange,
    ReservoirEvent,
    Stretch,
    expected_residual_ml,
    stretches,
)
from pathway.clinical.residual import Discrepancy, discrepancy_trend, residual_discrepancy
from pathway.clinical.results import CannotCompute, Severity
from pathway.clinical.sources import Sourced
from pathway.models import ProgramRecord, Pump, Refill


@dataclass(frozen=True, slots=True)
class Level:
    """The expected volume at an instant, mL."""

    at: datetime
    ml: Decimal


@dataclass(frozen=True, slots=True)
class RefillSeen:
    """One refill. `expected_ml` as the programmer showed it, `computed_ml` as the programs on record give it (None:
    not known); `difference_ml` is aspirated - expected. `warnings` are the clinical layer's sentences.
    """

    at: datetime
    expected_ml: Decimal
    computed_ml: Decimal | None
    aspirated_ml: Decimal
    difference_ml: Decimal
    filled_ml: Decimal
    concentration_mcg_per_ml: int
    warnings: tuple[str, ...]
    by: str
    todo_id: UUID


@dataclass(frozen=True, slots=True)
class ReservoirCourse:
    """One pump. `past` ends now (or where the pump came out), `ahead` starts there and may be empty. `running`: it is
    in place in an open case, so that its dates ahead count.

    A volume jumps where two levels share an instant. `unusable` is None where no source gives the number.
    """

    model: str
    serial: str
    in_place: bool
    running: bool
    reservoir_ml: int
    alarm_ml: Decimal
    unusable: Sourced[Decimal] | None
    implanted_on: date
    first_fill: Level | None
    refills: tuple[RefillSeen, ...]
    past: tuple[Level, ...]
    ahead: tuple[Level, ...]
    refill_by: date | None
    alarm_on: date | None
    worst_case_on: date | None
    dry_on: date | None
    stability_on: date | None


def course_of(
    pump: Pump, refills: Sequence[Refill], programs: Sequence[ProgramRecord], now: datetime, until: datetime
) -> ReservoirCourse:
    """The course of a pump whose operation, refills and programs are given; `until`: now, or when it came out."""
    model = PUMP_MODELS[pump.model]
    events = events_of(pump, refills, programs)
    past, ahead = levels(stretches(events) if events else (), until)
    running = pump.in_place and until >= now
    first = next((event for event in events if isinstance(event, Fill)), None)
    return ReservoirCourse(
        model=model.name,
        serial=pump.serial,
        in_place=pump.in_place,
        running=running,
        reservoir_ml=pump.reservoir_ml,
        alarm_ml=pump.alarm_ml,
        unusable=model.unusable_ml,
        implanted_on=pump.implanted_on,
        first_fill=Level(first.at, first.volume_ml) if first else None,
        refills=_refills_seen(pump, refills, events),
        past=past,
        ahead=ahead if running else (),
        refill_by=pump.refill_by,
        alarm_on=pump.alarm_on,
        worst_case_on=pump.worst_case_on,
        dry_on=pump.dry_on,
        stability_on=pump.stability_on,
    )


def events_of(
    pump: Pump, refills: Sequence[Refill], programs: Sequence[ProgramRecord]
) -> tuple[ReservoirEvent, ...]:
    """Everything that changed the volume, from the fill at the operation on. Only the daily total is on record, so
    every program counts as even over the day.
    """
    operation = pump.operation
    events: list[ReservoirEvent] = [Fill(operation.filled_at, operation.fill_ml)]
    for refill in refills:
        strength = Decimal(refill.concentration_mcg_per_ml)
        events.append(Fill(refill.refilled_at, refill.filled_ml))
        events.append(
            ProgramChange(refill.refilled_at, simple_program(strength, refill.daily_dose_mcg_per_day))
        )
    for program in programs:
        strength = Decimal(program.concentration_mcg_per_ml)
        events.append(
            ProgramChange(program.effective_at, simple_program(strength, program.daily_dose_mcg_per_day))
        )
    return tuple(events)


def levels(history: Sequence[Stretch], until: datetime) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """The corners of the expected line up to an instant, and from there on to empty."""
    past: list[Level] = []
    known = [stretch for stretch in history if stretch.start <= until]
    for stretch in known:
        end = until if stretch.end is None else min(stretch.end, until)
        past += _corners(stretch, stretch.start, end)
    if not known or known[-1].running is None:
        return tuple(past), ()
    last = known[-1]
    empty_at = last.reaches(ZERO)
    ahead = (past[-1], Level(empty_at, ZERO)) if empty_at and empty_at > until else ()
    return tuple(past), ahead


def _corners(stretch: Stretch, start: datetime, end: datetime) -> list[Level]:
    """Start and end of a stretch, and where it ran empty in between."""
    found = [Level(start, stretch.volume_at(start))]
    empty_at = stretch.reaches(ZERO) if found[0].ml > 0 else None
    if empty_at is not None and start < empty_at < end:
        found.append(Level(empty_at, ZERO))
    return [*found, Level(end, stretch.volume_at(end))]


def _refills_seen(
    pump: Pump, refills: Sequence[Refill], events: Sequence[ReservoirEvent]
) -> tuple[RefillSeen, ...]:
    seen: list[RefillSeen] = []
    judged: list[Discrepancy] = []
    filled_ml = pump.operation.fill_ml
    for refill in refills:
        before = [event for event in events if event.at < refill.refilled_at]
        computed = expected_residual_ml(before, refill.refilled_at)
        verdict = residual_discrepancy(
            fill_ml=filled_ml,
            expected_ml=refill.expected_residual_ml,
            aspirated_ml=refill.aspirated_ml,
            pump=PUMP_MODELS[pump.model],
        )
        seen.append(
            RefillSeen(
                at=refill.refilled_at,
                expected_ml=refill.expected_residual_ml,
                computed_ml=None if isinstance(computed, CannotCompute) else computed,
                aspirated_ml=refill.aspirated_ml,
                difference_ml=refill.aspirated_ml - refill.expected_residual_ml,
                filled_ml=refill.filled_ml,
                concentration_mcg_per_ml=refill.concentration_mcg_per_ml,
                warnings=_warnings(verdict, judged),
                by=str(refill.recorded_by),
                todo_id=refill.todo_id,
            )
        )
        filled_ml = refill.filled_ml
    return tuple(seen)


def _warnings(verdict: Discrepancy | CannotCompute, judged: list[Discrepancy]) -> tuple[str, ...]:
    """What the clinical layer says of one refill, and of it with the ones before (`judged` is carried along)."""
    if isinstance(verdict, CannotCompute):
        return tuple(reason.text for reason in verdict.reasons)
    judged.append(verdict)
    found = [finding.text for finding in verdict.findings if finding.severity is Severity.WARNING]
    trend = discrepancy_trend(judged)
    return (*found, trend.text) if trend else tuple(found)
