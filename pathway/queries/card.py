"""What the emergency card of a case says now, read in one query. It words nothing: `clinical.card` does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from pathway.clinical.card import CardFacts, risks_of
from pathway.clinical.conditions import Condition
from pathway.clinical.device import PUMP_MODELS, PumpModel
from pathway.models import (
    CardIssue,
    Catheter,
    Clinic,
    Clinician,
    DeviceRegistration,
    EmergencyPlan,
    IncidentClosure,
    MedicationHistory,
    NeuroHistory,
    Operation,
    Patient,
    ProgramRecord,
    Pump,
    SocialChecklist,
)
from pathway.models.base import Row
from pathway.queries.devices import pump_model_of
from pathway.queries.records import newest, rows_together, standing

KINDS = (
    "neuro_history",
    "medication_history",
    "social_checklist",
    "emergency_plan",
    "device_registration",
    "card_issue",
)
WITHDRAWAL = [str(Condition.WITHDRAWAL)]


@dataclass(frozen=True, slots=True)
class CardSources:
    """The rows a card is made of: the newest of each kind. None where there is none.

    `program` is the one set last, `incident_closure` one that confirmed a withdrawal.
    """

    patient: Patient
    clinic: Clinic
    pump: Pump | None = None
    catheter: Catheter | None = None
    surgeon: Clinician | None = None
    neuro_history: NeuroHistory | None = None
    medication_history: MedicationHistory | None = None
    social_checklist: SocialChecklist | None = None
    program: ProgramRecord | None = None
    emergency_plan: EmergencyPlan | None = None
    device_registration: DeviceRegistration | None = None
    card_issue: CardIssue | None = None
    incident_closure: IncidentClosure | None = None

    def with_rows(self, *rows: Row) -> CardSources:
        """The same with rows of an action that are not stored yet; a program entered late runs no longer."""
        fresh: dict[str, Any] = {_name(row): row for row in rows if not self._ran_before(row)}
        return replace(self, **{name: row for name, row in fresh.items() if name in self.__slots__})

    def _ran_before(self, row: Row) -> bool:
        """Whether a program is older than the one that runs."""
        running = self.program
        return (
            isinstance(row, ProgramRecord)
            and running is not None
            and running.todo_id != row.todo_id
            and row.effective_at < running.effective_at
        )

    def facts(self) -> CardFacts | None:
        """What is printed; None without a pump in place."""
        pump, plan, catheter = self.pump, self.emergency_plan, self.catheter
        if pump is None:
            return None
        return CardFacts(
            name=f"{self.patient.given_name} {self.patient.family_name}",
            born=self.patient.birth_date,
            contact=", ".join(filter(None, (self.patient.contact_name, self.patient.contact_phone))),
            diagnosis=self._diagnosis(),
            pump_model=pump.model,
            pump_serial=pump.serial,
            implanted_on=pump.implanted_on,
            implanted_by=str(self.surgeon) if self.surgeon else "",
            reservoir_ml=pump.reservoir_ml,
            concentration_mcg_per_ml=pump.concentration_mcg_per_ml,
            daily_dose_mcg_per_day=pump.daily_dose_mcg_per_day,
            mode=self.program.get_mode_display().lower() if self.program else "",
            filled_on=pump.filled_on,
            fill_ml=pump.fill_ml,
            alarm_on=pump.alarm_on,
            refill_by=pump.refill_by,
            end_of_service_on=pump.end_of_service_on,
            replacement_indicator_on=pump.eri_seen_on,
            catheter_model=catheter.model if catheter else "",
            tip_level=catheter.tip_level if catheter else "",
            prescriber=plan.prescriber if plan else "",
            phone_24h=(plan.phone_24h if plan else "") or self.clinic.emergency_phone,
            hospital=(plan.hospital if plan else "") or self.clinic.hospital_name,
            risks=self._risks(),
            allergies=self._allergies(),
            oral_rescue=plan.oral_rescue if plan else "",
            described=self._described(pump),
        )

    def _described(self, pump: Pump) -> PumpModel | None:
        """A clinic's own model, with what its manual says; shipped ones are known by their code."""
        return None if pump.model in PUMP_MODELS else pump_model_of(self.clinic.id, pump.model)

    def _diagnosis(self) -> str:
        history = self.neuro_history
        return (history.diagnosis_text or history.get_diagnosis_display()) if history else ""

    def _allergies(self) -> str:
        said = self.emergency_plan.allergies if self.emergency_plan else ""
        if self.medication_history and self.medication_history.allergy_to_baclofen:
            return f"baclofen; {said}" if said else "baclofen; others not recorded"
        return said

    def _risks(self) -> tuple[str, ...]:
        history, social, plan = self.neuro_history, self.social_checklist, self.emergency_plan
        return risks_of(
            sci_level=history.sci_level if history else "",
            cannot_communicate=bool(history and history.cannot_communicate),
            earlier_withdrawal=bool(history and history.earlier_withdrawal) or self._withdrawal_here(),
            lives_alone=bool(social and social.lives_alone),
            other=plan.other_risks if plan else "",
        )

    def _withdrawal_here(self) -> bool:
        """Whether an incident of this case was a withdrawal."""
        closure = self.incident_closure
        return closure is not None and Condition.WITHDRAWAL in closure.confirmed


def _name(row: Row) -> str:
    return str(getattr(row, "kind", row._meta.model_name))


def read_sources(case_id: UUID, *, surgeon_id: UUID | None = None) -> CardSources:
    """Every row the card of a case is made of. `surgeon_id`: who operated, where that is not stored yet. One query."""
    pumps = Pump.objects.filter(case_id=case_id, explanted_on__isnull=True)
    operated = Operation.objects.filter(pump__in=pumps).values("recorded_by_id")
    surgeons = (
        Clinician.objects.filter(pk=surgeon_id) if surgeon_id else Clinician.objects.filter(pk__in=operated)
    )
    parts: list[tuple[str, QuerySet[Any]]] = [
        ("patient", Patient.objects.filter(cases=case_id)),
        ("clinic", Clinic.objects.filter(cases=case_id)),
        ("pump", pumps),
        ("catheter", Catheter.objects.filter(pump__in=pumps, removed_on__isnull=True)),
        ("surgeon", surgeons),
        ("program", standing("program", case_id).order_by("-effective_at")[:1]),
        (
            "incident_closure",
            standing("incident_closure", case_id).filter(confirmed__contains=WITHDRAWAL)[:1],
        ),
        *((kind, newest(kind, case_id)) for kind in KINDS),
    ]
    return CardSources(**dict(rows_together(parts)))


def read_card(case_id: UUID) -> CardFacts | None:
    """What the card of a case says now; None without a pump in place. One query."""
    return read_sources(case_id).facts()
