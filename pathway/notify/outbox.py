"""The outbox: turns due notices into mails and hands these to the mail server.

Any number of workers may do so at once. A mail is leased before it is offered and marked as soon as the server has
accepted it. A crash in between sends it again, with the same Message-ID, when its lease has run out: nothing is lost,
and at most the one message a worker had in flight is doubled. Waiting is a date in the row, never a message in the
broker.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction

from pathway.models import Clinician, Mail, Notice, ReminderContact
from pathway.notify.bundle import bundle
from pathway.notify.channels import Answer, Fate, Mailer
from pathway.notify.letter import letter
from pathway.notify.rows import NoticeRow, read

BATCH = 50
#: How long a worker has a mail for itself; after a crash it is sent again this much later.
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
#: A message that is refused "for now" this long is not coming through.
GIVE_UP = timedelta(days=3)

log = structlog.get_logger(__name__)

_TAKE = """
WITH due AS MATERIALIZED (
  SELECT id FROM pathway_mail WHERE state IN ('pending', 'leased') AND due_at <= %(at)s
  ORDER BY urgency <> 'red', due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE pathway_mail m SET state = 'leased', attempts = attempts + 1, due_at = %(until)s
  FROM due WHERE m.id = due.id RETURNING m.*
)
SELECT m.id, m.attempts, m.created_at, coalesce(u.email, k.email),
  coalesce(u.email_refused_at, k.refused_at) IS NOT NULL, m.recipient_id, m.contact_id
FROM taken m LEFT JOIN pathway_clinician u ON u.id = m.recipient_id
  LEFT JOIN pathway_remindercontact k ON k.id = m.contact_id
ORDER BY CASE m.urgency WHEN 'red' THEN 0 WHEN 'safety' THEN 1 ELSE 2 END, m.created_at, m.id
"""


@dataclass(slots=True)
class Counts:
    """What happened to the mails that were taken. `later`: refused for now; `returned`: not offered."""

    bundled: int = 0
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
    """A leased mail. `doubted`: servers refused its address for good before."""

    id: UUID
    attempts: int
    created_at: datetime
    address: str
    doubted: bool
    recipient_id: UUID | None
    contact_id: UUID | None


def drain(*, at: datetime) -> Counts:
    """Deliver batch after batch until nothing is due, the mail server is away, or the time is up."""
    total = Counts()
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < DRAIN_SECONDS:
        now = at + timedelta(seconds=elapsed)
        counts = Counts(bundled=bundle(at=now))
        counts += deliver(at=now)
        total += counts
        if counts.away or not (counts.taken or counts.bundled):
            break
    return total


def deliver(*, at: datetime, limit: int = BATCH) -> Counts:
    """Deliver at most `limit` mails due by `at` over one connection. Must not run inside a transaction."""
    started = time.monotonic()
    batch = _take(at, limit)
    counts = Counts(taken=len(batch))
    contents = _contents([mail.id for mail in batch], at) if batch else {}
    with Mailer() as mailer:
        for number, mail in enumerate(batch):
            elapsed = time.monotonic() - started
            if counts.away or elapsed > BATCH_SECONDS:
                _return(batch[number:], at, counts, "the mail server was away" if counts.away else "")
                break
            _deliver_one(mail, contents.get(mail.id, []), mailer, at + timedelta(seconds=elapsed), counts)
    if counts.taken:
        log.info("mails_delivered", **{field.name: getattr(counts, field.name) for field in fields(counts)})
    return counts


def _take(at: datetime, limit: int) -> list[_Taken]:
    """Lease due mails, alarms before all others; those that another worker takes at this moment are passed over."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_TAKE, {"at": at, "until": at + LEASE, "limit": limit})
        return [_Taken(*row) for row in cursor.fetchall()]


def _contents(ids: Sequence[UUID], at: datetime) -> dict[UUID, list[NoticeRow]]:
    """The notices of each mail, as they stand now."""
    found: dict[UUID, list[NoticeRow]] = defaultdict(list)
    for row in read(Notice.objects.filter(mail__in=ids), at=at):
        assert row.mail_id is not None  # the filter asks for it
        found[row.mail_id].append(row)
    return found


