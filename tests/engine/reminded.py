"""A patient who agreed to be reminded, and refills that are booked, for the tests of appointment reminders."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from pathway.engine.cases import close
from pathway.engine.reminders import record_consent
from pathway.engine.reopening import reopen
from pathway.models import Notice, ReminderContact
from pathway.queries.reminders import still_true
from tests.walk import Walk

ADDRESS = "someone@home.example"


def agree(walk: Walk, who: str = "patient", email: str = ADDRESS, **more: Any) -> ReminderContact:
    """Record a consent given today; the contact as stored."""
    values = {
        "consent_on": walk.today,
        "consent_how": "by_phone",
        "by": walk.cast.cora,
        "at": walk.at,
        **more,
    }
    record_consent(case_id=walk.case_id, who=who, email=email, **values)
    return contact_of(walk, who)


def consent_form(walk: Walk, **changes: str) -> dict[str, str]:
    """The same as a form sends it."""
    day = walk.today.isoformat()
    return {"who": "patient", "email": ADDRESS, "consent_on": day, "consent_how": "in_person", **changes}


def contact_of(walk: Walk, who: str = "patient") -> ReminderContact:
    return ReminderContact.objects.get(patient_id=walk.case.patient_id, who=who, withdrawn_at=None)


def book(walk: Walk, in_days: int = 20) -> date:
    """Book the refill so many days from today."""
    day = walk.today + timedelta(days=in_days)
    walk.do("book_refill", booked="refill", booked_for=day)
    return day


def move_booking(walk: Walk, in_days: int) -> date:
    """The appointment is moved: the booking is opened again and done with another date."""
    cancel(walk)
    return book(walk, in_days)


def cancel(walk: Walk) -> None:
    todo = walk.todo("book_refill")
    reopen(todo_id=todo.id, by=walk.cast.cora, at=walk.at, reason="They cannot come.")


def queued(walk: Walk) -> list[Notice]:
    """Every reminder of the case, by the moment it leaves."""
    notices = Notice.objects.filter(case_id=walk.case_id, kind="appointment")
    return list(notices.order_by("due_at", "id"))


def days_of(walk: Walk) -> list[tuple[str, int]]:
    return [(notice.data["date"], notice.data["days"]) for notice in queued(walk)]


def true_days(walk: Walk, at: datetime | None = None) -> set[tuple[str, int]]:
    """What would be sent, each reminder asked alone."""
    return {
        (notice.data["date"], notice.data["days"])
        for notice in queued(walk)
        if still_true([notice.id], at=at)
    }


def close_it(walk: Walk, reason: str = "withdrew") -> None:
    evidence = {"note": "As the family told us.", "on": walk.today.isoformat()}
    close(case_id=walk.case_id, reason=reason, evidence=evidence, by=walk.cast.cora, at=walk.at)
