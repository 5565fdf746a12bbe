"""Who works in a clinic, and which patients it knows: for screens inside the clinic. It knows no rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Upper

from pathway.models import Absence, Case, Clinic, Clinician, Membership, Patient
from pathway.protocol.cover import Roster
from pathway.protocol.roles import PHYSICIANS, Role, Stage


@dataclass(frozen=True, slots=True)
class AwayNow:
    """Somebody who is away: until which day, and who answers for them today, if anybody does."""

    person_id: UUID
    until: date
    answers_id: UUID | None


@dataclass(frozen=True, slots=True)
class Staff:
    """A clinic's people: names by id (former members too, once asked for), and who holds each role now.

    `away`: who is away on the day that was asked for, by person.
    """

    names: dict[UUID, str]
    by_role: dict[Role, tuple[UUID, ...]]
    away: dict[UUID, AwayNow] = field(default_factory=dict)

    def roles_of(self, person_id: UUID) -> frozenset[Role]:
        """The roles this person holds in the clinic."""
        return frozenset(role for role, people in self.by_role.items() if person_id in people)

    def name(self, person_id: UUID | str | None) -> str:
        """The person's name; "the system" for none, "a former colleague" where nobody asked for the name."""
        if person_id is None:
            return "the system"
        return self.names.get(UUID(str(person_id)), "a former colleague")

    def options(self, role: Role) -> list[tuple[str, str]]:
        """Holders of a role as choices of a form: (id, name)."""
        return [(str(person), self.names[person]) for person in self.by_role.get(role, ())]

    def physicians_but(self, person_id: UUID) -> list[tuple[str, str]]:
        """Every other physician of the clinic as choices of a form, by name."""
        people = {person for role in PHYSICIANS for person in self.by_role.get(role, ())} - {person_id}
        return [(str(person), self.names[person]) for person in sorted(people, key=self.names.__getitem__)]

    def knowing(self, ids: Iterable[UUID | None]) -> Staff:
        """The same, with the names of people who have left the clinic. One query where there are any, else none."""
        missing = {person for person in ids if person is not None} - set(self.names)
        if not missing:
            return self
        people = Clinician.objects.filter(pk__in=missing)
        return replace(self, names=self.names | {person.id: str(person) for person in people})


def staff_of(clinic_id: UUID, today: date | None = None) -> Staff:
    """Everybody with a role in a clinic; people who no longer sign in keep their name and hold no role. One query.

    `today`, the clinic's own date, asks who is away on it too.
    """
    rows = Membership.objects.filter(clinic_id=clinic_id).select_related("clinician")
    members = list(_with_absences(rows, today) if today else rows)
    names = {member.clinician_id: str(member.clinician) for member in members}
    by_role: dict[Role, list[UUID]] = defaultdict(list)
    for member in members:
        if member.clinician.is_active:
            by_role[Role(member.role)].append(member.clinician_id)
    people = {
        role: tuple(sorted(people, key=lambda person: names[person])) for role, people in by_role.items()
    }
    return Staff(names, people, _away(members, people) if today else {})


def _with_absences(rows: Any, today: date) -> Any:
    """Memberships with the last day of an absence that lasts today, and its deputy where they can sign in."""
    lasting = Absence.objects.filter(
        clinic_id=OuterRef("clinic_id"),
        clinician_id=OuterRef("clinician_id"),
        cancelled_at__isnull=True,
        first_day__lte=today,
        last_day__gte=today,
    )
    return rows.annotate(
        away_until=Subquery(lasting.values("last_day")[:1]),
        away_deputy=Subquery(lasting.filter(deputy__is_active=True).values("deputy_id")[:1]),
    )


def _away(members: Iterable[Any], people: dict[Role, tuple[UUID, ...]]) -> dict[UUID, AwayNow]:
    """Who is away and who answers, through every deputy who is away too."""
    gone = {member.clinician_id: member for member in members if member.away_until is not None}
    roster = Roster(people, {person: member.away_deputy for person, member in gone.items()})
    return {
        person: AwayNow(person, member.away_until, roster.answering(person))
        for person, member in gone.items()
    }


def clinics_where(person_id: UUID, role: Role) -> list[Clinic]:
    """The clinics in which a person holds a role, by name. One query."""
    holds = Membership.objects.filter(clinician_id=person_id, role=str(role)).values("clinic_id")
    return list(Clinic.objects.filter(pk__in=holds).order_by("name"))


@dataclass(frozen=True, slots=True)
class Known:
    """A patient the clinic already has: birth date, and the case that is open, if there is one."""

    birth_date: date
    open_case: UUID | None


def known_patients(clinic_id: UUID, mrns: Iterable[str]) -> dict[str, Known]:
    """The clinic's patients among these MRNs, by MRN in capitals. One query."""
    open_case = (
        Case.objects.filter(patient_id=OuterRef("pk")).exclude(stage=str(Stage.CLOSED)).values("id")[:1]
    )
    rows = (
        Patient.objects.filter(clinic_id=clinic_id)
        .annotate(upper=Upper("mrn"), open_case=Subquery(open_case))
        .filter(upper__in=[mrn.upper() for mrn in mrns])
    )
    return {row.upper: Known(row.birth_date, row.open_case) for row in rows}


def all_opened(clinic_id: UUID, case_ids: Sequence[UUID]) -> bool:
    """Whether every one of these cases exists in the clinic: the file was imported before. One query."""
    return Case.objects.filter(clinic_id=clinic_id, pk__in=case_ids).count() == len(case_ids)


def is_active(person_id: UUID) -> bool:
    """Whether there is such a person and they may still sign in. One query."""
    return Clinician.objects.filter(pk=person_id, is_active=True).exists()
