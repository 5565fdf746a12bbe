"""What a clinical record does to the pump it speaks of, and to the safety dates that follow.

Runs inside the action that writes the record, so that a pump and its refill duty can never disagree. Everything about
the pump is folded anew from its log, so that a record entered late changes whatever came after it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pathway.clinical.advice import runway_in
from pathway.clinical.device import CATHETER_MODELS, PumpModel
from pathway.clinical.pump_log import Entry, PumpLog, PumpState
from pathway.clinical.results import CannotCompute
from pathway.clinical.runway import LEAD_DAYS, Runway
from pathway.clinical.service import end_of_service
from pathway.clinical.situation import PumpFacts, Situation
from pathway.engine.action import Action
from pathway.engine.cards import note_card
from pathway.engine.errors import Invalid
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
from pathway.models.base import new_id
from pathway.queries.case import pump_fact
from pathway.queries.pump_log import PumpRead, alarm_of, path_ml_of, read_entries, read_pump, read_service

Values = dict[str, Any]
REPLACED = "Replaced at an operation."


def plan_again(act: Action, withdrawal_risk: tuple[str, ...]) -> None:
    """Work the pump's dates out again because the patient's risk changed; nothing where there is no pump."""
    if act.facts.pump is None:
        return
    pump = read_pump(act.case.id, act.calendar.time_zone)
    assert pump is not None  # the facts were read under the same lock
    situation = _situation(act, pump, withdrawal_risk)
    _change(act, pump.row, {}, situation, pump.facts.log)


def _situation(act: Action, read: PumpRead, withdrawal_risk: tuple[str, ...]) -> Situation:
    """What the pump's dates are worked out on where no record is being written."""
    return Situation(
        today=act.facts.today,
        now=act.at,
        time_zone=act.calendar.time_zone,
        withdrawal_risk=withdrawal_risk,
        pump=read.facts,
    )


def undo_effects(act: Action, todo_id: UUID) -> None:
    """A record about the pump is being corrected: until it is written anew, the pump is as if it had never been."""
    read = read_pump(act.case.id, act.calendar.time_zone, without=todo_id)
    if read is None or read.row.operation.todo_id == todo_id:
        return  # the operation itself is corrected in place: there is no pump without it
    situation = _situation(act, read, tuple(act.case.withdrawal_risk))
    values = _service(act, read.facts, read.row.operation, without=todo_id)
    _change(act, read.row, values, situation, read.facts.log)


def put_back(act: Action) -> None:
    """A case that was closed as explanted by mistake goes on: its pump is in place, and has its duties and dates again.

    Where the pump is really out, the case is closed again with that reason; a duty too many is the safer mistake.
    """
    gone = Pump.objects.filter(case_id=act.case.id, explanted_on__isnull=False).exclude(
        explant_reason=REPLACED
    )
    row = gone.order_by("explanted_on", "id").last()
    if row is None:
        return
    act.changes.update(Pump, row.id, explanted_on=None, explant_reason="")
    act.changes.flush()  # what is read below looks for the pump in place
    read = read_pump(act.case.id, act.calendar.time_zone)
    assert read is not None  # it was put back a line above
    situation = _situation(act, read, tuple(act.case.withdrawal_risk))
    _change(act, read.row, {}, situation, read.facts.log)


def install(act: Action, record: Operation) -> None:
    """A pump and a catheter come in; a pump that was there goes out on the same day."""
    situation, before = _circumstances(act)
    row = before.row if before else None
    if row is not None and row.operation.todo_id != record.todo_id:
        if record.operated_on < row.implanted_on:
            text = f"The pump in place was implanted on {row.implanted_on.isoformat()}: this is before that."
            raise Invalid({"operated_on": [text]})
        act.changes.update(Pump, row.id, explanted_on=record.operated_on, explant_reason=REPLACED)
        # One pump in place is a unique index, checked row by row: the old pump must be out before the new one is in.
        act.changes.flush()
        row = None
    model = situation.pump_models[record.pump_model]
    log = _log_of(act, record, model, before if row is not None else None)
    carried = before.facts.log.state() if before is not None and row is None else None
    facts = _facts_of(record, model, log, carried)
    situation = replace(situation, pump=facts)
    values: Values = {
        "operation_id": record.id,
        "model": record.pump_model,
        "serial": record.pump_serial,
        "reservoir_ml": record.reservoir_ml,
        "implanted_on": record.operated_on,
        **_service(act, facts, record),
    }
    if row is None:
        pump = Pump(id=new_id(), case_id=act.case.id, **values, **_columns(act, situation, log))
        catheter = _catheter(pump, record)
        act.changes.add(pump, catheter)
        act.written.append(catheter)
        _remember(act, pump)
    else:
        _correct_catheter(act, row, record)
        _change(act, row, values, situation, log)


