"""What was in one pump's reservoir, from its first fill to now and on to empty: the expected line, and each refill
with what was measured. The clinical layer does the arithmetic; dates ahead are those the engine wrote on the pump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pathway.clinical.device import CATHETER_MODELS, PumpModel
from pathway.clinical.program import ZERO
from pathway.clinical.pump_log import Entry, Measured, PumpLog, Removed, Stopped
from pathway.clinical.reservoir import Stretch, stretches
from pathway.clinical.residual import Discrepancy, discrepancy_trend, residual_discrepancy
from pathway.clinical.results import CannotCompute, Severity
from pathway.clinical.sources import Sourced
from pathway.models import Catheter, ProgramRecord, Pump, Refill, VolumeEvent
from pathway.queries.pump_log import path_ml_of


@dataclass(frozen=True, slots=True)
class PumpRows:
    """One pump with its records, each list in order; its operation is loaded with it."""

    pump: Pump
    model: PumpModel
    catheter: Catheter | None
    refills: Sequence[Refill]
    programs: Sequence[ProgramRecord]
    events: Sequence[VolumeEvent]


@dataclass(frozen=True, slots=True)
class Level:
    """The expected volume at an instant, mL."""

    at: datetime
    ml: Decimal


@dataclass(frozen=True, slots=True)
class RefillSeen:
    """One refill. `expected_ml` as the programmer showed it, else as the records gave it; `computed_ml` as the records
    give it now; None: not known. `difference_ml` is aspirated - expected. `warnings`: the clinical layer's sentences.
    """

    at: datetime
    expected_ml: Decimal | None
    computed_ml: Decimal | None
    aspirated_ml: Decimal
    difference_ml: Decimal | None
    filled_ml: Decimal
    concentration_mcg_per_ml: int
    warnings: tuple[str, ...]
    by: str
    todo_id: UUID


@dataclass(frozen=True, slots=True)
class VolumeSeen:
    """A bolus, a removal, a correction or a stop. `ml`: what left, or what was measured; None for a stop."""

    at: datetime
    what: str
    ml: Decimal | None
    measured: bool
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
    first_fill: Level
    refills: tuple[RefillSeen, ...]
    events: tuple[VolumeSeen, ...]
    past: tuple[Level, ...]
    ahead: tuple[Level, ...]
    stopped_at: datetime | None
    refill_by: date | None
    alarm_on: date | None
    worst_case_on: date | None
    dry_on: date | None
    stability_on: date | None


def course_of(rows: PumpRows, time_zone: str, now: datetime, until: datetime) -> ReservoirCourse:
    """The course of a pump from its records; `until`: now, or when it came out or its case ended."""
    pump, log = rows.pump, log_of(rows, time_zone)
    past, ahead = levels(stretches(log.state().events), until)
    running = pump.in_place and until >= now
    return ReservoirCourse(
        model=rows.model.name,
        serial=pump.serial,
        in_place=pump.in_place,
        running=running,
        reservoir_ml=pump.reservoir_ml,
        alarm_ml=pump.alarm_ml,
        unusable=rows.model.unusable_ml,
        implanted_on=pump.implanted_on,
        first_fill=Level(pump.operation.filled_at, pump.operation.fill_ml),
        refills=_refills_seen(rows, log),
        events=tuple(_event_seen(event, log) for event in rows.events),
        past=past,
        ahead=ahead if running else (),
        stopped_at=pump.stopped_at,
        refill_by=pump.refill_by,
        alarm_on=pump.alarm_on,
        worst_case_on=pump.worst_case_on,
        dry_on=pump.dry_on,
        stability_on=pump.stability_on,
    )


def log_of(rows: PumpRows, time_zone: str) -> PumpLog:
    """The pump's log, as the engine folds it for the pump in place."""
    entries: list[Entry] = [rows.pump.operation.entry(), *(refill.entry() for refill in rows.refills)]
    entries += [program.entry(time_zone) for program in rows.programs]
    entries += [event.entry() for event in rows.events]
    return PumpLog(tuple(entries), _path_ml(rows.model, rows.catheter))


def _path_ml(model: PumpModel, catheter: Catheter | None) -> Decimal | None:
    if catheter is None:
        return None
    return path_ml_of(model, CATHETER_MODELS.get(catheter.model), catheter.implanted_cm)


def _event_seen(event: VolumeEvent, log: PumpLog) -> VolumeSeen:
    entry = event.entry()
    return VolumeSeen(
        at=event.happened_at,
        what=event.get_event_display(),
        ml=_volume(entry, log),
        measured=isinstance(entry, Measured),
        by=str(event.recorded_by),
        todo_id=event.todo_id,
    )


def _volume(entry: Removed | Measured | Stopped, log: PumpLog) -> Decimal | None:
    """What left or was measured, mL; a bolus in mcg at the strength in the pump at that time."""
    if isinstance(entry, Removed):
        return entry.volume_at(log.before(entry.at, after_fill=True).concentration_mcg_per_ml)
    return entry.volume_ml if isinstance(entry, Measured) else None


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


def _refills_seen(rows: PumpRows, log: PumpLog) -> tuple[RefillSeen, ...]:
    seen: list[RefillSeen] = []
    judged: list[Discrepancy] = []
    for refill in rows.refills:
        before = log.before(refill.refilled_at)
        computed = before.residual_ml(refill.refilled_at)
        computed_ml = None if isinstance(computed, CannotCompute) else computed
        expected = computed_ml if refill.expected_ml is None else refill.expected_ml
        verdict = _verdict(rows, refill, before.cycle_volume_ml, expected)
        seen.append(
            RefillSeen(
                at=refill.refilled_at,
                expected_ml=expected,
                computed_ml=computed_ml,
                aspirated_ml=refill.aspirated_ml,
                difference_ml=None if expected is None else refill.aspirated_ml - expected,
                filled_ml=refill.filled_ml,
                concentration_mcg_per_ml=refill.concentration_mcg_per_ml,
                warnings=_warnings(verdict, judged) if verdict else (),
                by=str(refill.recorded_by),
                todo_id=refill.todo_id,
            )
        )
    return tuple(seen)


def _verdict(
    rows: PumpRows, refill: Refill, cycle_ml: Decimal | None, expected_ml: Decimal | None
) -> Discrepancy | CannotCompute | None:
    """How the refill compares; None where nothing is known to compare with."""
    if cycle_ml is None or expected_ml is None:
        return None
    return residual_discrepancy(
        fill_ml=cycle_ml, expected_ml=expected_ml, aspirated_ml=refill.aspirated_ml, pump=rows.model
    )


def _warnings(verdict: Discrepancy | CannotCompute, judged: list[Discrepancy]) -> tuple[str, ...]:
    """What the clinical layer says of one refill, and of it with the ones before (`judged` is carried along)."""
    if isinstance(verdict, CannotCompute):
        return tuple(reason.text for reason in verdict.reasons)
    judged.append(verdict)
    found = [finding.text for finding in verdict.findings if finding.severity is Severity.WARNING]
    trend = discrepancy_trend(judged)
    return (*found, trend.text) if trend else tuple(found)
