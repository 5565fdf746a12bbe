"""What a clinical record changes beyond itself: the pump it speaks of, and the safety dates that follow.

Runs inside the action that writes the record, so that a pump and its refill duty can never disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pathway.clinical.device import PUMP_MODELS
from pathway.clinical.program import simple_program
from pathway.clinical.reservoir import Fill, ProgramChange, ReservoirEvent
from pathway.clinical.results import CannotCompute
from pathway.clinical.runway import LEAD_DAYS, runway_of
from pathway.clinical.service import end_of_service
from pathway.engine.action import Action
from pathway.engine.errors import Invalid
from pathway.engine.incident_effects import INCIDENT_EFFECTS
from pathway.models import Catheter, ClinicalRecord, NeuroHistory, Operation, ProgramRecord, Pump, Refill
from pathway.models.base import new_id
from pathway.protocol.facts import PumpFact


def apply_effects(act: Action, record: ClinicalRecord) -> None:
    """Carry a record's consequences into the same action. Raises Invalid where the pump's arithmetic refuses it."""
    effect = EFFECTS.get(type(record))
    if effect is not None:
        effect(act, record)


def _note_origin(act: Action, record: NeuroHistory) -> None:
    act.set_case(origin=record.origin)


def _install(act: Action, record: Operation) -> None:
    """A pump and a catheter come in; a pump that was there goes out on the same day."""
    pump = _pump_in_place(act)
    if pump is not None and pump.operation.todo_id != record.todo_id:
        act.changes.update(
            Pump, pump.id, explanted_on=record.operated_on, explant_reason="Replaced at an operation."
        )
        # One pump in place is a unique index, checked row by row: the old pump must be out before the new one is in.
        act.changes.flush()
        pump = None
    values: dict[str, Any] = {
        "operation_id": record.id,
        "model": record.pump_model,
        "serial": record.pump_serial,
        "reservoir_ml": record.reservoir_ml,
        "alarm_ml": PUMP_MODELS[record.pump_model].alarm_ml.value,
        "implanted_on": record.operated_on,
        "filled_at": record.filled_at,
        "filled_on": record.filled_on,
        "fill_ml": record.fill_ml,
        "concentration_mcg_per_ml": record.concentration_mcg_per_ml,
        "end_of_service_on": _end_of_service(record),
    }
    if pump is None:
        pump = Pump(id=new_id(), case_id=act.case.id, **values)
        _set_runway(act, pump)
        act.changes.add(pump)
        act.changes.add(_catheter(pump, record))
    else:
        _change_pump(act, pump, values)
    _remember(act, pump)


def _end_of_service(record: Operation) -> Any:
    service = end_of_service(PUMP_MODELS[record.pump_model], record.operated_on)
    return None if isinstance(service, CannotCompute) else service.ends_on


def _catheter(pump: Pump, record: Operation) -> Catheter:
    return Catheter(
        id=new_id(),
        pump_id=pump.id,
        model=record.catheter_model,
        total_cm=record.catheter_total_cm,
        trimmed_cm=record.catheter_trimmed_cm,
        implanted_cm=record.catheter_implanted_cm,
        tip_level=record.tip_level,
        implanted_on=record.operated_on,
    )


def _set_program(act: Action, record: ProgramRecord) -> None:
    pump = _require_pump(act)
    values: dict[str, Any] = {"daily_dose_mcg_per_day": record.daily_dose_mcg_per_day}
    if pump.daily_dose_mcg_per_day != record.daily_dose_mcg_per_day:
        values["dose_since"] = record.effective_on
    _change_pump(act, pump, values, record)
    _remember(act, pump)


def _refill(act: Action, record: Refill) -> None:
    pump = _require_pump(act)
    values: dict[str, Any] = {
        "filled_at": record.refilled_at,
        "filled_on": record.refilled_on,
        "fill_ml": record.filled_ml,
        "concentration_mcg_per_ml": record.concentration_mcg_per_ml,
        "daily_dose_mcg_per_day": record.daily_dose_mcg_per_day,
    }
    if pump.daily_dose_mcg_per_day != record.daily_dose_mcg_per_day:
        values["dose_since"] = record.refilled_on
    _change_pump(act, pump, values)
    _remember(act, pump)


def _change_pump(
    act: Action, pump: Pump, values: dict[str, Any], program: ProgramRecord | None = None
) -> None:
    before = {field.attname: getattr(pump, field.attname) for field in pump._meta.concrete_fields}
    for name, value in values.items():
        setattr(pump, name, value)
    _set_runway(act, pump, program)
    changed = {name: getattr(pump, name) for name, old in before.items() if getattr(pump, name) != old}
    act.changes.update(Pump, pump.id, **changed)


def _set_runway(act: Action, pump: Pump, program: ProgramRecord | None = None) -> None:
    """Work the safety dates out again from the last fill and every program since.

    Without a program no flow is known: the refill duty is then dated one lead time after the fill (local policy), and
    moves as soon as the first program is recorded.
    """
    events = _events(pump, program)
    if pump.filled_at is None or pump.filled_on is None:
        return
    if not any(isinstance(event, ProgramChange) for event in events):
        stability = timedelta(days=PUMP_MODELS[pump.model].stability_days.value)
        pump.stability_on = act.calendar.local_date(pump.filled_at + stability)
        pump.refill_by = pump.filled_on + timedelta(days=LEAD_DAYS.value)
        return
    runway = runway_of(
        events,
        pump=PUMP_MODELS[pump.model],
        reservoir_ml=Decimal(pump.reservoir_ml),
        time_zone=act.calendar.time_zone,
        alarm_ml=pump.alarm_ml,
    )
    if isinstance(runway, CannotCompute):
        raise Invalid({"": [f"The refill date cannot be worked out: {runway.text}"]})
    pump.alarm_on, pump.stability_on = runway.alarm_date, runway.stability_date
    pump.worst_case_on, pump.dry_on, pump.refill_by = (
        runway.worst_alarm_date,
        runway.dry_date,
        runway.refill_by,
    )


def _events(pump: Pump, program: ProgramRecord | None) -> list[ReservoirEvent]:
    """The last fill and every program since, the one being written included."""
    if pump.filled_at is None or pump.fill_ml is None or pump.concentration_mcg_per_ml is None:
        return []
    strength = Decimal(pump.concentration_mcg_per_ml)
    events: list[ReservoirEvent] = [Fill(pump.filled_at, pump.fill_ml)]
    since = list(
        ProgramRecord.objects.filter(
            case_id=pump.case_id, superseded_at__isnull=True, effective_at__gte=pump.filled_at
        ).order_by("effective_at")
    )
    since = sorted([*since, program] if program else since, key=lambda row: row.effective_at)
    refilled = Refill.objects.filter(
        case_id=pump.case_id, superseded_at__isnull=True, refilled_at=pump.filled_at
    ).first()
    start = refilled.daily_dose_mcg_per_day if refilled else None
    if start is None and not since:
        start = pump.daily_dose_mcg_per_day
    if start is not None:
        events.append(ProgramChange(pump.filled_at, simple_program(strength, start)))
    for row in since:
        events.append(ProgramChange(row.effective_at, simple_program(strength, row.daily_dose_mcg_per_day)))
    return events


def _pump_in_place(act: Action) -> Pump | None:
    if act.facts.pump is None:
        return None
    return Pump.objects.select_related("operation").get(pk=act.facts.pump.id)


def _require_pump(act: Action) -> Pump:
    pump = _pump_in_place(act)
    if pump is None:
        raise Invalid({"": ["No pump is on record: record the operation first."]})
    return pump


def _remember(act: Action, pump: Pump) -> None:
    """Guards and due rules of the same action see the pump as it is now."""
    fact = PumpFact(
        id=pump.id,
        implanted_on=pump.implanted_on,
        filled_on=pump.filled_on,
        refill_by=pump.refill_by,
        end_of_service_on=pump.end_of_service_on,
        dose_since=pump.dose_since,
    )
    act.facts = replace(act.facts, pump=fact)


EFFECTS: dict[type[ClinicalRecord], Callable[[Action, Any], None]] = {
    NeuroHistory: _note_origin,
    Operation: _install,
    ProgramRecord: _set_program,
    Refill: _refill,
    **INCIDENT_EFFECTS,
}