def _log_of(act: Action, record: Operation, model: PumpModel, before: PumpRead | None) -> PumpLog:
    """The log of a new pump, or of the same one with its first fill corrected.

    Raises Invalid where the corrected fill lies after what is recorded since: that would be forgotten without a word.
    """
    path = path_ml_of(model, CATHETER_MODELS.get(record.catheter_model), record.catheter_implanted_cm)
    if before is None:
        return PumpLog((record.entry(),), path)
    entries = tuple(read_entries(act.case.id, record, act.calendar.time_zone))
    if len(entries) < len(before.facts.log.entries):
        text = "Something is recorded about this pump before this time: correct that first, or this time."
        raise Invalid({"filled_at": [text]})
    return PumpLog(entries, path)


def _facts_of(record: Operation, model: PumpModel, log: PumpLog, carried: PumpState | None) -> PumpFacts:
    return PumpFacts(
        model=model,
        reservoir_ml=Decimal(record.reservoir_ml),
        alarm_ml=alarm_of(model, log),
        implanted_on=record.operated_on,
        log=log,
        catheter=CATHETER_MODELS.get(record.catheter_model),
        implanted_cm=record.catheter_implanted_cm,
        carried=carried if carried is not None and carried.program is not None else None,
    )


def _catheter(pump: Pump, record: Operation) -> Catheter:
    return Catheter(id=new_id(), pump_id=pump.id, implanted_on=record.operated_on, **_catheter_values(record))


def _catheter_values(record: Operation) -> Values:
    return {
        "model": record.catheter_model,
        "total_cm": record.catheter_total_cm,
        "trimmed_cm": record.catheter_trimmed_cm,
        "implanted_cm": record.catheter_implanted_cm,
        "tip_level": record.tip_level,
    }


def _correct_catheter(act: Action, pump: Pump, record: Operation) -> None:
    catheter = Catheter.objects.get(pump_id=pump.id, removed_on__isnull=True)
    values = {"implanted_on": record.operated_on, **_catheter_values(record)}
    act.changes.update(Catheter, catheter.id, **values)
    for name, value in values.items():
        setattr(catheter, name, value)
    act.written.append(catheter)


def set_program(act: Action, record: ProgramRecord) -> None:
    _enter(act, record.entry(act.calendar.time_zone))


def refill(act: Action, record: Refill) -> None:
    situation, read = require_pump(act)
    log = read.facts.log.with_entries([record.entry()])
    values = _service(act, replace(read.facts, log=log), read.row.operation) if record.eri_seen else {}
    _change(act, read.row, values, situation, log)


def _service(
    act: Action,
    pump: PumpFacts,
    operation: Operation,
    *,
    eri_seen_on: date | None = None,
    ends_on: date | None = None,
    without: UUID | None = None,
) -> Values:
    """When the replacement indicator was first seen and when the pump ends: the earliest of all that is on record.

    `eri_seen_on` and `ends_on` are what the record being written adds.
    """
    found = read_service(act.case.id, operation, without=without)
    seen = _earliest(pump.log.state().eri_seen_on, found.eri_seen_on, eri_seen_on)
    model_end = end_of_service(pump.model, pump.implanted_on, max(seen, pump.implanted_on) if seen else None)
    ends = None if isinstance(model_end, CannotCompute) else model_end.ends_on
    return {"eri_seen_on": seen, "end_of_service_on": _earliest(ends, found.ends_on, ends_on)}


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def device_plan(act: Action, record: DevicePlan) -> None:
    """A plan that names the day the replacement indicator was seen: the end comes nearer, never later."""
    if record.eri_seen_on is None or act.facts.pump is None:
        return
    situation, read = require_pump(act)
    values = _service(act, read.facts, read.row.operation, eri_seen_on=record.eri_seen_on)
    _change(act, read.row, values, situation, read.facts.log)


