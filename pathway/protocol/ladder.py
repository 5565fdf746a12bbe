"""When a to-do reminds, on its day, and climbs after it: the steps of its ladder as instants. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pathway.calendars import WorkCalendar
from pathway.protocol.rules import Audience, DueRule, Ladder


def kind_of(ladder: Ladder, step: int) -> str:
    """What this step does: remind, due or escalate; beyond the last rung it goes on escalating."""
    return ladder.rungs[step].kind if step < len(ladder.rungs) else "escalate"


def audience_of(ladder: Ladder, step: int) -> Audience:
    """Whom this step tells; beyond the last rung it goes on telling whom that told."""
    return ladder.rungs[min(step, len(ladder.rungs) - 1)].audience


def step_at(ladder: Ladder, due_on: date, step: int, calendar: WorkCalendar) -> datetime:
    """The UTC instant of a step, counted from the clinic's opening on the due date; past the last rung it repeats."""
    last = len(ladder.rungs) - 1
    moment = _moment(ladder.rungs[min(step, last)].due, calendar.at_opening(due_on), due_on, calendar)
    for _ in range(step - last):
        moment = _moment(ladder.repeat, moment, calendar.local_date(moment), calendar)
    return moment


def first_step(
    ladder: Ladder, due_on: date, after: datetime, calendar: WorkCalendar, start: int = 0
) -> tuple[int, datetime]:
    """The first step from `start` on that still lies ahead of an instant, and when it comes."""
    step = start
    moment = step_at(ladder, due_on, step, calendar)
    while moment <= after:
        step += 1
        moment = step_at(ladder, due_on, step, calendar)
    return step, moment


def _moment(rule: DueRule, opening: datetime, day: date, calendar: WorkCalendar) -> datetime:
    """Where a rung lies: some hours after an instant, or at the clinic's opening on the day that the rule names."""
    match rule.unit:
        case "h":
            return opening + timedelta(hours=rule.count)
        case "WH":
            return calendar.add_working_time(opening, timedelta(hours=rule.count))
        case _:
            return calendar.at_opening(rule.on(day, calendar))
