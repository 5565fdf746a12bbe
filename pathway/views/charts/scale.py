"""Axes: from numbers and instants to places on the paper, with ticks at round numbers and sensible local dates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from a domain to a range of places; a domain of one value lies in the middle of the range.

    >>> Scale(0, 10, 100, 200).place(5)
    150.0
    >>> Scale(3, 3, 100, 200).place(3)
    150.0
    """

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where a value stands; a value outside the domain stands at its nearer end."""
        if self.high <= self.low:
            return (self.start + self.end) / 2
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis with its words; `below` is a second line (the year of a date)."""

    at: float
    text: str
    below: str = ""


def number_ticks(low: float, high: float, about: int = 5) -> tuple[Tick, ...]:
    """Round numbers that cover the domain, rising, roughly `about` of them; at least two.

    >>> [tick.text for tick in number_ticks(0, 183)]
    ['0', '50', '100', '150', '200']
    >>> [tick.text for tick in number_ticks(3, 3)]
    ['3', '3.25']
    """
    step = _nice_step(max(high - low, 1.0) / max(about - 1, 1))
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(
        Tick(index * step, f"{index * step:.10g}") for index in range(first, max(last, first + 1) + 1)
    )


def _nice_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in NICE if factor * power >= rough * 0.999)


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of time, shown in a clinic's zone. Places on its axis are seconds since 1970."""

    first: datetime
    last: datetime
    zone: ZoneInfo

    @property
    def low(self) -> float:
        return self.first.timestamp()

    @property
    def high(self) -> float:
        return self.last.timestamp()

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies on the axis."""
        return self.first <= at <= self.last

    def midnight(self, day: date) -> float:
        """The start of a local day, whatever the clocks did in that night."""
        return datetime.combine(day, time(), self.zone).timestamp()


def date_ticks(span: TimeSpan, most: int) -> tuple[Tick, ...]:
    """Local midnights inside the span at the finest sensible distance that gives at most `most` of them.

    Days, then Mondays, then firsts of months, of quarters and of years. The year stands below the first tick and
    wherever it changes.
    """
    for every, unit in _STEPS:
        days = list(_within(span, every, unit, most + 1))
        if len(days) <= most:
            break
    else:  # a span of centuries: its years, thinned out
        years = span.last.astimezone(span.zone).year - span.first.astimezone(span.zone).year
        days = list(_within(span, years, "years", most + 1))
    days = days or [span.last.astimezone(span.zone).date()]
    return tuple(_dated(span, days, unit))


_STEPS = (
    (1, "days"),
    (2, "days"),
    (7, "days"),
    (14, "days"),
    (1, "months"),
    (2, "months"),
    (3, "months"),
    (6, "months"),
    (1, "years"),
    (2, "years"),
    (5, "years"),
    (10, "years"),
    (20, "years"),
    (50, "years"),
)


def _within(span: TimeSpan, every: int, unit: str, most: int) -> Iterator[date]:
    """Ticks of one distance inside the span, at most `most`."""
    day = _floor(span.first.astimezone(span.zone).date(), every, unit)
    found = 0
    while found < most and span.midnight(day) <= span.high:
        if span.midnight(day) >= span.low:
            found += 1
            yield day
        if day.year >= date.max.year - every:
            return
        day = _next(day, every, unit)


def _floor(day: date, every: int, unit: str) -> date:
    """The last tick on or before a day. Days count from a Monday, so that weeks begin on one."""
    if unit == "days":
        return day - timedelta(days=day.weekday()) if every >= 7 else day
    if unit == "months":
        return date(day.year, (day.month - 1) // every * every + 1, 1)
    return date(max(day.year // every * every, 1), 1, 1)


def _next(day: date, every: int, unit: str) -> date:
    if unit == "days":
        return day + timedelta(days=every)
    if unit == "months":
        year, month = divmod(day.year * 12 + day.month - 1 + every, 12)
        return date(year, month + 1, 1)
    return date(day.year + every, 1, 1)


def _dated(span: TimeSpan, days: list[date], unit: str) -> Iterator[Tick]:
    before = None
    for day in days:
        at = min(max(span.midnight(day), span.low), span.high)
        if unit == "years":
            yield Tick(at, str(day.year))
        else:
            text = f"{day.day} {day:%b}" if unit == "days" else f"{day:%b}"
            yield Tick(at, text, "" if day.year == before else str(day.year))
        before = day.year
