"""Notices with everything their message needs, read for many at once. Nothing of it comes from the patient's tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from pathway.models import Notice
from pathway.protocol.attention import Urgency
from pathway.protocol.roles import TodoState
from pathway.queries.reminders import still_true

#: Notices that say nothing once a person has acknowledged their incident.
ONLY_WHILE_UNHEARD = frozenset({"page", "incident_climb"})
#: Notices that say nothing once the absence they are about was cancelled.
ONLY_WHILE_AWAY = frozenset({"cover_planned", "cover_begins"})
FIELDS = """
id kind urgency role data created_at mail_id recipient_id recipient__is_active contact_id
clinic_id clinic__name clinic__time_zone clinic__hospital_name clinic__emergency_phone
case_id case__protocol_id case__stage todo_id todo__key todo__role todo__stage todo__due_on todo__state
incident_id incident__level incident__opened_at incident__contact_by incident__acknowledged_at incident__closed_at
alarm_id alarm__rule alarm__raised_at alarm__cleared_at
absence_id absence__first_day absence__last_day absence__cancelled_at
""".split()  # noqa: SIM905 - forty lines of quotes would hide that the order is the row's


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice. Of what it is not about the columns are None. Instants are aware, dates the clinic's."""

    id: UUID
    kind: str
    urgency: Urgency
    told_as: str
    data: dict[str, Any]
    created_at: datetime
    mail_id: UUID | None
    recipient_id: UUID | None
    active: bool | None
    contact_id: UUID | None
    clinic_id: UUID
    clinic: str
    time_zone: str
    hospital: str
    phone: str
    case_id: UUID | None
    protocol_id: UUID
    case_stage: str
    todo_id: UUID | None
    key: str
    role: str
    stage: str
    due_on: date
    todo_state: str
    incident_id: UUID | None
    level: str
    opened_at: datetime
    contact_by: datetime | None
    heard_at: datetime | None
    closed_at: datetime | None
    alarm_id: UUID | None
    rule: str
    raised_at: datetime
    cleared_at: datetime | None
    absence_id: UUID | None
    first_day: date
    last_day: date
    cancelled_at: datetime | None
    overtaken: bool = False


def read(notices: QuerySet[Notice], *, at: datetime) -> list[NoticeRow]:
    """These notices, oldest first, each judged whether it still says something at `at`. One to three statements."""
    rows = [_row(values) for values in notices.order_by("created_at", "id").values_list(*FIELDS)]
    stale = {row.id for row in rows if _is_overtaken(row)}
    stale |= _called_since(row.id for row in rows if row.incident_id and row.kind in ONLY_WHILE_UNHEARD)
    asked = {row.id for row in rows if row.contact_id}
    if asked:
        stale |= asked - still_true(asked, at=at)
    return [replace(row, overtaken=True) if row.id in stale else row for row in rows]


def _row(values: tuple[Any, ...]) -> NoticeRow:
    notice_id, kind, urgency, *others = values
    return NoticeRow(notice_id, kind, Urgency(urgency), *others)


def _is_overtaken(row: NoticeRow) -> bool:
    """Whether what it tells is over: the to-do done, the incident heard or closed, the alarm cleared, nobody away."""
    if row.contact_id is not None:
        return False  # `still_true` knows
    if not row.active:
        return True
    if row.incident_id is not None:
        heard = row.kind in ONLY_WHILE_UNHEARD and row.heard_at is not None
        return heard or row.closed_at is not None
    if row.absence_id is not None:
        return row.kind in ONLY_WHILE_AWAY and row.cancelled_at is not None
    if row.alarm_id is not None:
        # One notice may stand for several alarms; those after the first have no column here, so it is told.
        return row.cleared_at is not None and row.data.get("count", 1) == 1
    return row.todo_id is not None and row.todo_state != TodoState.OPEN


def _called_since(ids: Iterable[UUID]) -> set[UUID]:
    """The calls among these that a later one to the same person has overtaken.

    A mail server that was away for a day comes back to one call a person and incident, not to hundreds.
    """
    calls = list(ids)
    if not calls:
        return set()
    later = Notice.objects.filter(
        incident_id=OuterRef("incident_id"),
        recipient_id=OuterRef("recipient_id"),
        created_at__gt=OuterRef("created_at"),
        kind__in=ONLY_WHILE_UNHEARD,
    ).exclude(state__in=("dropped", "kept"))
    return set(Notice.objects.filter(Exists(later), pk__in=calls).values_list("pk", flat=True))
