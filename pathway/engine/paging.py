"""Calling people about an incident until one of them acknowledges it: at once in the action that raises it, then by
the sweep, each call once however many workers sweep. The pure rule of when and whom is in `protocol.paging`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from pathway.clinical.conditions import TriageLevel
from pathway.engine.action import NOTICE_SPACE, Action
from pathway.engine.telling import clinic_lead, owner_or_role
from pathway.models import Incident, IncidentTimer, Notice, Todo
from pathway.protocol.attention import Urgency
from pathway.protocol.cover import People, Roster
from pathway.protocol.paging import Call, next_rung, rung
from pathway.protocol.roles import PHYSICIANS, Role
from pathway.queries.rosters import rosters_of, teams_of

BATCH = 200
URGENCY = {
    TriageLevel.RED: Urgency.RED,
    TriageLevel.ORANGE: Urgency.SAFETY,
    TriageLevel.YELLOW: Urgency.SOON,
    TriageLevel.GREEN: Urgency.NEWS,
}
CLIMBS_TO: tuple[Role, ...] = (Role.COORDINATOR, *sorted(PHYSICIANS))

Called = list[tuple[UUID, Role, Call]]
"""Who is told, the role they are told in, and the kind of notice."""


def audience(
    call: Call, roles: Iterable[Role], owners: Mapping[Role, UUID], team: People, roster: Roster
) -> Called:
    """Who hears a call: whoever answers for the owner or the holders of each role that is asked; of a climb also the
    coordinators, every physician of the clinic who is at work, and the clinic's lead.

    A role that nobody at work holds is the coordinators' alarm; a call that would reach nobody climbs, and one that
    still reaches nobody goes to everybody, away or not.
    """
    told: dict[UUID, tuple[Role, Call]] = {}
    for role in sorted(roles):
        for person, told_as, kind in owner_or_role(owners.get(role), role, call, team, roster, safety=True):
            told.setdefault(person, (told_as, Call.CLIMB if kind == "unowned" else call))
    if call is Call.CLIMB or not told:
        for role in CLIMBS_TO:
            for person in roster.holders(role, safety=True):
                told.setdefault(person, (role, Call.CLIMB))
        for person in clinic_lead(roster):
            told.setdefault(person, (Role.COORDINATOR, Call.CLIMB))
    if not told:
        for role in CLIMBS_TO:
            for person in roster.members.get(role, ()):
                told.setdefault(person, (role, Call.CLIMB))
    return [(person, role, kind) for person, (role, kind) in told.items()]


def call_id(incident_id: UUID, what: str, recipient_id: UUID) -> UUID:
    """The id of the one notice that makes this call to this person."""
    return uuid5(NOTICE_SPACE, f"incident:{incident_id}:{what}:{recipient_id}")


def start(act: Action, incident: Incident, minutes: int | None) -> None:
    """Call everybody asked at once, and go on until somebody acknowledges. Without a target there is this call only."""
    tell_now(
        act, incident, (Role(role) for role in incident.waiting), f"{incident.level}:{act.at.isoformat()}:0"
    )
    if minutes is None:
        return
    target = timedelta(minutes=minutes)
    step, moment = next_rung(incident.triage_level, target, act.at, act.at, start=1)
    act.changes.put(
        IncidentTimer,
        incident_id=incident.id,
        started_at=act.at,
        target_minutes=minutes,
        step=step,
        due_at=moment,
    )


def tell_now(act: Action, incident: Incident, roles: Iterable[Role], what: str) -> None:
    """One call inside an action, to whoever holds these roles on its case."""
    first = rung(incident.triage_level, timedelta(minutes=1), 0).call
    owners = {
        todo.role: todo.owner_id
        for key, todo in act.facts.todos.items()
        if todo.is_open and todo.owner_id and key == f"incident_{todo.role}"
    }
    for person, role, kind in audience(first, roles, owners, act.snapshot.team, act.snapshot.roster):
        act.changes.put(Notice, **_notice(incident, what, person, role, kind, act.at))


def stop(act: Action, incident_id: UUID) -> None:
    """No further call: a person has acknowledged or closed it."""
    act.changes.delete(IncidentTimer, [incident_id])


def call_due(*, at: datetime, limit: int = BATCH) -> int:
    """Make the calls due by `at`, at most `limit`. Returns how many timers fired; 0 when none is left for this worker.

    Rows another worker holds are skipped. A timer found late makes its newest due call only.
    """
    with transaction.atomic():
        timers = list(
            IncidentTimer.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("incident")
            .filter(due_at__lte=at)
            .order_by("due_at")[:limit]
        )
        if not timers:
            return 0
        incidents = [timer.incident for timer in timers]
        teams = teams_of(incident.case_id for incident in incidents)
        rosters = rosters_of((incident.clinic_id for incident in incidents), at)
        owners = _owners(incident.case_id for incident in incidents)
        notices: list[Notice] = []
        for timer in timers:
            case_id, clinic_id = timer.incident.case_id, timer.incident.clinic_id
            notices += _call(timer, owners.get(case_id, {}), teams[case_id], rosters[clinic_id], at)
        Notice.objects.bulk_create(notices, ignore_conflicts=True)
        IncidentTimer.objects.bulk_update(timers, ["step", "due_at"])
    return len(timers)


def _owners(cases: Iterable[UUID]) -> dict[UUID, dict[Role, UUID]]:
    """Who owns an open duty of an incident, by case and role. One statement."""
    rows = Todo.objects.filter(
        case_id__in=set(cases), state="open", key__startswith="incident_", owner__isnull=False
    )
    found: dict[UUID, dict[Role, UUID]] = {}
    for case_id, role, owner_id in rows.values_list("case_id", "role", "owner_id"):
        found.setdefault(case_id, {})[Role(role)] = owner_id
    return found


def _call(
    timer: IncidentTimer, owners: Mapping[Role, UUID], team: People, roster: Roster, at: datetime
) -> list[Notice]:
    """Move the timer past every call already due, and make the last of them."""
    incident = timer.incident
    target = timedelta(minutes=timer.target_minutes)
    following, moment = next_rung(incident.triage_level, target, timer.started_at, at, start=timer.step + 1)
    made = following - 1
    timer.step, timer.due_at = following, moment
    call = rung(incident.triage_level, target, made).call
    asked = [Role(role) for role in incident.waiting or incident.asked]
    what = f"{incident.level}:{timer.started_at.isoformat()}:{made}"
    return [
        Notice(**_notice(incident, what, person, role, kind, at))
        for person, role, kind in audience(call, asked, owners, team, roster)
    ]


def _notice(
    incident: Incident, what: str, person: UUID, role: Role, kind: Call, at: datetime
) -> dict[str, object]:
    return {
        "id": call_id(incident.id, what, person),
        "case_id": incident.case_id,
        "clinic_id": incident.clinic_id,
        "incident_id": incident.id,
        "recipient_id": person,
        "role": str(role),
        "kind": str(kind),
        "urgency": str(URGENCY[incident.triage_level]),
        "created_at": at,
        "due_at": at,
    }
