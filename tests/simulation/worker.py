"""The real Celery application with the real tasks. One thing is replaced: where the tasks read what time it is.

`celery -A tests.simulation.worker worker`. Celery itself keeps the machine's time. While a process has a task in hand,
a file of its number lies in the run's folder `busy`: the driver must not move the clock under a message on its way,
whose lease would run out in the hours that the clock jumps. While a file `moving` lies beside that folder, no task
begins.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import django
from celery.signals import task_postrun, task_prerun

from config.celery import app
from tests.simulation.clock import VARIABLE, clock_of_run

#: By this name the database tells a worker's change of a timer from a person's.
NAME = "worker"

os.environ["PGAPPNAME"] = NAME
django.setup()

from pathway import tasks  # noqa: E402 - needs Django's apps

CLOCK = clock_of_run()
tasks.timezone = CLOCK  # type: ignore[assignment]
BUSY = Path(os.environ[VARIABLE]).with_name("busy")
MOVING = BUSY.with_name("moving")
LOOK_S = 0.001


@task_prerun.connect
def begin(**_: Any) -> None:
    """This process has a task in hand, once the clock stands."""
    mine = BUSY / str(os.getpid())
    mine.touch()
    while MOVING.exists():
        mine.unlink(missing_ok=True)
        time.sleep(LOOK_S)
        mine.touch()


@task_postrun.connect
def end(task: Any = None, **_: Any) -> None:
    """It has none; the driver is told which look of the system at itself is done."""
    if task is not None and task.name == tasks.watch.name:
        BUSY.with_name("looked").write_text(str(CLOCK.looks))
    (BUSY / str(os.getpid())).unlink(missing_ok=True)


__all__ = ["app"]
