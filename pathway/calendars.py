"""Working days, working hours and closed days of one clinic, so that every due date lands on a day somebody works.

Knows dates, time zones and public holidays; must not know a to-do, a stage, a pump or the database.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from holidays.registry import COUNTRIES

ONE_DAY = timedelta(days=1)
DAYS_A_WEEK = 7

Hours = tuple[time, time]
"""Opening and closing on one local day."""
Week = tuple[Hours | None, ...]
"""Seven days, Monday first; None: closed."""


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Every country with a table of public holidays: its two-letter code (ISO 3166) and its name, by name."""
    return {codes[1]: name.replace("_", " ").title() for name, codes in sorted(COUNTRIES.items())}


@lru_cache(maxsize=256)
def subdivisions(country: str) -> dict[str, str]:
    """The subdivisions of a country that have holidays of their own: code and name. Empty for an unknown country."""
    if country not in countries():
        return {}
    table = holidays.country_holidays(country)
    names = {code: name for name, code in table.subdivisions_aliases.items()}
    return {code: names.get(code, code) for code in table.subdivisions}


def public_holidays(country: str, subdivision: str, year: int) -> list[tuple[date, str]]:
    """The public holidays of one year with their names, in order. Raises ValueError as `check_region` does."""
    check_region(country, subdivision)
    return sorted(holidays.country_holidays(country, subdiv=subdivision or None, years=year).items())


def even_week(opens: time, closes: time, weekdays: Iterable[int] = range(5)) -> Week:
    """A week with the same hours on each of these weekdays (Monday is 0), closed on the others."""
    days = frozenset(weekdays)
    return tuple((opens, closes) if day in days else None for day in range(7))


@lru_cache(maxsize=1024)
def _public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    """The public holidays of one year; cached, because building them costs a thousand times a look-up."""
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


@lru_cache(maxsize=1024)
def _working_days(
    weekdays: frozenset[int], country: str, subdivision: str, closed_days: frozenset[date], year: int
) -> tuple[date, ...]:
    """The working days of one year in order: counting along them is one index instead of a walk."""
    closed = closed_days | _public_holidays(country, subdivision, year)
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return tuple(day for day in days if day.year == year and day.weekday() in weekdays and day not in closed)


@lru_cache(maxsize=1024)
def check_region(country: str, subdivision: str) -> None:
    """Refuse a country or subdivision without a table of public holidays. Raises ValueError with a sentence."""
    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        raise ValueError(f"No public holidays are known for the country code {country!r}.")
    if subdivision and subdivision not in known[country]:
        raise ValueError(f"The country {country} has no subdivision {subdivision!r} with its own holidays.")


def check_time_zone(name: str) -> None:
    """Refuse a name that is no time zone. Raises ValueError with a sentence."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone name such as 'America/Chicago'.") from error


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When one clinic works: its hours by weekday; `subdivision` is "" for the whole country.

    `version` is stored with every date computed from the calendar, so that a later change of holidays never moves a
    promise silently. Raises ValueError, with a sentence, for a calendar that could not answer.
    """

    time_zone: str
    week: Week
    country: str
    subdivision: str
    closed_days: frozenset[date]
    version: int

    def __post_init__(self) -> None:
        if len(self.week) != DAYS_A_WEEK:
            raise ValueError("A week has seven days, Monday first.")
        if not any(self.week):
            raise ValueError("A calendar needs at least one working weekday.")
        if any(hours is not None and hours[0] >= hours[1] for hours in self.week):
            raise ValueError("A clinic closes after it opens, on the same day.")
        check_time_zone(self.time_zone)
        check_region(self.country, self.subdivision)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def working_weekdays(self) -> frozenset[int]:
        """The weekdays with hours (Monday is 0)."""
        return frozenset(day for day, hours in enumerate(self.week) if hours is not None)

    def is_working_day(self, day: date) -> bool:
        """Whether the clinic works on this local date (a plain date, never a datetime)."""
        return (
            self.week[day.weekday()] is not None
            and day not in self.closed_days
            and day not in _public_holidays(self.country, self.subdivision, day.year)
        )

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`; before it when negative; `day` itself, working or not, for
        0.
        """
        if count == 0:
            return day
        year, days = day.year, self._working_days(day.year)
        index = count - 1 + bisect_right(days, day) if count > 0 else count + bisect_left(days, day)
        while index >= len(days):
            index -= len(days)
            year += 1
            days = self._working_days(year)
        while index < 0:
            year -= 1
            days = self._working_days(year)
            index += len(days)
        return days[index]

    def last_working_day_on_or_before(self, day: date) -> date:
        """The working day a deadline moves to when it must never move later."""
        while not self.is_working_day(day):
            day -= ONE_DAY
        return day

    def next_working_day_on_or_after(self, day: date) -> date:
        """The first working day from `day` on."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def local_date(self, instant: datetime) -> date:
        """The clinic's date at an instant. Raises ValueError for an instant without a time zone."""
        if instant.tzinfo is None:
            raise ValueError("An instant needs a time zone; this one has none.")
        return instant.astimezone(self.zone).date()

    def start_of_day(self, day: date) -> datetime:
        """The first instant of a local date, in UTC; right also where clocks skip midnight."""
        return self._instant(day, time.min)

    def hours_on(self, day: date) -> Hours:
        """Opening and closing of this weekday; of a weekday without hours those of the week's first working day."""
        return self.week[day.weekday()] or next(hours for hours in self.week if hours is not None)

    def at_opening(self, day: date) -> datetime:
        """The instant the clinic opens on a local date, in UTC; an opening hour skipped by the clock moves after it."""
        return self._instant(day, self.hours_on(day)[0])

    def is_open_at(self, instant: datetime) -> bool:
        """Whether the clinic works at this instant."""
        day = self.local_date(instant)
        opens, closes = (self._instant(day, clock) for clock in self.hours_on(day))
        return self.is_working_day(day) and opens <= instant < closes

    def add_working_time(self, instant: datetime, span: timedelta) -> datetime:
        """The instant (UTC) at which the clinic has worked for `span` since `instant`, in real hours.

        `span` is not negative. A span that ends at closing time ends there, not at the next opening.
        """
        day = self.local_date(instant)
        while True:
            if self.is_working_day(day):
                opens, closes = (self._instant(day, clock) for clock in self.hours_on(day))
                begin = max(opens, instant.astimezone(UTC))
                if begin + span <= closes:
                    return begin + span
                span -= max(closes - begin, timedelta(0))
            day += ONE_DAY

    def _working_days(self, year: int) -> tuple[date, ...]:
        return _working_days(self.working_weekdays, self.country, self.subdivision, self.closed_days, year)

    def _instant(self, day: date, clock: time) -> datetime:
        # fold=0: the first of two equal wall times; in a gap the offset before it, which lands after it.
        return datetime.combine(day, clock.replace(fold=0), tzinfo=self.zone).astimezone(UTC)
