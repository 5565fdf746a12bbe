"""A clinic opens: its row, its calendar, and the coordinator who adds everybody else. A command of the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction

from pathway.calendars import even_week
from pathway.engine.clinic_action import note_in_clinic
from pathway.engine.clinic_proposal import Proposal, checked, source_of_proposal
from pathway.engine.errors import Invalid
from pathway.engine.joining import Joined, Newcomer, account_of, join, tell_joined
from pathway.engine.permissions import SYSTEM
from pathway.models import Clinic
from pathway.protocol.roles import Role

USUAL_WEEK = even_week(time(8), time(17))
"""Opening hours until the clinic sets its own (P)."""


@dataclass(frozen=True, slots=True)
class NewClinic:
    """A clinic to be opened. `slug` is its short name in addresses; `country` and `subdivision` name its holidays."""

    name: str
    slug: str
    time_zone: str
    country: str
    subdivision: str = ""


def open_clinic(*, clinic: NewClinic, coordinator: Newcomer, at: datetime) -> Joined:
    """Open a clinic with its first coordinator, who is told by mail how to sign in; all or nothing.

    Raises Invalid by field (name, slug, time_zone, country, subdivision, and those of `engine.joining.invite`).
    """
    with transaction.atomic():
        row = _row(clinic, at)
        person, fresh = account_of(coordinator, [Role.COORDINATOR])
        join(row, person, [Role.COORDINATOR])
        note_in_clinic(row.id, SYSTEM, at, "open_clinic", coordinator=person.id, account=fresh)
        return Joined(person.id, invited=tell_joined(row, person, [Role.COORDINATOR], at))


def _row(clinic: NewClinic, at: datetime) -> Clinic:
    calendar = Proposal(clinic.time_zone, USUAL_WEEK, clinic.country, clinic.subdivision)
    columns = source_of_proposal(calendar)
    del columns["closed_days"]  # rows of their own; a new clinic has none
    row = Clinic(name=clinic.name.strip(), slug=clinic.slug, **columns)
    checked(row, calendar, at)
    try:
        row.clean_fields()
    except ValidationError as error:
        raise Invalid(error.message_dict) from error
    if Clinic.objects.filter(slug=clinic.slug).exists():
        raise Invalid({"slug": [f"There is a clinic {clinic.slug} already: nothing was changed."]})
    row.save(force_insert=True)
    return row
