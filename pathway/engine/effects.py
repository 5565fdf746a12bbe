"""What a clinical record changes beyond itself, in the same action: the pump, the card, an incident, a second
look, a reminder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pathway.clinical.refill_advice import RefillAdvice
from pathway.clinical.results import plain
from pathway.clinical.risk import withdrawal_risks
from pathway.clinical.signs import Signs, Wound
from pathway.engine import pump_effects
from pathway.engine.action import Action
from pathway.engine.cards import first_card, issue_card, reword_card
from pathway.engine.incident_effects import HERE, answer, close_incident
from pathway.engine.incidents import raise_in
from pathway.engine.reminders import remind_of_booking
from pathway.engine.second import confirm
from pathway.models import (
    Booking,
    CardIssue,
    ClinicalRecord,
    DevicePlan,
    DeviceRegistration,
    EmergencyPlan,
    IncidentClosure,
    IncidentSteps,
    MedicationHistory,
    NeuroHistory,
    Operation,
    PostopCheck,
    ProgramRecord,
    Refill,
    SecondCheck,
    ServiceLife,
    SocialChecklist,
    VolumeEvent,
)
from pathway.protocol.appointment import BOOKING


def apply_effects(act: Action, record: ClinicalRecord) -> None:
    """Carry a record's consequences into the same action. Raises Invalid where the pump's arithmetic refuses it."""
    act.written.append(record)
    effect = EFFECTS.get(type(record))
    if effect is not None:
        effect(act, record)


def _note_history(act: Action, record: NeuroHistory) -> None:
    """The origin every limit depends on, and what makes withdrawal more dangerous; a pump's dates follow."""
    here = [risk for risk in act.case.withdrawal_risk if risk == HERE]
    risks = [
        *withdrawal_risks(record.sci_level, record.cannot_communicate, record.earlier_withdrawal),
        *here,
    ]
    act.set_case(origin=record.origin, withdrawal_risk=risks)
    if risks != list(act.case.withdrawal_risk):
        pump_effects.plan_again(act, tuple(risks))
    else:
        reword_card(act, record)


def _refill(act: Action, record: Refill) -> None:
    """A fill; a difference over a limit, or its trend, opens the work-up of catheter and pump for the right roles."""
    situation, _ = pump_effects.require_pump(act)
    advice = record.advice(situation)
    pump_effects.refill(act, record)
    if isinstance(advice, RefillAdvice) and advice.work_up:
        raise_in(act, signs=Signs(residual_alert=True), note=_difference(record), record=record)


def _difference(record: Refill) -> str:
    """What a refill found, for whoever works it up."""
    expected = plain(record.expected_ml) if record.expected_ml is not None else "?"
    found = f"At the refill {plain(record.aspirated_ml)} mL were aspirated, {expected} mL were expected."
    return f"{found} {record.residual_action}".strip()


WOUNDS = {"red": Wound.RED, "draining": Wound.RED, "open": Wound.OPEN_OR_PUS, "swollen": Wound.SWOLLEN}
"""How the words of a wound check count in triage. Draining that is a leak is ticked as a leak [P]."""


def _postop_check(act: Action, record: PostopCheck) -> None:
    """A wound, a leak, a headache or fever after an operation is an incident: the right people are asked at once."""
    wound = Wound.CLEAR_FLUID if record.csf_leak else WOUNDS.get(record.wound)
    if wound is None and not record.headache and not record.fever:
        return
    signs = Signs(wound=wound, fever_reported=record.fever or None, headache_upright=record.headache or None)
    raise_in(act, signs=signs, note=f"Check after the operation. {record.action}", record=record)


def _close_incident(act: Action, record: IncidentClosure) -> None:
    """An incident ends; where it was a withdrawal, the pump's dates move earlier for good."""
    risks = close_incident(act, record)
    if risks is not None:
        pump_effects.plan_again(act, risks)


def _booking(act: Action, record: Booking) -> None:
    """A refill has a date: patient or caregiver, where they agreed to it, are reminded by mail."""
    if act.todo(record.todo_id).key == BOOKING:
        remind_of_booking(act)


EFFECTS: dict[type[ClinicalRecord], Callable[[Action, Any], None]] = {
    NeuroHistory: _note_history,
    Booking: _booking,
    Operation: pump_effects.install,
    ProgramRecord: pump_effects.set_program,
    Refill: _refill,
    MedicationHistory: reword_card,
    SocialChecklist: reword_card,
    EmergencyPlan: reword_card,
    DeviceRegistration: first_card,
    CardIssue: issue_card,
    VolumeEvent: pump_effects.volume_event,
    DevicePlan: pump_effects.device_plan,
    ServiceLife: pump_effects.service_life,
    PostopCheck: _postop_check,
    SecondCheck: confirm,
    IncidentSteps: answer,
    IncidentClosure: _close_incident,
}
