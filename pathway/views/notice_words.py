"""A notice in plain words: what happened, what it is about, how it reached its reader. It knows no patient."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pathway.models.notice import KINDS
from pathway.notify.wording import why_changed
from pathway.protocol.alarms import rule_of, told
from pathway.protocol.attention import Urgency
from pathway.protocol.roles import Role, TodoState
from pathway.queries.notices import Line

WHAT = dict(KINDS)
LOOK = {
    Urgency.RED: ("danger", "siren"),
    Urgency.SAFETY: ("danger", "shield"),
    Urgency.SOON: ("warning", "clock-alert"),
    Urgency.NEWS: ("neutral", "message-square"),
}


def shown(line: Line, now: datetime) -> dict[str, Any]:
    """What the inbox draws of one notice."""
    variant, icon = LOOK[line.urgency]
    return {
        "row": line,
        "what": WHAT[line.kind],
        "variant": variant,
        "icon": icon,
        "title": title_of_line(line),
        "about": about(line),
        "settled": settled(line),
        "reached": reached(line, now),
    }


def title_of_line(line: Line) -> str:
    """What the notice is about, as the name of its link."""
    if line.todo:
        return line.todo.title
    if line.incident:
        return f"{line.incident.level.capitalize()} incident"
    if line.absence:
        return f"{line.absence.who}, {days(line.absence.first_day, line.absence.last_day)}"
    if line.alarm:
        return rule_of(line.alarm.rule).title
    return WHAT[line.kind]


def about(line: Line) -> str:
    """What else it says, for which role, told as which, and in which clinic."""
    parts = []
    if line.kind == "cover_cancelled":
        parts.append(why_changed(line.data.get("why", "")).removesuffix("."))
    if line.alarm and "says" in line.data:
        parts.append(told(rule_of(line.alarm.rule), line.data).removesuffix("."))
    if line.todo:
        parts.append(f"for the {role_words(line.todo.role)}")
    if line.told_as and not (line.todo and line.todo.role == line.told_as):
        parts.append(f"told to you as {role_words(line.told_as)}")
    return " · ".join([*parts, line.clinic])


def settled(line: Line) -> str:
    """What became of it since; "" while it stands."""
    if line.todo and line.todo.state != TodoState.OPEN:
        return TodoState(line.todo.state).label
    if line.incident and line.incident.closed:
        return "Closed"
    if line.incident and line.incident.heard:
        return "Acknowledged"
    return "Mended" if line.alarm and line.alarm.cleared else ""


def reached(line: Line, now: datetime) -> str:
    """How the notice reached its reader, or will."""
    if line.state == "kept":
        return "In the inbox only"
    if line.state == "dropped" or line.mail_state == "dropped":
        return "No mail: it was settled before"
    if line.mail_state == "dead":
        return "The mail could not be delivered"
    if line.mail_sent_at:
        return f"Mailed {moment(line, line.mail_sent_at, now)}"
    due_at = line.mail_due_at or line.due_at
    return f"Goes with the mail at {moment(line, due_at, now)}" if due_at > now else "Is being mailed"


def moment(line: Line, at: datetime, now: datetime) -> str:
    """An instant on the clinic's clock: the time alone today, else with its day."""
    local = at.astimezone(line.time_zone)
    if local.date() == now.astimezone(line.time_zone).date():
        return f"{local:%H:%M}"
    return f"{local:%H:%M} on {day(local.date())}"


def days(first: date, last: date) -> str:
    """One day, or from when to when."""
    return day(first) if first == last else f"{day(first)} to {day(last)}"


def day(on: date) -> str:
    """Mon 2 March."""
    return f"{on:%a} {on.day} {on:%B}"


def role_words(code: str) -> str:
    """A role inside a sentence."""
    return Role(code).label.lower()
