"""The real Celery application with the real tasks. One thing is replaced: where the tasks read what time it is.

`celery -A tests.simulation.worker worker`. Celery itself keeps the machine's time.
"""

from __future__ import annotations

import os

import django

from config.celery import app
from tests.simulation.clock import clock_of_run

#: By this name the database tells a worker's change of a timer from a person's.
NAME = "worker"

os.environ["PGAPPNAME"] = NAME
django.setup()

from pathway import tasks  # noqa: E402 - needs Django's apps

tasks.timezone = clock_of_run()  # type: ignore[assignment]

__all__ = ["app"]
