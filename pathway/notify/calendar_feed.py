"""Writes a person's duties as a calendar that programs subscribe to (RFC 5545, with RFC 7986's refresh interval).

An entry keeps its UID for as long as the duty lives; its SEQUENCE rises with the case's history, so that a program sees
a moved date as the same entry moved, and an ended duty as the same entry cancelled. It says what is to be done and
where, never for whom: a calendar is read on telephones and by other people's programs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from icalendar import Calendar, Event

from pathway.notify.compose import todo_link
from pathway.protocol.roles import Role
from pathway.queries.calendar_duties import Duty

REFRESH = timedelta(hours=1)
"""How often a program should ask again (P)."""
NAME = "Pathway duties"


def calendar_of(duties: Iterable[Duty]) -> bytes:
    """The calendar as its file: UTF-8, lines folded. The same duties always give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Pathway//Duties//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", NAME)
    calendar.add("x-wr-calname", NAME)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for duty in duties:
        calendar.add_component(entry_of(duty))
    return bytes(calendar.to_ical())


def entry_of(duty: Duty) -> Event:
    """One duty as an all-day entry that leaves the day free."""
    changed_at = duty.changed_at.astimezone(UTC).replace(microsecond=0)
    entry = Event()
    entry.add("uid", f"{duty.todo_id}@{urlsplit(settings.SITE_URL).hostname}")
    entry.add("dtstamp", changed_at)
    entry.add("last-modified", changed_at)
    entry.add("sequence", duty.version)
    entry.add("dtstart", duty.due_on)
    entry.add("dtend", duty.due_on + timedelta(days=1))
    entry.add("summary", summary_of(duty))
    entry.add("url", todo_link(duty.todo_id))
    entry.add("categories", [Role(duty.role).label])
    entry.add("status", status_of(duty))
    entry.add("transp", "TRANSPARENT")
    if duty.safety:
        entry.add("priority", 1)
    return entry


def summary_of(duty: Duty) -> str:
    """The to-do and its clinic; that the case is on hold, where the duty waits for it."""
    return f"{duty.title}, {duty.clinic}" + (" (case on hold)" if duty.paused and not duty.ended else "")


def status_of(duty: Duty) -> str:
    """Whether it stands, waits for the end of a hold, or is no more."""
    if duty.ended:
        return "CANCELLED"
    return "TENTATIVE" if duty.paused else "CONFIRMED"
