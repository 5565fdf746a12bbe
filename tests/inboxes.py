"""Notices and mails as rows, for tests of what people see of them: the outbox that makes them has tests of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pathway.models import Clinic, Clinician, Mail, Notice
from pathway.models.base import new_id
from tests.cast import MONDAY


def tell(person: Clinician, clinic: Clinic, number: int = 1, **columns: Any) -> list[Notice]:
    """Notices in a person's inbox, told one minute after the other."""
    first = columns.pop("created_at", MONDAY)
    values = {"kind": "cover_ends", "urgency": "news", "state": "kept", "due_at": first, **columns}
    return Notice.objects.bulk_create(
        Notice(
            id=new_id(),
            recipient=person,
            clinic=clinic,
            created_at=first + timedelta(minutes=minute),
            **values,
        )
        for minute in range(number)
    )


def mail(person: Clinician, clinic: Clinic, **columns: Any) -> Mail:
    """A mail to a person: sent, unless the columns say otherwise."""
    values = {
        "urgency": "news",
        "created_at": MONDAY,
        "due_at": MONDAY,
        "state": "sent",
        "sent_at": MONDAY,
        **columns,
    }
    return Mail.objects.create(id=new_id(), recipient=person, clinic=clinic, **values)


def carried(
    person: Clinician, clinic: Clinic, number: int = 1, *, at: datetime = MONDAY, **columns: Any
) -> Mail:
    """So many notices in one mail that was sent."""
    one = mail(person, clinic, sent_at=at)
    tell(person, clinic, number, state="mailed", mail=one, created_at=at, **columns)
    return one
