"""Reads one case as it stands, locked, in one statement: the row, who acts, the team, and the facts guards look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from pathway.calendars import WorkCalendar
from pathway.clinical.conditions import TriageLevel
from pathway.engine.errors import NotFound
from pathway.models import Case
from pathway.protocol.cover import Roster
from pathway.protocol.facts import CaseFacts, IncidentFact, PumpFact, SignOffFact, TodoFact
from pathway.protocol.roles import Decision, Role, Stage, TodoState
from pathway.protocol.schema import Protocol
from pathway.queries.definitions import calendar_of, protocol_of
from pathway.queries.rosters import AWAY_TODAY, OFF_TODAY, grouped, roster_from

CASE_FIELDS = [field.attname for field in Case._meta.concrete_fields]
CASE_COLUMNS = ", ".join(f'c."{field.column}"' for field in Case._meta.concrete_fields)

# The row is locked, but the sub-selects see the moment the statement began. `seen_seq` tells whether another action
# committed while this one waited for the lock; then the statement is simply run again, now holding the lock.
SNAPSHOT = f"""
SELECT {CASE_COLUMNS},
  (SELECT event_seq FROM pathway_case WHERE id = c.id) AS seen_seq,
  cl.calendar_version, pt.birth_date,
  (SELECT l.id FROM pathway_clinician l WHERE l.id = cl.lead_id AND l.is_active),
  (SELECT json_agg(m.role) FROM pathway_membership m WHERE m.clinic_id = c.clinic_id AND m.clinician_id = %(actor)s),
  (SELECT json_agg(json_build_array(t.role, t.clinician_id)) FROM pathway_careteammember t
     JOIN pathway_clinician u ON u.id = t.clinician_id AND u.is_active WHERE t.case_id = c.id),
  (SELECT json_agg(json_build_array(m.role, m.clinician_id, m.is_lead, {OFF_TODAY})) FROM pathway_membership m
     JOIN pathway_clinician u ON u.id = m.clinician_id AND u.is_active WHERE m.clinic_id = c.clinic_id),
  (SELECT json_agg(json_build_array(a.clinician_id, d.id)) FROM {AWAY_TODAY}),
  (SELECT json_build_array(v.entered_by_id, v.entered_by_edge, (SELECT max(b.seq) FROM pathway_stagevisit b
       WHERE b.case_id = c.id AND b.entered_by_edge NOT IN ('close', 'reopen')))
     FROM pathway_stagevisit v WHERE v.case_id = c.id AND v.seq = c.visit_seq),
  (SELECT json_agg(json_build_array(t.id, t.key, t.occurrence, t.visit_seq, t.role, t.state, t.due_on,
       (t.opened_at AT TIME ZONE cl.time_zone)::date, (t.ended_at AT TIME ZONE cl.time_zone)::date,
       t.owner_id, t.required, t.safety, t.result, t.ended_by_id, t.claimed_at IS NOT NULL))
     FROM (SELECT DISTINCT ON (key) * FROM pathway_todo WHERE case_id = c.id ORDER BY key, occurrence DESC) t),
  (SELECT json_agg(json_build_array(s.id, s.decision, s.round, s.role, s.signer_id, s.vote, s.waives_trial,
       s.facts_hash, s.reason <> '')) FROM pathway_signoff s WHERE s.case_id = c.id AND s.lapsed_at IS NULL),
  (SELECT json_build_array(p.id, p.implanted_on, (p.filled_at AT TIME ZONE cl.time_zone)::date, p.refill_by,
       p.end_of_service_on, p.dose_since, p.eri_seen_on, p.card_issued_hash = p.card_hash,
       p.stopped_at IS NOT NULL)
     FROM pathway_pump p WHERE p.case_id = c.id AND p.explanted_on IS NULL),
  (SELECT json_build_array(i.id, i.level, i.asked, i.waiting, i.acknowledged_at IS NOT NULL)
     FROM pathway_incident i WHERE i.case_id = c.id AND i.closed_at IS NULL)
FROM pathway_case c JOIN pathway_clinic cl ON cl.id = c.clinic_id JOIN pathway_patient pt ON pt.id = c.patient_id
WHERE c.id = %(case)s FOR NO KEY UPDATE OF c
"""
CASE_OF_TODO = "(SELECT case_id FROM pathway_todo WHERE id = %(todo)s)"
BY_CASE = SNAPSHOT
BY_TODO = SNAPSHOT.replace("%(case)s", CASE_OF_TODO)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One locked case: the model row, its frozen facts, its protocol and calendar, and who is around it."""

    case: Case
    facts: CaseFacts
    protocol: Protocol
    calendar: WorkCalendar
    actor_roles: frozenset[Role]
    team: dict[Role, tuple[UUID, ...]]
    roster: Roster
    birth_date: date
    entered_by_id: UUID | None
    entered_by_edge: str
    ended_by: dict[UUID, UUID]
    claimed: frozenset[UUID]


