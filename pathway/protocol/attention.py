"""How urgent a notice is, and when a person is mailed about it: pure rules. It knows no person and no database.

All numbers are local policy (tag P).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAILY_AT = time(7, 30)
"""When the daily mail leaves where a person chose nothing else, on the clinic's clock (P)."""
QUIET_FROM, QUIET_TO = time(19), time(6, 30)
"""Quiet hours where a person chose nothing else, on the clinic's clock (P)."""


class Urgency(StrEnum):
    """What a notice may interrupt. `red` and `safety` leave at once, at any hour; nobody can mute them."""

    RED = "red"
    SAFETY = "safety"
    SOON = "soon"
    NEWS = "news"

    @property
    def label(self) -> str:
        """The urgency as a person reads it."""
        return {"red": "Red alarm", "safety": "Safety", "soon": "Due and overdue", "news": "News"}[self.value]

    @property
    def waits(self) -> bool:
        """Whether quiet hours and digests hold it back."""
        return self in (Urgency.SOON, Urgency.NEWS)


class Pace(StrEnum):
    """How a person takes what may wait."""

    INSTANT = "instant"
    HOURLY = "hourly"
    DAILY = "daily"

    @property
    def label(self) -> str:
        """The pace as a person reads it."""
        return {"instant": "At once", "hourly": "Once an hour", "daily": "Once a day"}[self.value]


RED_KINDS = frozenset({"page", "incident_climb"})
SAFE_KINDS = frozenset({"incident", "unowned", "alarm"})
DUE_KINDS = frozenset({"due", "escalate"})
SOON_KINDS = DUE_KINDS | {
    "handed_over",
    "lapsed",
    "hold_review",
    "cover_begins",
    "appointment",
    "invited",
    "joined",
}


def urgency_of(kind: str, *, safety: bool = False, due_now: bool = False) -> Urgency:
    """How urgent a kind of notice is. `safety`: the to-do protects a pump or a patient; `due_now`: today or earlier."""
    if kind in RED_KINDS:
        return Urgency.RED
    if kind in SAFE_KINDS or (safety and (due_now or kind in DUE_KINDS)):
        return Urgency.SAFETY
    return Urgency.SOON if due_now or kind in SOON_KINDS else Urgency.NEWS


@dataclass(frozen=True, slots=True)
class Taste:
    """One person's choices. Quiet hours may pass midnight; None: there are none."""

    soon: Pace = Pace.INSTANT
    news: Pace = Pace.HOURLY
    news_muted: bool = False
    daily_at: time = DAILY_AT
    quiet_from: time | None = QUIET_FROM
    quiet_to: time | None = QUIET_TO

    def pace(self, urgency: Urgency) -> Pace:
        """How the person takes this urgency."""
        return {Urgency.SOON: self.soon, Urgency.NEWS: self.news}.get(urgency, Pace.INSTANT)


def leaves_at(urgency: Urgency, taste: Taste, told_at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which a notice told at `told_at` may leave; `told_at` itself for what cannot wait.

    Hourly mail leaves on the full hour, daily mail at the person's time, both on the clinic's own clock, wherever that
    is against UTC. Whatever would leave in quiet hours leaves at their end. Clock changes: an instant is always found
    from the local wall time, so no digest is skipped or doubled, and an hour that is there twice is quiet twice.
    """
    if not urgency.waits:
        return told_at
    pace = taste.pace(urgency)
    if pace is Pace.DAILY:
        told_at = _daily(told_at.astimezone(zone), taste.daily_at, zone)
    elif pace is Pace.HOURLY:
        told_at = _full_hour(told_at.astimezone(UTC), zone)
    return quiet_until(taste, told_at, zone)


def is_quiet(clock: time, begin: time | None, end: time | None) -> bool:
    """Whether a local wall time lies in quiet hours, from `begin` to before `end`; over midnight where that is less."""
    if begin is None or end is None or begin == end:
        return False
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def _daily(local: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Today's mail, or tomorrow's where today's has left. Of a time that is there twice, the first counts."""
    today = _instant(local.date(), at, zone)
    if local.astimezone(UTC) <= today:
        return today
    return _instant(local.date() + timedelta(days=1), at, zone)


def _full_hour(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment on a full local hour, else the next one. Where a clock changes by half an hour it takes two steps."""
    while past := _past_the_hour(moment, zone):
        moment += timedelta(hours=1) - past
    return moment


def _past_the_hour(moment: datetime, zone: ZoneInfo) -> timedelta:
    local = moment.astimezone(zone)
    return timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def quiet_until(taste: Taste, moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the quiet hours it falls into: the later one of an end that is there twice.

    An end that a clock change skips comes late; should quiet hours have begun again by then, the next end counts.
    """
    end = taste.quiet_to
    while end is not None and is_quiet(clock := moment.astimezone(zone).time(), taste.quiet_from, end):
        day = moment.astimezone(zone).date() + timedelta(days=0 if clock < end else 1)
        moment = max(_instant(day, end, zone), _instant(day, end.replace(fold=1), zone))
    return moment


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """A local wall time as an instant; `clock.fold` 1 is the second of two. A skipped one falls on either side."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
