"""The list of refills as its reader sees it: dates, bookings, and the alarm for a pump that nobody watches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from pathway.models import Pump, Todo
from pathway.queries.refills import PAGE_ROWS
from tests.cast import MONDAY, make_cast, referred
from tests.queries.crowd import copy_pump, crowd
from tests.views.desk import MAX_QUERIES, Desk, at, words
from tests.walk import Walk


@pytest.fixture
def walk(db: None) -> Iterator[Walk]:
    """A pump was just put in and programmed; the clock stands on that day."""
    cast = make_cast()
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    walk.do_all(until="titration")
    with at(walk.at):
        yield walk


def test_a_pump_with_its_dates_volumes_and_duty(walk: Walk) -> None:
    pump = Pump.objects.get()
    page = Desk(walk.cast.phil).get("/refills/")
    text = words(page)
    assert "Person, Sample R-1001" in text
    assert f"SynchroMed II {pump.fill_ml.normalize():f} of {pump.reservoir_ml} mL" in text
    assert f"{pump.dry_on.day} {pump.dry_on:%b %Y}" in text
    assert f'href="/todos/{walk.todo("refill").id}/"' in page
    assert f'href="/todos/{walk.todo("book_refill").id}/"' in page
    assert "Problem:" not in text


def test_a_booked_refill_names_who_booked(walk: Walk) -> None:
    day = Pump.objects.get().refill_by - timedelta(days=1)
    walk.do("book_refill", booked="refill", booked_for=day)
    assert f"{day:%a} {day.day} {day:%b} by cora" in words(Desk(walk.cast.cora).get("/refills/"))


def test_a_pump_nobody_watches_screams(walk: Walk) -> None:
    Todo.objects.filter(key="refill").update(
        state="withdrawn", ended_at=walk.at, ended_by_id=walk.cast.phil.id
    )
    page = Desk(walk.cast.phil).get("/refills/")
    assert "Problem: Person, Sample (R-1001): No open refill duty: nobody is reminded of this pump." in words(
        page
    )
    assert "pf-m-danger" in page
    assert f'href="/cases/{walk.case_id}/"' in page


def test_a_pump_past_its_dates_is_overdue_and_empty(walk: Walk) -> None:
    with at(walk.at + timedelta(days=400)):
        text = words(Desk(walk.cast.phil).get("/refills/"))
    assert "days overdue" in text
    assert "Empty" in text[text.index("R-1001") :]


def test_many_pumps_few_queries(walk: Walk) -> None:
    pump = Pump.objects.get()
    for number, case_id in enumerate(crowd(walk.cast, 64, last=MONDAY)):
        copy_pump(pump, case_id, f"NGP{number:06d}")
    desk = Desk(walk.cast.phil)
    page = desk.get("/refills/")
    assert page.count('id="pump-') == PAGE_ROWS
    following = page[page.index('rel="next" href="') + len('rel="next" href="') :].split('"')[0]
    assert desk.get(f"/refills/{following}").count('id="pump-') == 15
    assert desk.queries("/refills/") <= 7 < MAX_QUERIES


def test_no_pump_and_no_other_clinics_pump(walk: Walk) -> None:
    page = Desk(walk.cast.omar).get("/refills/")
    assert "No pump in place" in page
    assert "R-1001" not in page
    assert "R-1001" in Desk(walk.cast.phil).get("/refills/?after=nonsense")
