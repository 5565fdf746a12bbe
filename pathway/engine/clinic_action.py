"""One action on a clinic itself: lock, permission, rows, one line of its history; all or nothing.

The clinic's row is locked first, so two people who change its people or its absences at once come one after the other
and each sees what the other did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from pathway.engine.errors import NotFound
from pathway.engine.permissions import Actor, require_role
from pathway.models import Clinic, ClinicEvent, Clinician, Membership
from pathway.protocol.roles import Role

COORDINATOR = frozenset({Role.COORDINATOR})


@dataclass(frozen=True, slots=True)
class ClinicAction:
    """A locked clinic, who acts, and its people: everybody with a role there, also who no longer signs in."""

    clinic: Clinic
    actor: Actor
    at: datetime
    people: dict[UUID, Clinician]
    roles: dict[UUID, frozenset[Role]]

    @property
    def today(self) -> date:
        """The clinic's own date."""
        return self.at.astimezone(ZoneInfo(self.clinic.time_zone)).date()

    def holders(self, role: Role) -> list[UUID]:
        """Who signs in and holds a role."""
        return [
            person for person, roles in self.roles.items() if role in roles and self.people[person].is_active
        ]

    def require_coordinator(self, action: str) -> None:
        """Raises NotAllowed, naming who may."""
        require_role(self.actor, COORDINATOR, action)

    def record(self, verb: str, **data: Any) -> None:
        """Write the one line of history: ids and days as text, never a patient."""
        ClinicEvent.objects.create(
            clinic_id=self.clinic.id,
            at=self.at,
            actor_id=self.actor.id,
            role=str(self.actor.acting_as(Role.COORDINATOR)),
            verb=verb,
            data={name: _text(value) for name, value in data.items()},
        )


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, UUID | date | Role) else value


@contextmanager
def clinic_action(*, clinic_id: UUID, by: Clinician, at: datetime) -> Iterator[ClinicAction]:
    """Open an action: one transaction, the clinic locked. Raises NotFound for a person without a role there."""
    with transaction.atomic():
        clinic = Clinic.objects.select_for_update(no_key=True).filter(pk=clinic_id).first()
        people: dict[UUID, Clinician] = {}
        roles: dict[UUID, set[Role]] = defaultdict(set)
        for member in Membership.objects.filter(clinic_id=clinic_id).select_related("clinician"):
            people[member.clinician_id] = member.clinician
            roles[member.clinician_id].add(Role(member.role))
        if clinic is None or by.id not in people or not people[by.id].is_active:
            raise NotFound("There is no such clinic for you.")
        held = {person: frozenset(found) for person, found in roles.items()}
        yield ClinicAction(clinic, Actor(by.id, held[by.id]), at, people, held)


def said(day: date) -> str:
    """A day in a sentence: "3 Mar 2026"."""
    return f"{day.day} {day:%b %Y}"
