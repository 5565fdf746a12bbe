"""The list of refills: pumps in place by date, who fills and who booked, and the pumps that nobody watches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pathway.engine.todos import claim
from pathway.models import Clinician, Pump, Todo
from pathway.queries.access import access_of
from pathway.queries.inbox import read_cursor
from pathway.queries.refills import PAGE_ROWS, PumpRow, Soon, pumps_of, soon_of, unwatched
from tests.cast import MONDAY, Cast, referred
from tests.queries.crowd import copy_pump, crowd
from tests.walk import Walk

AT = MONDAY + timedelta(days=60)


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """A case whose pump was just put in and programmed."""
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    walk.do_all(until="titration")
    return walk


def pumps(person: Clinician) -> tuple[PumpRow, ...]:
    return pumps_of(access_of(person.id), at=AT).rows


def alarms(person: Clinician) -> list[tuple[str, str]]:
    return [(row.mrn, row.problem) for row in unwatched(access_of(person.id), at=AT)]


def test_a_pump_in_place_with_its_dates_and_its_duty(walk: Walk, cast: Cast) -> None:
    stored = Pump.objects.get()
    todo = walk.todo("refill")
    claim(todo_id=todo.id, by=cast.phil, at=AT)
    (row,) = pumps(cast.phil)
    assert (row.patient, row.mrn, row.model) == ("Person, Sample", "R-1001", "SynchroMed II")
    assert (row.refill_by, row.alarm_on, row.dry_on) == (stored.refill_by, stored.alarm_on, stored.dry_on)
    assert (row.fill_ml, row.reservoir_ml) == (stored.fill_ml, stored.reservoir_ml)
    assert (row.todo_id, row.todo_due_on, row.owner) == (todo.id, todo.due_on, "phil")
    assert row.problem == ""
    assert alarms(cast.phil) == []


def test_a_booking_names_its_day_and_who_made_it(walk: Walk, cast: Cast) -> None:
    (row,) = pumps(cast.phil)
    assert (row.booked_for, row.booking_id) == (None, walk.todo("book_refill").id)
    walk.do("book_refill", booked="refill", booked_for=row.refill_by - timedelta(days=1))
    (row,) = pumps(cast.phil)
    assert (row.booked_for, row.booked_by) == (row.refill_by - timedelta(days=1), "cora")
    assert not row.booked_late
    assert replace(row, booked_for=row.refill_by + timedelta(days=1)).booked_late


def test_a_pump_without_an_open_duty_raises_the_alarm(walk: Walk, cast: Cast) -> None:
    Todo.objects.filter(key="refill").update(state="withdrawn", ended_at=AT, ended_by_id=cast.phil.id)
    assert alarms(cast.phil) == [("R-1001", "No open refill duty: nobody is reminded of this pump.")]
    assert pumps(cast.phil)[0].problem


def test_a_duty_after_the_refill_date_raises_the_alarm(walk: Walk, cast: Cast) -> None:
    Todo.objects.filter(key="refill").update(due_on=Pump.objects.get().refill_by + timedelta(days=1))
    assert alarms(cast.phil) == [
        ("R-1001", "The refill duty is dated after the day the refill is needed by.")
    ]


def test_a_pump_without_a_refill_date_raises_the_alarm(walk: Walk, cast: Cast) -> None:
    Pump.objects.update(refill_by=None, stability_on=None)
    assert alarms(cast.phil) == [("R-1001", "No refill date could be worked out.")]
    assert pumps(cast.phil) == ()
    Pump.objects.update(filled_at=None, filled_on=None, fill_ml=None, concentration_mcg_per_ml=None)
    assert alarms(cast.phil) == [("R-1001", "No fill is on record.")]


def test_an_explanted_pump_is_no_longer_listed(walk: Walk, cast: Cast) -> None:
    Todo.objects.filter(key="refill").update(state="withdrawn", ended_at=AT, ended_by_id=cast.phil.id)
    Pump.objects.update(explanted_on=AT.date(), explant_reason="Infection")
    assert (pumps(cast.phil), alarms(cast.phil)) == ((), [])


def test_another_clinics_pumps_are_nobodys_business(walk: Walk, cast: Cast) -> None:
    Todo.objects.filter(key="refill").update(state="withdrawn", ended_at=AT, ended_by_id=cast.phil.id)
    assert (pumps(cast.omar), alarms(cast.omar)) == ((), [])


def test_many_pumps_page_by_page_in_one_query_each(
    walk: Walk, cast: Cast, django_assert_num_queries: Any
) -> None:
    pump = Pump.objects.get()
    for number, case_id in enumerate(crowd(cast, 64, last=MONDAY)):
        copy_pump(pump, case_id, f"NGP{number:06d}", refill_by=pump.refill_by - timedelta(days=number % 5))
    access = access_of(cast.phil.id)
    with django_assert_num_queries(1):
        first = pumps_of(access, at=AT)
    second = pumps_of(access, at=AT, after=read_cursor(first.cursor))
    rows = [*first.rows, *second.rows]
    assert (len(first.rows), len(second.rows), second.cursor) == (PAGE_ROWS, 15, "")
    assert [(row.refill_by, row.id) for row in rows] == sorted((row.refill_by, row.id) for row in rows)
    assert {row.id for row in rows} == set(Pump.objects.values_list("id", flat=True))
    with django_assert_num_queries(1):
        assert unwatched(access, at=AT)


@pytest.mark.parametrize(
    ("refill_by", "group"),
    [
        (date(2026, 3, 3), Soon.OVERDUE),
        (date(2026, 3, 4), Soon.WEEK),
        (date(2026, 3, 8), Soon.WEEK),
        (date(2026, 3, 9), Soon.NEXT_WEEKS),
        (date(2026, 3, 29), Soon.NEXT_WEEKS),
        (date(2026, 3, 30), Soon.LATER),
    ],
)
def test_groups_of_refill_dates(refill_by: date, group: Soon) -> None:
    assert soon_of(refill_by, date(2026, 3, 4)) is group
