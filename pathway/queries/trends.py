"""A case's course in numbers, for its plots: doses, spasticity, each pump's reservoir, the trial's readings.

Superseded records do not count. It draws nothing and judges nothing; instants are UTC, dates the clinic's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pathway.clinical.scales import AshworthVariant
from pathway.models import (
    Assessment,
    Case,
    Catheter,
    ProgramRecord,
    Pump,
    Refill,
    Todo,
    TrialReadings,
    VolumeEvent,
)
from pathway.models.record import ClinicalRecord
from pathway.models.volume import STOPPED
from pathway.queries.devices import pump_model_of
from pathway.queries.reservoir_course import PumpRows, ReservoirCourse, course_of

RecordT = TypeVar("RecordT", bound=ClinicalRecord)


class Source(StrEnum):
    """Which record a number comes from."""

    ASSESSMENT = "assessment"
    PROGRAM = "program"
    REFILL = "refill"
    EVENT = "volume_event"
    TRIAL = "trial_readings"

    @property
    def label(self) -> str:
        """The record as a person calls it."""
        return {
            "assessment": "Assessment",
            "program": "Program",
            "refill": "Refill",
            "volume_event": "Infusion stopped",
            "trial_readings": "Trial, before the dose",
        }[self.value]


@dataclass(frozen=True, slots=True)
class DoseSet:
    """A daily dose that was set, 0 for a stop. `changed`: it differs from the one before, or is the first.

    `mcg_per_ml` is None for a stop.
    """

    at: datetime
    mcg_per_day: Decimal
    mcg_per_ml: int | None
    changed: bool
    source: Source
    by: str
    todo_id: UUID


@dataclass(frozen=True, slots=True)
class SpasticityScore:
    """Mean MAS and Penn at one time; `day_only`: the record has a date and no hour, and `at` is noon.

    Means of different Ashworth scales are not comparable, nor is the trial's, over its target muscles only.
    """

    at: datetime
    day_only: bool
    mas_mean: Decimal | None
    penn: int | None
    scale: AshworthVariant
    source: Source
    by: str
    todo_id: UUID


@dataclass(frozen=True, slots=True)
class Reading:
    """Tone and spasms so many hours after a screening dose; 0 is before it."""

    hours: Decimal
    mas_mean: Decimal
    penn: int | None


@dataclass(frozen=True, slots=True)
class TrialCourse:
    """One screening dose with its readings in order, and the verdict in words."""

    dose_mcg: int
    read_on: date
    verdict: str
    target_muscles: str
    by: str
    todo_id: UUID
    readings: tuple[Reading, ...]

    @property
    def before(self) -> Reading | None:
        """The reading before the dose; None where there is none."""
        return next((reading for reading in self.readings if reading.hours == 0), None)


@dataclass(frozen=True, slots=True)
class Trends:
    """Everything the plots of one case show, each list oldest first.

    `doses_end_at`: when the last pump came out or the case ended, else now. `open_todos`: the id of the open to-do of
    each kind, for whoever misses something.
    """

    now: datetime
    doses: tuple[DoseSet, ...]
    doses_end_at: datetime
    scores: tuple[SpasticityScore, ...]
    pumps: tuple[ReservoirCourse, ...]
    trial: tuple[TrialCourse, ...]
    open_todos: dict[str, UUID]

    @property
    def baseline(self) -> SpasticityScore | None:
        """The last assessment up to the day of the first dose through a pump; before any dose, the last of all."""
        first = self.doses[0].at if self.doses else self.now
        assessed = [score for score in self.scores if score.source is Source.ASSESSMENT]
        before = [score for score in assessed if score.at.date() <= first.astimezone(score.at.tzinfo).date()]
        return before[-1] if before else None


def read_trends(case: Case, now: datetime) -> Trends:
    """The course of a case, its clinic loaded. Eight queries, one more for a pump model of the clinic's own."""
    zone = ZoneInfo(case.clinic.time_zone)
    pumps = Pump.objects.filter(case_id=case.id).select_related("operation").order_by("implanted_on", "id")
    catheters = Catheter.objects.filter(pump__case_id=case.id).order_by("implanted_on", "id")
    last_catheter = {catheter.pump_id: catheter for catheter in catheters}
    refills = _valid(Refill, case.id, "refilled_at")
    programs = _valid(ProgramRecord, case.id, "effective_at")
    events = _valid(VolumeEvent, case.id, "happened_at")
    readings = _valid(TrialReadings, case.id, "read_on")
    todos = Todo.objects.filter(case_id=case.id, state="open").order_by("-due_on").values_list("key", "id")
    rows = [
        PumpRows(
            pump,
            pump_model_of(case.clinic_id, pump.model),
            last_catheter.get(pump.id),
            refills,
            programs,
            events,
        )
        for pump in pumps
    ]
    return Trends(
        now=now,
        doses=_doses(refills, programs, events),
        doses_end_at=_end_of([row.pump for row in rows], case, zone, now),
        scores=_scores(_valid(Assessment, case.id, "assessed_on"), programs, readings, zone),
        pumps=_courses(rows, case, zone, now),
        trial=tuple(_trial(record) for record in readings),
        open_todos=dict(todos),
    )


