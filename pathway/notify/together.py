"""Several things for one person as one message, grouped by case: the digest, and what came at the same moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pathway.notify.compose import Message, mail_headers, one_line, rendered

#: More lines than these are counted, not listed: the inbox has them all.
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: what kind, its text, its link, and whether it is overdue."""

    label: str
    text: str
    link: str
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs to one case, or to none: a heading without identity, its link, and the lines."""

    heading: str
    link: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """Everything one message tells. `mutable`: the person may have such mail stopped."""

    mail_id: UUID
    clinic: str
    told_as: str
    groups: tuple[Group, ...]
    inbox_link: str
    settings_link: str


def compose_together(about: Together) -> Message:
    """The message of several notices. The same mail always has the same Message-ID."""
    number = sum(len(group.lines) for group in about.groups)
    overdue = sum(line.overdue for group in about.groups for line in group.lines)
    subject = f"{number} things for you at {about.clinic}" + (f", {overdue} overdue" if overdue else "")
    shown = list(_shown(about.groups))
    context = {
        "subject": one_line(subject),
        "groups": shown,
        "more": number - sum(len(group.lines) for group in shown),
        "inbox_link": about.inbox_link,
        "settings_link": about.settings_link,
        "told_as": about.told_as,
        "clinic": about.clinic,
    }
    return rendered("together", context, mail_headers(about.mail_id))


def _shown(groups: Sequence[Group]) -> list[Group]:
    """The first groups, up to the number of lines that a person reads."""
    room, found = SHOWN, []
    for group in groups:
        if room <= 0:
            break
        found.append(Group(group.heading, group.link, group.lines[:room]))
        room -= len(group.lines)
    return found
