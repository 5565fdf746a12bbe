"""When a duty is due: the date its rule gives in a calendar, for opening it and for looking at it again. Pure."""

from __future__ import annotations

from datetime import date

from pathway.calendars import WorkCalendar
from pathway.protocol.facts import CaseFacts
from pathway.protocol.rules import DueRule
from pathway.protocol.schema import Protocol, TodoDef

FROM_ITS_OPENING = ("opening", "stage", "previous")
"""Anchors that never move once the duty is open."""


def anchor_of(protocol: Protocol, facts: CaseFacts, name: str, opening: date, previous: date) -> date | None:
    """The date a due rule hangs on, or None where it is not known yet.

    `opening` is the day the duty opens or opened, `previous` the day its last occurrence ended.
    """
    pump = facts.pump
    fixed = {
        "previous": previous,
        "opening": opening,
        "stage": facts.stage_entered_on,
        "refill_by": pump.refill_by if pump else None,
        "end_of_service": pump.end_of_service_on if pump else None,
        "eri_seen": pump.eri_seen_on if pump else None,
        "hold_review": facts.hold_review_on,
    }
    return fixed[name] if name in fixed else facts.day(protocol.anchors[name])


def due_by(todo: TodoDef, rule: DueRule, anchor: date, floor: date, calendar: WorkCalendar) -> date:
    """The due date by this rule. It never lies before `floor`, the day the duty opens.

    A safety date moves earlier to a working day, and may lie before `floor` where the date it protects does. One
    counted from its opening protects nothing earlier: an incident on a Sunday is due on that Sunday.
    """
    due = rule.on(anchor, calendar)
    if not todo.safety or rule.anchor == "opening":
        return max(due, floor)
    earlier = calendar.last_working_day_on_or_before
    return max(earlier(due), min(floor, earlier(anchor)))


def follows_its_anchor(todo: TodoDef, occurrence: int) -> bool:
    """Whether an open duty moves with the date it hangs on; dates counted from its opening never do by themselves."""
    if todo.due.anchor in FROM_ITS_OPENING:
        return False
    return occurrence == 1 or todo.repeat is None or todo.repeat.due == todo.due
