"""Whether the parts that keep duties moving are alive: database, broker, worker, beat, outbox. Reads only."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models import Min, Q
from django.utils import timezone
from redbeat.decoder import RedBeatJSONDecoder

from pathway.models import Notice

#: Cache key under which the worker writes the moment of its last heartbeat, in seconds since 1970.
WORKER_HEARTBEAT = "heartbeat:worker"
#: redbeat's own record of the last time beat sent the heartbeat task.
BEAT_HEARTBEAT = "redbeat:heartbeat"
#: Heartbeats are sent every 15 s; four missed ones are a failure, not a delay.
HEARTBEAT_STALE_S = 60
#: Waiting this long for a notice to leave means that mail is not working.
NOTICE_STALE_S = 600
UNSENT = ("pending", "leased")


@dataclass(frozen=True)
class Readiness:
    """Each part: true when it works. Ages in whole seconds; None where nothing is known or nothing waits."""

    database: bool
    broker: bool
    worker_heartbeat_age_s: int | None
    beat_heartbeat_age_s: int | None
    oldest_unsent_notice_age_s: int | None

    @property
    def ready(self) -> bool:
        fresh = [
            age is not None and age <= HEARTBEAT_STALE_S
            for age in (self.worker_heartbeat_age_s, self.beat_heartbeat_age_s)
        ]
        return (
            self.database
            and self.broker
            and all(fresh)
            and (self.oldest_unsent_notice_age_s or 0) <= NOTICE_STALE_S
        )

    def as_json(self) -> dict[str, bool | int | None]:
        return {"ready": self.ready, **asdict(self)}


def readiness() -> Readiness:
    """Ask every part; a part that is away is reported, never raised. Takes at most a few seconds."""
    now = time.time()
    database, worker, notice = _database_side(now)
    broker, beat = _broker_side(now)
    return Readiness(database, broker, worker, beat, notice)


def _database_side(now: float) -> tuple[bool, int | None, int | None]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        beaten = cache.get(WORKER_HEARTBEAT)
        return True, None if beaten is None else int(now - beaten), _oldest_unsent_notice_age_s()
    except DatabaseError:
        return False, None, None


def _oldest_unsent_notice_age_s() -> int | None:
    """Age of the oldest notice that should have left by now.

    One that is due later only waits for its day, unless it was given back because the mail server was away. One
    that the server itself refused for now (attempts > 0) says nothing about the system; one that stays leased does.
    """
    now = timezone.now()
    late = Q(attempts=0) & (Q(due_at__lte=now) | ~Q(error="")) | Q(state="leased")
    oldest = Notice.objects.filter(late, state__in=UNSENT).aggregate(oldest=Min("created_at"))["oldest"]
    return None if oldest is None else int((now - oldest).total_seconds())


def _broker_side(now: float) -> tuple[bool, int | None]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
        meta = client.hget(BEAT_HEARTBEAT, "meta")
    except redis.RedisError:
        return False, None
    finally:
        client.close()
    return True, _beat_age_s(meta, now)


def _beat_age_s(meta: bytes | str | None, now: float) -> int | None:
    """Age of redbeat's `last_run_at`; None for a beat that never ran or wrote something unreadable."""
    try:
        moment = json.loads(meta or "null", cls=RedBeatJSONDecoder)["last_run_at"]
        return int(now - moment.timestamp())
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
