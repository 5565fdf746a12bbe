"""Celery's doors: each task fetches ids, calls one function of a lower layer, and is safe to run twice."""

from __future__ import annotations

import time

from celery import shared_task
from django.core.cache import cache

from pathway.queries.health import WORKER_HEARTBEAT


@shared_task
def heartbeat() -> None:
    """Write down that a worker is alive; beat sends this every few seconds and /readyz reads it."""
    cache.set(WORKER_HEARTBEAT, time.time(), timeout=None)
