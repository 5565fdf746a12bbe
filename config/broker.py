"""Celery's settings as one function of the broker's address. Measured reasons stand beside the numbers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery.schedules import schedule

from config.schedule import PERIODIC

#: Seconds after which an unacknowledged message is delivered again; every task must end well before.
VISIBILITY_SECONDS = 900


def broker_url(redis_url: str) -> str:
    """The address in Kombu's spelling: unix:///path?db=1 becomes redis+socket:///path?virtual_host=1."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


def celery_settings(redis_url: str) -> dict[str, Any]:
    """Everything Celery and redbeat are told; `redis_url` as the redis client spells it."""
    return {
        "broker_url": broker_url(redis_url),
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,  # default 10: a killed worker's task came back after 92 s
            "socket_timeout": 2,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "max_retries": 0,  # a page that nudges the worker must not wait for a broker that is gone
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # a worker waits for its broker for ever
        "visibility_timeout": VISIBILITY_SECONDS,
        "task_publish_retry": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_retry_on_worker_lost": True,  # bounded, unlike reject_on_worker_lost (8 runs in 12 s, endless)
        "task_reject_on_worker_lost": False,
        "task_soft_time_limit": 240,
        "task_time_limit": 300,
        "worker_prefetch_multiplier": 1,
        "worker_consumer": "config.consumer:WatchedConsumer",  # else a worker may hang after its broker died
        "worker_soft_shutdown_timeout": 30,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,  # nobody sends commands; saves a queue a worker
        "CELERY_DB_REUSE_MAX": 1000,  # else Celery reconnects around every task: a third of its time
        "timezone": "UTC",
        "enable_utc": True,
        "beat_scheduler": "redbeat.RedBeatScheduler",
        "beat_max_loop_interval": 5,
        "beat_schedule": {
            entry.name: {
                "task": entry.task,
                "schedule": schedule(run_every=entry.every),
                # Turns must not pile up in front of a slow worker: one that was not started by the next is
                # dropped.
                "options": {"expires": entry.every.total_seconds()},
            }
            for entry in PERIODIC
        },
        "redbeat_redis_url": redis_url,
        "redbeat_redis_options": {"socket_timeout": 30, "socket_connect_timeout": 2, "retry_period": -1},
        "redbeat_key_prefix": "redbeat:",
        "redbeat_lock_timeout": 30,  # seconds until a killed beat is replaced
    }
