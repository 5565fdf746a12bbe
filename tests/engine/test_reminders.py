"""Reminders of refill appointments: what is queued, and what is no longer true when it would be sent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pathway.engine.cases import hold
from pathway.engine.reminders import withdraw_consent
from pathway.models import Clinic, Notice, Pump
from pathway.models.base import new_id
from pathway.queries.reminders import still_true
from tests.cast import MONDAY, Cast, referred
from tests.engine.reminded import agree, book, cancel, close_it, days_of, move_booking, queued, true_days
from tests.engine.running_pump import change, fill, program, refill, titrating
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """A case whose pump runs; its refill is not booked."""
    return titrating(cast)


def both(day: date) -> set[tuple[str, int]]:
    return {(day.isoformat(), 7), (day.isoformat(), 1)}


# --- what is queued ---


def test_a_booking_queues_one_reminder_a_day_of_the_policy_for_each_who_agreed(walk: Walk) -> None:
    patient, caregiver = agree(walk), agree(walk, "caregiver", "other@home.example")
    day = book(walk)
    notices = queued(walk)
    assert days_of(walk) == [(day.isoformat(), 7)] * 2 + [(day.isoformat(), 1)] * 2
    assert {notice.contact_id for notice in notices} == {patient.id, caregiver.id}
    for notice in notices:
        on = day - timedelta(days=notice.data["days"])
        assert notice.due_at == datetime(on.year, on.month, on.day, 13, tzinfo=UTC), "08:00 in Chicago"
        assert (notice.urgency, notice.state, notice.recipient_id) == ("soon", "pending", None)
        assert (notice.todo, notice.clinic) == (walk.todo("book_refill"), walk.cast.clinic)
        assert set(notice.data) == {"date", "days"}
    assert true_days(walk) == both(day)


def test_nobody_who_did_not_agree_or_no_longer_agrees_is_reminded(walk: Walk) -> None:
    other = Walk(walk.cast, referred(walk.cast, mrn="R-2"), walk.at)
    agree(other)
    withdraw_consent(contact_id=agree(walk).id, by=walk.cast.cora, at=walk.at)
    book(walk)
    assert queued(walk) == []


def test_consent_after_the_booking_queues_what_is_still_to_come(walk: Walk) -> None:
    day = book(walk)
    walk.wait(15)
    agree(walk)
    assert days_of(walk) == [(day.isoformat(), 1)], "the seventh day before is over"


def test_a_reminder_of_today_leaves_at_once_where_the_clinic_has_opened(walk: Walk) -> None:
    agree(walk)
    book(walk, 7)
    first, second = queued(walk)
    assert first.due_at == walk.at
    assert second.due_at > walk.at


@pytest.mark.parametrize("in_days", [0, 1])
def test_an_appointment_today_or_tomorrow_needs_no_early_reminder(walk: Walk, in_days: int) -> None:
    agree(walk)
    book(walk, in_days)
    assert [notice.data["days"] for notice in queued(walk)] == [1][:in_days]


def test_a_booking_of_anything_else_reminds_nobody(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    agree(walk)
    walk.do_all(until="titration")
    assert walk.todo("theatre_booking").state == "done"
    assert queued(walk) == []


def test_the_opening_follows_the_clinics_clock_over_a_change_of_time(cast: Cast) -> None:
    """On Sunday 8 March 2026 clocks in Chicago go an hour forward."""
    walk = Walk(cast, referred(cast), MONDAY - timedelta(days=30))
    walk.do_all(until="titration")
    walk.at = datetime(2026, 3, 3, 18, tzinfo=UTC)
    agree(walk)
    assert book(walk, 11) == date(2026, 3, 14)
    assert [notice.due_at for notice in queued(walk)] == [
        datetime(2026, 3, 7, 14, tzinfo=UTC),
        datetime(2026, 3, 13, 13, tzinfo=UTC),
    ]


def test_an_opening_that_the_clock_skips_moves_after_it(cast: Cast) -> None:
    Clinic.objects.filter(pk=cast.clinic.pk).update(week=[["02:30", "17:00"]] * 7)
    walk = Walk(cast, referred(cast), MONDAY - timedelta(days=30))
    walk.do_all(until="titration")
    walk.at = datetime(2026, 3, 3, 18, tzinfo=UTC)
    agree(walk)
    book(walk, 6)
    assert [notice.due_at for notice in queued(walk)] == [datetime(2026, 3, 8, 8, 30, tzinfo=UTC)]


def test_pressing_twice_queues_nothing_twice(walk: Walk) -> None:
    agree(walk)
    book(walk)
    before = {notice.id for notice in queued(walk)}
    agree(walk)
    move_booking(walk, 20)
    assert {notice.id for notice in queued(walk)} == before
    assert len(before) == 2


# --- what is still true ---


def test_a_moved_appointment_is_reminded_of_on_its_new_days_only(walk: Walk) -> None:
    agree(walk)
    old = book(walk)
    new = move_booking(walk, 25)
    assert set(days_of(walk)) == both(old) | both(new)
    assert true_days(walk) == both(new)
    assert move_booking(walk, 20) == old
    assert true_days(walk) == both(old), "moved back: the same reminders are true again"
    assert len(queued(walk)) == 4


def test_a_cancelled_appointment_is_not_reminded_of(walk: Walk) -> None:
    agree(walk)
    book(walk)
    cancel(walk)
    assert true_days(walk) == set()


def test_an_appointment_that_a_higher_dose_has_made_too_late_is_not_reminded_of(walk: Walk) -> None:
    agree(walk)
    late = (Pump.objects.get().refill_by - walk.today).days
    day = book(walk, late)
    assert true_days(walk) == both(day)
    change(walk, program(walk.at, "120"))
    assert walk.todo("book_refill").is_open
    assert true_days(walk) == set()
    again = book(walk, 20)
    assert true_days(walk) == both(again)


def test_a_refill_done_early_ends_the_reminders_of_its_appointment(walk: Walk) -> None:
    agree(walk)
    book(walk)
    walk.wait(2)
    fill(walk, refill(walk.at))
    assert true_days(walk) == set()


def test_the_next_refill_is_reminded_of_anew(walk: Walk) -> None:
    agree(walk)
    first = book(walk, 10)
    walk.wait(10)
    fill(walk, refill(walk.at, aspirated_ml=Decimal("13.9")))
    second = book(walk, 30)
    assert set(days_of(walk)) == both(first) | both(second)
    assert true_days(walk, walk.at) == both(second)


def test_a_closed_case_reminds_nobody_and_a_hold_silences_nothing(walk: Walk) -> None:
    agree(walk)
    day = book(walk)
    hold(case_id=walk.case_id, reason="Abroad.", review_on=day, by=walk.cast.cora, at=walk.at)
    assert true_days(walk) == both(day), "a hold pauses the pathway, never the pump"
    close_it(walk, reason="died")
    assert true_days(walk) == set()


def test_withdrawn_or_replaced_the_old_address_gets_nothing_more(walk: Walk) -> None:
    old = agree(walk)
    day = book(walk)
    new = agree(walk, email="moved@home.example")
    assert still_true([notice.id for notice in queued(walk) if notice.contact_id == old.id]) == set()
    assert true_days(walk) == both(day)
    withdraw_consent(contact_id=new.id, by=None, at=walk.at)
    assert true_days(walk) == set()


def test_after_an_outage_the_nearer_reminder_says_it_all(walk: Walk) -> None:
    agree(walk)
    agree(walk, "caregiver", "other@home.example")
    book(walk)
    notices = queued(walk)
    asked = still_true([notice.id for notice in notices])
    assert asked == {notice.id for notice in notices if notice.data["days"] == 1}
    assert len(asked) == 2


def test_an_appointment_that_is_over_is_not_reminded_of(walk: Walk) -> None:
    agree(walk)
    day = book(walk)
    evening = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    assert true_days(walk, evening) == both(day)
    assert true_days(walk, evening + timedelta(hours=7)) == set(), "past midnight in Chicago"


def test_other_notices_and_strange_ids_are_never_called_true(walk: Walk) -> None:
    agree(walk)
    book(walk)
    other = Notice.objects.exclude(kind="appointment").values_list("id", flat=True)
    assert other
    assert still_true([*other, new_id(), UUID(int=0)]) == set()


def test_the_truth_of_many_is_asked_in_one_statement(walk: Walk) -> None:
    agree(walk)
    agree(walk, "caregiver", "other@home.example")
    book(walk)
    ids = [notice.id for notice in queued(walk)]
    with CaptureQueriesContext(connection) as asked:
        still_true(ids)
    assert len(asked) == 1
    with CaptureQueriesContext(connection) as asked:
        assert still_true([]) == set()
    assert len(asked) == 0
