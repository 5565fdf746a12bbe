"""A clinic's calendar as somebody would change it, for the tests of the verbs and of the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from pathway.calendars import even_week
from pathway.engine.clinic_calendar import Changed, Preview, change_calendar, preview_calendar
from pathway.engine.clinic_proposal import ClosedOn, Proposal
from pathway.models import Clinician, Todo
from tests.cast import MONDAY, Cast

NOW = MONDAY + timedelta(hours=6)
CLOSED = date(2026, 3, 9)
TEN_DAYS, AFTER = date(2026, 3, 16), date(2026, 3, 17)
"""Where a duty at +10 working days from Monday 2 March falls, and where it falls with the closed day."""
USUAL = Proposal("America/Chicago", even_week(time(8), time(17)), "US", "")
"""The cast's clinic as it stands."""


def closing(*days: date, **changes: Any) -> Proposal:
    """The usual week with these closed days."""
    return replace(USUAL, closed_days=tuple(ClosedOn(day) for day in days), **changes)


def previewed(cast: Cast, proposal: Proposal, at: datetime, by: Clinician | None = None) -> Preview:
    """What would move."""
    return preview_calendar(clinic_id=cast.clinic.id, proposal=proposal, by=by or cast.cora, at=at)


def changed(cast: Cast, proposal: Proposal, at: datetime, by: Clinician | None = None) -> Changed:
    """Preview, agree, change."""
    agreed = previewed(cast, proposal, at, by).fingerprint
    return change_calendar(
        clinic_id=cast.clinic.id, proposal=proposal, agreed=agreed, by=by or cast.cora, at=at
    )


def dated(todo: Todo) -> tuple[date, int]:
    """A to-do's date and the calendar it was computed in, as stored."""
    todo.refresh_from_db()
    return todo.due_on, todo.calendar_version


def sent(act: Callable[[], Any]) -> int:
    """How many statements an act sends."""
    with CaptureQueriesContext(connection) as caught:
        act()
    return len([query for query in caught if "SAVEPOINT" not in query["sql"]])
