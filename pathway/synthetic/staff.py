"""A synthetic clinic and the people who work there.

The only rows of this package that no engine verb makes: clinics, accounts and memberships are set up by an
administrator, not by the pathway. Accounts are never changed once they exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import transaction

from pathway.calendars import WorkCalendar
from pathway.models import Clinic, Clinician, Membership
from pathway.protocol.roles import Role
from pathway.queries.definitions import calendar_of


@dataclass(frozen=True, slots=True)
class Person:
    """An account: its sign-in name, the name on screens, and the role it holds."""

    username: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Staff:
    """A clinic and who holds each role in it, the usual person first."""

    clinic: Clinic
    people: Mapping[Role, tuple[Clinician, ...]]

    @property
    def calendar(self) -> WorkCalendar:
        """The clinic's working days."""
        return calendar_of(self.clinic.id, self.clinic.calendar_version)

    def one(self, role: Role | str, luck: float) -> Clinician:
        """Who looks after this patient in this role: mostly the first of them. `luck` from 0 to 1."""
        holders = self.people[Role(role)]
        return holders[0] if luck < 0.65 else holders[-1]

    def by_id(self) -> dict[object, Clinician]:
        """Everybody by id."""
        return {person.id: person for holders in self.people.values() for person in holders}


@transaction.atomic
def make_staff(identity: Mapping[str, str], people: tuple[Person, ...], password: str | None) -> Staff:
    """Create a clinic and its accounts. All share one password, hashed once: it is no secret. None: nobody signs in."""
    encoded = make_password(password)
    clinic = Clinic.objects.create(**identity)
    holders: dict[Role, list[Clinician]] = {}
    for person in people:
        given, _, family = person.name.partition(" ")
        account = Clinician.objects.create(
            username=person.username,
            first_name=given,
            last_name=family,
            email=f"{person.username}@{clinic.slug}.example",
            password=encoded,
        )
        Membership.objects.create(clinician=account, clinic=clinic, role=str(person.role))
        holders.setdefault(person.role, []).append(account)
    return Staff(clinic, {role: tuple(accounts) for role, accounts in holders.items()})


def staff_of(clinic: Clinic) -> Staff:
    """The people of a clinic that exists."""
    holders: dict[Role, list[Clinician]] = {}
    members = Membership.objects.filter(clinic=clinic, clinician__is_active=True).select_related("clinician")
    for member in members.order_by("clinician__date_joined", "clinician__username"):
        holders.setdefault(Role(member.role), []).append(member.clinician)
    return Staff(clinic, {role: tuple(accounts) for role, accounts in holders.items()})
