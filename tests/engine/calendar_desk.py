"""A clinic's calendar as somebody would change it, for the tests of the verbs and of the screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from pathway.calendars import even_week
from pathway.engine.clinic_calendar import Changed, Preview, change_calendar, preview_calendar
from pathway.engine.clinic_proposal import ClosedOn, Proposal
from pathway.models import Clinician, Todo
from tests.cast import Cast

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
