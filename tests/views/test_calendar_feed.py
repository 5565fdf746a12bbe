"""The calendar feed, read back by vobject, which shares no code with the writer."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import vobject
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from config.logs import logging_settings
from pathway.engine.cases import hold
from pathway.engine.feeds import create_feed, revoke_feed
from pathway.engine.reopening import reopen
from pathway.engine.todos import claim, complete
from pathway.models import CalendarFeed, Case, Patient, Todo
from pathway.notify.unsubscribe import Whose, token_for
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.engine.running_pump import change, duty, program, titrating
from tests.engine.traces import nothing_written
from tests.examples import moved
from tests.queries.crowd import crowd
from tests.views.desk import at

NOW = MONDAY + timedelta(days=1)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """The cast, on Tuesday morning."""
    cast = make_cast()
    with at(NOW):
        yield cast


def ask(key: str, **headers: str) -> HttpResponse:
    return Client().get(f"/calendar/{key}.ics", headers=headers)


def entries(key: str) -> dict[str, Any]:
    """The feed's entries by UID, as an independent parser reads them."""
    calendar = vobject.readOne(ask(key).content.decode())
    return {entry.uid.value: entry for entry in getattr(calendar, "vevent_list", [])}


def the_one(key: str, todo: Todo) -> Any:
    """The entry of a to-do."""
    return entries(key)[f"{todo.id}@127.0.0.1"]


def surgical(cast: Cast) -> tuple[str, Todo]:
    """Nora's address, and her one duty."""
    referred(cast)
    return create_feed(by=cast.nora, at=NOW), Todo.objects.get(role="neurosurgeon")


def test_one_all_day_entry_for_a_duty(cast: Cast) -> None:
    key, todo = surgical(cast)
    assert len(entries(key)) == 1
    entry = the_one(key, todo)
    assert entry.dtstart.value == todo.due_on
    assert entry.dtend.value == todo.due_on + timedelta(days=1)
    assert entry.summary.value == "Surgical review, Riverside"
    assert entry.url.value == f"{settings.SITE_URL}/todos/{todo.id}/"
    assert entry.status.value == "CONFIRMED"
    assert entry.transp.value == "TRANSPARENT"
    assert entry.categories.value == ["Neurosurgeon"]
    assert entry.dtstamp.value == entry.last_modified.value == MONDAY
    assert int(entry.sequence.value) == Case.objects.get().event_seq
    assert "priority" not in entry.contents


def test_the_calendar_says_what_it_is_and_when_to_ask_again(cast: Cast) -> None:
    key, _ = surgical(cast)
    answer = ask(key)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "private" in answer.headers["Cache-Control"]
    text = answer.content.decode()
    for line in (
        "METHOD:PUBLISH",
        "VERSION:2.0",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ):
        assert f"{line}\r\n" in text


def test_a_safety_duty_comes_first(cast: Cast) -> None:
    key, todo = surgical(cast)
    Todo.objects.filter(pk=todo.id).update(safety=True)
    assert the_one(key, todo).priority.value == "1"


def test_moving_a_duty_moves_the_same_entry(cast: Cast) -> None:
    """A higher dose empties the pump sooner: its refill moves forward."""
    with at(MONDAY):
        walk = titrating(cast)
    key, todo = create_feed(by=cast.phil, at=walk.at), duty(walk)
    with at(walk.at):
        before = the_one(key, todo)
        change(walk, program(walk.at, "120"))
        after = the_one(key, todo)
    assert after.dtstart.value == duty(walk).due_on < before.dtstart.value == todo.due_on
    assert before.uid.value == after.uid.value
    assert before.priority.value == "1"
    assert int(after.sequence.value) > int(before.sequence.value)
    assert after.last_modified.value > before.last_modified.value


def test_closing_a_duty_cancels_the_same_entry_and_reopening_brings_it_back(cast: Cast) -> None:
    key, todo = surgical(cast)
    before = the_one(key, todo)
    complete(todo_id=todo.id, record=moved("surgical_review", NOW.date()), by=cast.nora, at=NOW)
    closed = the_one(key, todo)
    assert closed.status.value == "CANCELLED"
    assert closed.dtstart.value == before.dtstart.value
    assert int(closed.sequence.value) > int(before.sequence.value)
    reopen(todo_id=todo.id, reason="A typing error.", by=cast.nora, at=NOW)
    again = the_one(key, todo)
    assert again.status.value == "CONFIRMED"
    assert int(again.sequence.value) > int(closed.sequence.value)


