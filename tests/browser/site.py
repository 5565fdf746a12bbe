"""The real programs a browser test talks to: web server, Celery worker and mail server, around the test's database.

The broker is the run's Valkey. The programs' clock moves when a test says so (see `clock`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import time_machine
from django.conf import settings

from config.machine import free_port, page_answers
from config.process import spawn, stop
from pathway.tasks import call_people, fire_timers, nudge
from tests.browser import clock
from tests.config.waiting import until
from tests.faults.plant import url_of_the_tests
from tests.notify.mailserver import Inbox, listening

BUILT = settings.BASE_DIR / "static_build" / "vendor" / "patternfly" / "patternfly.min.css"


class Site:
    """The running site. `url` is its address, `inbox` the mail it has sent; `move_to` sets its clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = Inbox()
        self.url = ""
        self._clock = folder / "clock"
        self._programs: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def running(self) -> Iterator[Site]:
        """Start everything, stop everything."""
        assert BUILT.exists(), "The front-end files are not built: run `make static` first."
        web, smtp = free_port(), free_port()
        self.url = f"http://127.0.0.1:{web}"
        self._write(datetime.now(UTC))
        environment = os.environ | {
            "TESTING": "1",
            "DATABASE_URL": url_of_the_tests(),
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp}",
            "SITE_URL": self.url,
            "PYTHONPATH": str(settings.BASE_DIR),
            "LOG_LEVEL": "WARNING",
            clock.VARIABLE: str(self._clock),
        }
        server = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{web}", "--worker-class", "gthread"]
        server += ["--threads", "8", "--timeout", "0", "--no-control-socket", "-c", clock.__file__]
        worker = ["-W", "ignore", clock.__file__, "-q", "-A", "config", "worker", "--pool", "solo"]
        with ExitStack() as stack:
            for name, words in (("web", server), ("worker", worker)):
                stack.callback(stop, self._start(name, words, environment), signal.SIGTERM, seconds=10)
            stack.enter_context(listening(self.inbox, smtp))
            until(lambda: page_answers(web, "/healthz"), seconds=90)
            until(self._followed, seconds=90)
            yield self

    def _start(self, name: str, words: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            argv = [sys.executable, *words]
            program = spawn(argv, directory=settings.BASE_DIR, environment=environment, output=log)
        self._programs.append(program)
        return program

    def log(self) -> str:
        """What the programs have said, for a test that failed."""
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("*.log")))

    # --- the clock ---

    def move_to(self, moment: datetime) -> None:
        """Set the programs' clock; returns when all of them follow."""
        self._write(moment)
        until(self._followed)

    def _write(self, moment: datetime) -> None:
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(moment.isoformat())
        fresh.replace(self._clock)

    def _followed(self) -> bool:
        wanted = self._clock.read_text()
        seen = list(self.folder.glob(f"{self._clock.name}.[0-9]*"))
        return len(seen) == len(self._programs) and all(file.read_text() == wanted for file in seen)

    @contextmanager
    def same_time(self) -> Iterator[None]:
        """The test's own clock at the programs' moment, for what it does through the engine."""
        with time_machine.travel(datetime.fromisoformat(self._clock.read_text()), tick=True):
            yield

    def turn_of_beat(self) -> None:
        """What beat sends every few seconds: fire timers, call people about incidents, deliver notices."""
        with self.same_time():
            fire_timers.apply_async()
            call_people.apply_async()
            nudge()