def _valid(model: type[RecordT], case_id: UUID, order: str) -> list[RecordT]:
    """The records of one kind that stand, in the order of what they tell, with their author."""
    rows = model._default_manager.filter(case_id=case_id, superseded_at__isnull=True)
    return list(rows.select_related("recorded_by").order_by(order, "recorded_at", "id"))


def noon(day: date, zone: ZoneInfo) -> datetime:
    """A date as an instant: the middle of the clinic's day."""
    return datetime.combine(day, time(12), zone)


def _doses(
    refills: Sequence[Refill], programs: Sequence[ProgramRecord], events: Sequence[VolumeEvent]
) -> tuple[DoseSet, ...]:
    set_at: list[tuple[datetime, Source, Decimal, int | None, ClinicalRecord]] = [
        (row.refilled_at, Source.REFILL, row.daily_dose_mcg_per_day, row.concentration_mcg_per_ml, row)
        for row in refills
    ]
    set_at += [
        (row.effective_at, Source.PROGRAM, row.daily_dose_mcg_per_day, row.concentration_mcg_per_ml, row)
        for row in programs
    ]
    set_at += [
        (row.happened_at, Source.EVENT, Decimal(0), None, row) for row in events if row.event == STOPPED
    ]
    found: list[DoseSet] = []
    for at, source, dose, strength, row in sorted(set_at, key=lambda each: (each[0], each[4].recorded_at)):
        changed = not found or found[-1].mcg_per_day != dose
        found.append(DoseSet(at, dose, strength, changed, source, str(row.recorded_by), row.todo_id))
    return tuple(found)


def _scores(
    assessments: Sequence[Assessment],
    programs: Sequence[ProgramRecord],
    readings: Sequence[TrialReadings],
    zone: ZoneInfo,
) -> tuple[SpasticityScore, ...]:
    found = [
        SpasticityScore(
            at=noon(row.assessed_on, zone),
            day_only=True,
            mas_mean=row.mas_mean(),
            penn=row.penn_frequency,
            scale=AshworthVariant(row.scale_variant),
            source=Source.ASSESSMENT,
            by=str(row.recorded_by),
            todo_id=row.todo_id,
        )
        for row in assessments
    ]
    found += [
        SpasticityScore(
            at=row.effective_at,
            day_only=False,
            mas_mean=row.mas_mean,
            penn=row.penn_frequency,
            scale=AshworthVariant.MODIFIED,
            source=Source.PROGRAM,
            by=str(row.recorded_by),
            todo_id=row.todo_id,
        )
        for row in programs
        if row.mas_mean is not None or row.penn_frequency is not None
    ]
    for record in readings:
        before = _trial(record).before
        if before is not None:
            found.append(
                SpasticityScore(
                    at=noon(record.read_on, zone),
                    day_only=True,
                    mas_mean=before.mas_mean,
                    penn=before.penn,
                    scale=AshworthVariant.MODIFIED,
                    source=Source.TRIAL,
                    by=str(record.recorded_by),
                    todo_id=record.todo_id,
                )
            )
    return tuple(sorted(found, key=lambda score: score.at))


def _trial(record: TrialReadings) -> TrialCourse:
    readings = [
        Reading(Decimal(str(row["hour"])), Decimal(str(row["mas_mean"])), row.get("penn"))
        for row in record.readings
    ]
    return TrialCourse(
        dose_mcg=record.dose_mcg,
        read_on=record.read_on,
        verdict=record.get_verdict_display(),
        target_muscles=record.target_muscles,
        by=str(record.recorded_by),
        todo_id=record.todo_id,
        readings=tuple(sorted(readings, key=lambda reading: reading.hours)),
    )


def _end_of(pumps: Sequence[Pump], case: Case, zone: ZoneInfo, now: datetime) -> datetime:
    """Until when the last dose ran: where no pump is in place, until it came out; never after the case's end."""
    ends = [now]
    if case.closed_at is not None:
        ends.append(case.closed_at)
    if pumps and all(pump.explanted_on for pump in pumps):
        ends.append(max(noon(pump.explanted_on, zone) for pump in pumps if pump.explanted_on))
    return min(ends)


def _courses(
    rows: Sequence[PumpRows], case: Case, zone: ZoneInfo, now: datetime
) -> tuple[ReservoirCourse, ...]:
    """Each pump with what was done to it: from its fill at the operation to that of the next pump."""
    found = []
    for mine, following in zip_longest(rows, rows[1:]):
        start = mine.pump.operation.filled_at
        end = following.pump.operation.filled_at if following else None
        until = min(end, now) if end else _end_of([mine.pump], case, zone, now)
        own = replace(
            mine,
            refills=[
                row for row in mine.refills if start <= row.refilled_at and (not end or row.refilled_at < end)
            ],
            programs=[
                row
                for row in mine.programs
                if start <= row.effective_at and (not end or row.effective_at < end)
            ],
            events=[
                row for row in mine.events if start <= row.happened_at and (not end or row.happened_at < end)
            ],
        )
        found.append(course_of(own, case.clinic.time_zone, now, max(start, until)))
    return tuple(found)
