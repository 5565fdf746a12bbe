"""The pump in place with everything that was recorded about it, as the clinical layer wants it.

Reads rows and folds nothing; what a superseded record said does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Value

from pathway.clinical.device import CATHETER_MODELS, CatheterModel, PumpModel
from pathway.clinical.program import simple_program
from pathway.clinical.pump_log import Entry, PumpLog, PumpState
from pathway.clinical.results import CannotCompute
from pathway.clinical.situation import PumpFacts, path_of
from pathway.models import (
    Catheter,
    DevicePlan,
    Operation,
    ProgramRecord,
    Pump,
    Refill,
    ServiceLife,
    VolumeEvent,
)
from pathway.queries.devices import pump_model_of


@dataclass(frozen=True, slots=True)
class PumpRead:
    """The pump's row and what the clinical layer knows of it."""

    row: Pump
    facts: PumpFacts


def read_pump(
    case_id: UUID,
    time_zone: str,
    *,
    without: UUID | None = None,
) -> PumpRead | None:
    """The pump in place with its log; None where there is none. Five queries, six for a replaced pump,
    one more for a model that the clinic added.

    `without` leaves the records of one to-do out: what is about to be written instead of them.
    """
    older = Pump.objects.filter(case_id=OuterRef("case_id"), explanted_on__isnull=False)
    row = (
        Pump.objects.select_related("operation", "case")
        .annotate(replaced_one=Exists(older))
        .filter(case_id=case_id, explanted_on__isnull=True)
        .first()
    )
    if row is None:
        return None
    catheter = Catheter.objects.filter(pump_id=row.id, removed_on__isnull=True).first()
    model = pump_model_of(row.case.clinic_id, row.model)
    return PumpRead(row, facts_of_pump(row, catheter, time_zone, model=model, without=without))


def facts_of_pump(
    row: Any,  # a Pump with `replaced_one`
    catheter: Catheter | None,
    time_zone: str,
    *,
    model: PumpModel,
    without: UUID | None = None,
) -> PumpFacts:
    """What is known of a pump as `read_pump` reads it. Three queries, four before a replacement's first program."""
    catheter_model = CATHETER_MODELS.get(catheter.model) if catheter else None
    implanted_cm = catheter.implanted_cm if catheter else None
    entries = read_entries(row.case_id, row.operation, time_zone, without=without)
    log = PumpLog(tuple(entries), path_ml_of(model, catheter_model, implanted_cm))
    return PumpFacts(
        model=model,
        reservoir_ml=Decimal(row.reservoir_ml),
        alarm_ml=alarm_of(model, log),
        implanted_on=row.implanted_on,
        log=log,
        catheter=catheter_model,
        implanted_cm=implanted_cm,
        carried=carried_from(row) if row.replaced_one and not log.state().program else None,
    )


def alarm_of(model: PumpModel, log: PumpLog) -> Decimal:
    """The volume at which this pump's alarm sounds, mL: as it was last set, else as the maker sets it."""
    set_to = log.state().alarm_ml
    return model.alarm_ml.value if set_to is None else set_to


def path_ml_of(
    model: PumpModel, catheter: CatheterModel | None, implanted_cm: Decimal | None
) -> Decimal | None:
    """The volume from reservoir to tip, mL; None where it cannot be worked out."""
    path = path_of(model, catheter, implanted_cm)
    return None if isinstance(path, CannotCompute) else path.total_ml


def read_entries(
    case_id: UUID, operation: Operation, time_zone: str, *, without: UUID | None = None
) -> list[Entry]:
    """Every entry about the pump of this operation, its first fill included. Three queries."""
    since = operation.filled_at
    entries: list[Entry] = [operation.entry()]
    entries += [row.entry() for row in _live(Refill, case_id, without).filter(refilled_at__gte=since)]
    programs = _live(ProgramRecord, case_id, without).filter(effective_at__gte=since)
    entries += [row.entry(time_zone) for row in programs]
    entries += [row.entry() for row in _live(VolumeEvent, case_id, without).filter(happened_at__gte=since)]
    return entries


@dataclass(frozen=True, slots=True)
class ServiceRecords:
    """What was recorded about a pump's service life outside its refills."""

    eri_seen_on: date | None = None
    ends_on: date | None = None


def read_service(case_id: UUID, operation: Operation, *, without: UUID | None = None) -> ServiceRecords:
    """The first day an indicator was seen, and the earliest end somebody found, since this operation. One query."""
    # About an older pump is what was asked before the operation was (ids rise with time), or written before its fill.
    since = {"todo_id__gt": operation.todo_id, "recorded_at__gte": operation.filled_at}
    plans = _live(DevicePlan, case_id, without).filter(eri_seen_on__isnull=False, **since)
    lives = _live(ServiceLife, case_id, without).filter(**since)
    days = _named("seen", plans, "eri_seen_on").union(_named("ends", lives, "ends_on"), all=True)
    found: dict[str, list[date]] = {"seen": [], "ends": []}
    for name, day in days:
        found[name].append(day)
    return ServiceRecords(min(found["seen"], default=None), min(found["ends"], default=None))


def _named(name: str, rows: Any, column: str) -> Any:
    return rows.order_by().annotate(kind=Value(name)).values_list("kind", column)


def _live(model: Any, case_id: UUID, without: UUID | None) -> Any:
    rows = model.objects.filter(case_id=case_id, superseded_at__isnull=True)
    return rows.exclude(todo_id=without) if without else rows


def carried_from(row: Pump) -> PumpState | None:
    """What ran in the pump that this one replaced: a new pump's first program goes on from there. One query."""
    old = (
        Pump.objects.filter(
            case_id=row.case_id, explanted_on__isnull=False, implanted_on__lte=row.implanted_on
        )
        .exclude(pk=row.pk)
        .order_by("explanted_on", "id")
        .last()
    )
    if old is None or old.daily_dose_mcg_per_day is None or old.filled_at is None:
        return None
    assert (
        old.concentration_mcg_per_ml is not None
    )  # a filled pump has its strength, see the model's constraint
    strength = Decimal(old.concentration_mcg_per_ml)
    program = simple_program(strength, old.daily_dose_mcg_per_day)
    return PumpState(
        program=program, started_at=old.filled_at, changed_at=old.filled_at, dose_since=old.dose_since
    )
