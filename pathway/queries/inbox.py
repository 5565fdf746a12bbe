"""A person's open duties: those they own or answer for, and those of their roles that nobody owns yet.

Each branch walks one partial index in its own order and stops after a page, so a page costs the same with a
thousand to-dos as with millions. Duties that a hold pauses are left out of the list and counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection

from pathway.protocol.roles import Stage
from pathway.queries.access import Access, Covered
from pathway.queries.definitions import title_of

PAGE_ROWS = 50
COUNT_LIMIT = 100

COLUMNS = "t.id, t.due_on, t.case_id, t.clinic_id, t.key, t.role, t.owner_id, t.safety"
CASE_COLUMNS = "c.stage, c.protocol_id, c.patient_id, c.held_at IS NOT NULL AS held"
# A hold pauses every duty but these, as in the engine's own choice of whose turn it is.
AWAKE = "(c.held_at IS NULL OR t.safety OR t.key = 'hold_review')"
OWNED = "t.state = 'open' AND t.owner_id = %s AND t.clinic_id = ANY(%s)"
COVERED = "t.state = 'open' AND t.owner_id = %s AND t.clinic_id = %s"
UNOWNED = "t.state = 'open' AND t.owner_id IS NULL AND t.clinic_id = %s AND t.role = %s"
SOURCE = "pathway_todo t JOIN pathway_case c ON c.id = t.case_id"


class When(StrEnum):
    """The groups of the list, by the clinic's own date. A week ends on Sunday."""

    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"
    LATER = "later"

    @property
    def label(self) -> str:
        """The group as a person reads it."""
        return {"overdue": "Overdue", "today": "Today", "week": "This week", "later": "Later"}[self.value]


@dataclass(frozen=True, slots=True)
class Work:
    """One line of the list. `mine`: owned by the reader; `away`: owned by a colleague they answer for; else anybody
    with the role may claim it.
    """

    id: UUID
    due_on: date
    case_id: UUID
    clinic: str
    title: str
    role: str
    mine: bool
    safety: bool
    stage: Stage
    on_hold: bool
    patient: str
    mrn: str
    today: date
    when: When
    away: Covered | None = None


@dataclass(frozen=True, slots=True)
class WorkPage:
    """One page of the list; `more` where another follows `cursor`."""

    rows: tuple[Work, ...]
    more: bool

    @property
    def cursor(self) -> str:
        """Where the next page begins, for its address."""
        return f"{self.rows[-1].due_on.isoformat()},{self.rows[-1].id}" if self.rows else ""


@dataclass(frozen=True, slots=True)
class Span:
    """Which due dates, both ends included; None leaves an end open."""

    first: date | None = None
    last: date | None = None

    @property
    def sql(self) -> str:
        """The condition on `t.due_on`, beginning with AND."""
        first = " AND t.due_on >= %s" if self.first else ""
        return first + (" AND t.due_on <= %s" if self.last else "")

    @property
    def params(self) -> list[date]:
        """The condition's parameters."""
        return [day for day in (self.first, self.last) if day]


def sunday_after(today: date) -> date:
    """The last day of today's week."""
    return today + timedelta(days=6 - today.weekday())


def span_of(when: When, today: date) -> Span:
    """The due dates of a group. On a Sunday the week is empty."""
    sunday, day = sunday_after(today), timedelta(days=1)
    return {
        When.OVERDUE: Span(last=today - day),
        When.TODAY: Span(today, today),
        When.WEEK: Span(today + day, sunday),
        When.LATER: Span(first=sunday + day),
    }[when]


def when_of(due_on: date, today: date) -> When:
    """The group of a due date."""
    if due_on < today:
        return When.OVERDUE
    if due_on == today:
        return When.TODAY
    return When.WEEK if due_on <= sunday_after(today) else When.LATER


def read_cursor(text: str) -> tuple[date, UUID] | None:
    """A page's beginning from its address; None for anything else."""
    day, _, key = text.partition(",")
    try:
        return date.fromisoformat(day), UUID(key)
    except ValueError:
        return None


