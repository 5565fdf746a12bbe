"""Signs of life: what the parts of the system wrote down, and what the broker answers. Reads only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings
from redbeat.decoder import RedBeatJSONDecoder

from pathway.models import Heartbeat

#: redbeat's own record of the last time beat sent the heartbeat task.
BEAT_HEARTBEAT = "redbeat:heartbeat"
#: Heartbeats are sent every 15 s; four missed ones are a failure, not a delay (P).
HEARTBEAT_STALE_S = 60
#: The watch looks every minute; three missed ones are a failure (P).
WATCH_STALE_S = 180

#: Names of the heartbeats. `watching`: since when the watch has looked without a break; `prepared`: the last start.
WORKER, BEAT, BROKER, WATCH, WATCHING, SWEEP, PREPARED = (
    "worker",
    "beat",
    "broker",
    "watch",
    "watching",
    "sweep",
    "prepared",
)
#: How far the rounds through all histories, cases and pumps have come; when the last one through the histories ended.
CHAIN, CHAIN_ROUND = "chain", "chain_round"
ROUNDS = {"pathway_case": "cases", "pathway_pump": "pumps"}


@dataclass(frozen=True, slots=True)
class BrokerSign:
    """Whether the broker answers, and when beat last ran by its own record there (None: it says nothing)."""

    answers: bool
    beat_at: datetime | None = None


def heartbeats() -> dict[str, datetime]:
    """The last sign of life of every part. One query on a table of a few rows."""
    return dict(Heartbeat.objects.values_list("name", "at"))


def ask_broker() -> BrokerSign:
    """Ask the broker for itself and for beat. Takes at most a few seconds and never raises."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
        meta = client.hget(BEAT_HEARTBEAT, "meta")
    except redis.RedisError:
        return BrokerSign(False)
    finally:
        client.close()
    return BrokerSign(True, _last_run(meta))


def _last_run(meta: bytes | str | None) -> datetime | None:
    """redbeat's `last_run_at`; None for a beat that never ran or wrote something unreadable."""
    try:
        moment = json.loads(meta or "null", cls=RedBeatJSONDecoder)["last_run_at"]
    except (ValueError, TypeError, KeyError):
        return None
    return moment if isinstance(moment, datetime) and moment.tzinfo is not None else None
