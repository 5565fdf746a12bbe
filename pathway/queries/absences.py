"""Absences as screens show them: who is away, who answers, whom a person answers for, what is planned. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from pathway.models import Absence
from pathway.protocol.cover import Roster
from pathway.protocol.roles import Role
from pathway.queries.access import Access, Covered

PAST_SHOWN = 10
"""So many absences that are over are listed for one person."""


def with_covered(access: Access, *, at: datetime) -> Access:
    """The same access, with the colleagues whom the person answers for today. One query; none without a clinic."""
    if not access.clinics:
        return access
    today = {clinic.id: clinic.today(at) for clinic in access.clinics}
    rows = Absence.objects.filter(
        clinic_id__in=list(today),
        cancelled_at__isnull=True,
        first_day__lte=max(today.values()),
        last_day__gte=min(today.values()),
    ).select_related("clinician", "deputy")
    away: dict[UUID, dict[UUID, Absence]] = {clinic_id: {} for clinic_id in today}
    for row in rows:
        if row.first_day <= today[row.clinic_id] <= row.last_day:
            away[row.clinic_id][row.clinician_id] = row
    covered = [
        Covered(person, clinic_id, str(absences[person].clinician), absences[person].last_day)
        for clinic_id, absences in away.items()
        for person in _covered_by(access.person_id, absences)
    ]
    return replace(access, covered=tuple(sorted(covered, key=lambda one: (one.name, one.clinic_id))))


def _covered_by(person_id: UUID, absences: Mapping[UUID, Absence]) -> frozenset[UUID]:
    """Whose chain of deputies ends with this person. They work here, in whichever role: only that matters."""
    away = {person: deputy_of(absence) for person, absence in absences.items()}
    return Roster({Role.COORDINATOR: (person_id,)}, away).covers.get(person_id, frozenset())


def deputy_of(absence: Absence) -> UUID | None:
    """The deputy, where they can still sign in: as the engine sees it. `deputy` must have been read with the row."""
    return absence.deputy_id if absence.deputy is not None and absence.deputy.is_active else None


def planned_in(clinic_id: UUID, today: date) -> list[Absence]:
    """The absences of a clinic that are not over, the nearest first, with their people. One query."""
    rows = Absence.objects.filter(clinic_id=clinic_id, cancelled_at__isnull=True, last_day__gte=today)
    return list(rows.select_related("clinician", "deputy").order_by("first_day", "id"))


def absences_of(clinic_id: UUID, person_id: UUID) -> list[Absence]:
    """A person's absences in a clinic, and those in which they are deputy, the newest first. One query."""
    rows = Absence.objects.filter(Q(clinician_id=person_id) | Q(deputy_id=person_id), clinic_id=clinic_id)
    newest = rows.select_related("clinician", "deputy").order_by("-first_day", "-id")
    return list(newest[: 3 * PAST_SHOWN])


def find_absence(absence_id: UUID, clinic_ids: Iterable[UUID]) -> Absence | None:
    """An absence of one of these clinics, with its people. One query."""
    rows = Absence.objects.select_related("clinician", "deputy", "clinic")
    return rows.filter(pk=absence_id, clinic_id__in=list(clinic_ids)).first()
