"""Incidents for the screens: the list of a clinic, open ones first, and everything about one.

A person who holds no role in the clinic finds nothing. It judges nothing: levels are read as the engine wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from pathway.clinical.conditions import CONDITION_PLANS, Condition
from pathway.models import RECORDS, Incident, IncidentAssessment, IncidentSteps, Membership, Todo
from pathway.queries.access import Access, person_name

PAGE_ROWS = 50
COLUMNS = (
    "id, case_id, clinic_id, number, level, urgency, conditions, opened_at, contact_by, acknowledged_at,"
    " acknowledged_by_id, closed_at, cause"
)


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident in a list. Instants are UTC."""

    id: UUID
    case_id: UUID
    clinic: str
    time_zone: str
    patient: str
    mrn: str
    number: int
    level: str
    urgency: int
    conditions: str
    opened_at: datetime
    contact_by: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    closed_at: datetime | None
    cause: str
    late: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to deal with it."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """What the list shows. `state`: open, waiting (open and not acknowledged), closed; empty for all."""

    level: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """One page of incidents; `cursor` is empty on the last one."""

    rows: tuple[IncidentRow, ...]
    cursor: str = ""


def is_late(contact_by: datetime | None, acknowledged_at: datetime | None, at: datetime) -> bool:
    """Whether nobody acknowledged in time."""
    return contact_by is not None and contact_by < (acknowledged_at or at)


def incidents_of(access: Access, wanted: IncidentFilter, *, at: datetime, after: str = "") -> IncidentPage:
    """One page: open ones by level, the longest waiting first, then closed ones, the newest first. One query."""
    if not access.clinics:
        return IncidentPage(())
    branches, params = _branches(access, wanted, _read_cursor(after))
    if not branches:
        return IncidentPage(())
    sql = (
        f"SELECT w.*, p.family_name, p.given_name, p.mrn, {person_name('a')} FROM ({' UNION ALL '.join(branches)}) w"
        " JOIN pathway_case c ON c.id = w.case_id JOIN pathway_patient p ON p.id = c.patient_id"
        " LEFT JOIN pathway_clinician a ON a.id = w.acknowledged_by_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = [_row(row, access, at) for row in cursor.fetchall()]
    opened = sorted((row for row in found if row.is_open), key=lambda row: (-row.urgency, row.id))
    closed = sorted((row for row in found if not row.is_open), key=lambda row: row.id, reverse=True)
    rows = [*opened, *closed]
    page = tuple(rows[:PAGE_ROWS])
    return IncidentPage(page, _cursor(page[-1]) if len(rows) > PAGE_ROWS else "")


def _branches(
    access: Access, wanted: IncidentFilter, start: tuple[int | None, UUID] | None
) -> tuple[list[str], list[Any]]:
    """The open and the closed incidents that this page may need, each along its own index."""
    branches: list[str] = []
    params: list[Any] = []
    level, values = (" AND level = %s", [wanted.level]) if wanted.level else ("", [])
    base = f"SELECT {COLUMNS} FROM pathway_incident WHERE clinic_id = ANY(%s){level}"
    if wanted.state != "closed" and (start is None or start[0] is not None):
        more = " AND acknowledged_at IS NULL" if wanted.state == "waiting" else ""
        keyset = " AND (urgency < %s OR urgency = %s AND id > %s)" if start else ""
        branches.append(
            f"({base} AND closed_at IS NULL{more}{keyset} ORDER BY urgency DESC, id LIMIT {PAGE_ROWS + 1})"
        )
        params += [access.clinic_ids, *values, *((start[0], *start) if start else ())]
    if wanted.state in ("", "closed"):
        keyset = " AND id < %s" if start and start[0] is None else ""
        branches.append(f"({base} AND closed_at IS NOT NULL{keyset} ORDER BY id DESC LIMIT {PAGE_ROWS + 1})")
        params += [access.clinic_ids, *values, *([start[1]] if keyset and start else [])]
    return branches, params


def _cursor(row: IncidentRow) -> str:
    return f"{row.urgency if row.is_open else ''},{row.id}"


def _read_cursor(text: str) -> tuple[int | None, UUID] | None:
    """Where a page begins: after an open incident of an urgency, or after a closed one; None for anything else."""
    urgency, _, key = text.partition(",")
    try:
        return int(urgency[:3]) if urgency else None, UUID(key)
    except ValueError:
        return None


def open_levels(access: Access) -> dict[UUID, str]:
    """The level of each case's open incident. One query."""
    found = Incident.objects.filter(clinic_id__in=access.clinic_ids, closed_at__isnull=True)
    return dict(found.values_list("case_id", "level"))


