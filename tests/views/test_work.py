"""My work as its reader sees it: groups, buttons, pages and the fragment that refreshes itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pathway.engine.absences import plan_absence
from pathway.engine.cases import hold
from pathway.engine.todos import claim
from pathway.models import Absence, Alarm, Clinician, Membership, Todo
from pathway.protocol.roles import Role
from pathway.queries.inbox import PAGE_ROWS
from tests.cast import MONDAY, Cast, make_cast, person, referred
from tests.queries.crowd import crowd
from tests.views.desk import MAX_QUERIES, Desk, at, hidden, words

NOW = MONDAY + timedelta(days=1)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """The cast, on Tuesday morning."""
    cast = make_cast()
    with at(NOW):
        yield cast


def seen(html: str) -> str:
    """What the fragment says it shows."""
    return hidden(html.replace('id="work-seen" ', ""), "seen")


def test_a_duty_with_its_patient_and_its_buttons(cast: Cast) -> None:
    referred(cast)
    page = Desk(cast.nora).get("/")
    todo = Todo.objects.get(role="neurosurgeon")
    assert "Surgical review Person, Sample R-1001 · Evaluation" in words(page)
    assert f'action="/todos/{todo.id}/claim/"' in page
    assert f'href="/todos/{todo.id}/"' in page
    assert f'href="/cases/{todo.case_id}/"' in page
    assert "Evaluation · Riverside" not in words(page)


def test_claiming_from_the_list_comes_back_to_it(cast: Cast) -> None:
    referred(cast)
    desk, todo = Desk(cast.nora), Todo.objects.get(role="neurosurgeon")
    answer = desk.post(f"/todos/{todo.id}/claim/", {"next": "/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = desk.get("/")
    assert "Mine" in words(page)
    assert "/claim/" not in page


def test_groups_stand_in_order_with_their_counts(cast: Cast) -> None:
    crowd(cast, 30, last=MONDAY, every=timedelta(hours=20))
    with at(MONDAY + timedelta(days=8)):
        text = words(Desk(cast.nora).get("/"))
        places = [
            text.index(f"{label} ", text.index("Due To-do"))
            for label in ("Overdue", "Today", "This week", "Later")
        ]
        assert places == sorted(places)
        overdue = words(Desk(cast.nora).get("/?when=overdue"))
    assert "overdue" in overdue
    assert "This week to" not in overdue


def test_what_a_hold_pauses_is_said_not_listed(cast: Cast) -> None:
    hold(case_id=referred(cast), reason="Ulcer", review_on=date(2026, 3, 20), by=cast.cora, at=NOW)
    page = Desk(cast.phil).get("/")
    assert "4 duties of yours wait for a hold to end and are not listed." in words(page)
    assert "Baseline spasticity" not in page
    assert "Nothing waits for you" in page


def test_many_pages_few_queries(cast: Cast) -> None:
    crowd(cast, 64, last=MONDAY)
    desk = Desk(cast.phil)
    assert desk.queries("/") <= 9 < MAX_QUERIES
    page = desk.get("/")
    assert page.count('id="todo-') == PAGE_ROWS
    following = (
        page[page.index('rel="next" href="') + len('rel="next" href="') :].split('"')[0].replace("&amp;", "&")
    )
    second = desk.get(f"/{following}")
    assert second.count('id="todo-') == PAGE_ROWS
    assert "First page" in second
    assert desk.queries(f"/{following}") <= 9
    assert "99+" in words(page)


def test_the_poll_answers_only_what_changed(cast: Cast) -> None:
    referred(cast)
    desk = Desk(cast.nora)
    page = desk.get("/")
    name = seen(page)
    unchanged = f"/?part=rows&when=&after=&seen={name}"
    assert desk.client.get(unchanged).status_code == 204
    claim(todo_id=Todo.objects.get(role="neurosurgeon").id, by=cast.nora, at=NOW)
    fragment = desk.get(unchanged)
    assert "<html" not in fragment
    assert "Mine" in fragment
    assert desk.client.get(f"/?part=rows&seen={seen(fragment)}").status_code == 204


def test_an_unchanged_poll_asks_only_what_can_change_the_list(cast: Cast) -> None:
    crowd(cast, 20, last=MONDAY)
    desk = Desk(cast.phil)
    name = seen(desk.get("/"))
    with CaptureQueriesContext(connection) as asked:
        assert desk.client.get(f"/?part=rows&seen={name}").status_code == 204
    session_user_and_membership = 3
    whom_they_answer_for, what_stands_around = 1, 1
    assert len(asked) == session_user_and_membership + 2 + whom_they_answer_for + what_stands_around


def test_midnight_in_the_clinic_alone_changes_the_list(cast: Cast) -> None:
    referred(cast)
    late_evening = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)  # 23:00 in Chicago
    with at(late_evening):
        desk = Desk(cast.nora)
        name = seen(desk.get("/"))
    with at(late_evening + timedelta(minutes=59)):
        assert desk.client.get(f"/?part=rows&seen={name}").status_code == 204
    with at(late_evening + timedelta(minutes=61)):
        assert desk.client.get(f"/?part=rows&seen={name}").status_code == 200


@pytest.mark.parametrize(
    "query", ["?when=never", "?after=x", "?after=2026-03-02,7&when=later", "?part=nothing"]
)
def test_a_mistyped_address_shows_the_list(cast: Cast, query: str) -> None:
    referred(cast)
    assert "My work" in Desk(cast.nora).get(f"/{query}")


def test_the_clinic_is_named_to_who_works_in_two(cast: Cast) -> None:
    Membership.objects.create(clinician=cast.nora, clinic=cast.other_clinic, role="neurosurgeon")
    referred(cast)
    assert "R-1001 · Evaluation · Riverside" in words(Desk(cast.nora).get("/"))


def test_nothing_to_do_is_said(cast: Cast) -> None:
    assert "Nothing waits for you" in Desk(cast.omar).get("/")
    assert "Nothing here" in Desk(cast.omar).get("/?when=today")


@pytest.mark.parametrize("url", ["/", "/board/", "/cases/", "/refills/"])
def test_without_a_clinic_a_page_says_why_it_is_empty(cast: Cast, url: str) -> None:
    referred(cast)
    admin = Clinician.objects.create_superuser("admin", "admin@clinic.example", "pathway-demo")
    page = Desk(admin).get(url)
    assert "You are not a member of a clinic" in page
    assert "R-1001" not in page
    assert 'href="/admin/"' in page
    assert 'href="/admin/"' not in Desk(Clinician.objects.create_user("stranger")).get(url)


@pytest.mark.parametrize("url", ["/", "/board/", "/cases/", "/refills/"])
def test_signing_in_comes_first(client: Client, db: None, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/accounts/login/?next={url}")


@pytest.mark.parametrize("url", ["/", "/board/", "/refills/"])
def test_a_read_screen_takes_no_orders(cast: Cast, url: str) -> None:
    assert Desk(cast.cora).post(url).status_code == 405


@pytest.fixture
def pia(cast: Cast) -> Clinician:
    """A second physiatrist."""
    return person("pia", cast.clinic, Role.PHYSIATRIST)


def away(cast: Cast, pia: Clinician, first: int = 0, last: int = 3) -> Absence:
    day = NOW.date()
    return plan_absence(
        clinic_id=cast.clinic.id,
        clinician_id=cast.phil.id,
        deputy_id=pia.id,
        first_day=day + timedelta(days=first),
        last_day=day + timedelta(days=last),
        by=cast.phil,
        at=NOW,
    )


def test_a_deputy_sees_whose_duty_it_is_and_until_when(cast: Cast, pia: Clinician) -> None:
    referred(cast)
    todo = Todo.objects.filter(role="physiatrist").order_by("due_on", "id")[0]
    claim(todo_id=todo.id, by=cast.phil, at=NOW)
    assert f"todo-{todo.id}" not in Desk(pia).get("/")
    away(cast, pia)
    page = Desk(pia).get("/")
    assert f'id="todo-{todo.id}"' in page
    assert "for phil , away until Fri 6 Mar" in words(page)
    assert f"/todos/{todo.id}/claim/" not in page
    with at(NOW + timedelta(days=4)):
        assert f"todo-{todo.id}" not in Desk(pia).get("/")


def test_an_absence_that_begins_changes_the_polled_list(cast: Cast, pia: Clinician) -> None:
    referred(cast)
    for todo in Todo.objects.filter(role="physiatrist"):
        claim(todo_id=todo.id, by=cast.phil, at=NOW)
    desk = Desk(pia)
    name = seen(desk.get("/"))
    assert desk.client.get(f"/?part=rows&seen={name}").status_code == 204
    away(cast, pia)
    assert desk.client.get(f"/?part=rows&seen={name}").status_code == 200


def test_a_gap_in_cover_is_the_coordinators_to_do_alone(cast: Cast) -> None:
    detail = {"role": "physiatrist", "first_on": "2026-03-09", "last_on": "2026-03-11", "count": 2}
    values = {"raised_at": NOW, "seen_at": NOW, "told_at": NOW, "detail": detail}
    gap = Alarm.objects.create(rule="cover_gap", subject="physiatrist", clinic=cast.clinic, **values)
    page = Desk(cast.cora).get("/")
    assert "nobody is there as physiatrist from Mon 9 Mar to Wed 11 Mar" in words(page)
    assert "2 safety duties fall due." in words(page)
    assert f'href="/cover/?clinic={cast.clinic.id}#gaps"' in page
    for other in (cast.phil, cast.omar):
        assert "nobody is there" not in Desk(other).get("/")
    gap.cleared_at = NOW
    gap.save()
    assert "nobody is there" not in Desk(cast.cora).get("/")
