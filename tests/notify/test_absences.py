"""Absences in the mail: both are told when one begins, by mail, with days and numbers and without a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathway.engine.todos import claim
from pathway.models import Notice, Todo
from pathway.notify.outbox import drain
from pathway.tasks import announce_all
from tests.cast import make_cast, referred
from tests.engine.test_absences import AT, Office

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