NAMED = 3
"""So many conditions are named where an incident is one line; its page names all."""


def names_of(conditions: Sequence[str]) -> str:
    """The first conditions as a person reads them, and how many more there are."""
    names = "; ".join(CONDITION_PLANS[Condition(one)].name for one in conditions[:NAMED])
    more = len(conditions) - NAMED
    return f"{names}; {more} more" if more > 0 else names


def _row(row: tuple[Any, ...], access: Access, at: datetime) -> IncidentRow:
    (key, case_id, clinic_id, number, level, urgency, conditions, opened_at, contact_by, acknowledged_at, _, closed_at,
     cause, family_name, given_name, mrn, by) = row  # fmt: skip
    clinic = access.by_id[clinic_id]
    return IncidentRow(
        id=key,
        case_id=case_id,
        clinic=clinic.name,
        time_zone=clinic.time_zone,
        patient=f"{family_name}, {given_name}",
        mrn=mrn,
        number=number,
        level=level,
        urgency=urgency,
        conditions=names_of(conditions),
        opened_at=opened_at,
        contact_by=contact_by,
        acknowledged_at=acknowledged_at,
        acknowledged_by=by or "" if acknowledged_at else "",
        closed_at=closed_at,
        cause=cause,
        late=is_late(contact_by, acknowledged_at, closed_at or at),
    )


@dataclass(frozen=True, slots=True)
class IncidentRead:
    """One incident with what was found (newest first), its duties (oldest first) and what was answered.

    `taken_back`: the records behind findings that count no longer, with the to-do each was written on.
    """

    incident: Incident
    assessments: Sequence[IncidentAssessment]
    todos: Sequence[Todo]
    answers: dict[UUID, IncidentSteps]
    taken_back: dict[UUID, UUID]

    def newest(self, key: str) -> Todo | None:
        """The newest occurrence of one duty."""
        return next((todo for todo in reversed(self.todos) if todo.key == key), None)


def find_incident(incident_id: UUID, person_id: UUID) -> Incident | None:
    """The incident with its case, patient and clinic, for somebody who works there. One query."""
    mine = Membership.objects.filter(clinician_id=person_id).values("clinic_id")
    found = Incident.objects.select_related("case__patient", "case__clinic")
    return found.filter(pk=incident_id, clinic_id__in=mine).first()


def incident_of(todo: Todo) -> UUID | None:
    """The incident that a duty belongs to: the one that was open when the duty opened. One query."""
    rows = Incident.objects.filter(case_id=todo.case_id, opened_at__lte=todo.opened_at).order_by("-number")
    key: UUID | None = rows.values_list("id", flat=True).first()
    return key


def read_incident(incident: Incident) -> IncidentRead:
    """Everything about an incident. Three queries, one more a kind of record that raised it.

    Only one incident of a case is open at a time, so the duties that opened while it was are its own.
    """
    assessments = list(IncidentAssessment.objects.filter(incident_id=incident.id).order_by("-at", "-id"))
    duties = Todo.objects.filter(
        case_id=incident.case_id, key__startswith="incident_", opened_at__gte=incident.opened_at
    )
    if incident.closed_at is not None:
        duties = duties.filter(opened_at__lte=incident.closed_at)
    todos = list(duties.order_by("opened_at", "occurrence", "id"))
    records = IncidentSteps.objects.filter(
        todo_id__in=[todo.id for todo in todos], superseded_at__isnull=True
    )
    answers = {record.todo_id: record for record in records}
    return IncidentRead(incident, assessments, todos, answers, _taken_back(assessments))


def _taken_back(assessments: Sequence[IncidentAssessment]) -> dict[UUID, UUID]:
    keys: dict[str, list[UUID]] = {}
    for one in assessments:
        if one.record_key is not None:
            keys.setdefault(one.record_kind, []).append(one.record_key)
    found: dict[UUID, UUID] = {}
    for kind, ids in keys.items():
        rows = RECORDS[kind]._default_manager.filter(pk__in=ids, superseded_at__isnull=False)
        found.update(rows.values_list("pk", "todo_id"))
    return found
