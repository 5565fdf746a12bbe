"""A clinic itself: who may change it, its history, and what is printed in its name. These actions belong to no case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from pathway.engine.action import action
from pathway.engine.cards import card_reads_anew
from pathway.engine.errors import Invalid, NotAllowed, NotFound
from pathway.engine.permissions import Actor
from pathway.models import Case, Clinic, ClinicEvent, Clinician, Membership, Pump
from pathway.models.base import new_id
from pathway.protocol.roles import Role, Stage
from pathway.protocol.verdict import refused

PRINTED = ("hospital_name", "emergency_phone")


@dataclass(frozen=True, slots=True)
class Named:
    """What naming a clinic did: how many emergency cards read otherwise now. `repeated`: nothing was to change."""

    cards: int = 0
    repeated: bool = False


def enter_clinic(clinic_id: UUID, by: Clinician, doing: str, *, lock: bool = True) -> tuple[Clinic, Actor]:
    """The clinic, locked, and who acts there. Raises NotFound, and NotAllowed for all but coordinators and the lead.

    Needs an open transaction where it locks.
    """
    roles = Membership.objects.filter(clinic_id=clinic_id, clinician_id=by.id, clinician__is_active=True)
    actor = Actor(by.id, frozenset(Role(role) for role in roles.values_list("role", flat=True)))
    rows = Clinic.objects.select_for_update(no_key=True) if lock else Clinic.objects.all()
    clinic = rows.filter(pk=clinic_id).first()
    if not actor.roles or clinic is None:
        raise NotFound("There is no such clinic for you.")
    if Role.COORDINATOR not in actor.roles and clinic.lead_id != by.id:
        text = f"Only a coordinator or the clinic's lead may {doing}."
        raise NotAllowed(refused("wrong_role", text, Role.COORDINATOR))
    return clinic, actor


def note_in_clinic(clinic: Clinic, actor: Actor, at: datetime, verb: str, **data: Any) -> None:
    """One line of the clinic's history."""
    ClinicEvent.objects.create(
        id=new_id(),
        clinic=clinic,
        at=at,
        actor_id=actor.id,
        role=str(actor.acting_as(Role.COORDINATOR)),
        verb=verb,
        data=data,
    )


def name_clinic(
    *, clinic_id: UUID, values: Mapping[str, str], lead: UUID | None, by: Clinician, at: datetime
) -> Named:
    """Set the hospital and the 24-hour number that emergency cards print, and the clinic's lead (or nobody).

    Each card that reads otherwise by this becomes a new edition: a coordinator is asked to hand it over, as for any
    other changed fact. Raises NotFound, NotAllowed, Invalid by field.
    """
    with transaction.atomic():
        clinic, actor = enter_clinic(clinic_id, by, "change the clinic")
        wanted = {name: " ".join(values[name].split()) for name in PRINTED}
        before = {name: getattr(clinic, name) for name in PRINTED}
        if wanted == before and lead == clinic.lead_id:
            return Named(repeated=True)
        _require_member(clinic, lead)
        for name, text in wanted.items():
            setattr(clinic, name, text)
        try:
            clinic.clean_fields(exclude={field.name for field in Clinic._meta.fields} - set(PRINTED))
        except ValidationError as error:
            raise Invalid(error.message_dict) from error
        led_by, clinic.lead_id = clinic.lead_id, lead
        # Every open case is held first: an operation that ends now has read the old number for its card.
        open_cases = Case.objects.filter(clinic=clinic).exclude(stage=str(Stage.CLOSED))
        list(open_cases.select_for_update(no_key=True).order_by("id").values_list("id", flat=True))
        clinic.save(update_fields=[*PRINTED, "lead"])
        cards = _print_anew(clinic, by, at) if wanted != before else 0
        note_in_clinic(
            clinic,
            actor,
            at,
            "name_clinic",
            **{name: text for name, text in wanted.items() if text != before[name]},
            **({"lead": str(lead or "")} if lead != led_by else {}),
            cards=cards,
        )
        return Named(cards)


def _require_member(clinic: Clinic, lead: UUID | None) -> None:
    members = Membership.objects.filter(clinic=clinic, clinician__is_active=True)
    if lead is not None and not members.filter(clinician_id=lead).exists():
        raise Invalid({"lead": ["Choose somebody who works in this clinic and can sign in."]})


def _print_anew(clinic: Clinic, by: Clinician, at: datetime) -> int:
    """Note the new edition on every case whose card reads otherwise. Returns how many."""
    in_place = Pump.objects.filter(case__clinic=clinic, explanted_on__isnull=True).order_by("case_id")
    changed = 0
    for case_id in in_place.values_list("case_id", flat=True):
        with action(case_id=case_id, by=by, at=at) as act:
            if card_reads_anew(act):
                act.commit("name_clinic", act.actor.acting_as(Role.COORDINATOR))
                changed += 1
    return changed
