"""Celery's doors: each task fetches ids, calls one function of a lower layer, and is safe to run twice.

Messages carry nothing at all: what is to be done stands in PostgreSQL. `manage.py sweep` calls the same
functions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from celery import shared_task
from django.db import transaction
from django.utils import timezone

from pathway.engine import sentinel
from pathway.engine.clinic_calendar import settle_calendars
from pathway.engine.cover_notices import announce_covers
from pathway.engine.paging import call_due
from pathway.engine.timers import fire_due, refresh_due
from pathway.notify.outbox import drain
from pathway.queries.signs import WORKER

#: A nudge that no worker took within this many seconds has been overtaken by the next turn of beat.
NUDGE_EXPIRES_S = 10

log = structlog.get_logger(__name__)


def nudge() -> None:
    """Have the notices of the present transaction delivered once it commits. Never raises, hardly waits.

    For whoever called an engine verb. When the broker is away, beat's next turn finds the rows.
    """
    transaction.on_commit(_publish, robust=True)


def _publish() -> None:
    try:
        deliver_notices.apply_async(expires=NUDGE_EXPIRES_S, retry=False)
    except Exception as error:  # whatever the broker does, the action is done and must be answered
        log.warning("nudge_lost", reason=type(error).__name__)


@shared_task
def deliver_notices() -> None:
    """Hand every due notice to the mail server."""
    drain(at=timezone.now())


@shared_task
def fire_timers() -> None:
    """Turn due steps of to-dos' ladders into notices, plan anew the cases whose day has come, deliver."""
    at = timezone.now()
    settle_all(at=at)
    if refresh_all(at=at) + announce_all(at=at) + fire_all(at=at):
        nudge()


@shared_task
def call_people() -> None:
    """Call again for every incident that nobody has acknowledged in time, and deliver."""
    if call_all(at=timezone.now()):
        nudge()


@shared_task
def heartbeat() -> None:
    """Write down that a worker is alive; beat sends this every few seconds and /readyz reads it."""
    sentinel.beat(WORKER, timezone.now())


@shared_task
def watch() -> None:
    """Let the system look at itself; whoever is to be told of an alarm is told soon."""
    if sentinel.watch(at=timezone.now()).told:
        nudge()


def fire_all(*, at: datetime) -> int:
    """Fire timers until none is due at `at`. Returns how many fired."""
    return _until_done(fire_due, at)


def call_all(*, at: datetime) -> int:
    """Make every call about incidents that is due at `at`. Returns how many timers fired."""
    return _until_done(call_due, at)


def refresh_all(*, at: datetime) -> int:
    """Plan anew until no case waits for it at `at`. Returns how many were."""
    return _until_done(refresh_due, at)


def settle_all(*, at: datetime) -> int:
    """Move every date that was still written by a clinic's old calendar. Returns how many cases were moved."""
    return _until_done(settle_calendars, at)


def announce_all(*, at: datetime) -> int:
    """Tell of every absence that has begun or is over at `at`. Returns how many were."""
    return _until_done(announce_covers, at)


def _until_done(batch: Callable[..., int], at: datetime) -> int:
    total = 0
    while done := batch(at=at):
        total += done
    return total
