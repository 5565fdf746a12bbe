"""The people of a clinic as screens show them: roles, clinic days, leads, duties. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count

from pathway.models import CareTeamMember, Clinic, Clinician, Membership, Todo
from pathway.protocol.roles import Role
from pathway.queries.definitions import title_of

DUTIES_SHOWN = 500
"""So many open duties of one person are listed; the others are counted."""


@dataclass(frozen=True, slots=True)
class Place:
    """One role of a person: whether they lead it, and on which weekdays they come (Monday is 0)."""

    membership_id: UUID
    role: Role
    is_lead: bool
    weekdays: frozenset[int]


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person of a clinic with their roles there.

    `refused_at`: since when their address takes no mail; `invited`: they have set no password yet.
    """

    id: UUID
    name: str
    email: str
    is_active: bool
    refused_at: datetime | None
    places: tuple[Place, ...]
    invited: bool = False

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held."""
        return frozenset(place.role for place in self.places)


def colleagues_of(clinic_id: UUID) -> dict[UUID, Colleague]:
    """Everybody with a role in a clinic, by name. One query."""
    people: dict[UUID, Membership] = {}
    places: dict[UUID, list[Place]] = {}
    for member in Membership.objects.filter(clinic_id=clinic_id).select_related("clinician").order_by("role"):
        people[member.clinician_id] = member
        place = Place(member.id, Role(member.role), member.is_lead, frozenset(member.weekdays))
        places.setdefault(member.clinician_id, []).append(place)
    found = [
        Colleague(
            id=key,
            name=str(member.clinician),
            email=member.clinician.email,
            is_active=member.clinician.is_active,
            refused_at=member.clinician.email_refused_at,
            places=tuple(places[key]),
            invited=not member.clinician.has_usable_password(),
        )
        for key, member in people.items()
    ]
    return {one.id: one for one in sorted(found, key=lambda one: (one.name.casefold(), one.id))}


def former_colleague(person_id: UUID) -> Colleague | None:
    """Somebody as a clinic remembers them in which they hold no role. One query."""
    person = Clinician.objects.filter(pk=person_id).first()
    if person is None:
        return None
    return Colleague(person.id, str(person), person.email, person.is_active, person.email_refused_at, ())


@dataclass(frozen=True, slots=True)
class Duty:
    """One open duty of a person: what, for whom, due when."""

    id: UUID
    title: str
    role: Role
    due_on: date
    safety: bool
    case_id: UUID
    patient: str
    mrn: str


@dataclass(frozen=True, slots=True)
class InTheirName:
    """What stands in a person's name in a clinic: duties, the most pressing first, and care-team places by role.

    `duties` holds at most DUTIES_SHOWN; `owned` counts all of them by role.
    """

    duties: tuple[Duty, ...]
    owned: dict[Role, int]
    places: dict[Role, int]

    @property
    def roles(self) -> list[Role]:
        """The roles in which there is something to hand over."""
        return sorted({*self.owned, *self.places})

    @property
    def more(self) -> int:
        """How many duties are not listed."""
        return sum(self.owned.values()) - len(self.duties)


def in_their_name(clinic_id: UUID, person_id: UUID) -> InTheirName:
    """What a person owns in a clinic. Three queries."""
    todos = Todo.objects.filter(owner_id=person_id, clinic_id=clinic_id, state="open")
    rows = todos.select_related("case__patient").order_by("due_on", "id")[:DUTIES_SHOWN]
    duties = tuple(
        Duty(
            id=todo.id,
            title=title_of(todo.case.protocol_id, todo.key),
            role=Role(todo.role),
            due_on=todo.due_on,
            safety=todo.safety,
            case_id=todo.case_id,
            patient=todo.case.patient.display_name,
            mrn=todo.case.patient.mrn,
        )
        for todo in rows
    )
    team = CareTeamMember.objects.filter(clinician_id=person_id, case__clinic_id=clinic_id)
    return InTheirName(duties, _by_role(todos), _by_role(team))


def _by_role(rows: object) -> dict[Role, int]:
    counted = rows.order_by().values_list("role").annotate(count=Count("id"))  # type: ignore[attr-defined]
    return {Role(role): count for role, count in sorted(counted)}


def find_place(membership_id: UUID, clinic_ids: Iterable[UUID]) -> Membership | None:
    """A membership in one of these clinics. One query."""
    return Membership.objects.filter(pk=membership_id, clinic_id__in=list(clinic_ids)).first()


def lead_of(clinic_id: UUID) -> UUID | None:
    """Who leads a clinic. One query."""
    return Clinic.objects.filter(pk=clinic_id).values_list("lead_id", flat=True).first()
