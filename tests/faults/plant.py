"""The real programs around the outbox, each a process that a test can kill and start again: mail server, broker,
Celery worker, beat, and where a test asks for it a database of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from email.parser import BytesHeaderParser
from mailbox import Maildir
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from kombu import Connection

from config import embedded
from config.broker import broker_url
from config.machine import free_port, listens
from config.process import spawn, stop
from pathway.tasks import deliver_notices
from tests.config.waiting import until
from tests.faults.heldbox import limit_file

#: Worker processes, and so the most messages that can be on their way at one moment.
WORKERS = 2
PYTHON = [sys.executable, "-W", "ignore:You're running the worker", "-m"]


class Plant:
    """Starts, kills and restarts programs by name; stops all of them at the end of the with-block."""

    def __init__(self, folder: Path, database: embedded.Server | None = None) -> None:
        self.folder, self.database = folder, database
        self.mail_folder = folder / "mail"
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.broker_url = embedded.broker_url(folder / "valkey")
        self.database_url = database.url if database else ""

    def __enter__(self) -> Plant:
        return self

    def __exit__(self, *error: object) -> None:
        for name in reversed(list(self.processes)):
            stop(self.processes.pop(name), signal.SIGTERM, seconds=10)

    # --- programs ---
    def start_mail(self, limit: int) -> None:
        """Start the mail server; from `limit` messages on it withholds its replies."""
        self.hold_mail_at(limit)
        words = ["aiosmtpd", "-n", "-l", f"127.0.0.1:{self.port}", "-c", "tests.faults.heldbox.HeldBox"]
        self._spawn("mail", [sys.executable, "-m", *words, str(self.mail_folder)])
        until(lambda: listens(self.port))

    def start_broker(self) -> None:
        """Start the broker on what the killed one has left."""
        server = embedded.embedded_broker(self.folder / "valkey")
        self._spawn("broker", server.argv, server.directory)
        until(server.answers)

    def start_database(self) -> None:
        """Start the plant's own database."""
        assert self.database is not None
        server = embedded.embedded_database(self.database.directory.parent, durable=False)
        self._spawn("database", server.argv, server.directory)
        until(server.answers)

    def start_worker(self, processes: int = WORKERS) -> None:
        """Start a Celery worker; it need not be ready when this returns."""
        options = [
            "--concurrency",
            str(processes),
            "--without-gossip",
            "--without-mingle",
            "--pool",
            "prefork",
        ]
        self._spawn("worker", [*PYTHON, "celery", "-q", "-A", "config", "worker", *options])

    def start_beat(self, name: str = "beat") -> None:
        """Start the scheduler that sends every periodic task, or under another name a second one."""
        self._spawn(name, [*PYTHON, "celery", "-q", "-A", "config", "beat"])

    def start_stand_in(self) -> None:
        """Start what stands in for beat and worker, with a short pause."""
        self._spawn("stand-in", [sys.executable, "manage.py", "sweep", "--every", "1"])

    def runs(self, name: str) -> bool:
        """Whether a program that was started still runs."""
        return self.processes[name].poll() is None

    def end(self, name: str, number: signal.Signals) -> int:
        """Ask a program to end; its exit status."""
        process = self.processes.pop(name)
        process.send_signal(number)
        return process.wait(timeout=30)

    def kill(self, name: str) -> None:
        """End a program and its children at once, as losing power would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def shut_down(self, name: str) -> None:
        """Ask a program to end, as an administrator would."""
        stop(self.processes.pop(name), signal.SIGINT, seconds=20)

    def nudge(self) -> None:
        """What a view does after an action: tell every worker process that there is mail."""
        self.publish(deliver_notices, WORKERS)

    def publish(self, task: Any, copies: int) -> None:
        """Send a task through the broker, so many times."""
        with Connection(broker_url(self.broker_url)) as broker:
            for _ in range(copies):
                task.apply_async(connection=broker)

    # --- mail ---
    def hold_mail_at(self, limit: int) -> None:
        """Let replies go until this many messages have come."""
        fresh = self.folder / "limit.new"
        fresh.write_text(str(limit))
        fresh.replace(limit_file(self.mail_folder))

    def wait_for_mail(self, number: int) -> None:
        """Wait until the mail server has this many messages."""
        until(lambda: len(os.listdir(self.mail_folder / "new")) >= number, seconds=60)  # noqa: PTH208

    def arrived(self) -> Counter[str]:
        """How often each mail arrived, by its id."""
        parser, box = BytesHeaderParser(), Maildir(self.mail_folder)
        found: Counter[str] = Counter()
        for key in box.keys():  # noqa: SIM118 - a Maildir iterates over messages
            with box.get_file(key) as file:
                found[str(parser.parse(file)["X-Pathway-Mail"])] += 1  # type: ignore[arg-type]
        return found

    # --- processes ---
    def _spawn(self, name: str, argv: list[str] | tuple[str, ...], directory: Path | None = None) -> None:
        environment = os.environ | {
            "TESTING": "1",
            "DATABASE_URL": self.database_url or url_of_the_tests(),
            "REDIS_URL": self.broker_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.port}",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = spawn(
                argv, directory=directory or settings.BASE_DIR, environment=environment, output=log
            )


def url_of_the_tests() -> str:
    """The address of the database this test runs in."""
    at = connection.settings_dict
    secret = f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else ""
    port = f":{at['PORT']}" if at["PORT"] else ""
    return f"postgresql://{at['USER']}{secret}@{quote(at['HOST'], safe='')}{port}/{at['NAME']}"
