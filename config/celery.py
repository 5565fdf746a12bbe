"""The Celery application: JSON messages that carry ids only, no result backend, and a broker that may be
lost.

Every duty is a row in PostgreSQL before a message is sent, so publishing gives up at once when the broker is
away: the next beat finds the row. Knows no task; `autodiscover_tasks` finds `pathway.tasks`.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun
from django.conf import settings
from django.db import close_old_connections

from config.broker import celery_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("pathway")
app.add_defaults(
    lambda: celery_settings(settings.REDIS_URL)
)  # lazy: Django's settings import this package first
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """A receiver here stops Celery from replacing LOGGING, and with it the filter for identity keys."""


@task_prerun.connect
def check_database_connection(**_: Any) -> None:
    """What Django does before each request: a connection that the database has ended is replaced.

    Celery keeps a connection for CELERY_DB_REUSE_MAX tasks, broken or not: after a restart of the database every
    task of an idle worker failed for hours.
    """
    close_old_connections()