def service_life(act: Action, record: ServiceLife) -> None:
    situation, read = require_pump(act)
    values = _service(act, read.facts, read.row.operation, ends_on=record.ends_on)
    _change(act, read.row, values, situation, read.facts.log)


def volume_event(act: Action, record: VolumeEvent) -> None:
    _enter(act, record.entry())


def _enter(act: Action, entry: Entry) -> None:
    """One more entry in the pump's log, at its own instant; everything after it is worked out anew."""
    situation, read = require_pump(act)
    _change(act, read.row, {}, situation, read.facts.log.with_entries([entry]))


def _change(act: Action, pump: Pump, values: Values, situation: Situation, log: PumpLog) -> None:
    """Set the pump's columns from its log; only what differs is written."""
    before = {field.attname: getattr(pump, field.attname) for field in pump._meta.concrete_fields}
    for name, value in {**values, **_columns(act, situation, log)}.items():
        setattr(pump, name, value)
    changed = {name: getattr(pump, name) for name, old in before.items() if getattr(pump, name) != old}
    act.changes.update(Pump, pump.id, **changed)
    _remember(act, pump)


def _columns(act: Action, situation: Situation, log: PumpLog) -> Values:
    """Fill, dose and safety dates after this log. Raises Invalid where no refill date can be worked out."""
    assert situation.pump is not None  # whoever changes a pump has read it
    state = log.state()
    fill = state.fill
    if fill is None:
        raise Invalid({"": ["No fill of this pump is on record: record the operation first."]})
    return {
        "filled_at": fill.at,
        "filled_on": fill.on,
        "fill_ml": fill.volume_ml,
        "concentration_mcg_per_ml": int(state.concentration_mcg_per_ml or 0),
        "daily_dose_mcg_per_day": state.dose_mcg_per_day,
        "dose_since": state.dose_since,
        "stopped_at": state.stopped_at,
        "alarm_ml": alarm_of(situation.pump.model, log),
        **_dates(act, situation, log, state),
    }


def _dates(act: Action, situation: Situation, log: PumpLog, state: PumpState) -> Values:
    """The safety dates.

    Without a program no flow is known: the refill duty is then dated one lead time after the fill (local policy), and
    moves as soon as the first program is recorded.
    """
    assert state.fill is not None
    assert situation.pump is not None
    if state.program is None:
        stability = timedelta(days=situation.pump.model.stability_days.value)
        return {
            "stability_on": act.calendar.local_date(state.fill.at + stability),
            "refill_by": state.fill.on + timedelta(days=LEAD_DAYS.value),
            "alarm_on": None,
            "worst_case_on": None,
            "dry_on": None,
        }
    runway = runway_in(situation, log)
    if isinstance(runway, CannotCompute):
        raise Invalid({"": [f"The refill date cannot be worked out: {runway.text}"]})
    return _of_runway(runway)


def _of_runway(runway: Runway) -> Values:
    return {
        "alarm_on": runway.alarm_date,
        "stability_on": runway.stability_date,
        "worst_case_on": runway.worst_alarm_date,
        "dry_on": runway.dry_date,
        "refill_by": runway.refill_by,
    }


def _circumstances(act: Action) -> tuple[Situation, PumpRead | None]:
    assert act.circumstances is not None  # every record was judged before it has effects
    return act.circumstances.situation, act.circumstances.pump


def require_pump(act: Action) -> tuple[Situation, PumpRead]:
    situation, read = _circumstances(act)
    if read is None:
        raise Invalid({"": ["No pump is on record: record the operation first."]})
    return situation, read


def _remember(act: Action, pump: Pump) -> None:
    """Guards and due rules of the same action see the pump as it is now, and the card that it makes."""
    note_card(act, pump, *act.written)
    act.facts = replace(act.facts, pump=pump_fact(pump, act.calendar))
