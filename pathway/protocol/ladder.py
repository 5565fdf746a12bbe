"""When a to-do reminds, on its day, and climbs after it: the steps of the ladder as instants. Pure."""

from __future__ import annotations

from datetime import date, datetime

from pathway.calendars import WorkCalendar
from pathway.protocol.schema import Protocol


def step_kind(protocol: Protocol, step: int) -> str:
    """What this step does: remind, due or escalate; beyond the last rung it goes on escalating."""
    return protocol.ladder[step].kind if step < len(protocol.ladder) else "escalate"


def step_at(protocol: Protocol, due_on: date, step: int, calendar: WorkCalendar) -> datetime:
    """The UTC instant of a step: the clinic's opening on the day the rung names; it repeats past the last rung."""
    last = len(protocol.ladder) - 1
    day = protocol.ladder[min(step, last)].due.on(due_on, calendar)
    for _ in range(step - last):
        day = protocol.ladder_repeat.on(day, calendar)
    return calendar.at_opening(day)


def first_step(
    protocol: Protocol, due_on: date, after: datetime, calendar: WorkCalendar, start: int = 0
) -> tuple[int, datetime]:
    """The first step from `start` on that still lies ahead of an instant, and when it comes."""
    step = start
    moment = step_at(protocol, due_on, step, calendar)
    while moment <= after:
        step += 1
        moment = step_at(protocol, due_on, step, calendar)
    return step, moment
