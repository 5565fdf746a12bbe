"""Stands for beat: at every round that the driver asks for it publishes each periodic task through the real broker.

`python -m tests.simulation.beat`. Real beat counts the machine's seconds; five years of them are too many. The file
`copies` beside the clock may hold a number: so often is each task published, as two beats or a doubled message would.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from config.celery import app
from config.schedule import PERIODIC
from tests.simulation.clock import VARIABLE, clock_of_run

LOOK_S = 0.002
EXPIRES_S = 60
WATCH = "pathway.tasks.watch"
ROUND = [entry.task for entry in PERIODIC if entry.task != WATCH]


def publish(tasks: list[str], copies: int) -> None:
    """Send tasks; a broker that is away gets nothing, and the next round tries again."""
    try:
        for task in tasks:
            for _ in range(copies):
                app.send_task(task, expires=EXPIRES_S, retry=False)
    except Exception as error:  # whatever a broker that dies does, beat goes on
        print(f"not published: {type(error).__name__}", flush=True)


def copies_wanted(file: Path) -> int:
    """How often each task is to be published."""
    try:
        return int(file.read_text())
    except (FileNotFoundError, ValueError):
        return 1


def main() -> None:
    """Publish at every round, for ever."""
    clock, file = clock_of_run(), Path(os.environ[VARIABLE]).with_name("copies")
    done, looked = -1, clock.looks
    while True:
        turn, looks = clock.turn, clock.looks
        if turn != done:
            done = turn
            publish(ROUND, copies_wanted(file))
        if looks != looked:
            looked = looks
            publish([WATCH], copies_wanted(file))
        time.sleep(LOOK_S)


if __name__ == "__main__":
    main()
