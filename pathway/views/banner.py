"""What every page says above everything else while something is wrong with the system or in the reader's clinics.

It works without mail, worker, beat and broker: a page asks the database alone, and a watch that has stopped is seen
by its silence.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.utils.timesince import timesince

from pathway.protocol.alarms import ALARM_RULES, WATCH_SILENT
from pathway.queries.frame import ALARMS_LIMIT, Frame
from pathway.queries.signs import PREPARED, WATCH, WATCH_STALE_S

LINES = 3
"""More kinds of trouble than this are counted, not named (P)."""


def warnings_of(frame: Frame, now: datetime) -> list[str]:
    """The banner's lines, the weightiest first. A system whose watch never began says nothing until it was prepared."""
    lines = watch_silent(frame, now)
    counts = Counter(alarm.rule for alarm in frame.alarms)
    kinds = [rule for rule in ALARM_RULES.values() if counts[rule.key]]
    lines += [_line(rule.title, counts[rule.key]) for rule in kinds]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], f"{len(lines) - LINES + 1} more kinds of trouble"]
    return lines


def watch_silent(frame: Frame, now: datetime) -> list[str]:
    """A line where nobody has looked for too long: since the last look, or since the system was prepared to start."""
    signs = [frame.beats[name] for name in (WATCH, PREPARED) if name in frame.beats]
    if not signs or now - max(signs) <= timedelta(seconds=WATCH_STALE_S):
        return []
    ago = timesince(max(signs), now, depth=1).replace("\xa0", " ")
    return [f"{WATCH_SILENT} since {ago}. Reminders may not leave"]


def _line(title: str, count: int) -> str:
    if count == 1:
        return title
    return f"{title} ({count}{' or more' if count >= ALARMS_LIMIT else ''})"
