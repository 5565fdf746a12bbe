"""Whether the parts that keep duties moving are alive: database, broker, worker, beat, outbox. Reads only."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Count
from django.utils import timezone

from pathway.models import Alarm
from pathway.protocol.alarms import ALARM_RULES
from pathway.queries.mails import NOTICE_STALE_S, oldest_unsent
from pathway.queries.signs import HEARTBEAT_STALE_S, WATCH, WATCH_STALE_S, WORKER, ask_broker, heartbeats


@dataclass(frozen=True, slots=True)
class Readiness:
    """Each part: true when it works. Ages in whole seconds; None where nothing is known or nothing waits.

    `alarms`: how many stand, by rule. Alarms of a clinic are its people's work; only those of the whole system
    make it not ready.
    """

    database: bool
    broker: bool
    worker_heartbeat_age_s: int | None
    beat_heartbeat_age_s: int | None
    oldest_unsent_notice_age_s: int | None
    watch_heartbeat_age_s: int | None = None
    alarms: dict[str, int] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether the system can do its work."""
        fresh = [
            age is not None and age <= HEARTBEAT_STALE_S
            for age in (self.worker_heartbeat_age_s, self.beat_heartbeat_age_s)
        ]
        return (
            self.database
            and self.broker
            and all(fresh)
            and (self.oldest_unsent_notice_age_s or 0) <= NOTICE_STALE_S
            and (self.watch_heartbeat_age_s or 0) <= WATCH_STALE_S
            and not any(ALARM_RULES[rule].system for rule in self.alarms if rule in ALARM_RULES)
        )

    def as_json(self) -> dict[str, Any]:
        """The answer of /readyz."""
        return {"ready": self.ready, **asdict(self)}


@dataclass(frozen=True, slots=True)
class _Database:
    worker: datetime | None = None
    watch: datetime | None = None
    unsent: datetime | None = None
    alarms: dict[str, int] = field(default_factory=dict)
    answers: bool = True


def readiness() -> Readiness:
    """Ask every part; a part that is away is reported, never raised. Takes at most a few seconds."""
    now = timezone.now()
    database, broker = _ask_database(now), ask_broker()

    def age(moment: datetime | None) -> int | None:
        return None if moment is None else int((now - moment).total_seconds())

    return Readiness(
        database.answers,
        broker.answers,
        age(database.worker),
        age(broker.beat_at),
        age(database.unsent),
        age(database.watch),
        database.alarms,
    )


def _ask_database(now: datetime) -> _Database:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        signs = heartbeats()
        return _Database(signs.get(WORKER), signs.get(WATCH), oldest_unsent(now), standing_by_rule())
    except DatabaseError:
        return _Database(answers=False)


def standing_by_rule() -> dict[str, int]:
    """How many alarms stand, by rule; rules without one are left out. Reads the partial index of standing alarms."""
    rows = Alarm.objects.filter(cleared_at__isnull=True).values_list("rule")
    return dict(rows.annotate(number=Count("id")).order_by("rule"))
