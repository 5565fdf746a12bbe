"""Turns what notices are about into messages: subject, text, HTML and headers.

It gets ids, roles, the protocol's own words and dates, never a model or anything about a patient: e-mail leaves the
clinic, so a message says that something is to be done, and the page behind its link says for whom.
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
from pathway.notify.wording import ALARM, WORDING, Wording, why_changed, wording_for
from pathway.protocol.alarms import rule_of, told
from pathway.protocol.roles import Role, Stage

_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notice about a to-do is about. `told_as`: the recipient's role, `role`: the to-do's.

    `covering`: the recipient answers for an absent colleague.
    """

    kind: str
    told_as: str
    todo_id: UUID
    role: str
    title: str
    stage: str
    due_on: date
    clinic: str
    covering: bool = False


@dataclass(frozen=True, slots=True)
class IncidentSubject:
    """What a notice about an incident is about. Instants are aware; `time_zone` is the clinic's."""

    kind: str
    told_as: str
    incident_id: UUID
    level: str
    opened_at: datetime
    contact_by: datetime | None
    time_zone: str
    clinic: str


@dataclass(frozen=True, slots=True)
class AbsenceSubject:
    """What a notice about an absence is about: the clinic's own dates, how many duties are open, `why` it changed."""

    kind: str
    told_as: str
    first_day: date
    last_day: date
    clinic: str
    duties: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class AlarmSubject:
    """What a notice about an alarm is about. `data`: what the first says and how many of its rule there are."""

    told_as: str
    rule: str
    data: dict[str, Any]
    raised_at: datetime
    time_zone: str
    clinic: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message without its recipient."""

    subject: str
    text: str
    html: str
    headers: dict[str, str]


def compose(mail_id: UUID, about: Subject) -> Message:
    """The message of one notice about a to-do. The same mail always has the same Message-ID."""
    words = wording_for(about.kind, about.told_as, about.role)
    title = without_tags(about.title)
    names = {"title": title, "due": day(about.due_on), "role": about.role, "clinic": about.clinic}
    facts = [
        ("To-do", title),
        ("Due", names["due"]),
        ("For", Role(about.role).label),
        ("Stage", Stage(about.stage).label),
        ("Clinic", about.clinic),
    ]
    if about.covering:
        facts.append(("Why you", "You answer for a colleague who is away"))
    context = {"facts": facts, "link": todo_link(about.todo_id), "what": "Open the to-do"}
    return composed(mail_id, words, names, context, about.told_as, thread=about.todo_id)


def compose_incident(mail_id: UUID, about: IncidentSubject) -> Message:
    """The message of a notice about an incident; the page behind its link says for whom."""
    contact = (
        f"by {moment(about.contact_by, about.time_zone)}" if about.contact_by else "without a time target"
    )
    names = {"level": about.level, "contact": contact, "role": about.told_as, "clinic": about.clinic}
    facts = [
        ("Level", about.level.capitalize()),
        ("Reported", moment(about.opened_at, about.time_zone)),
        ("Contact", contact),
        ("Clinic", about.clinic),
    ]
    context = {"facts": facts, "link": incident_link(about.incident_id), "what": "Open the incident"}
    return composed(mail_id, WORDING[about.kind], names, context, about.told_as, thread=about.incident_id)


def compose_absence(mail_id: UUID, about: AbsenceSubject) -> Message:
    """The message of a notice about an absence; who is away stands behind its link."""
    names = {
        "first": day(about.first_day),
        "last": day(about.last_day),
        "role": about.told_as,
        "clinic": about.clinic,
        "duties": str(about.duties),
        "why": why_changed(about.why),
    }
    facts = [("From", names["first"]), ("To", names["last"]), ("Clinic", about.clinic)]
    context = {"facts": facts, "link": f"{settings.SITE_URL}/cover/", "what": "Open the cover"}
    return composed(mail_id, WORDING[about.kind], names, context, about.told_as)


def compose_alarm(mail_id: UUID, about: AlarmSubject) -> Message:
    """The message of one or several alarms of a rule, about the system or a clinic."""
    rule = rule_of(about.rule)
    names = {
        "title": rule.title,
        "what": told(rule, about.data),
        "do": rule.ask,
        "role": about.told_as,
        "clinic": about.clinic,
    }
    facts = [
        ("Since", moment(about.raised_at, about.time_zone)),
        ("Clinic", about.clinic),
    ]
    context = {"facts": facts, "link": f"{settings.SITE_URL}/watch/", "what": "Open the watch"}
    return composed(mail_id, ALARM, names, context, about.told_as)


def composed(
    mail_id: UUID,
    words: Wording,
    names: dict[str, str],
    context: dict[str, Any],
    told_as: str,
    *,
    thread: UUID | None = None,
) -> Message:
    """A message in a kind's own words about one thing: the facts and the link are in `context`."""
    subject = one_line(words.subject.format_map(names))
    whole = {
        **context,
        "subject": subject,
        "opening": words.opening.format_map(names),
        "ask": words.ask.format_map(names).strip(),
        "told_as": told_as,
        "clinic": names["clinic"],
    }
    return rendered("notice", whole, mail_headers(mail_id, thread))


def rendered(template: str, context: dict[str, Any], headers: dict[str, str]) -> Message:
    """A message from its two templates; the context holds its `subject`."""
    return Message(
        subject=context["subject"],
        text=render_to_string(f"emails/{template}.txt", context),
        html=_INLINER.inline(render_to_string(f"emails/{template}.html", context)),
        headers=headers,
    )


def mail_headers(mail_id: UUID, thread: UUID | None = None) -> dict[str, str]:
    """What every message carries: its own lasting id, what it belongs to, and that no person wrote it."""
    host = urlsplit(settings.SITE_URL).hostname
    headers = {
        "Message-ID": f"<{mail_id}@{host}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Pathway-Mail": str(mail_id),
    }
    if thread is not None:  # mail programs show all messages about one thing together
        headers["References"] = f"<{thread}@{host}>"
    return headers


def todo_link(todo_id: UUID) -> str:
    """The address of a to-do; whoever is not signed in lands there after signing in."""
    return f"{settings.SITE_URL}/todos/{todo_id}/"


def incident_link(incident_id: UUID) -> str:
    """The address of an incident."""
    return f"{settings.SITE_URL}/incidents/{incident_id}/"


def case_link(case_id: UUID) -> str:
    """The address of a case."""
    return f"{settings.SITE_URL}/cases/{case_id}/"


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
