"""The message that reminds a patient or caregiver of an appointment. It names nobody and nothing clinical.

Whoever sees the mailbox learns that somebody is expected at a clinic on a day, and no more: no name, no reason, no
link into the application but the one that stops the reminders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings

from pathway.notify.compose import Message, mail_headers, one_line, rendered
from pathway.notify.unsubscribe import Whose, headers, token_for


@dataclass(frozen=True, slots=True)
class AppointmentSubject:
    """An appointment to be reminded of. `on` is the clinic's local date; `phone` is empty where it is not known.

    `clinic` is the clinic's outward name: the hospital's where it is known, since its own may say what it treats.
    """

    mail_id: UUID
    contact_id: UUID
    on: date
    clinic: str
    phone: str = ""


def compose_appointment(about: AppointmentSubject) -> Message:
    """The reminder. The same mail always gives the same Message-ID."""
    clinic, phone, when = one_line(about.clinic), one_line(about.phone), long_day(about.on)
    context: dict[str, Any] = {
        "subject": f"Your appointment on {when}",
        "when": when,
        "clinic": clinic,
        "phone": phone,
        "dial": "".join(sign for sign in phone if sign.isdigit() or sign == "+"),
        "link": stop_link(about.contact_id),
    }
    return rendered("appointment", context, {**mail_headers(about.mail_id), **headers(context["link"])})


def stop_link(contact_id: UUID) -> str:
    """The address at which a contact stops the reminders, without sign-in and for ever."""
    return f"{settings.SITE_URL}/reminders/stop/{token_for(Whose.CONTACT, contact_id)}/"


def long_day(on: date) -> str:
    """A date without abbreviations: Monday 2 March 2026."""
    return f"{on:%A} {on.day} {on:%B %Y}"
