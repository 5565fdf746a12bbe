"""Which clinics a person works in and in which roles: the boundary of every screen. Knows no case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from pathway.models import Membership


def person_name(alias: str) -> str:
    """SQL for a clinician's name as screens show it; `alias` is the joined own."""
    return f"COALESCE(NULLIF(TRIM({alias}.first_name || ' ' || {alias}.last_name), ''), {alias}.username)"


@dataclass(frozen=True)
class ClinicAccess:
    """One clinic and the roles held there. Prints as the clinic's name, so that a page's frame can show it."""

    id: UUID
    name: str
    time_zone: str
    roles: frozenset[str]

    def today(self, now: datetime) -> date:
        """The clinic's date at an aware instant."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Covered:
    """A colleague who is away from one clinic until a local date, and for whom the reader answers there."""

    person_id: UUID
    clinic_id: UUID
    name: str
    until: date


@dataclass(frozen=True)
class Access:
    """What one person may see: their clinics, by name. Empty for somebody who only administers.

    `covered`: whom they answer for, on the screens that asked for it (`queries.absences.with_covered`).
    """

    person_id: UUID
    clinics: tuple[ClinicAccess, ...]
    covered: tuple[Covered, ...] = ()

    @cached_property
    def by_id(self) -> dict[UUID, ClinicAccess]:
        """The clinics by id."""
        return {clinic.id: clinic for clinic in self.clinics}

    @property
    def clinic_ids(self) -> list[UUID]:
        """The clinics' ids, in the order of their names."""
        return [clinic.id for clinic in self.clinics]

    @property
    def pairs(self) -> list[tuple[UUID, str]]:
        """Every (clinic, role) the person holds."""
        return [(clinic.id, role) for clinic in self.clinics for role in sorted(clinic.roles)]

    @property
    def several(self) -> bool:
        """Whether a screen must say which clinic a row belongs to."""
        return len(self.clinics) > 1

    def holds(self, clinic_id: UUID, role: str) -> bool:
        """Whether the person holds this role in this clinic."""
        clinic = self.by_id.get(clinic_id)
        return clinic is not None and role in clinic.roles


def access_of(person_id: UUID) -> Access:
    """The clinics and roles of a person. One query."""
    rows = Membership.objects.filter(clinician_id=person_id).values_list(
        "clinic_id", "clinic__name", "clinic__time_zone", "role"
    )
    known: dict[tuple[str, UUID, str], set[str]] = {}
    for clinic_id, name, time_zone, role in rows:
        known.setdefault((name, clinic_id, time_zone), set()).add(role)
    return Access(
        person_id,
        tuple(
            ClinicAccess(clinic_id, name, time_zone, frozenset(roles))
            for (name, clinic_id, time_zone), roles in sorted(known.items(), key=lambda item: item[0][:2])
        ),
    )