def _deliver_one(
    mail: _Taken, notices: Sequence[NoticeRow], mailer: Mailer, now: datetime, counts: Counts
) -> None:
    """Drop, bury or send one mail, and write down at once what became of it."""
    saying = [row for row in notices if not row.overtaken]
    if not saying:
        _settle(mail, state="dropped")
        counts.dropped += 1
        return
    answer = _answer(mail, saying, mailer)
    if answer.fate is Fate.ACCEPTED:
        _accepted(mail, now)
        counts.sent += 1
    elif answer.fate is Fate.AWAY:
        counts.away = True
        log.warning("mail_server_away", reason=answer.error)
        _return([mail], now, counts, answer.error)
    elif _is_hopeless(mail, answer, now):
        _bury(mail, answer, now, counts)
    else:
        _settle(mail, state="pending", due_at=now + _wait(mail), error=answer.error)
        counts.later += 1


def _answer(mail: _Taken, notices: Sequence[NoticeRow], mailer: Mailer) -> Answer:
    if not mail.address:
        return Answer(Fate.NOBODY, "the recipient has no e-mail address")
    try:
        return mailer.send(letter(mail.id, notices), mail.address)
    except Exception as error:  # one mail that cannot be put into words must not hold up all the others
        log.exception("mail_not_composed", mail_id=str(mail.id))
        return Answer(Fate.REFUSED, f"it could not be put into a message: {type(error).__name__}")


def _accepted(mail: _Taken, now: datetime) -> None:
    """The server took it, whoever holds its lease now. An address that was in doubt is good again."""
    Mail.objects.filter(pk=mail.id).update(state="sent", sent_at=now, error="")
    if mail.doubted:
        _flag(mail, None)


def _is_hopeless(mail: _Taken, answer: Answer, now: datetime) -> bool:
    """Whether trying again makes no sense: often refused for good, at a bad address, or for days "for now"."""
    if answer.fate is Fate.LATER:
        return now - mail.created_at >= GIVE_UP
    return mail.attempts >= REFUSALS or (answer.fate is Fate.NOBODY and (mail.doubted or not mail.address))


def _bury(mail: _Taken, answer: Answer, now: datetime, counts: Counts) -> None:
    """It cannot be delivered: keep it, with the reason, for a coordinator to see; flag an address that nobody has."""
    log.warning("mail_dead", mail_id=str(mail.id), reason=answer.error)
    _settle(mail, state="dead", error=answer.error)
    if answer.fate is Fate.NOBODY and not mail.doubted:
        _flag(mail, now)
    counts.dead += 1


def _flag(mail: _Taken, refused_at: datetime | None) -> None:
    """Write down since when the address is refused; None: it is not, any more."""
    if mail.recipient_id is not None:
        Clinician.objects.filter(pk=mail.recipient_id).update(email_refused_at=refused_at)
    elif mail.contact_id is not None:
        ReminderContact.objects.filter(pk=mail.contact_id).update(refused_at=refused_at)


def _settle(mail: _Taken, **columns: object) -> None:
    """Write what became of a mail, unless its lease ran out meanwhile and another worker has it."""
    Mail.objects.filter(pk=mail.id, state="leased", attempts=mail.attempts).update(**columns)


def _return(mails: Sequence[_Taken], now: datetime, counts: Counts, error: str) -> None:
    """Give back what was not offered. It does not count as an attempt: nobody refused these."""
    for mail in mails:
        wait = AWAY_WAIT * (1 + _spread(mail)) if counts.away else timedelta(0)
        _settle(mail, state="pending", attempts=mail.attempts - 1, due_at=now + wait, error=error)
    counts.returned += len(mails)


def _wait(mail: _Taken) -> timedelta:
    """Back-off of one refused message: 1, 2, 4 … minutes, at most an hour, and up to a quarter more."""
    doubled = min(FIRST_WAIT * 2 ** min(mail.attempts - 1, 10), LONGEST_WAIT)
    return doubled * (1 + _spread(mail) / 4)


def _spread(mail: _Taken) -> float:
    """A number from 0 to 1 that differs from mail to mail, so that they do not all come back at once."""
    return mail.id.int % 1000 / 1000