def test_a_duty_that_waits_for_a_hold_is_tentative(cast: Cast) -> None:
    key, todo = surgical(cast)
    hold(case_id=todo.case_id, reason="Ulcer", review_on=date(2026, 3, 20), by=cast.cora, at=NOW)
    entry = the_one(key, todo)
    assert (entry.status.value, entry.summary.value) == (
        "TENTATIVE",
        "Surgical review, Riverside (case on hold)",
    )


def test_nothing_says_for_whom(cast: Cast) -> None:
    key, _ = surgical(cast)
    Patient.objects.update(mrn="CANARY-77", family_name="Canary", given_name="Wilhelmina", phone="555-0177")
    create = {who: create_feed(by=who, at=NOW) for who in (cast.nora, cast.phil, cast.cora)}
    del key
    for one in create.values():
        text = ask(one).content.decode().replace("\r\n ", "")
        assert "BEGIN:VEVENT" in text
        for word in ("CANARY", "Canary", "Wilhelmina", "555-0177", "1980"):
            assert word not in text


def test_long_and_foreign_names_are_folded_and_read_back(cast: Cast) -> None:
    key, todo = surgical(cast)
    cast.clinic.name = "Universitätsklinikum für Neurochirurgie; Haus 3, Straße „Am Flüßchen“ – 神経外科"
    cast.clinic.save()
    raw = ask(key).content
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75
    assert the_one(key, todo).summary.value == f"Surgical review, {cast.clinic.name}"


@override_settings(SITE_URL="https://pathway.clinic.example:8443")
def test_the_uid_is_of_the_site(cast: Cast) -> None:
    key, todo = surgical(cast)
    assert list(entries(key)) == [f"{todo.id}@pathway.clinic.example"]


def test_revoked_replaced_and_unknown_addresses_are_not_there(cast: Cast) -> None:
    key, _ = surgical(cast)
    new = create_feed(by=cast.nora, at=NOW)
    assert ask(key).status_code == 404
    assert ask(new).status_code == 200
    revoke_feed(by=cast.nora, at=NOW)
    with nothing_written():
        for gone in (new, "none", "x" * 43):
            assert ask(gone).status_code == 404
            assert Client().head(f"/calendar/{gone}.ics").status_code == 404


def test_an_empty_calendar_is_a_calendar(cast: Cast) -> None:
    key = create_feed(by=cast.omar, at=NOW)
    assert entries(key) == {}


def test_asked_again_unchanged_it_says_so_and_writes_once_an_hour(cast: Cast) -> None:
    key, todo = surgical(cast)
    first = ask(key)
    assert CalendarFeed.objects.get().read_at == NOW
    with nothing_written():
        again = ask(key, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    claim(todo_id=todo.id, by=cast.nora, at=NOW)
    assert ask(key, **{"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("cases", [1, 10])
def test_five_statements_however_many_duties(cast: Cast, cases: int) -> None:
    crowd(cast, cases, last=MONDAY)
    key = create_feed(by=cast.phil, at=NOW)
    ask(key)
    with CaptureQueriesContext(connection) as asked:
        ask(key)
    owner_roles_roster_duties_and_read = 5
    assert len(asked) == owner_roles_roster_duties_and_read


# --- the key stays out of the logs ---


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What production would print, for the length of a test."""
    stream = io.StringIO()
    production = logging_settings(level="DEBUG", readable=False)
    production["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(production)
    yield stream
    logging.config.dictConfig(settings.LOGGING)


def test_no_key_is_logged(cast: Cast, lines: io.StringIO) -> None:
    key, token = create_feed(by=cast.nora, at=NOW), token_for(Whose.CLINICIAN, cast.nora.id)
    client = Client(raise_request_exception=False)
    ask(key)
    client.post(f"/calendar/{key}.ics")
    client.get(f"/notices/mute/{token}/")
    client.get(f"/notices/mute/{token}x/")
    client.put(f"/notices/mute/{token}/")
    revoke_feed(by=cast.nora, at=NOW)
    ask(key)
    logging.getLogger("django.request").error("Internal Server Error: /calendar/%s.ics", key)
    logged = lines.getvalue()
    assert "GET /calendar/[removed]" in {json.loads(line).get("request") for line in logged.splitlines()}
    assert logged.count("[removed]") > 6
    for secret in (key, token, token.rpartition(".")[2]):
        assert secret not in logged
