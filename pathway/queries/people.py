"""Who works in a clinic, and which patients it knows: for screens inside the clinic. It knows no rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Upper

from pathway.models import Case, Clinic, Clinician, Membership, Patient
from pathway.protocol.roles import PHYSICIANS, Role, Stage


@dataclass(frozen=True, slots=True)
class Staff:
    """A clinic's people: names by id (former members too, once asked for), and who holds each role now."""

    names: dict[UUID, str]
    by_role: dict[Role, tuple[UUID, ...]]

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


def staff_of(clinic_id: UUID) -> Staff:
    """Everybody with a role in a clinic; people who no longer sign in keep their name and hold no role. One query."""
    members = Membership.objects.filter(clinic_id=clinic_id).select_related("clinician")
    names = {member.clinician_id: str(member.clinician) for member in members}
    by_role: dict[Role, list[UUID]] = defaultdict(list)
    for member in members:
        if member.clinician.is_active:
            by_role[Role(member.role)].append(member.clinician_id)
    return Staff(
        names,
        {role: tuple(sorted(people, key=lambda person: names[person])) for role, people in by_role.items()},
    )


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
