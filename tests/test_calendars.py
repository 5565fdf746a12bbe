"""The clinic calendar: working days, closed days, holidays, time zones and daylight saving."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.calendars import WorkCalendar, even_week

WEEKDAYS = frozenset(range(5))
ZONES = sorted(zone for zone in available_timezones() if "/" in zone)


def calendar(**changes: object) -> WorkCalendar:
    values: dict[str, object] = {
        "time_zone": "America/Chicago",
        "week": even_week(time(8), time(17)),
        "country": "US",
        "subdivision": "IL",
        "closed_days": frozenset({date(2026, 11, 27)}),
        "version": 1,
    }
    return WorkCalendar(**(values | changes))  # type: ignore[arg-type]


CHICAGO = calendar()
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 25), True),
        (date(2026, 11, 26), False),  # Thanksgiving
        (date(2026, 11, 27), False),  # closed by the clinic
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 11, 30), True),
        (date(2027, 12, 31), False),  # New Year 2028 observed a year earlier
    ],
)
def test_working_day(day: date, works: bool) -> None:
    assert CHICAGO.is_working_day(day) is works


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 11, 25), 1, date(2026, 11, 30)),
        (date(2026, 11, 25), 2, date(2026, 12, 1)),
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
        (date(2026, 11, 28), 0, date(2026, 11, 28)),
        (date(2026, 11, 25), 0, date(2026, 11, 25)),
        (date(2026, 11, 30), -1, date(2026, 11, 25)),
        (date(2026, 11, 29), -1, date(2026, 11, 25)),
        (date(2026, 12, 31), 1, date(2027, 1, 4)),
        (date(2027, 1, 4), -1, date(2026, 12, 31)),
        (date(2026, 11, 2), 10, date(2026, 11, 18)),  # over Election Day and Veterans Day
    ],
)
def test_add_working_days(day: date, count: int, expected: date) -> None:
    assert CHICAGO.add_working_days(day, count) == expected


def test_a_deadline_moves_earlier_and_a_booking_later() -> None:
    thanksgiving = date(2026, 11, 26)
    assert CHICAGO.last_working_day_on_or_before(thanksgiving) == date(2026, 11, 25)
    assert CHICAGO.next_working_day_on_or_after(thanksgiving) == date(2026, 11, 30)
    assert CHICAGO.last_working_day_on_or_before(date(2026, 11, 25)) == date(2026, 11, 25)
    assert CHICAGO.next_working_day_on_or_after(date(2026, 11, 25)) == date(2026, 11, 25)


def test_weekend_days_can_be_working_days() -> None:
    dubai = calendar(
        time_zone="Asia/Dubai", country="AE", subdivision="", week=even_week(time(8), time(17), (6, 0, 1, 2))
    )
    assert dubai.is_working_day(date(2026, 11, 22))
    assert not dubai.is_working_day(date(2026, 11, 26))


def test_a_subdivision_has_its_own_holidays() -> None:
    bavaria = calendar(time_zone="Europe/Berlin", country="DE", subdivision="BY")
    germany = calendar(time_zone="Europe/Berlin", country="DE", subdivision="")
    epiphany = date(2027, 1, 6)
    assert not bavaria.is_working_day(epiphany)
    assert germany.is_working_day(epiphany)


@settings(deadline=None)
@given(DAYS, st.integers(-600, 600).filter(bool))
def test_adding_counts_exactly_the_working_days_passed(day: date, count: int) -> None:
    found = CHICAGO.add_working_days(day, count)
    first, last = (day + timedelta(days=1), found) if count > 0 else (found, day - timedelta(days=1))
    span = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    assert sum(map(CHICAGO.is_working_day, span)) == abs(count)
    assert CHICAGO.is_working_day(found)


@settings(deadline=None)
@given(DAYS)
def test_a_deadline_never_moves_later(day: date) -> None:
    moved = CHICAGO.last_working_day_on_or_before(day)
    assert moved <= day
    assert CHICAGO.is_working_day(moved)
    assert not any(CHICAGO.is_working_day(moved + timedelta(days=n + 1)) for n in range((day - moved).days))


@settings(deadline=None)
@given(DAYS, st.sampled_from(ZONES))
def test_a_day_starts_at_its_first_instant_in_every_time_zone(day: date, zone: str) -> None:
    clinic = calendar(time_zone=zone)
    start = clinic.start_of_day(day)
    assert start.tzinfo is UTC
    assert clinic.local_date(start) == day
    assert clinic.local_date(start - timedelta(seconds=1)) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "day", "start", "opening"),
    [
        ("America/Chicago", date(2026, 11, 1), "2026-11-01T05:00", "2026-11-01T14:00"),  # clocks go back
        ("America/Chicago", date(2027, 3, 14), "2027-03-14T06:00", "2027-03-14T13:00"),  # clocks go forward
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-28T22:00", "2026-03-29T05:00"),  # midnight does not exist
    ],
)
def test_daylight_saving(zone: str, day: date, start: str, opening: str) -> None:
    clinic = calendar(time_zone=zone)
    assert clinic.start_of_day(day) == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert clinic.at_opening(day) == datetime.fromisoformat(opening).replace(tzinfo=UTC)


def test_local_date_is_the_clinics_not_the_servers() -> None:
    assert CHICAGO.local_date(datetime(2026, 12, 1, 5, 59, tzinfo=UTC)) == date(2026, 11, 30)
    assert CHICAGO.local_date(datetime(2026, 12, 1, 0, 0, tzinfo=ZoneInfo("America/Chicago"))) == date(
        2026, 12, 1
    )


def test_an_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        CHICAGO.local_date(datetime(2026, 12, 1))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"week": (None,) * 7}, "at least one working weekday"),
        ({"week": ((time(8), time(17)),) * 5}, "seven days, Monday first"),
        ({"time_zone": "Mars/Olympus"}, "not a time zone name"),
        ({"time_zone": "../etc/passwd"}, "not a time zone name"),
        ({"time_zone": ""}, "not a time zone name"),
        ({"country": "XX"}, "country code 'XX'"),
        ({"subdivision": "ZZ"}, "US has no subdivision 'ZZ'"),
        ({"week": even_week(time(17), time(17))}, "closes after it opens"),
    ],
)
def test_a_calendar_that_cannot_answer_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        calendar(**changes)
