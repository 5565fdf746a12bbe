"""Pumps in place by the date of their refill, with duty and booking; and pumps that nobody watches.

Reads the safety dates that the engine wrote; it computes none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection

from pathway.clinical.device import PUMP_MODELS
from pathway.queries.access import Access, person_name
from pathway.queries.inbox import sunday_after

PAGE_ROWS = 50
ALARMS = 20
"""At most so many unwatched pumps are listed at once; one is already an emergency of the programme."""

PUMP_COLUMNS = (
    "p.id AS pump_id, p.case_id, c.clinic_id, c.patient_id, c.held_at IS NOT NULL AS held, p.model, p.serial,"
    " p.reservoir_ml, p.alarm_ml, p.fill_ml, p.filled_on, p.concentration_mcg_per_ml,"
    " p.daily_dose_mcg_per_day, p.alarm_on, p.dry_on, p.stability_on, p.refill_by"
)
# A closed case has given its pump's care away or lost the pump: a guard of the protocol sees to that.
IN_PLACE = (
    "pathway_pump p JOIN pathway_case c ON c.id = p.case_id"
    " WHERE p.explanted_on IS NULL AND NOT c.stage = 'closed' AND c.clinic_id = ANY(%s)"
)
DUTIES = """
LEFT JOIN LATERAL (SELECT t.id, t.due_on, t.owner_id FROM pathway_todo t
  WHERE t.case_id = w.case_id AND t.key = 'refill' AND t.state = 'open' LIMIT 1) r ON true
LEFT JOIN LATERAL (SELECT t.id, t.state, t.result, t.ended_by_id FROM pathway_todo t
  WHERE t.case_id = w.case_id AND t.key = 'book_refill' ORDER BY t.occurrence DESC LIMIT 1) b ON true
LEFT JOIN pathway_clinician o ON o.id = r.owner_id
LEFT JOIN pathway_clinician k ON k.id = b.ended_by_id
"""
OWN_NAME = """(SELECT s.name FROM pathway_sitepumpmodel s
  WHERE s.clinic_id = w.clinic_id AND s.code = w.model ORDER BY s.added_at DESC, s.id DESC LIMIT 1)"""
UNWATCHED = (
    "AND (p.refill_by IS NULL OR NOT EXISTS (SELECT 1 FROM pathway_todo t"
    " WHERE t.case_id = p.case_id AND t.key = 'refill' AND t.state = 'open' AND t.due_on <= p.refill_by))"
    " ORDER BY p.refill_by NULLS FIRST"
)


class Soon(StrEnum):
    """The groups of the list, by the clinic's own date. A week ends on Sunday."""

    OVERDUE = "overdue"
    WEEK = "week"
    NEXT_WEEKS = "next_weeks"
    LATER = "later"

    @property
    def label(self) -> str:
        """The group as a person reads it."""
        return {
            "overdue": "Overdue",
            "week": "This week",
            "next_weeks": "The three weeks after",
            "later": "Later",
        }[self.value]


def soon_of(refill_by: date, today: date) -> Soon:
    """The group of a refill date."""
    sunday = sunday_after(today)
    if refill_by < today:
        return Soon.OVERDUE
    if refill_by <= sunday:
        return Soon.WEEK
    return Soon.NEXT_WEEKS if refill_by <= sunday + timedelta(weeks=3) else Soon.LATER


@dataclass(frozen=True, slots=True)
class PumpRow:
    """One pump in place. Volumes in mL, strength in mcg/mL, dose in mcg/day; dates are the clinic's."""

    id: UUID
    case_id: UUID
    clinic: str
    patient: str
    mrn: str
    on_hold: bool
    model: str
    serial: str
    reservoir_ml: int
    alarm_ml: Decimal
    fill_ml: Decimal | None
    filled_on: date | None
    concentration_mcg_per_ml: int | None
    daily_dose_mcg_per_day: Decimal | None
    alarm_on: date | None
    dry_on: date | None
    stability_on: date | None
    refill_by: date | None
    todo_id: UUID | None
    todo_due_on: date | None
    owner: str
    booked_for: date | None
    booked_by: str
    booking_id: UUID | None
    today: date

    @property
    def soon(self) -> Soon:
        """The group it is listed in; a pump without a date is listed as overdue."""
        return soon_of(self.refill_by, self.today) if self.refill_by else Soon.OVERDUE

    @property
    def is_dry(self) -> bool:
        """By its last program the reservoir is empty today."""
        return self.dry_on is not None and self.dry_on <= self.today

    @property
    def booked_late(self) -> bool:
        """The refill is booked, but after the day it should be done by."""
        return bool(self.booked_for and self.refill_by and self.booked_for > self.refill_by)

    @property
    def problem(self) -> str:
        """Why nobody would be told before this pump runs dry; empty where somebody will."""
        if self.filled_on is None:
            return "No fill is on record."
        if self.refill_by is None:
            return "No refill date could be worked out."
        if self.todo_id is None or self.todo_due_on is None:
            return "No open refill duty: nobody is reminded of this pump."
        if self.todo_due_on > self.refill_by:
            return "The refill duty is dated after the day the refill is needed by."
        return ""


