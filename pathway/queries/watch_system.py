"""Checks of the system itself: its parts, its mail, its timers. Each is one bounded statement; none writes.

Whoever was not watched is not judged: after a start or a break of the watch every part has its full time again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pathway.queries.findings import Finding, minutes, rows_of
from pathway.queries.mails import NOTICE_STALE_S, oldest_unsent
from pathway.queries.signs import (
    BEAT,
    BROKER,
    HEARTBEAT_STALE_S,
    SWEEP,
    WATCH_STALE_S,
    WATCHING,
    WORKER,
    heartbeats,
)

LATE = timedelta(minutes=10)
"""A reminder is made within half a minute; so late, nobody makes them (P)."""
CALL_LATE = timedelta(minutes=2)
"""A call about an incident nobody has acknowledged (P)."""
MANY = 1000
"""Counting stops here."""


def worker_silent(at: datetime) -> list[Finding]:
    """No worker gave a sign of life."""
    return _silent("worker_silent", WORKER, at)


def beat_silent(at: datetime) -> list[Finding]:
    """Beat did not run. Its own record is in the broker: while that is away, nothing is said of beat."""
    signs = heartbeats()
    broker = signs.get(BROKER)
    if broker is None or at - broker > timedelta(seconds=HEARTBEAT_STALE_S):
        return []
    return _silent("beat_silent", BEAT, at)


def broker_away(at: datetime) -> list[Finding]:
    """The broker did not answer."""
    return _silent("broker_away", BROKER, at)


def sweep_silent(at: datetime) -> list[Finding]:
    """`sweep --every` has run here, was not told to stop, and is silent."""
    since = heartbeats().get(SWEEP)
    if since is None or at - since <= timedelta(seconds=WATCH_STALE_S):
        return []
    return [Finding("sweep_silent", None, SWEEP, {"minutes": minutes(since, at)})]


def mail_stuck(at: datetime) -> list[Finding]:
    """A notice or a message should have left long ago."""
    oldest = oldest_unsent(at)
    if oldest is None or at - oldest <= timedelta(seconds=NOTICE_STALE_S):
        return []
    return [Finding("mail_stuck", None, "mail", {"minutes": minutes(oldest, at)})]


_LATE = """
SELECT count(*), min(due_at) FROM (
  (SELECT due_at FROM pathway_timer WHERE due_at < %(late)s ORDER BY due_at LIMIT %(most)s)
  UNION ALL
  (SELECT due_at FROM pathway_incidenttimer WHERE due_at < %(very_late)s ORDER BY due_at LIMIT %(most)s)
) late
"""


def timers_late(at: datetime) -> list[Finding]:
    """Timers of to-dos or incidents should have fired long ago. Reads the front of two indexes."""
    [(count, oldest)] = rows_of(_LATE, late=at - LATE, very_late=at - CALL_LATE, most=MANY)
    if not count:
        return []
    return [Finding("timers_late", None, "timers", {"count": count, "minutes": minutes(oldest, at)})]


def _silent(rule: str, part: str, at: datetime) -> list[Finding]:
    """A part that gave no sign for too long, counted from when somebody began to look."""
    signs = heartbeats()
    looked = signs.get(WATCHING)
    if looked is None:
        return []
    since = max(looked, signs.get(part, looked))
    if at - since <= timedelta(seconds=HEARTBEAT_STALE_S):
        return []
    return [Finding(rule, None, part, {"minutes": minutes(since, at)})]
