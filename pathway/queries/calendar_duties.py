"""The duties that a person's calendar shows: what they own or answer for, and what of it ended lately.

It reads to-dos, roles and absences, and nothing about a patient. Each branch walks one index and stops at a limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from pathway.clinical.tags import without_tags
from pathway.protocol.cover import Roster
from pathway.queries.access import Access, access_of
from pathway.queries.definitions import title_of
from pathway.queries.rosters import rosters_of

OPEN_LIMIT, ENDED_LIMIT = 500, 300
"""So many open and so many ended duties of a clinic and kind of ownership at most; the earliest and the latest ones."""
ENDED_FOR = timedelta(days=30)
"""So long a calendar is told that an entry is cancelled (P)."""

_COLUMNS = "t.id, t.case_id, t.clinic_id, t.key, t.role, t.due_on, t.safety, t.state"
_OWNED = f"""
(SELECT {_COLUMNS} FROM pathway_todo t
 WHERE t.state = 'open' AND t.owner_id = ANY(%s) AND t.clinic_id = %s ORDER BY t.due_on, t.id LIMIT {OPEN_LIMIT})
"""
_UNOWNED = f"""
(SELECT {_COLUMNS} FROM pathway_todo t
 WHERE t.state = 'open' AND t.owner_id IS NULL AND t.clinic_id = %s AND t.role = ANY(%s)
 ORDER BY t.due_on, t.id LIMIT {OPEN_LIMIT})
"""
_ENDED = f"""
(SELECT {_COLUMNS} FROM pathway_todo t
 WHERE t.clinic_id = %s AND t.ended_at IS NOT NULL AND t.ended_at >= %s
   AND (t.owner_id = ANY(%s) OR t.owner_id IS NULL AND t.role = ANY(%s))
 ORDER BY t.ended_at DESC, t.id LIMIT {ENDED_LIMIT})
"""
# The newest event of the case says when anything about the duty may last have changed.
_DUTIES = """
SELECT d.*, c.protocol_id, c.held_at IS NOT NULL, c.event_seq, e.at FROM ({branches}) d
JOIN pathway_case c ON c.id = d.case_id JOIN pathway_event e ON e.case_id = c.id AND e.seq = c.event_seq
ORDER BY d.due_on, d.id
"""


@dataclass(frozen=True, slots=True)
class Duty:
    """One entry of a calendar. `version` and `changed_at` are those of the case: whatever changes, they rise.

    `paused`: the case is on hold and this duty waits for its end. `ended`: nothing is to be done any more.
    """

    todo_id: UUID
    title: str
    clinic: str
    role: str
    due_on: date
    safety: bool
    paused: bool
    ended: bool
    version: int
    changed_at: datetime


def duties_of(person_id: UUID, *, at: datetime) -> tuple[Duty, ...]:
    """A person's duties for their calendar, by due date. Three queries. `at`: an aware instant."""
    access = access_of(person_id)
    if not access.clinics:
        return ()
    branches, params = _branches(access, rosters_of(access.clinic_ids, at), at - ENDED_FOR)
    with connection.cursor() as cursor:
        cursor.execute(_DUTIES.format(branches=" UNION ALL ".join(branches)), params)
        return tuple(_duty(row, access) for row in cursor.fetchall())


def _branches(
    access: Access, rosters: dict[UUID, Roster], ended_since: datetime
) -> tuple[list[str], list[Any]]:
    branches: list[str] = []
    params: list[Any] = []
    for clinic in access.clinics:
        people, roles = answered_for(access.person_id, clinic.roles, rosters[clinic.id])
        branches += [_OWNED, _UNOWNED, _ENDED]
        params += [people, clinic.id, clinic.id, roles, clinic.id, ended_since, people, roles]
    return branches, params


def answered_for(person: UUID, own: frozenset[str], roster: Roster) -> tuple[list[UUID], list[str]]:
    """Whose duties, and the duties of which roles that nobody owns: the person's, and of those they stand in for.

    Somebody who is away keeps their own in their calendar: they come back to them.
    """
    people = {person, *roster.covers.get(person, frozenset())}
    covered = {str(role) for role, holders in roster.members.items() if people & set(holders)}
    return sorted(people), sorted(own | covered)


def _duty(row: tuple[Any, ...], access: Access) -> Duty:
    key, _, clinic_id, todo_key, role, due_on, safety, state, protocol_id, held, version, changed_at = row
    return Duty(
        todo_id=key,
        title=without_tags(title_of(protocol_id, todo_key)),
        clinic=access.by_id[clinic_id].name,
        role=role,
        due_on=due_on,
        safety=safety,
        paused=held and not safety and todo_key != "hold_review",
        ended=state != "open",
        version=version,
        changed_at=changed_at,
    )
