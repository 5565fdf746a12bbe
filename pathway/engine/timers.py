"""Firing timers: each due step of a to-do's ladder becomes notices, once, however many workers sweep at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from pathway.engine.action import notice_id
from pathway.engine.cases import refresh
from pathway.engine.changes import Changes
from pathway.engine.telling import Told, clinic_lead, keepers, merged, owner_or_role
from pathway.models import Case, Notice, Timer, Todo
from pathway.protocol.attention import urgency_of
from pathway.protocol.cover import People, Roster
from pathway.protocol.ladder import audience_of, first_step, kind_of
from pathway.protocol.roles import Role
from pathway.protocol.schema import Audience, Ladder
from pathway.queries.definitions import calendar_of, protocol_of
from pathway.queries.rosters import rosters_of, teams_of

BATCH = 500
log = structlog.get_logger(__name__)


def fire_due(*, at: datetime, limit: int = BATCH) -> int:
    """Fire the timers due by `at`, at most `limit`. Returns how many fired; 0 when none is left for this worker.

    Rows another worker holds are skipped. A timer found late fires its newest due step only: nobody gets three
    reminders at once because the sweep slept.
    """
    with transaction.atomic():
        timers = list(
            Timer.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("todo__case", "todo__clinic")
            .filter(due_at__lte=at)
            .order_by("due_at")[:limit]
        )
        if not timers:
            return 0
        teams = teams_of(timer.todo.case_id for timer in timers)
        rosters = rosters_of((timer.todo.clinic_id for timer in timers), at)
        changes = Changes()
        for timer in timers:
            _fire(timer, teams[timer.todo.case_id], rosters[timer.todo.clinic_id], at, changes)
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


def _fire(timer: Timer, team: People, roster: Roster, at: datetime, changes: Changes) -> None:
    """Move the timer past every step already due, and tell people about the last of them."""
    todo, case = timer.todo, timer.todo.case
    ladder = protocol_of(case.protocol_id).ladder_of(todo.key)
    calendar = calendar_of(todo.clinic_id, todo.clinic.calendar_version)
    following, _ = first_step(ladder, todo.due_on, at, calendar, start=timer.step + 1)
    fired = following - 1
    paused = case.held_at is not None and not todo.safety and todo.key != "hold_review"
    if not paused:
        fired, told = _told(ladder, fired, todo, team, roster)
        _tell(changes, todo, fired, told, calendar.local_date(at) >= todo.due_on, at)
    step, moment = first_step(ladder, todo.due_on, at, calendar, start=fired + 1)
    changes.put(Timer, todo_id=todo.id, step=step, due_at=moment)


def _told(ladder: Ladder, step: int, todo: Todo, team: People, roster: Roster) -> tuple[int, Told]:
    """Whom a step tells, and the step that was really taken: one that reaches nobody else at work passes on at once."""
    role, safety = Role(todo.role), todo.safety
    kind = kind_of(ladder, step)
    owner = owner_or_role(todo.owner_id, role, kind, team, roster, safety=safety)
    if kind != "escalate":
        return step, owner
    known = {person for person, _, _ in owner}
    last = max(step, len(ladder.rungs) - 1)
    while step < last and not _others(ladder, step, role, team, roster, safety, known):
        step += 1
    called = _others(ladder, step, role, team, roster, safety, known)
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
    people: Mapping[Audience, tuple[UUID, ...]] = {
        "role": roster.holders(role, safety=safety),
        "lead": roster.on_duty(roster.leads.get(role, ()), role, safety=safety),
        "clinic_lead": clinic_lead(roster),
    }
    if audience in people:
        return [(person, role, "escalate") for person in people[audience]]
    if audience == "coordinator":
        return [(person, told_as, "escalate") for person, told_as in keepers(team, roster, safety=safety)]
    return owner_or_role(None, role, "escalate", team, roster, safety=safety)


def _tell(changes: Changes, todo: Todo, step: int, told: Told, due_now: bool, at: datetime) -> None:
    for person, role, kind in told:
        changes.put(
            Notice,
            id=notice_id(todo.id, f"step:{step}:{todo.due_on}", person),
            case_id=todo.case_id,
            clinic_id=todo.clinic_id,
            todo_id=todo.id,
            recipient_id=person,
            role=str(role),
            kind=kind,
            urgency=urgency_of(kind, safety=todo.safety, due_now=due_now),
            data={"step": step},
            created_at=at,
            due_at=at,
        )
