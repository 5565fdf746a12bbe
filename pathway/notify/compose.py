"""Turns what a notice is about into a message: subject, text, HTML and headers.

It gets ids, roles, the protocol's own words and dates, never a model or anything about a patient: e-mail
leaves the clinic, so a message says that something is to be done, and the page behind its link says for whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import css_inline
from django.conf import settings
from django.template.loader import render_to_string

from pathway.clinical.tags import without_tags
from pathway.notify.wording import WORDING, wording_for
from pathway.protocol.roles import Role, Stage

_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notice is about. `told_as`: the recipient's role, `role`: the to-do's."""

    notice_id: UUID
    kind: str
    told_as: str
    todo_id: UUID
    role: str
    title: str
    stage: str
    due_on: date
    clinic: str


@dataclass(frozen=True, slots=True)
class IncidentSubject:
    """What a notice about an incident is about. Instants are aware; `time_zone` is the clinic's."""

    notice_id: UUID
    kind: str
    told_as: str
    incident_id: UUID
    level: str
    opened_at: datetime
    contact_by: datetime | None
    time_zone: str
    clinic: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message without its recipient."""

    subject: str
    text: str
    html: str
    headers: dict[str, str]


def compose(about: Subject) -> Message:
    """The message of a notice. The same notice always gives the same Message-ID."""
    words = wording_for(about.kind, about.told_as, about.role)
    title = without_tags(about.title)
    names = {"title": title, "due": day(about.due_on), "role": about.role, "clinic": about.clinic}
    context: dict[str, Any] = {
        "opening": words.opening.format_map(names),
        "ask": words.ask.format_map(names),
        "facts": [
            ("To-do", title),
            ("Due", names["due"]),
            ("For", Role(about.role).label),
            ("Stage", Stage(about.stage).label),
            ("Clinic", about.clinic),
        ],
        "link": todo_link(about.todo_id),
        "what": "to-do",
        "told_as": about.told_as,
        "clinic": about.clinic,
    }
    return _message(words.subject.format_map(names), context, about.notice_id, about.todo_id)


def compose_incident(about: IncidentSubject) -> Message:
    """The message of a notice about an incident; the page behind its link says for whom."""
    words = WORDING[about.kind]
    contact = (
        f"by {moment(about.contact_by, about.time_zone)}" if about.contact_by else "without a time target"
    )
    names = {"level": about.level, "contact": contact, "role": about.told_as, "clinic": about.clinic}
    context: dict[str, Any] = {
        "opening": words.opening.format_map(names),
        "ask": words.ask.format_map(names),
        "facts": [
            ("Level", about.level.capitalize()),
            ("Reported", moment(about.opened_at, about.time_zone)),
            ("Contact", contact),
            ("Clinic", about.clinic),
        ],
        "link": incident_link(about.incident_id),
        "what": "incident",
        "told_as": about.told_as,
        "clinic": about.clinic,
    }
    return _message(words.subject.format_map(names), context, about.notice_id, about.incident_id)


def _message(subject: str, context: dict[str, Any], notice_id: UUID, thread: UUID) -> Message:
    subject = one_line(subject)
    return Message(
        subject=subject,
        text=render_to_string("emails/notice.txt", context),
        html=_INLINER.inline(render_to_string("emails/notice.html", {**context, "subject": subject})),
        headers=_headers(notice_id, thread),
    )


def _headers(notice_id: UUID, thread: UUID) -> dict[str, str]:
    host = urlsplit(settings.SITE_URL).hostname
    return {
        "Message-ID": f"<{notice_id}@{host}>",
        "References": f"<{thread}@{host}>",  # mail programs show all messages about one thing together
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Pathway-Notice": str(notice_id),
    }


def todo_link(todo_id: UUID) -> str:
    """The address of a to-do; whoever is not signed in lands there after signing in."""
    return f"{settings.SITE_URL}/todos/{todo_id}/"


def incident_link(incident_id: UUID) -> str:
    """The address of an incident."""
    return f"{settings.SITE_URL}/incidents/{incident_id}/"


def moment(at: datetime, time_zone: str) -> str:
    """An instant on the clinic's clock: Mon 2 March 2026, 14:05."""
    local = at.astimezone(ZoneInfo(time_zone))
    return f"{day(local.date())}, {local:%H:%M}"


def day(date_: date) -> str:
    """A date that reads the same everywhere: Mon 2 March 2026."""
    return f"{date_:%a} {date_.day} {date_:%B %Y}"


def one_line(text: str) -> str:
    """Without line breaks, which would end a header."""
    return " ".join(text.split())
