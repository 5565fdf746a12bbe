"""Who works in a clinic and what they are called: for screens inside the clinic. It knows no case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from pathway.models import Clinic, Clinician, Membership
from pathway.protocol.roles import Role


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
