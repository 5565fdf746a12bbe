"""A person's inbox: their own, newest first, in pages that hold every notice once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathway.clinical.signs import Signs
from pathway.engine.incidents import acknowledge, report
from pathway.models import Absence, Alarm, Membership, Todo
from pathway.models.base import new_id
from pathway.queries.notices import PAGE_ROWS, Line, NoticePage, Show, notices_of, read_cursor
from tests.cast import MONDAY, Cast, referred
from tests.inboxes import carried, mail, tell

NOW = MONDAY + timedelta(hours=6)


def inbox(cast: Cast, show: Show = Show.ALL, **options: Any) -> NoticePage:
    return notices_of(cast.nora.id, at=NOW, show=show, **options)


def test_newest_first_and_ones_own(cast: Cast) -> None:
    told = tell(cast.nora, cast.clinic, 3)
    tell(cast.phil, cast.clinic, 2)
    assert [row.id for row in inbox(cast).rows] == [one.id for one in reversed(told)]


def test_pages_hold_every_notice_once_even_of_one_moment(cast: Cast) -> None:
    tell(cast.nora, cast.clinic, 40)
    for _ in range(80):
        tell(cast.nora, cast.clinic)
    rows: list[Line] = []
    after = None
    while True:
        page = inbox(cast, after=after)
        rows += page.rows
        if not page.more:
            break
        assert len(page.rows) == PAGE_ROWS
        after = read_cursor(page.cursor)
        assert after is not None
    assert len(rows) == len({row.id for row in rows}) == 120
    assert [row.told_at for row in rows] == sorted((row.told_at for row in rows), reverse=True)


def test_what_is_shown(cast: Cast) -> None:
    (unread,) = tell(cast.nora, cast.clinic)
    (read,) = tell(cast.nora, cast.clinic, read_at=NOW)
    (dropped,) = tell(cast.nora, cast.clinic, state="dropped")
    (red,) = tell(cast.nora, cast.clinic, urgency="red", kind="page", read_at=NOW)
    (safety,) = tell(cast.nora, cast.clinic, urgency="safety", kind="alarm")
    found = {show: {row.id for row in inbox(cast, show).rows} for show in Show}
    assert found[Show.UNREAD] == {unread.id, safety.id}
    assert found[Show.ALL] == {unread.id, read.id, dropped.id, red.id, safety.id}
    assert found[Show.SAFETY] == {red.id, safety.id}


def test_what_each_is_about(cast: Cast) -> None:
    case_id = referred(cast)
    todo = Todo.objects.get(case_id=case_id, role="neurosurgeon")
    absence = Absence.objects.create(
        clinic=cast.clinic,
        clinician=cast.phil,
        first_day=MONDAY.date(),
        last_day=MONDAY.date(),
        planned_at=MONDAY,
        planned_by=cast.phil,
    )
    alarm = Alarm.objects.create(
        rule="mail_stuck", raised_at=MONDAY, seen_at=MONDAY, told_at=MONDAY, cleared_at=NOW
    )
    todo.notices.all().delete()
    tell(cast.nora, cast.clinic, todo=todo, kind="due", created_at=MONDAY)
    tell(cast.nora, cast.clinic, absence=absence, kind="cover_begins", created_at=MONDAY - timedelta(hours=1))
    tell(cast.nora, cast.clinic, alarm=alarm, kind="alarm", created_at=MONDAY - timedelta(hours=2))
    due, away, wrong = inbox(cast).rows
    assert due.todo is not None
    assert (due.todo.title, due.todo.role, due.todo.due_on, due.todo.state) == (
        "Surgical review",
        "neurosurgeon",
        todo.due_on,
        "open",
    )
    assert away.absence is not None
    assert (away.absence.who, away.absence.first_day) == ("phil", MONDAY.date())
    assert wrong.alarm is not None
    assert (wrong.alarm.rule, wrong.alarm.cleared) == ("mail_stuck", True)
    assert due.alarm is due.incident is due.absence is None


def test_an_incident_and_what_became_of_it(cast: Cast) -> None:
    told = {"request_id": new_id(), "signs": Signs(itch=True), "by": cast.cora, "at": MONDAY}
    incident_id = report(case_id=referred(cast), **told).incident_id
    assert incident_id is not None
    tell(cast.nora, cast.clinic, incident_id=incident_id, kind="incident", created_at=NOW)
    row = inbox(cast).rows[0]
    assert row.incident is not None
    assert (row.incident.id, row.incident.heard, row.incident.closed) == (incident_id, False, False)
    acknowledge(incident_id=incident_id, by=cast.cora, at=NOW)
    heard = inbox(cast).rows[0].incident
    assert heard is not None
    assert heard.heard


def test_the_mail_that_carries_it(cast: Cast) -> None:
    carried(cast.nora, cast.clinic, at=MONDAY)
    (row,) = inbox(cast).rows
    assert (row.state, row.mail_state, row.mail_sent_at) == ("mailed", "sent", MONDAY)
    waiting = mail(cast.nora, cast.clinic, state="pending", sent_at=None, due_at=NOW)
    tell(cast.nora, cast.clinic, state="mailed", mail=waiting, created_at=NOW)
    assert (inbox(cast).rows[0].mail_state, inbox(cast).rows[0].mail_due_at) == ("pending", NOW)


def test_who_left_a_clinic_keeps_what_they_were_told_without_a_way_in(cast: Cast) -> None:
    tell(cast.nora, cast.clinic)
    assert inbox(cast).rows[0].here
    Membership.objects.filter(clinician=cast.nora).delete()
    assert not inbox(cast).rows[0].here


def test_one_query_however_many(cast: Cast, django_assert_num_queries: Any) -> None:
    tell(cast.nora, cast.clinic, 200)
    for show in Show:
        with django_assert_num_queries(1):
            inbox(cast, show)


@pytest.mark.parametrize(
    "text", ["", "x", "2026-03-02,x", "2026-03-02T14:00:00,01a218fc-5083-707d-845a-84fcfc6cb1c2"]
)
def test_a_mistyped_page_is_the_first(text: str) -> None:
    assert read_cursor(text) is None
