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
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from pathway.engine.errors import NotAllowed, NotFound
from pathway.engine.permissions import Actor, require_role
from pathway.models import Absence, Clinic, ClinicEvent, Clinician, Mail, Membership, SitePumpModel
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.protocol.verdict import refused

COORDINATOR = frozenset({Role.COORDINATOR})
OfClinic = TypeVar("OfClinic", Absence, Mail, Membership, SitePumpModel)


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

    def colleague(self, clinician_id: UUID) -> Clinician:
        """Somebody with a role here. Raises NotFound."""
        if clinician_id not in self.people:
            raise NotFound("There is no such person for you.")
        return self.people[clinician_id]

    def require_coordinator(self, action: str) -> None:
        """Raises NotAllowed, naming who may."""
        require_role(self.actor, COORDINATOR, action)

    def require_keeper(self, action: str) -> None:
        """A coordinator, or who leads the clinic. Raises NotAllowed."""
        if Role.COORDINATOR not in self.actor.roles and self.clinic.lead_id != self.actor.id:
            text = f"Only a coordinator or the clinic's lead may {action}."
            raise NotAllowed(refused("wrong_role", text, Role.COORDINATOR))

    def record(self, verb: str, **data: Any) -> None:
        """Write the one line of history: ids and days as text, never a patient."""
        note_in_clinic(self.clinic.id, self.actor, self.at, verb, **data)


def actors_of(person_id: UUID) -> dict[UUID, Actor]:
    """A person in each of their clinics, with the roles held there."""
    rows = Membership.objects.filter(clinician_id=person_id).values_list("clinic_id", "role")
    roles: dict[UUID, set[Role]] = defaultdict(set)
    for clinic_id, role in rows:
        roles[clinic_id].add(Role(role))
    return {clinic_id: Actor(person_id, frozenset(held)) for clinic_id, held in roles.items()}


def note_in_clinic(clinic_id: UUID, actor: Actor, at: datetime, verb: str, **data: Any) -> None:
    """One line of a clinic's history; by itself for who acts without holding the clinic: the system, or a person."""
    ClinicEvent.objects.create(
        id=new_id(),
        clinic_id=clinic_id,
        at=at,
        actor_id=actor.id,
        role=str(actor.acting_as(Role.COORDINATOR)),
        verb=verb,
        data={name: _text(value) for name, value in data.items()},
    )


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, UUID | date | Role) else value


@contextmanager
def clinic_action(
    *,
    clinic_id: UUID,
    by: Clinician,
    at: datetime,
    lock: bool = True,
    missing: str = "There is no such clinic for you.",
) -> Iterator[ClinicAction]:
    """Open an action: one transaction, the clinic locked (to look ahead without writing: not).

    Raises NotFound, with the sentence `missing`, for a person without a role there.
    """
    with transaction.atomic():
        rows = Clinic.objects.select_for_update(no_key=True) if lock else Clinic.objects.all()
        clinic = rows.filter(pk=clinic_id).first()
        people: dict[UUID, Clinician] = {}
        roles: dict[UUID, set[Role]] = defaultdict(set)
        for member in Membership.objects.filter(clinic_id=clinic_id).select_related("clinician"):
            people[member.clinician_id] = member.clinician
            roles[member.clinician_id].add(Role(member.role))
        if clinic is None or by.id not in people or not people[by.id].is_active:
            raise NotFound(missing)
        held = {person: frozenset(found) for person, found in roles.items()}
        yield ClinicAction(clinic, Actor(by.id, held[by.id]), at, people, held)


@contextmanager
def action_on(
    model: type[OfClinic], key: UUID, *, by: Clinician, at: datetime, missing: str
) -> Iterator[tuple[ClinicAction, OfClinic]]:
    """Open an action on the clinic that a row belongs to; the row is locked too. Raises NotFound, saying `missing`."""
    clinic_id = model.objects.filter(pk=key).values_list("clinic_id", flat=True).first()
    if clinic_id is None:
        raise NotFound(missing)
    with clinic_action(clinic_id=clinic_id, by=by, at=at, missing=missing) as act:
        row = model.objects.select_for_update().filter(pk=key).first()
        if row is None:  # it went while this one waited for the clinic
            raise NotFound(missing)
        yield act, row


def said(day: date) -> str:
    """A day in a sentence: "3 Mar 2026"."""
    return f"{day.day} {day:%b %Y}"
