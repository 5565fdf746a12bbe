"""What happens when an absence begins and ends: both are told once, on the clinic's own date, however many sweep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pathway.engine.absences import change_absence
from pathway.engine.cover_notices import announce_covers
from pathway.engine.todos import claim
from pathway.models import Absence, Notice, Todo
from pathway.tasks import announce_all
from tests.cast import Cast, referred
from tests.engine.test_absences import AT, Office, day, told
from tests.engine.traces import nothing_written

#: Midnight in Chicago, by number of the day.
MIDNIGHT = datetime(2026, 3, 2, 6, tzinfo=UTC)


@pytest.fixture
def office(cast: Cast) -> Office:
    return Office(cast)


def sweep(number: int, hours: int = 1) -> int:
    return announce_all(at=MIDNIGHT + timedelta(days=number, hours=hours))


def test_both_are_told_once_when_it_begins_and_once_when_it_is_over(office: Office) -> None:
    office.plan(office.phil, office.pia, 2, 4)
    Notice.objects.all().delete()
    assert [sweep(1, hours=23), sweep(2), sweep(2, hours=9), sweep(4, hours=23)] == [0, 1, 0, 0]
    assert told() == [("phil", "cover_begins"), ("pia", "cover_begins")]
    assert [sweep(5), sweep(5, hours=9), sweep(90)] == [1, 0, 0]
    assert told("cover_ends") == [("phil", "cover_ends"), ("pia", "cover_ends")]


def test_it_begins_on_the_clinics_date_not_the_servers(office: Office) -> None:
    office.plan(office.phil, office.pia, 2, 2)
    assert announce_covers(at=MIDNIGHT + timedelta(days=2, seconds=-1)) == 0
    assert announce_covers(at=MIDNIGHT + timedelta(days=2)) == 1
    assert announce_covers(at=MIDNIGHT + timedelta(days=3, seconds=-1)) == 0
    assert announce_covers(at=MIDNIGHT + timedelta(days=3)) == 1


def test_the_notice_says_how_many_duties_there_are(office: Office) -> None:
    referred(office.cast)
    for todo in Todo.objects.filter(role="physiatrist")[:3]:
        claim(todo_id=todo.id, by=office.phil, at=AT)
    office.plan(office.phil, office.pia, 1, 2)
    sweep(1)
    begun = Notice.objects.filter(kind="cover_begins")
    assert [notice.data["duties"] for notice in begun] == [3, 3]
    assert {notice.urgency for notice in begun} == {"soon"}
    assert {notice.role for notice in begun} == {"physiatrist"}


def test_a_deputy_who_is_away_passes_on_and_the_third_is_told(office: Office) -> None:
    office.plan(office.pia, office.paul, 0, 9)
    sweep(0)
    office.plan(office.phil, office.pia, 2, 4)
    Notice.objects.all().delete()
    sweep(2)
    assert told() == [("paul", "cover_begins"), ("phil", "cover_begins"), ("pia", "cover_begins")]


def test_without_a_deputy_the_person_alone_is_told(office: Office) -> None:
    office.plan(office.phil, None, 0, 1)
    sweep(0)
    assert told() == [("phil", "cover_begins")]


def test_an_absence_nobody_swept_is_told_as_over_only(office: Office) -> None:
    office.plan(office.phil, office.pia, 0, 1)
    Notice.objects.all().delete()
    assert sweep(9) == 1
    assert {kind for _, kind in told()} == {"cover_ends"}
    kept = Absence.objects.get()
    assert kept.begun_at is not None
    assert kept.over_at is not None
    assert sweep(9) == 0


def test_a_new_deputy_in_the_middle_is_told_that_it_began_and_nobody_twice(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 0, 9)
    sweep(0)
    change_absence(
        absence_id=absence.id,
        deputy_id=office.paul.id,
        first_day=day(0),
        last_day=day(9),
        by=office.phil,
        at=AT,
    )
    assert sweep(1) == 1
    assert told("cover_begins") == [
        ("phil", "cover_begins"),
        ("pia", "cover_begins"),
        ("paul", "cover_begins"),
    ]


def test_a_cancelled_absence_is_not_announced(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 2, 4)
    Absence.objects.filter(pk=absence.pk).update(cancelled_at=AT, cancelled_by=office.phil)
    with nothing_written():
        assert sweep(2) + sweep(9) == 0


def test_a_batch_at_a_time_until_none_is_left(office: Office) -> None:
    for who in (office.phil, office.pia, office.paul):
        office.plan(who, None, 0, 1)
    assert announce_covers(at=AT, limit=2) == 2
    assert announce_covers(at=AT, limit=2) == 1
    assert announce_covers(at=AT, limit=2) == 0
