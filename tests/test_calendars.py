"""The clinic calendar: working days, closed days, holidays, time zones and daylight saving."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.calendars import WorkCalendar, countries, even_week, public_holidays, subdivisions

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


# --- hours ---

MONDAY, FRIDAY = date(2026, 3, 16), date(2026, 3, 20)
HOUR = timedelta(hours=1)


def at(day: date, clock: str, zone: str = "America/Chicago") -> datetime:
    """A wall time of the clinic."""
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("begin", "hours", "end"),
    [
        (at(MONDAY, "09:00"), 2, at(MONDAY, "11:00")),
        (at(MONDAY, "09:00"), 8, at(MONDAY, "17:00")),  # ends at closing, not at the next opening
        (at(MONDAY, "09:00"), 9, at(date(2026, 3, 17), "09:00")),  # one hour is left for Tuesday
        (at(MONDAY, "06:30"), 1, at(MONDAY, "09:00")),  # before opening nobody works
        (at(MONDAY, "17:00"), 1, at(date(2026, 3, 17), "09:00")),  # at closing time the day is over
        (at(MONDAY, "22:00"), 0, at(date(2026, 3, 17), "08:00")),  # no time at all is the next opening
        (at(FRIDAY, "16:00"), 2, at(date(2026, 3, 23), "09:00")),  # over a weekend
        (at(date(2026, 3, 21), "12:00"), 2, at(date(2026, 3, 23), "10:00")),  # from a Saturday
        (
            at(date(2026, 11, 25), "16:00"),
            2,
            at(date(2026, 11, 30), "09:00"),
        ),  # Thanksgiving, a closed day, a weekend
        (
            at(date(2026, 3, 6), "16:00"),
            2,
            at(date(2026, 3, 9), "09:00"),
        ),  # clocks go forward on the Sunday between
        (
            at(date(2026, 10, 30), "16:00"),
            2,
            at(date(2026, 11, 2), "09:00"),
        ),  # clocks go back on the Sunday between
        (at(MONDAY, "08:00"), 45, at(FRIDAY, "17:00")),  # a whole week's work
    ],
)
def test_working_time_is_counted_while_the_clinic_works(begin: datetime, hours: int, end: datetime) -> None:
    found = CHICAGO.add_working_time(begin, hours * HOUR)
    assert found == end
    assert found.tzinfo is UTC


NIGHT = calendar(week=even_week(time(0, 30), time(5), range(7)), closed_days=frozenset())


@pytest.mark.parametrize(
    ("begin", "hours", "end"),
    [
        (
            at(date(2026, 3, 8), "00:30"),
            2,
            "2026-03-08T08:30",
        ),  # 02:00 becomes 03:00: it is 03:30 after two hours
        (at(date(2026, 3, 8), "00:30"), 4, "2026-03-09T06:00"),  # this night has three and a half hours
        (at(date(2026, 11, 1), "00:30"), 2, "2026-11-01T07:30"),  # 02:00 becomes 01:00: it is 01:30 again
        (at(date(2026, 11, 1), "00:30"), 5.5, "2026-11-01T11:00"),  # this night has five and a half hours
    ],
)
def test_an_hour_that_is_skipped_or_comes_twice_counts_as_the_time_that_passes(
    begin: datetime, hours: float, end: str
) -> None:
    assert NIGHT.add_working_time(begin, hours * HOUR) == datetime.fromisoformat(end).replace(tzinfo=UTC)


ODD_WEEKS = st.lists(
    st.none()
    | st.tuples(st.times(), st.times()).map(
        lambda pair: tuple(clock.replace(second=0, microsecond=0, tzinfo=None) for clock in sorted(pair))
    ),
    min_size=7,
    max_size=7,
).filter(lambda week: any(week) and all(hours is None or hours[0] < hours[1] for hours in week))
CHANGES = st.sampled_from(
    [date(2026, 3, 6), date(2026, 10, 30), date(2026, 3, 27), date(2026, 10, 23), FRIDAY]
)
WHERE = st.sampled_from(
    [("America/Chicago", "US"), ("Europe/Berlin", "DE"), ("Asia/Kathmandu", "NP"), ("Asia/Beirut", "LB")]
)


@settings(deadline=None, max_examples=60)
@given(ODD_WEEKS, WHERE, CHANGES, st.integers(0, 3 * 24 * 60), st.integers(1, 900))
def test_working_time_equals_a_count_minute_by_minute(
    week: list[object], where: tuple[str, str], day: date, start: int, minutes: int
) -> None:
    """On any hours, over both changes of the clock: count the minutes at which the clinic is open."""
    zone, country = where
    clinic = calendar(
        time_zone=zone, country=country, subdivision="", week=tuple(week), closed_days=frozenset({day})
    )
    begin = at(day, "00:00", zone).astimezone(UTC) + timedelta(minutes=start)
    found = clinic.add_working_time(begin, timedelta(minutes=minutes))
    worked = sum(
        clinic.is_open_at(begin + timedelta(minutes=n))
        for n in range(int((found - begin).total_seconds() // 60))
    )
    assert worked == minutes
    assert clinic.is_open_at(found - timedelta(minutes=1))


def test_a_clinic_on_odd_hours() -> None:
    evenings = calendar(
        week=(
            None,
            (time(18), time(21, 30)),
            None,
            (time(18), time(21, 30)),
            None,
            (time(9, 15), time(9, 45)),
            None,
        )
    )
    tuesday = date(2026, 3, 17)
    assert evenings.add_working_time(at(tuesday, "08:00"), 4 * HOUR) == at(date(2026, 3, 19), "18:30")
    assert evenings.add_working_days(tuesday, 3) == date(2026, 3, 24)
    assert evenings.is_open_at(at(date(2026, 3, 21), "09:30"))
    assert not evenings.is_open_at(at(date(2026, 3, 21), "09:45"))
    assert not evenings.is_open_at(at(date(2026, 3, 18), "19:00"))


def test_the_opening_of_a_day_without_hours_is_that_of_the_weeks_first_working_day() -> None:
    late = calendar(week=(None, (time(10), time(18)), (time(7), time(15)), None, None, None, None))
    sunday = date(2026, 3, 22)
    assert late.at_opening(sunday) == at(sunday, "10:00")
    assert late.at_opening(date(2026, 3, 18)) == at(date(2026, 3, 18), "07:00")


def test_an_opening_that_the_clock_skips_is_after_the_gap() -> None:
    """02:30 does not exist on 8 March: the clinic opens half an hour after 02:00 became 03:00."""
    early = calendar(week=even_week(time(2, 30), time(6), range(7)))
    day = date(2026, 3, 8)
    assert early.at_opening(day) == datetime(2026, 3, 8, 8, 30, tzinfo=UTC)
    assert not early.is_open_at(datetime(2026, 3, 8, 8, 29, tzinfo=UTC))
    assert early.is_open_at(early.at_opening(day))


def test_an_opening_that_comes_twice_is_the_first_and_the_clinic_stays_open() -> None:
    early = calendar(week=even_week(time(1, 30), time(6), range(7)))
    opening = early.at_opening(date(2026, 11, 1))
    assert opening == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert all(early.is_open_at(opening + timedelta(minutes=n)) for n in range(120))


# --- tables of holidays ---


def test_every_country_on_the_list_makes_a_calendar() -> None:
    for country in countries():
        assert calendar(country=country, subdivision="").country == country


def test_the_countries_and_regions_that_can_be_chosen() -> None:
    assert countries()["DE"] == "Germany"
    assert list(countries().values()) == sorted(countries().values())
    assert subdivisions("DE")["BY"] == "Bayern"
    assert subdivisions("US")["IL"] == "Illinois"
    assert subdivisions("XX") == {}
    for code in subdivisions("GB"):
        assert calendar(country="GB", subdivision=code).subdivision == code


def test_the_public_holidays_of_a_year_with_their_names() -> None:
    found = public_holidays("US", "", 2026)
    assert found[0] == (date(2026, 1, 1), "New Year's Day")
    assert (date(2026, 11, 26), "Thanksgiving Day") in found
    assert [day for day, _ in found] == sorted(day for day, _ in found)
    with pytest.raises(ValueError, match="country code 'XX'"):
        public_holidays("XX", "", 2026)
