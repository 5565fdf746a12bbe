"""The board as its reader sees it: cards, filters and the fragment that refreshes itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from pathway.engine.cases import hold
from pathway.models import Case, Todo
from pathway.queries.board import CARDS
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.queries.crowd import crowd
from tests.views.desk import MAX_QUERIES, Desk, at, hidden, words
from tests.walk import Walk

NOW = MONDAY + timedelta(days=2)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """The cast, on Wednesday morning."""
    cast = make_cast()
    with at(NOW):
        yield cast


def seen(html: str) -> str:
    """What the fragment says it shows."""
    return hidden(html.replace('id="board-seen" ', ""), "seen")


def test_a_card_says_who_where_what_and_when(cast: Cast) -> None:
    case_id = referred(cast)
    page = Desk(cast.cora).get("/board/")
    todo = Todo.objects.filter(case_id=case_id).order_by("due_on", "-required", "id")[0]
    card = words(page[page.index("<main") :])
    assert "Person, Sample R-1001" in card
    assert "Day 2 of 45" in card
    assert "8 required open" in card
    assert todo.role.capitalize() in card
    assert f'href="/cases/{case_id}/"' in page


def test_a_hold_and_an_overrun_are_marked(cast: Cast) -> None:
    case_id = referred(cast, at=MONDAY - timedelta(days=50))
    hold(case_id=case_id, reason="Ulcer", review_on=date(2026, 3, 20), by=cast.cora, at=NOW)
    text = words(Desk(cast.cora).get("/board/"))
    assert "On hold until 20 Mar" in text
    assert "Day 52 of 45" in text
    assert "Review the hold" in text


def test_a_case_without_a_next_duty_is_an_alarm(cast: Cast) -> None:
    referred(cast)
    Case.objects.update(next_key="", next_role="", next_due_on=None)
    assert "No next duty" in words(Desk(cast.cora).get("/board/"))


def test_a_full_column_leads_to_the_rest(cast: Cast) -> None:
    crowd(cast, 64, last=MONDAY)
    desk = Desk(cast.cora)
    page = desk.get("/board/?turn=physiatrist")
    assert page.count('id="case-') == CARDS
    link = "/cases/?stage=evaluation&amp;turn=physiatrist&amp;state="
    assert link in page
    assert desk.get(link.replace("&amp;", "&")).count('id="case-') > CARDS
    assert desk.queries("/board/") <= 6 < MAX_QUERIES


def test_filters_are_kept_and_can_be_cleared(cast: Cast) -> None:
    referred(cast)
    page = Desk(cast.cora).get("/board/?turn=therapist&state=overdue")
    assert '<option value="therapist" selected>' in page
    assert '<option value="overdue" selected>' in page
    assert "None with this filter." in page
    assert "Clear" in words(page)
    assert "Clear" not in words(Desk(cast.cora).get("/board/?turn=nobody&state=x"))


def test_the_poll_answers_only_what_changed(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), NOW)
    desk = Desk(cast.cora)
    unchanged = f"/board/?part=columns&turn=&state=&seen={seen(desk.get('/board/'))}"
    assert desk.client.get(unchanged).status_code == 204
    walk.do("goals")
    fragment = desk.get(unchanged)
    assert "<html" not in fragment
    assert "7 required open" in words("<main>" + fragment)
    assert desk.client.get(f"/board/?part=columns&seen={seen(fragment)}").status_code == 204


def test_other_clinics_cases_stay_away(cast: Cast) -> None:
    referred(cast)
    page = Desk(cast.omar).get("/board/")
    assert "R-1001" not in page
    assert "No case in this stage." in page
