"""The outbox: takes due notices out of the database and hands them to the mail server.

Any number of workers may do so at once. A notice is leased before it is offered and marked as soon as the
server has accepted it. A crash in between sends it again, with the same Message-ID, when its lease has run
out: nothing is lost, and at most the one message a worker had in flight is doubled. Waiting is a date in the
row, never a message in the broker.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from pathway.models import Notice
from pathway.notify.channels import Answer, Fate, Mailer
from pathway.notify.compose import IncidentSubject, Message, Subject, compose, compose_incident
from pathway.protocol.roles import TodoState
from pathway.queries.definitions import title_of

BATCH = 50
#: How long a worker has a notice for itself; after a crash it is sent again this much later.
LEASE = timedelta(seconds=20)
#: `drain` takes no further batch after this; a task must end well before Celery's time limit.
DRAIN_SECONDS = 120.0
#: A worker starts no message later than this after it took the batch, so that its leases still hold.
BATCH_SECONDS = 10.0
#: Wait after the mail server was away: at least this, at most twice this.
AWAY_WAIT = timedelta(seconds=10)
#: Wait after the server refused one message: doubled with each attempt, up to the longest.
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
#: A recipient whom the server refuses for good is tried this often, in case the server was set up wrongly.
REFUSALS = 3
#: Notices that say nothing once their to-do has been done.
ONLY_WHILE_OPEN = frozenset({"remind", "due", "escalate"})
#: Notices that say nothing once a person has acknowledged their incident.
ONLY_WHILE_UNHEARD = frozenset({"page", "incident_climb"})

log = structlog.get_logger(__name__)

_TAKE = """
WITH due AS MATERIALIZED (
  SELECT id FROM pathway_notice WHERE state IN ('pending', 'leased') AND due_at <= %(at)s
  ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE pathway_notice n SET state = 'leased', attempts = attempts + 1, due_at = %(until)s
FROM due WHERE n.id = due.id RETURNING n.id
"""


@dataclass(slots=True)
class Counts:
    """What happened to the notices that were taken. `later`: refused for now; `returned`: not offered."""

    taken: int = 0
    sent: int = 0
    dropped: int = 0
    dead: int = 0
    later: int = 0
    returned: int = 0
    away: bool = False

    def __iadd__(self, other: Counts) -> Counts:
        for field in fields(self):
            total = getattr(self, field.name) + getattr(other, field.name)
            setattr(self, field.name, bool(total) if field.name == "away" else total)
        return self


@dataclass(frozen=True, slots=True)
class _Taken:
    """A leased notice with everything its message needs; nothing of it comes from the patient's tables.

    Of its to-do and its incident one is there, and the other's columns are None.
    """

    id: UUID
    kind: str
    told_as: str
    attempts: int
    address: str
    active: bool
    clinic: str
    time_zone: str
    protocol_id: UUID
    todo_id: UUID
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
    called_since: bool = False


def drain(*, at: datetime) -> Counts:
    """Deliver batch after batch until nothing is due, the mail server is away, or the time is up."""
    total = Counts()
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < DRAIN_SECONDS:
        counts = deliver(at=at + timedelta(seconds=elapsed))
        total += counts
        if counts.away or not counts.taken:
            break
    return total


def deliver(*, at: datetime, limit: int = BATCH) -> Counts:
    """Deliver at most `limit` notices due by `at` over one connection. Must not run inside a transaction."""
    started = time.monotonic()
    batch = _take(at, limit)
    counts = Counts(taken=len(batch))
    with Mailer() as mailer:
        for number, notice in enumerate(batch):
            elapsed = time.monotonic() - started
            if counts.away or elapsed > BATCH_SECONDS:
                _return(batch[number:], at, counts, "the mail server was away" if counts.away else "")
                break
            _deliver_one(notice, mailer, at + timedelta(seconds=elapsed), counts)
    if counts.taken:
        log.info("notices_delivered", **{field.name: getattr(counts, field.name) for field in fields(counts)})
    return counts


def _take(at: datetime, limit: int) -> list[_Taken]:
    """Lease due notices, earliest first; those that another worker takes at this moment are passed over."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_TAKE, {"at": at, "until": at + LEASE, "limit": limit})
        ids = [row[0] for row in cursor.fetchall()]
    rows = (
        Notice.objects.filter(pk__in=ids)
        .order_by("created_at", "id")
        .values_list(
            *("id", "kind", "role", "attempts", "recipient__email", "recipient__is_active", "clinic__name"),
            "clinic__time_zone",
            *("case__protocol_id", "todo_id", "todo__key", "todo__role", "todo__stage", "todo__due_on"),
            *("todo__state", "incident_id", "incident__level", "incident__opened_at", "incident__contact_by"),
            *("incident__acknowledged_at", "incident__closed_at"),
        )
    )
    taken = [_Taken(*row) for row in rows]
    if not any(one.incident_id for one in taken):
        return taken
    since = _called_since(ids)
    return [replace(one, called_since=one.id in since) for one in taken]


def _called_since(ids: list[UUID]) -> frozenset[UUID]:
    """The calls among these that a later one to the same person has overtaken.

    A mail server that was away for a day comes back to one call a person and incident, not to hundreds.
    """
    later = Notice.objects.filter(
        incident_id=OuterRef("incident_id"),
        recipient_id=OuterRef("recipient_id"),
        created_at__gt=OuterRef("created_at"),
        kind__in=ONLY_WHILE_UNHEARD,
    ).exclude(state__in=("dropped", "dead"))
    calls = Notice.objects.filter(pk__in=ids, kind__in=ONLY_WHILE_UNHEARD, incident__isnull=False)
    return frozenset(calls.filter(Exists(later)).values_list("pk", flat=True))


def _deliver_one(notice: _Taken, mailer: Mailer, now: datetime, counts: Counts) -> None:
    """Drop, bury or send one notice, and write down at once what became of it."""
    if _is_overtaken(notice):
        _settle(notice, state="dropped")
        counts.dropped += 1
    elif not notice.active or not notice.address:
        reason = (
            "the recipient has no e-mail address" if notice.active else "the recipient's account is closed"
        )
        _bury(notice, reason, counts)
    else:
        _offer(notice, mailer, now, counts)


def _is_overtaken(notice: _Taken) -> bool:
    """Whether it says nothing any more: the to-do was done, the incident acknowledged, closed, or called of since."""
    if notice.incident_id is not None:
        heard = notice.kind in ONLY_WHILE_UNHEARD and notice.heard_at is not None
        return heard or notice.closed_at is not None or notice.called_since
    return notice.kind in ONLY_WHILE_OPEN and notice.todo_state != TodoState.OPEN


def _offer(notice: _Taken, mailer: Mailer, now: datetime, counts: Counts) -> None:
    """Send one notice and act on the server's answer."""
    answer = _answer(notice, mailer)
    if answer.fate is Fate.ACCEPTED:
        Notice.objects.filter(pk=notice.id).update(state="sent", sent_at=now, error="")
        counts.sent += 1
    elif answer.fate is Fate.AWAY:
        counts.away = True
        log.warning("mail_server_away", reason=answer.error)
        _return([notice], now, counts, answer.error)
    elif answer.fate is Fate.REFUSED and notice.attempts >= REFUSALS:
        _bury(notice, answer.error, counts)
    else:
        _settle(notice, state="pending", due_at=now + _wait(notice), error=answer.error)
        counts.later += 1


def _answer(notice: _Taken, mailer: Mailer) -> Answer:
    try:
        return mailer.send(_message(notice), notice.address)
    except Exception as error:  # one notice that cannot be put into a message must not hold up all the others
        log.exception("notice_not_composed", notice_id=str(notice.id))
        return Answer(Fate.REFUSED, f"it could not be put into a message: {type(error).__name__}")


def _message(notice: _Taken) -> Message:
    if notice.incident_id is not None:
        return compose_incident(
            IncidentSubject(
                notice_id=notice.id,
                kind=notice.kind,
                told_as=notice.told_as,
                incident_id=notice.incident_id,
                level=notice.level,
                opened_at=notice.opened_at,
                contact_by=notice.contact_by,
                time_zone=notice.time_zone,
                clinic=notice.clinic,
            )
        )
    return compose(
        Subject(
            notice_id=notice.id,
            kind=notice.kind,
            told_as=notice.told_as,
            todo_id=notice.todo_id,
            role=notice.role,
            title=title_of(notice.protocol_id, notice.key),
            stage=notice.stage,
            due_on=notice.due_on,
            clinic=notice.clinic,
        )
    )


def _bury(notice: _Taken, reason: str, counts: Counts) -> None:
    """It cannot be delivered: keep it, with the reason, for the coordinator to see."""
    log.warning("notice_dead", notice_id=str(notice.id), reason=reason)
    _settle(notice, state="dead", error=reason)
    counts.dead += 1


def _settle(notice: _Taken, **columns: object) -> None:
    """Write what became of a notice, unless its lease ran out meanwhile and another worker has it."""
    Notice.objects.filter(pk=notice.id, state="leased", attempts=notice.attempts).update(**columns)


def _return(notices: Sequence[_Taken], now: datetime, counts: Counts, error: str) -> None:
    """Give back what was not offered. It does not count as an attempt: nobody refused these."""
    for notice in notices:
        wait = AWAY_WAIT * (1 + _spread(notice)) if counts.away else timedelta(0)
        _settle(notice, state="pending", attempts=notice.attempts - 1, due_at=now + wait, error=error)
    counts.returned += len(notices)


def _wait(notice: _Taken) -> timedelta:
    """Back-off of one refused message: 1, 2, 4 … minutes, at most an hour, and up to a quarter more."""
    doubled = min(FIRST_WAIT * 2 ** min(notice.attempts - 1, 10), LONGEST_WAIT)
    return doubled * (1 + _spread(notice) / 4)


def _spread(notice: _Taken) -> float:
    """A number from 0 to 1 that differs from notice to notice, so that they do not all come back at once."""
    return notice.id.int % 1000 / 1000
