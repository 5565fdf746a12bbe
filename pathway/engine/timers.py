"""Firing timers: each due step of a to-do's ladder becomes notices, once, however many workers sweep at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from pathway.engine.action import notice_id, recipients
from pathway.engine.cases import refresh
from pathway.engine.people import People, people_of
from pathway.models import Case, Notice, Timer
from pathway.protocol.ladder import first_step, step_kind
from pathway.protocol.roles import Role
from pathway.queries.definitions import calendar_of, protocol_of

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
        teams, members = people_of(
            (timer.todo.case_id for timer in timers), (timer.todo.clinic_id for timer in timers)
        )
        notices: list[Notice] = []
        for timer in timers:
            notices.extend(_fire(timer, teams[timer.todo.case_id], members[timer.todo.clinic_id], at))
        Notice.objects.bulk_create(notices, ignore_conflicts=True)
        Timer.objects.bulk_update(timers, ["step", "due_at"])
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


def _fire(timer: Timer, team: People, members: People, at: datetime) -> list[Notice]:
    """Move the timer past every step already due, and tell people about the last of them."""
    todo = timer.todo
    case = todo.case
    protocol = protocol_of(case.protocol_id)
    calendar = calendar_of(todo.clinic_id, todo.clinic.calendar_version)
    next_step, moment = first_step(protocol, todo.due_on, at, calendar, start=timer.step + 1)
    fired = next_step - 1
    timer.step, timer.due_at = next_step, moment
    if case.held_at is not None and not todo.safety and todo.key != "hold_review":
        return []
    kind = step_kind(protocol, fired)
    told = _told(kind, todo.owner_id, Role(todo.role), team, members)
    return [
        Notice(
            id=notice_id(todo.id, f"step:{fired}:{todo.due_on}", person),
            case_id=case.id,
            clinic_id=todo.clinic_id,
            todo_id=todo.id,
            recipient_id=person,
            role=str(role),
            kind=used,
            created_at=at,
            due_at=at,
        )
        for person, role, used in told
    ]


def _told(
    kind: str, owner: UUID | None, role: Role, team: People, members: People
) -> list[tuple[UUID, Role, str]]:
    """The owner or the role; from the first escalation on also the coordinators."""
    people = [(owner, role, kind)] if owner else recipients(role, kind, team, members)
    if kind == "escalate":
        keepers = recipients(Role.COORDINATOR, kind, team, members)
        people += [keeper for keeper in keepers if keeper[0] not in {person for person, _, _ in people}]
    return people
