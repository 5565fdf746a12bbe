"""The message that reminds a patient or caregiver of an appointment. It names nobody and nothing clinical.

Whoever sees the mailbox learns that somebody is expected at a clinic on a day, and no more: no name, no reason, no
link into the application but the one that stops the reminders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import css_inline
from django.conf import settings
from django.template.loader import render_to_string

from pathway.notify.compose import Message, one_line
from pathway.notify.stop_link import stop_link

_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


@dataclass(frozen=True, slots=True)
class AppointmentSubject:
    """An appointment to be reminded of. `on` is the clinic's local date; `phone` is empty where it is not known."""

    mail_id: UUID
    contact_id: UUID
    on: date
    clinic: str
    phone: str = ""


def compose_appointment(about: AppointmentSubject) -> Message:
    """The reminder. The same mail always gives the same Message-ID."""
    clinic, phone, when = one_line(about.clinic), one_line(about.phone), long_day(about.on)
    subject = f"Your appointment on {when}"
    link = stop_link(about.contact_id)
    context: dict[str, Any] = {
        "subject": subject,
        "when": when,
        "clinic": clinic,
        "phone": phone,
        "dial": "".join(sign for sign in phone if sign.isdigit() or sign == "+"),
        "link": link,
    }
    return Message(
        subject=subject,
        text=render_to_string("emails/appointment.txt", context),
        html=_INLINER.inline(render_to_string("emails/appointment.html", context)),
        headers=_headers(about.mail_id, link),
    )


def _headers(mail_id: UUID, link: str) -> dict[str, str]:
    """RFC 8058: a mail program shows its own button, and one press of it stops the reminders."""
    return {
        "Message-ID": f"<{mail_id}@{urlsplit(settings.SITE_URL).hostname}>",
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


def long_day(on: date) -> str:
    """A date without abbreviations: Monday 2 March 2026."""
    return f"{on:%A} {on.day} {on:%B %Y}"
