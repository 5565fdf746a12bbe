"""Absences in the mail: both are told when one begins, by mail, with days and numbers and without a name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from pathway.engine.absences import cancel_absence, change_absence
from pathway.engine.leaving import leave
from pathway.engine.todos import claim
from pathway.models import Absence, Clinician, Notice, Todo
from pathway.models.base import new_id
from pathway.notify.outbox import drain
from pathway.tasks import announce_all
from tests.cast import make_cast, referred
from tests.engine.test_absences import AT, Office
from tests.views.desk import Desk, at, words

pytestmark = pytest.mark.django_db


def test_the_deputy_is_mailed_that_it_begins_and_how_much_there_is(mailoutbox: list[Any]) -> None:
    office = Office(make_cast())
    referred(office.cast)
    for todo in Todo.objects.filter(role="physiatrist")[:2]:
        claim(todo_id=todo.id, by=office.phil, at=AT)
    office.plan(office.phil, office.pia, 0, 2)
    Notice.objects.all().delete()  # the beginning alone, not merged with what was told before
    announce_all(at=AT)
    drain(at=AT + timedelta(days=1))
    found: dict[str, Any] = {mail.to[0]: mail for mail in mailoutbox}
    assert set(found) == {"phil@clinic.example", "pia@clinic.example"}
    told = found["pia@clinic.example"]
    assert told.subject == "An absence begins: the deputy answers until Wed 4 March 2026"
    assert "2 duties are open" in told.body
    assert "/cover/" in told.body
    assert "phil" not in told.subject + told.body


def cancelled(office: Office, absence: Absence) -> None:
    cancel_absence(absence_id=absence.id, by=office.phil, at=AT)


def another_deputy(office: Office, absence: Absence) -> None:
    days = {"first_day": absence.first_day, "last_day": absence.last_day}
    change_absence(absence_id=absence.id, deputy_id=office.paul.id, by=office.phil, at=AT, **days)


def deputy_left(office: Office, absence: Absence) -> None:
    leave(
        clinic_id=office.cast.clinic.id,
        clinician_id=office.pia.id,
        successors={},
        reason="Moves away",
        by=office.cast.cora,
        at=AT,
    )


WHY = [
    (cancelled, "pia", "It was cancelled."),
    (another_deputy, "pia", "You are no longer its deputy."),
    (deputy_left, "phil", "Its deputy cannot answer any more: nobody does until another is named."),
]


@pytest.mark.parametrize(("changes", "told", "says"), WHY)
def test_what_became_of_an_absence_is_said_in_the_mail_the_digest_and_the_inbox(
    changes: Callable[[Office, Absence], None], told: str, says: str
) -> None:
    office = Office(make_cast())
    absence = office.plan(office.phil, office.pia, 2, 5)
    Notice.objects.all().delete()
    changes(office, absence)
    who = Clinician.objects.get(username=told)
    Notice.objects.exclude(kind="cover_cancelled", recipient=who).delete()
    notice = Notice.objects.get()
    drain(at=AT + timedelta(days=1))
    assert says in mail.outbox[0].body

    other = Absence.objects.create(
        clinic=office.cast.clinic,
        clinician=office.paul,
        first_day=AT.date(),
        last_day=AT.date(),
        planned_at=AT,
        planned_by=office.paul,
    )
    Notice.objects.create(
        id=new_id(),
        clinic=office.cast.clinic,
        absence=other,
        recipient=who,
        kind="cover_ends",
        urgency="news",
        created_at=AT,
        due_at=AT,
    )
    Notice.objects.filter(pk=notice.pk).update(state="pending", mail=None)
    drain(at=AT + timedelta(days=2))
    assert mail.outbox[-1].subject.startswith("2 things for you")
    assert f"Sat 7 March 2026: {says}" in " ".join(mail.outbox[-1].body.split())
    with at(AT):
        assert says.removesuffix(".") in words(Desk(who).get("/notices/"))