def read_locked(
    *, case_id: UUID | None = None, todo_id: UUID | None = None, actor_id: UUID | None, at: datetime
) -> Snapshot:
    """Lock a case (or the case of a to-do) and read it. Raises NotFound. Needs an open transaction."""
    sql = BY_CASE if case_id is not None else BY_TODO
    params = {"case": case_id, "todo": todo_id, "actor": actor_id, "at": at}
    with connection.cursor() as cursor:
        row = _fetch(cursor, sql, params)
        width = len(CASE_FIELDS)
        if row[width] != row[CASE_FIELDS.index("event_seq")]:
            row = _fetch(cursor, sql, params)
    return _snapshot(row[:width], row[width + 1 :], at)


def _fetch(cursor: Any, sql: str, params: dict[str, Any]) -> Sequence[Any]:
    cursor.execute(sql, params)
    row: Sequence[Any] | None = cursor.fetchone()
    if row is None:
        raise NotFound("There is no such case for you.")
    return row


def _snapshot(columns: Sequence[Any], extra: Sequence[Any], at: datetime) -> Snapshot:
    version, birth_date, lead, roles, team, members, away, visit, todos, signoffs, pump, incident = (
        _json(value) for value in extra
    )
    case = Case.from_db("default", CASE_FIELDS, list(columns))
    calendar = calendar_of(case.clinic_id, version)
    entered_by, edge, since_visit = visit or (None, "", None)
    ids = _Ids()
    facts = CaseFacts(
        stage=Stage(case.stage),
        visit_seq=case.visit_seq,
        stage_entered_on=calendar.local_date(case.stage_entered_at),
        today=calendar.local_date(at),
        decision_round=case.decision_round,
        hold_review_on=case.hold_review_on,
        todos={row[1]: _todo(row, ids) for row in todos or ()},
        signoffs=tuple(_signoff(row) for row in signoffs or ()),
        pump=_pump(pump),
        since_visit=since_visit,
        incident=_incident(incident),
    )
    return Snapshot(
        case=case,
        facts=facts,
        protocol=protocol_of(case.protocol_id),
        calendar=calendar,
        actor_roles=frozenset(Role(role) for role in roles or ()),
        team=grouped((Role(role), ids[person]) for role, person in team or ()),
        roster=roster_from(members, away, lead),
        birth_date=birth_date,
        entered_by_id=UUID(entered_by) if entered_by else None,
        entered_by_edge=edge,
        ended_by={facts.todos[row[1]].id: ids[row[13]] for row in todos or () if row[13]},
        claimed=frozenset(facts.todos[row[1]].id for row in todos or () if row[14]),
    )


def _json(value: Any) -> Any:
    """Django's cursor hands JSON over as text."""
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


class _Ids(dict[str, UUID]):
    """UUIDs by their text, each parsed once: the same few people stand in every row."""

    def __missing__(self, text: str) -> UUID:
        self[text] = UUID(text)
        return self[text]


def _todo(row: list[Any], ids: _Ids) -> TodoFact:
    return TodoFact(
        id=UUID(row[0]),
        key=row[1],
        occurrence=row[2],
        visit_seq=row[3],
        role=Role(row[4]),
        state=TodoState(row[5]),
        due_on=date.fromisoformat(row[6]),
        opened_on=date.fromisoformat(row[7]),
        ended_on=_day(row[8]),
        owner_id=ids[row[9]] if row[9] else None,
        required=row[10],
        safety=row[11],
        result=row[12],
    )


def _signoff(row: list[Any]) -> SignOffFact:
    return SignOffFact(
        id=UUID(row[0]),
        decision=Decision(row[1]),
        round=row[2],
        role=Role(row[3]),
        signer_id=UUID(row[4]),
        vote=row[5],
        waives_trial=row[6],
        facts_hash=row[7],
        has_reason=row[8],
    )


def _pump(row: list[Any] | None) -> PumpFact | None:
    if row is None:
        return None
    implanted_on, filled_on, refill_by, end_of_service_on, dose_since, eri = (_day(text) for text in row[1:7])
    assert implanted_on is not None  # the column is NOT NULL
    return PumpFact(
        UUID(row[0]),
        implanted_on,
        filled_on,
        refill_by,
        end_of_service_on,
        dose_since,
        eri,
        card_is_current=row[7],
        is_stopped=row[8],
    )


def _incident(row: list[Any] | None) -> IncidentFact | None:
    if row is None:
        return None
    asked, waiting = (frozenset(Role(role) for role in roles) for roles in row[2:4])
    return IncidentFact(UUID(row[0]), TriageLevel(row[1]), asked, waiting, row[4])
