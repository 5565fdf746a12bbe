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


def publish(copies: int) -> None:
    """Send every periodic task; a broker that is away gets nothing, and the next round tries again."""
    try:
        for entry in PERIODIC:
            for _ in range(copies):
                app.send_task(entry.task, expires=EXPIRES_S, retry=False)
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
    done = -1
    while True:
        turn = clock.turn
        if turn != done:
            done = turn
            publish(copies_wanted(file))
        time.sleep(LOOK_S)


if __name__ == "__main__":
    main()
