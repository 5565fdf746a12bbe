"""Firing timers: each due step of a to-do's ladder becomes notices, once, however many workers sweep at a time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import connection, transaction

from pathway.calendars import WorkCalendar
from pathway.engine.action import notice_id
from pathway.engine.cases import refresh
from pathway.engine.changes import Changes
from pathway.engine.telling import Told, clinic_lead, keepers, merged, owner_or_role
from pathway.models import Case, Notice, Timer
from pathway.protocol.attention import urgency_of
from pathway.protocol.cover import People, Roster
from pathway.protocol.ladder import audience_of, first_step, kind_of
from pathway.protocol.roles import Role
from pathway.protocol.rules import Audience, Ladder
from pathway.queries.definitions import calendar_of, protocol_of
from pathway.queries.rosters import rosters_of, teams_of

BATCH = 500
log = structlog.get_logger(__name__)

_DUE = """
SELECT r.todo_id, r.step, t.key, t.role, t.safety, t.owner_id, t.due_on, t.case_id, t.clinic_id, c.protocol_id,
  c.held_at IS NOT NULL, cl.calendar_version
FROM pathway_timer r JOIN pathway_todo t ON t.id = r.todo_id JOIN pathway_case c ON c.id = t.case_id
  JOIN pathway_clinic cl ON cl.id = t.clinic_id
WHERE r.due_at <= %(at)s ORDER BY r.due_at LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED
"""


class _Due(NamedTuple):
    """A timer that has come due, with what its step needs to know of its to-do, case and clinic."""

    todo_id: UUID
    step: int
    key: str
    role: Role
    safety: bool
    owner_id: UUID | None
    due_on: date
    case_id: UUID
    clinic_id: UUID
    protocol_id: UUID
    on_hold: bool
    calendar_version: int


def fire_due(*, at: datetime, limit: int = BATCH) -> int:
    """Fire the timers due by `at`, at most `limit`. Returns how many fired; 0 when none is left for this worker.

    Rows another worker holds are skipped. A timer found late fires its newest due step only: nobody gets three
    reminders at once because the sweep slept. Four statements, whatever the number of timers.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_DUE, {"at": at, "limit": limit})
            rows = cursor.fetchall()
        if not rows:
            return 0
        timers = [_Due(*row)._replace(role=Role(row[3])) for row in rows]
        teams = teams_of(timer.case_id for timer in timers)
        rosters = rosters_of((timer.clinic_id for timer in timers), at)
        steps, changes = _Steps(at), Changes()
        for timer in timers:
            _fire(timer, teams[timer.case_id], rosters[timer.clinic_id], steps, changes)
        changes.flush()
    return len(timers)


def refresh_due(*, at: datetime, limit: int = BATCH) -> int:
    """Refresh the cases whose day has come. Returns how many were; each is its own transaction.

    A case that cannot be refreshed is logged by its id and tried again at the next pass; the others go on.
    """
    tomorrow = (at + timedelta(days=1)).date()  # ahead of every clinic's date; the verb compares with its own
    ids = (
        Case.objects.filter(replan_on__lte=tomorrow)
        .order_by("replan_on")
        .values_list("id", flat=True)[:limit]
    )
    refreshed = 0
    for case_id in ids:
        try:
            refreshed += not refresh(case_id=case_id, at=at).repeated
        except Exception:  # one broken case must not keep every later case waiting
            log.exception("case_not_refreshed", case_id=str(case_id))
    return refreshed


class _Steps:
    """The next step of a ladder after one instant; many to-dos of a day ask the same."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._known: dict[tuple[int, date, int, int], tuple[int, datetime]] = {}

    def after(self, ladder: Ladder, due_on: date, start: int, calendar: WorkCalendar) -> tuple[int, datetime]:
        """The first step from `start` on that lies ahead, and when it comes."""
        key = (id(ladder), due_on, start, id(calendar))  # both are cached values that outlive the batch
        if key not in self._known:
            self._known[key] = first_step(ladder, due_on, self.at, calendar, start=start)
        return self._known[key]


def _fire(timer: _Due, team: People, roster: Roster, steps: _Steps, changes: Changes) -> None:
    """Move the timer past every step already due, and tell people about the last of them.

    A step that lies ahead by the calendar of today (a closed day was entered since the timer was set) waits for its
    new moment; a safety duty's never moves later.
    """
    ladder = protocol_of(timer.protocol_id).ladder_of(timer.key)
    calendar = calendar_of(timer.clinic_id, timer.calendar_version)
    following, moment = steps.after(ladder, timer.due_on, timer.step + timer.safety, calendar)
    fired = following - 1
    paused = timer.on_hold and not timer.safety and timer.key != "hold_review"
    if fired >= timer.step and not paused:
        taken, told = _told(ladder, fired, timer, team, roster)
        _tell(changes, timer, taken, told, calendar.local_date(steps.at) >= timer.due_on, steps.at)
        if taken > fired:
            following, moment = steps.after(ladder, timer.due_on, taken + 1, calendar)
    changes.put(Timer, todo_id=timer.todo_id, step=following, due_at=moment)


def _told(ladder: Ladder, step: int, timer: _Due, team: People, roster: Roster) -> tuple[int, Told]:
    """Whom a step tells, and the step that was really taken: one that reaches nobody else at work passes on at once."""
    role, safety = timer.role, timer.safety
    kind = kind_of(ladder, step)
    owner = owner_or_role(timer.owner_id, role, kind, team, roster, safety=safety)
    if kind != "escalate":
        return step, owner
    known = {person for person, _, _ in owner}
    last = max(step, len(ladder.rungs) - 1)
    while not (called := _others(ladder, step, role, team, roster, safety, known)) and step < last:
        step += 1
    if not called:
        called = [(person, told_as, kind) for person, told_as in keepers(team, roster, safety=safety)]
    return step, merged(called, owner)


def _others(
    ladder: Ladder, step: int, role: Role, team: People, roster: Roster, safety: bool, known: set[UUID]
) -> Told:
    """Who is called at a step beside those who have the duty anyway: a climb to oneself is none."""
    called = _called(audience_of(ladder, step), role, team, roster, safety)
    return [one for one in called if one[0] not in known]


def _called(audience: Audience, role: Role, team: People, roster: Roster, safety: bool) -> Told:
    """Who is at work in an audience."""
    if audience == "coordinator":
        return [(person, told_as, "escalate") for person, told_as in keepers(team, roster, safety=safety)]
    if audience == "owner":
        return owner_or_role(None, role, "escalate", team, roster, safety=safety)
    if audience == "role":
        people = roster.holders(role, safety=safety)
    elif audience == "lead":
        people = roster.on_duty(roster.leads.get(role, ()), role, safety=safety)
    else:
        people = clinic_lead(roster)
    return [(person, role, "escalate") for person in people]


def _tell(changes: Changes, timer: _Due, step: int, told: Told, due_now: bool, at: datetime) -> None:
    for person, role, kind in told:
        changes.put(
            Notice,
            id=notice_id(timer.todo_id, f"step:{step}:{timer.due_on}", person),
            case_id=timer.case_id,
            clinic_id=timer.clinic_id,
            todo_id=timer.todo_id,
            recipient_id=person,
            role=str(role),
            kind=kind,
            urgency=urgency_of(kind, safety=timer.safety, due_now=due_now),
            data={"step": step},
            created_at=at,
            due_at=at,
        )
