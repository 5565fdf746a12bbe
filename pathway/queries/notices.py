"""A person's inbox: what they were told, newest first, what it was about and how it reached them.

It names the patient while the reader works in the clinic, as every list does; the mail of the same notice never does.
One page walks the index of the person's notices in its own order and stops after a page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from pathway.clinical.tags import without_tags
from pathway.protocol.attention import Urgency
from pathway.protocol.roles import TodoState
from pathway.queries.access import person_name
from pathway.queries.definitions import title_of

PAGE_ROWS = 50
#: A notice `n` that still asks for its reader's eyes. What had nothing more to say before its mail left does not, nor
#: one whose to-do was done since: whoever did it straight from the mail has no second list to clear.
UNREAD = """n.read_at IS NULL AND n.state <> 'dropped' AND NOT EXISTS (
  SELECT 1 FROM pathway_todo ended WHERE ended.id = n.todo_id AND ended.state <> 'open')"""

_LINES = f"""
SELECT n.id, n.kind, n.urgency, n.role, n.created_at, n.read_at, n.state, n.due_at, n.data,
  cl.name, cl.time_zone,
  EXISTS (SELECT 1 FROM pathway_membership m WHERE m.clinic_id = n.clinic_id AND m.clinician_id = n.recipient_id),
  ma.state, ma.due_at, ma.sent_at,
  n.todo_id, t.key, c.protocol_id, t.role, t.due_on, t.state,
  n.incident_id, i.level, i.acknowledged_at, i.closed_at,
  n.alarm_id, al.rule, al.cleared_at,
  n.absence_id, {person_name("u")}, ab.first_day, ab.last_day,
  c.id, p.family_name, p.given_name, p.mrn
FROM (SELECT * FROM pathway_notice n WHERE n.recipient_id = %(person)s {{where}}
      ORDER BY n.created_at DESC, n.id LIMIT {PAGE_ROWS + 1}) n
JOIN pathway_clinic cl ON cl.id = n.clinic_id
LEFT JOIN pathway_mail ma ON ma.id = n.mail_id
LEFT JOIN pathway_todo t ON t.id = n.todo_id
LEFT JOIN pathway_case c ON c.id = coalesce(t.case_id, n.case_id)
LEFT JOIN pathway_patient p ON p.id = c.patient_id
LEFT JOIN pathway_incident i ON i.id = n.incident_id
LEFT JOIN pathway_alarm al ON al.id = n.alarm_id
LEFT JOIN pathway_absence ab ON ab.id = n.absence_id
LEFT JOIN pathway_clinician u ON u.id = ab.clinician_id
ORDER BY n.created_at DESC, n.id
"""
_AFTER = " AND n.created_at <= %(moment)s AND (n.created_at < %(moment)s OR n.id > %(key)s)"


class Show(StrEnum):
    """Which notices: those not read that still say something, all, or those about safety."""

    UNREAD = "unread"
    ALL = "all"
    SAFETY = "safety"

    @property
    def label(self) -> str:
        """The choice as a person reads it."""
        return {"unread": "Unread", "all": "All", "safety": "Red and safety"}[self.value]

    @property
    def where(self) -> str:
        """The condition on the notice, beginning with AND."""
        return {
            "unread": f" AND {UNREAD}",
            "all": "",
            "safety": " AND n.urgency IN ('red', 'safety')",
        }[self.value]


@dataclass(frozen=True, slots=True)
class OfCase:
    """Whose case a notice belongs to: the patient's name and number."""

    patient: str
    mrn: str


@dataclass(frozen=True, slots=True)
class OfTodo:
    """The to-do that a notice is about; `role` is the to-do's own."""

    id: UUID
    title: str
    role: str
    due_on: date
    state: str


@dataclass(frozen=True, slots=True)
class OfIncident:
    """The incident that a notice is about."""

    id: UUID
    level: str
    heard: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class OfAlarm:
    """The alarm that a notice is about."""

    id: UUID
    rule: str
    cleared: bool


