"""The clock of the programs around a browser test: one file says what time it is, and each program follows it.

A pathway takes months, a test minutes. No line of the product knows about this: the programs are started here.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import time_machine
from celery.__main__ import main as celery

#: Names the file; a program writes what it has read into a file beside it, so that a test knows when it has moved.
VARIABLE = "PATHWAY_TEST_CLOCK"
LOOK_S = 0.01


def follow() -> None:
    """Move this process to the file's moment, now and whenever the file says another one; time runs on from there."""
    file = Path(os.environ[VARIABLE])
    shown = file.read_text()
    traveller = time_machine.travel(datetime.fromisoformat(shown), tick=True)
    moment = traveller.start()
    seen_by = file.with_name(f"{file.name}.{os.getpid()}")
    seen_by.write_text(shown)

    def look() -> None:
        nonlocal shown
        while True:
            time.sleep(LOOK_S)
            if (text := file.read_text()) != shown:
                shown = text
                moment.move_to(datetime.fromisoformat(text), tick=True)
                seen_by.write_text(text)

    threading.Thread(target=look, daemon=True).start()


def post_worker_init(worker: Any) -> None:
    """Gunicorn calls this in each new worker process; the file is named as its configuration."""
    follow()


if __name__ == "__main__":
    follow()
    sys.exit(celery())
