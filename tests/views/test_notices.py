"""The inbox as its reader sees it: words, badge, filters, reading by opening, and nobody else's notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pathway.engine.todos import claim
from pathway.models import Alarm, Membership, Notice, Todo
from pathway.queries.frame import UNREAD_LIMIT
from pathway.queries.notices import PAGE_ROWS
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.engine.traces import nothing_written
from tests.inboxes import carried, mail, tell
from tests.views.desk import Desk, at, words

NOW = MONDAY + timedelta(days=1)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """The cast, on Tuesday morning."""
    cast = make_cast()
    with at(NOW):
        yield cast


def surgical(cast: Cast) -> Todo:
    """A duty of the neurosurgeon, without the notices that its opening brought."""
    todo = Todo.objects.get(case_id=referred(cast), role="neurosurgeon")
    Notice.objects.all().delete()
    return todo


def test_a_notice_in_plain_words(cast: Cast) -> None:
    todo = surgical(cast)
    (one,) = tell(cast.nora, cast.clinic, todo=todo, kind="due", urgency="soon", role="neurosurgeon")
    page = Desk(cast.nora).get("/notices/")
    text = words(page)
    assert "Due and overdue Unread A to-do is due today Surgical review" in text
    assert "Mon 2 Mar, 03:00" in text  # on the clinic's clock
    assert "for the neurosurgeon · Riverside" in text
    assert "In the inbox only" in text
    assert f'href="/notices/{one.id}/"' in page
    assert "Surgical review" in text
    assert "Person, Sample R-1001" in text


def test_a_coordinator_reads_in_which_role_they_were_told(cast: Cast) -> None:
    tell(cast.cora, cast.clinic, todo=surgical(cast), kind="escalate", urgency="soon", role="coordinator")
    assert "for the neurosurgeon · told to you as coordinator · Riverside" in words(
        Desk(cast.cora).get("/notices/")
    )


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"state": "kept"}, "In the inbox only"),
        ({"state": "dropped"}, "No mail: it was settled before"),
        ({"state": "pending", "due_at": NOW + timedelta(hours=3)}, "Goes with the mail at 06:00"),
        (
            {"state": "pending", "due_at": NOW + timedelta(days=1)},
            "Goes with the mail at 03:00 on Wed 4 March",
        ),
        ({"state": "pending", "due_at": NOW}, "Is being mailed"),
    ],
)
def test_how_it_will_reach_one(cast: Cast, columns: dict[str, Any], says: str) -> None:
    tell(cast.nora, cast.clinic, **columns)
    assert says in words(Desk(cast.nora).get("/notices/?show=all"))


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({}, "Mailed 03:00 on Mon 2 March"),
        ({"sent_at": NOW}, "Mailed 03:00"),
        ({"state": "dead", "sent_at": None}, "The mail could not be delivered"),
        ({"state": "dropped", "sent_at": None}, "No mail: it was settled before"),
        (
            {"state": "pending", "sent_at": None, "due_at": NOW + timedelta(minutes=90)},
            "Goes with the mail at 04:30",
        ),
        ({"state": "leased", "sent_at": None, "due_at": NOW}, "Is being mailed"),
    ],
)
def test_how_its_mail_fared(cast: Cast, columns: dict[str, Any], says: str) -> None:
    tell(cast.nora, cast.clinic, state="mailed", mail=mail(cast.nora, cast.clinic, **columns))
    assert says in words(Desk(cast.nora).get("/notices/"))


def test_what_became_of_it_is_said(cast: Cast) -> None:
    todo = surgical(cast)
    tell(cast.nora, cast.clinic, todo=todo, kind="due", urgency="soon")
    alarm = Alarm.objects.create(
        rule="mail_stuck", raised_at=MONDAY, seen_at=MONDAY, told_at=MONDAY, cleared_at=NOW
    )
    tell(cast.nora, cast.clinic, alarm=alarm, kind="alarm", urgency="safety")
    Todo.objects.filter(pk=todo.id).update(state="done", ended_at=NOW, ended_by_id=cast.nora.id)
    desk = Desk(cast.nora)
    assert "Surgical review" not in words(desk.get("/notices/")), "who did it has read of it"
    text = words(desk.get("/notices/?show=all"))
    assert "Surgical review Done" in text
    assert "Mail does not leave Mended" in text


def test_opening_one_marks_it_read_and_leads_to_its_page(cast: Cast) -> None:
    todo = surgical(cast)
    told = tell(cast.nora, cast.clinic, 2, todo=todo, kind="due", urgency="soon")
    tell(cast.nora, cast.clinic)
    desk = Desk(cast.nora)
    answer = desk.client.get(f"/notices/{told[0].id}/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/todos/{todo.id}/")
    assert Notice.objects.filter(recipient=cast.nora, read_at=None).count() == 1
    with nothing_written():
        assert desk.client.head(f"/notices/{told[0].id}/").status_code == 405


def test_somebody_elses_notice_is_not_there(cast: Cast) -> None:
    (theirs,) = tell(cast.phil, cast.clinic)
    desk = Desk(cast.nora)
    with nothing_written():
        desk.get(f"/notices/{theirs.id}/", 404)
        assert desk.post("/notices/read/", {"notice": str(theirs.id)}).status_code == 303


def test_marking_one_and_marking_all(cast: Cast) -> None:
    told = tell(cast.nora, cast.clinic, 3)
    desk = Desk(cast.nora)
    answer = desk.post("/notices/read/", {"notice": str(told[0].id), "show": "all"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notices/?show=all")
    page = desk.get("/notices/")
    assert "Marked as read." in page
    until = page.split('name="until" value="')[1].split('"')[0]
    tell(cast.nora, cast.clinic, created_at=NOW + timedelta(seconds=1))
    desk.post("/notices/read/", {"until": until})
    assert Notice.objects.filter(recipient=cast.nora, read_at=None).count() == 1
    assert (
        "Nothing was unread."
        in desk.client.post("/notices/read/", {"until": until}, follow=True).content.decode()
    )


@pytest.mark.parametrize("data", [{}, {"notice": "x"}, {"until": "yesterday"}, {"until": "2026-03-02"}])
def test_marking_nothing_is_not_there(cast: Cast, data: dict[str, str]) -> None:
    tell(cast.nora, cast.clinic)
    with nothing_written():
        assert Desk(cast.nora).post("/notices/read/", data).status_code == 404


def test_the_badge_stands_on_every_page_and_stops_counting(cast: Cast) -> None:
    desk = Desk(cast.nora)
    assert "pf-m-unread" not in desk.get("/board/")
    tell(cast.nora, cast.clinic, 7)
    assert '<span class="pf-v6-c-badge pf-m-unread">7<span' in desk.get("/board/")
    tell(cast.nora, cast.clinic, UNREAD_LIMIT)
    assert '<span class="pf-v6-c-badge pf-m-unread">99+<span' in desk.get("/board/")


def test_pages_and_filters(cast: Cast) -> None:
    tell(cast.nora, cast.clinic, PAGE_ROWS + 5)
    tell(cast.nora, cast.clinic, 2, urgency="red", kind="page", read_at=NOW)
    desk = Desk(cast.nora)
    first = desk.get("/notices/")
    assert first.count('id="notice-') == PAGE_ROWS
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = desk.get(f"/notices/{following}")
    assert second.count('id="notice-') == 5
    assert "Newest" in second
    assert desk.get("/notices/?show=safety").count('id="notice-') == 2
    assert "Unread" in desk.get("/notices/?show=nothing&after=x")


def test_few_queries_however_many(cast: Cast) -> None:
    desk = Desk(cast.nora)
    carried(cast.nora, cast.clinic, 3, todo=surgical(cast), kind="due", urgency="soon")
    few = desk.queries("/notices/?show=all")
    tell(cast.nora, cast.clinic, 200)
    session_user_access_inbox_frame_and_lead = 6
    assert desk.queries("/notices/?show=all") == few == session_user_access_inbox_frame_and_lead


def test_nothing_unread_and_nothing_at_all(cast: Cast) -> None:
    desk = Desk(cast.nora)
    assert "Nothing unread" in desk.get("/notices/")
    assert "Nothing here" in desk.get("/notices/?show=all")
    assert "Mark all read" not in desk.get("/notices/")


def test_who_left_the_clinic_reads_without_a_link(cast: Cast) -> None:
    todo = surgical(cast)
    claim(todo_id=todo.id, by=cast.nora, at=NOW)
    (one,) = tell(cast.nora, cast.clinic, todo=todo, kind="due", urgency="soon")
    Membership.objects.filter(clinician=cast.nora).delete()
    page = Desk(cast.nora).get("/notices/")
    assert "you no longer work there" in page
    assert f'href="/notices/{one.id}/"' not in page
    assert "Person, Sample" not in page
    assert str(todo.case_id) not in page