@dataclass(frozen=True, slots=True)
class OfAbsence:
    """The absence that a notice is about: whose, and its days in the clinic's dates."""

    id: UUID
    who: str
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Line:
    """One notice. `told_as`: the role the reader was told in. `here`: they still work in its clinic. `read`: they read
    it, or its to-do is no longer open. `case`: None where the reader no longer works there.

    `state` and `due_at` are the notice's; `mail_*` those of the mail that carries it, None without one. Instants are
    aware; `today` is the clinic's date.
    """

    id: UUID
    kind: str
    urgency: Urgency
    told_as: str
    told_at: datetime
    read: bool
    state: str
    due_at: datetime
    data: dict[str, Any]
    clinic: str
    time_zone: ZoneInfo
    today: date
    here: bool
    mail_state: str | None
    mail_due_at: datetime | None
    mail_sent_at: datetime | None
    case: OfCase | None
    todo: OfTodo | None
    incident: OfIncident | None
    alarm: OfAlarm | None
    absence: OfAbsence | None


@dataclass(frozen=True, slots=True)
class NoticePage:
    """One page of the inbox; `more` where another follows `cursor`."""

    rows: tuple[Line, ...]
    more: bool

    @property
    def cursor(self) -> str:
        """Where the next page begins, for its address."""
        if not self.rows:
            return ""
        return f"{self.rows[-1].told_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ},{self.rows[-1].id}"


def notices_of(
    person_id: UUID, *, at: datetime, show: Show = Show.ALL, after: tuple[datetime, UUID] | None = None
) -> NoticePage:
    """One page of a person's own notices, newest first. One query. `at`: an aware instant."""
    where = show.where + (_AFTER if after else "")
    moment, key = after or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(_LINES.format(where=where), {"person": person_id, "moment": moment, "key": key})
        rows = cursor.fetchall()
    return NoticePage(tuple(_line(row, at) for row in rows[:PAGE_ROWS]), len(rows) > PAGE_ROWS)


def read_cursor(text: str) -> tuple[datetime, UUID] | None:
    """A page's beginning from its address; None for anything else."""
    moment, _, key = text.partition(",")
    try:
        found = datetime.fromisoformat(moment), UUID(key)
    except ValueError:
        return None
    return found if found[0].tzinfo else None


def _line(row: tuple[Any, ...], at: datetime) -> Line:
    key, kind, urgency, role, told_at, read_at, state, due_at, data, clinic, zone, here = row[:12]
    mail_state, mail_due_at, mail_sent_at = row[12:15]
    todo, todo_key, protocol, todo_role, due_on, todo_state = row[15:21]
    incident, level, heard_at, closed_at = row[21:25]
    alarm, rule, cleared_at = row[25:28]
    absence, who, first_day, last_day = row[28:32]
    case, family_name, given_name, mrn = row[32:]
    time_zone = ZoneInfo(zone)
    return Line(
        id=key,
        kind=kind,
        urgency=Urgency(urgency),
        told_as=role,
        told_at=told_at,
        read=read_at is not None or (todo is not None and todo_state != TodoState.OPEN),
        state=state,
        due_at=due_at,
        data=json.loads(data) if isinstance(data, str) else data,
        clinic=clinic,
        time_zone=time_zone,
        today=at.astimezone(time_zone).date(),
        here=here,
        mail_state=mail_state,
        mail_due_at=mail_due_at,
        mail_sent_at=mail_sent_at,
        case=OfCase(f"{family_name}, {given_name}", mrn) if case and here else None,
        todo=OfTodo(todo, without_tags(title_of(protocol, todo_key)), todo_role, due_on, todo_state)
        if todo
        else None,
        incident=OfIncident(incident, level, heard_at is not None, closed_at is not None)
        if incident
        else None,
        alarm=OfAlarm(alarm, rule, cleared_at is not None) if alarm else None,
        absence=OfAbsence(absence, who, first_day, last_day) if absence else None,
    )