def work_of(
    access: Access, *, at: datetime, when: When | None = None, after: tuple[date, UUID] | None = None
) -> WorkPage:
    """One page of a person's open duties, by due date. One query. `at`: an aware instant."""
    if not access.clinics:
        return WorkPage((), False)
    span = span_of(when, access.clinics[0].today(at)) if when else Span()
    where = f"AND {AWAKE}{span.sql}" + (" AND (t.due_on, t.id) > (%s, %s)" if after else "")
    tail = [*span.params, *(after or ())]
    branches, params = [], []
    for owner, values in _owners(access):
        branches.append(
            f"(SELECT {COLUMNS}, {CASE_COLUMNS} FROM {SOURCE} WHERE {owner} {where}"
            f" ORDER BY t.due_on, t.id LIMIT {PAGE_ROWS + 1})"
        )
        params += [*values, *tail]
    sql = (
        f"SELECT w.*, p.family_name, p.given_name, p.mrn FROM (SELECT * FROM ({' UNION ALL '.join(branches)}) u"
        f" ORDER BY due_on, id LIMIT {PAGE_ROWS + 1}) w JOIN pathway_patient p ON p.id = w.patient_id"
        " ORDER BY w.due_on, w.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    return WorkPage(tuple(_work(row, access, at) for row in rows[:PAGE_ROWS]), len(rows) > PAGE_ROWS)


def _owners(access: Access) -> list[tuple[str, list[Any]]]:
    """One index range for what the person owns, one for each role whose unowned duties they may claim, and one for
    each colleague they answer for.
    """
    owned = (OWNED, [access.person_id, access.clinic_ids])
    unowned = [(UNOWNED, [clinic_id, role]) for clinic_id, role in access.pairs]
    covered = [(COVERED, [away.person_id, away.clinic_id]) for away in access.covered]
    return [owned, *unowned, *covered]


def _work(row: tuple[Any, ...], access: Access, at: datetime) -> Work:
    key, due_on, case_id, clinic_id, todo_key, role, owner_id, safety = row[:8]
    stage, protocol_id, _, held, family_name, given_name, mrn = row[8:]
    clinic = access.by_id[clinic_id]
    today = clinic.today(at)
    return Work(
        id=key,
        due_on=due_on,
        case_id=case_id,
        clinic=clinic.name,
        title=title_of(protocol_id, todo_key),
        role=role,
        mine=owner_id == access.person_id,
        safety=safety,
        stage=Stage(stage),
        on_hold=held,
        patient=f"{family_name}, {given_name}",
        mrn=mrn,
        today=today,
        when=when_of(due_on, today),
        away=next(
            (away for away in access.covered if (away.person_id, away.clinic_id) == (owner_id, clinic_id)),
            None,
        ),
    )


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """How many duties each group holds, up to COUNT_LIMIT; `paused` wait for a hold to end."""

    groups: dict[When, int]
    paused: int


def counts_of(access: Access, *, at: datetime) -> WorkCounts:
    """Bounded counts of a person's open duties. One query, whose cost stops growing at the limit."""
    if not access.clinics:
        return WorkCounts(dict.fromkeys(When, 0), 0)
    today = access.clinics[0].today(at)
    parts: list[str] = []
    params: list[Any] = []
    for when in When:
        span = span_of(when, today)
        for owner, values in _owners(access):
            where = f"{owner} AND {AWAKE}{span.sql}"
            parts.append(f"(SELECT '{when}' AS label FROM {SOURCE} WHERE {where} LIMIT {COUNT_LIMIT})")
            params += [*values, *span.params]
    paused, values = _paused(access)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT label, count(*) FROM ({' UNION ALL '.join([*parts, paused])}) u GROUP BY label",
            [*params, *values],
        )
        found = dict(cursor.fetchall())
    groups = {when: min(found.get(str(when), 0), COUNT_LIMIT) for when in When}
    return WorkCounts(groups, found.get("paused", 0))


def _paused(access: Access) -> tuple[str, list[Any]]:
    """What waits for a hold to end, found from the held cases, which are few."""
    whose = ["(t.owner_id IS NULL AND t.clinic_id = %s AND t.role = %s)"] * len(access.pairs)
    whose += ["(t.owner_id = %s AND t.clinic_id = %s)"] * len(access.covered)
    sql = (
        f"(SELECT 'paused' AS label FROM {SOURCE} WHERE c.clinic_id = ANY(%s) AND NOT c.stage = 'closed'"
        f" AND c.held_at IS NOT NULL AND t.state = 'open' AND NOT {AWAKE}"
        f" AND (t.owner_id = %s OR {' OR '.join(whose)}) LIMIT {COUNT_LIMIT})"
    )
    pairs = [*access.pairs, *((away.person_id, away.clinic_id) for away in access.covered)]
    return sql, [access.clinic_ids, access.person_id, *(value for pair in pairs for value in pair)]
