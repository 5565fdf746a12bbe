"""A case as it stands between two steps: its stage, its open duties and their timers, in one statement.

The driver asks this thousands of times, so it reads columns, not model instances.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

SQL = """
SELECT c.stage, c.visit_seq, c.stage_entered_at, c.held_at, c.replan_on,
  t.id, t.key, t.occurrence, t.role, t.safety, t.due_on, t.opened_at, t.owner_id, r.due_at
FROM pathway_case c
LEFT JOIN pathway_todo t ON t.case_id = c.id AND t.state = 'open'
LEFT JOIN pathway_timer r ON r.todo_id = t.id
WHERE c.id = %s ORDER BY t.due_on, t.id
"""


@dataclass(frozen=True, slots=True)
class Duty:
    """One open to-do; `rings_at` is its timer."""

    id: UUID
    key: str
    occurrence: int
    role: str
    safety: bool
    due_on: date
    opened_at: datetime
    owner_id: UUID | None
    rings_at: datetime | None


@dataclass(frozen=True, slots=True)
class Situation:
    """The case now."""

    stage: str
    visit_seq: int
    stage_entered_at: datetime
    held_at: datetime | None
    replan_on: date | None
    duties: tuple[Duty, ...]


def look(case_id: UUID) -> Situation:
    """Read the case and its open duties, earliest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, [case_id])
        rows = cursor.fetchall()
    stage, visit_seq, stage_entered_at, held_at, replan_on, *_ = rows[0]
    duties = tuple(Duty(*row[5:]) for row in rows if row[5] is not None)
    return Situation(stage, visit_seq, stage_entered_at, held_at, replan_on, duties)
