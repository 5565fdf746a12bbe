"""Turns what a notice is about into a message: subject, text, HTML and headers.

It gets ids, roles, the protocol's own words and dates, never a model or anything about a patient: e-mail
leaves the clinic, so a message says that something is to be done, and the page behind its link says for whom.
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

from pathway.clinical.tags import without_tags
from pathway.notify.wording import wording_for
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
        "told_as": about.told_as,
        "clinic": about.clinic,
    }
    subject = one_line(words.subject.format_map(names))
    return Message(
        subject=subject,
        text=render_to_string("emails/notice.txt", context),
        html=_INLINER.inline(render_to_string("emails/notice.html", {**context, "subject": subject})),
        headers=_headers(about),
    )


def _headers(about: Subject) -> dict[str, str]:
    host = urlsplit(settings.SITE_URL).hostname
    return {
        "Message-ID": f"<{about.notice_id}@{host}>",
        "References": f"<{about.todo_id}@{host}>",  # mail programs show all messages about one to-do together
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Pathway-Notice": str(about.notice_id),
    }


def todo_link(todo_id: UUID) -> str:
    """The address of a to-do; whoever is not signed in lands there after signing in."""
    return f"{settings.SITE_URL}/todos/{todo_id}/"


def day(date_: date) -> str:
    """A date that reads the same everywhere: Mon 2 March 2026."""
    return f"{date_:%a} {date_.day} {date_:%B %Y}"


def one_line(text: str) -> str:
    """Without line breaks, which would end a header."""
    return " ".join(text.split())
