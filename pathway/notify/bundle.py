"""Makes mail of notices: what is due for a person becomes as few messages as their choices and its urgency allow.

One worker handles a person at a time, so that what is due together leaves together. Everything about one person is
written in one transaction: a notice is in exactly one mail, or still waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Case, Q, When

from pathway.models import Attention, Notice
from pathway.notify.rows import NoticeRow, read
from pathway.protocol.attention import Taste, Urgency, leaves_at, quiet_until

PEOPLE = 25
#: Notices of one batch; a person with more gets the rest in a further message.
NOTICES = 1000
MAIL_SPACE = UUID("8e0c6a52-5b0f-4c57-9a57-0f5cbb1d9a31")
_LOCK = 4711
#: Leaves alone and at any hour: its reader waits for the link in it.
AT_ONCE = frozenset({"invited"})
RANK = {Urgency.RED: 0, Urgency.SAFETY: 1, Urgency.SOON: 2, Urgency.NEWS: 3}

# A person (or contact) whom another worker handles at this moment is passed over.
_CLAIM = """
WITH due AS MATERIALIZED (
  SELECT coalesce(recipient_id, contact_id) AS person, min(due_at) AS first FROM pathway_notice
  WHERE state = 'pending' AND due_at <= %(at)s
  GROUP BY 1 ORDER BY bool_or(urgency = 'red') DESC, first LIMIT %(limit)s
)
SELECT person FROM due WHERE pg_try_advisory_xact_lock(%(lock)s, hashtext(person::text))
"""
_SETTLE = """
UPDATE pathway_notice n SET state = v.state, mail_id = v.mail, due_at = v.due_at
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::timestamptz[]) AS v(id, state, mail, due_at) WHERE n.id = v.id
"""
_MAILS = """
INSERT INTO pathway_mail (id, recipient_id, contact_id, clinic_id, urgency, created_at, state, due_at, attempts, error)
SELECT v.*, 'pending', %(at)s, 0, '' FROM unnest(%(ids)s::uuid[], %(recipients)s::uuid[], %(contacts)s::uuid[],
  %(clinics)s::uuid[], %(urgencies)s::text[], %(created)s::timestamptz[]) AS v ON CONFLICT (id) DO NOTHING
"""


@dataclass(slots=True)
class _Decisions:
    """What becomes of each notice of a batch: state, mail and due date by id; and the mails."""

    notices: dict[UUID, tuple[str, UUID | None, datetime]] = field(default_factory=dict)
    mails: list[tuple[UUID, NoticeRow, Urgency]] = field(default_factory=list)


def bundle(*, at: datetime, people: int = PEOPLE) -> int:
    """Decide about the notices due by `at` of at most so many people. Returns how many notices; 0 when none is left.

    Each becomes part of a mail, stays in the inbox only, is dropped because it says nothing any more, or waits for the
    person's next digest or the end of their quiet hours.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"at": at, "limit": people, "lock": _LOCK})
            claimed = [row[0] for row in cursor.fetchall()]
        if not claimed:
            return 0
        whose = Q(recipient__in=claimed) | Q(contact__in=claimed)
        due = Notice.objects.filter(whose, state="pending", due_at__lte=at).order_by(_ALARMS_FIRST, "due_at")
        rows = read(Notice.objects.filter(pk__in=list(due.values_list("pk", flat=True)[:NOTICES])), at=at)
        decisions = _decide(rows, _tastes(claimed), at)
        _write(decisions, at)
    return len(rows)


def _tastes(people: Sequence[UUID]) -> dict[UUID, Taste]:
    """The choices of those who made any."""
    return {row.clinician_id: row.taste for row in Attention.objects.filter(pk__in=people)}


def _decide(rows: Iterable[NoticeRow], tastes: dict[UUID, Taste], at: datetime) -> _Decisions:
    decisions = _Decisions()
    leaving: dict[tuple[object, ...], list[NoticeRow]] = defaultdict(list)
    for row in rows:
        taste = tastes.get(row.recipient_id, _DEFAULT) if row.recipient_id else _DEFAULT
        if row.overtaken:
            decisions.notices[row.id] = ("dropped", None, at)
        elif row.urgency is Urgency.NEWS and taste.news_muted:
            decisions.notices[row.id] = ("kept", None, at)
        elif (moment := _leaves(row, taste, at)) > at:
            decisions.notices[row.id] = ("pending", None, moment)
        else:
            leaving[_envelope(row)].append(row)
    for together in leaving.values():
        _seal(together, decisions, at)
    return decisions


_DEFAULT = Taste()
_ALARMS_FIRST = Case(
    When(urgency=str(Urgency.RED), then=0), When(urgency=str(Urgency.SAFETY), then=1), default=2
)


def _leaves(row: NoticeRow, taste: Taste, at: datetime) -> datetime:
    """When it may leave: by the moment it was told, and never in quiet hours, however late this worker is."""
    if row.contact_id is not None:  # its moment was chosen when the appointment was made
        return at
    if row.kind in AT_ONCE:
        return at
    zone = ZoneInfo(row.time_zone)
    moment = leaves_at(row.urgency, taste, row.created_at, zone)
    return moment if moment > at or not row.urgency.waits else quiet_until(taste, at, zone)


def _envelope(row: NoticeRow) -> tuple[object, ...]:
    """What leaves in one message: an alarm alone, safety by case, everything that could wait together."""
    person = row.recipient_id or row.contact_id
    if row.kind in AT_ONCE:
        return (person, row.clinic_id, "alone", row.id)
    match row.urgency:
        case Urgency.RED:
            return (person, row.clinic_id, "red", row.incident_id or row.id)
        case Urgency.SAFETY:
            return (person, row.clinic_id, "safety", row.case_id or row.alarm_id or row.id)
    return (person, row.clinic_id, "together", row.contact_id and row.id)


def _seal(together: list[NoticeRow], decisions: _Decisions, at: datetime) -> None:
    """One mail of these notices. Its id follows from theirs: made twice, it is one."""
    mail_id = uuid5(MAIL_SPACE, ",".join(sorted(str(row.id) for row in together)))
    urgency = min((row.urgency for row in together), key=RANK.__getitem__)
    decisions.mails.append((mail_id, together[0], urgency))
    for row in together:
        decisions.notices[row.id] = ("mailed", mail_id, at)


def _write(decisions: _Decisions, at: datetime) -> None:
    """Two statements, however many notices."""
    mails = decisions.mails
    with connection.cursor() as cursor:
        if mails:
            values: dict[str, Any] = {
                "at": at,
                "ids": [mail_id for mail_id, _, _ in mails],
                "recipients": [row.recipient_id for _, row, _ in mails],
                "contacts": [row.contact_id for _, row, _ in mails],
                "clinics": [row.clinic_id for _, row, _ in mails],
                "urgencies": [str(urgency) for _, _, urgency in mails],
                "created": [at] * len(mails),
            }
            cursor.execute(_MAILS, values)
        ids = list(decisions.notices)
        states, sealed, due = zip(*(decisions.notices[key] for key in ids), strict=True) if ids else ((),) * 3
        cursor.execute(_SETTLE, [ids, list(states), list(sealed), list(due)])