@dataclass(frozen=True, slots=True)
class PumpPage:
    """One page of pumps; `cursor` is empty on the last one."""

    rows: tuple[PumpRow, ...]
    cursor: str = ""


def pumps_of(access: Access, *, at: datetime, after: tuple[date, UUID] | None = None) -> PumpPage:
    """One page of the pumps in place, by refill date. One query. Pumps without a date are `unwatched`."""
    keyset = "AND (p.refill_by, p.id) > (%s, %s)" if after else "AND p.refill_by IS NOT NULL"
    found = _read(access, at, f"{keyset} ORDER BY p.refill_by, p.id", [*(after or ())], PAGE_ROWS + 1)
    rows = tuple(found[:PAGE_ROWS])
    more = len(found) > PAGE_ROWS
    return PumpPage(rows, f"{rows[-1].refill_by},{rows[-1].id}" if more else "")


def unwatched(access: Access, *, at: datetime) -> tuple[PumpRow, ...]:
    """Pumps in place that no open refill duty watches in time. There must be none. One query."""
    return tuple(_read(access, at, UNWATCHED, [], ALARMS))


def _read(access: Access, at: datetime, where: str, params: list[Any], limit: int) -> list[PumpRow]:
    if not access.clinics:
        return []
    sql = (
        f"SELECT w.*, p.family_name, p.given_name, p.mrn, r.id, r.due_on, {person_name('o')},"
        f" b.state, b.result->>'date', {person_name('k')}, b.id,"
        f" {OWN_NAME} FROM (SELECT {PUMP_COLUMNS} FROM {IN_PLACE} {where} LIMIT {limit}) w"
        f" JOIN pathway_patient p ON p.id = w.patient_id {DUTIES} ORDER BY w.refill_by NULLS FIRST, w.pump_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [access.clinic_ids, *params])
        return [_pump(row, access, at) for row in cursor.fetchall()]


def _pump(row: tuple[Any, ...], access: Access, at: datetime) -> PumpRow:
    pump_id, case_id, clinic_id, _, held, model, serial, *numbers = row[:17]
    family_name, given_name, mrn, todo_id, due_on, owner, state, day, booker, booking_id, own_name = row[17:]
    clinic = access.by_id[clinic_id]
    reservoir_ml, alarm_ml, fill_ml, filled_on, strength, dose, alarm_on, dry_on, stability_on, refill_by = (
        numbers
    )
    booked_for = date.fromisoformat(day) if state == "done" and day else None
    if booked_for and filled_on and booked_for <= filled_on:
        booked_for = None  # that appointment was for the fill that is in the pump now
    return PumpRow(
        id=pump_id,
        case_id=case_id,
        clinic=clinic.name,
        patient=f"{family_name}, {given_name}",
        mrn=mrn,
        on_hold=held,
        model=PUMP_MODELS[model].name if model in PUMP_MODELS else own_name,
        serial=serial,
        reservoir_ml=reservoir_ml,
        alarm_ml=alarm_ml,
        fill_ml=fill_ml,
        filled_on=filled_on,
        concentration_mcg_per_ml=strength,
        daily_dose_mcg_per_day=dose,
        alarm_on=alarm_on,
        dry_on=dry_on,
        stability_on=stability_on,
        refill_by=refill_by,
        todo_id=todo_id,
        todo_due_on=due_on,
        owner=owner or "",
        booked_for=booked_for,
        booked_by=booker if booked_for and booker else "",
        booking_id=booking_id if not booked_for else None,
        today=clinic.today(at),
    )
