"""The programs of one simulated clinic: its own database and broker, a mail server, a Celery worker, beats.

Each is a process that the run kills and starts again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from config import embedded
from config.machine import listens
from config.process import stop
from tests.config.waiting import until
from tests.faults.plant import PYTHON, WORKERS, Plant
from tests.simulation.clock import VARIABLE, Clock
from tests.simulation.postbox import set_mode


class Programs(Plant):
    """`folder` holds a copy of the template's `postgres`; names in `processes` are what runs now."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, embedded.embedded_database(folder / "postgres"))
        self.post = folder / "post"
        self.post.mkdir(exist_ok=True)
        self.clock = Clock(folder / "clock")
        self.worker_since = 0.0
        self.hands = folder / "busy"
        self.hands.mkdir(exist_ok=True)
        self.moving = folder / "moving"
        os.environ[VARIABLE] = str(folder / "clock")

    def runs(self, name: str) -> bool:
        """Whether this program is up; a program that died by itself is not."""
        process = self.processes.get(name)
        return process is not None and process.poll() is None

    def start_all(self) -> None:
        """Everything, the database first."""
        self.start_database()
        self.start_mail()
        self.start_broker()
        self.start_worker()
        self.start_beat()

    # --- database ---
    def start_database(self) -> None:
        """Start the database on what a killed one has left; it waits for no disk but loses no commit."""
        server = embedded.embedded_database(self.folder / "postgres")
        self._spawn("database", server.argv, server.directory)
        until(server.answers, seconds=120)

    def crash_database(self) -> None:
        """Immediate shutdown: no session is asked, what was not committed is gone."""
        stop(self.processes.pop("database"), signal.SIGQUIT, seconds=20)

    # --- mail ---
    def start_mail(self, limit: int = 0) -> None:
        """Start the mail server; it takes everything unless told otherwise."""
        words = ["-m", "tests.simulation.postbox", str(self.post), str(self.port)]
        self._spawn("mail", [sys.executable, *words])
        until(lambda: listens(self.port))

    def answer(self, mode: str) -> None:
        """How the mail server answers; see `postbox`."""
        set_mode(self.post, mode)

    def hold_replies(self, held: bool) -> None:
        """Withhold answers, or let them go."""
        file = self.post / "hold"
        file.touch() if held else file.unlink(missing_ok=True)

    def came(self) -> int:
        """Bytes of the list of messages: it grows with each."""
        try:
            return (self.post / "arrived").stat().st_size
        except FileNotFoundError:
            return 0

    # --- broker ---
    def lose_broker(self) -> None:
        """Kill the broker and delete everything it had."""
        self.kill("broker")
        for file in (self.folder / "valkey").iterdir():
            shutil.rmtree(file) if file.is_dir() else file.unlink()

    # --- worker and beat ---
    def busy(self) -> bool:
        """Whether a living worker process has a task in hand; what a killed one left is taken away."""
        for file in self.hands.iterdir():
            if lives(int(file.name)):
                return True
            file.unlink(missing_ok=True)
        return False

    def start_worker(self) -> None:
        """Start the worker; it need not be ready when this returns."""
        options = ["--concurrency", str(WORKERS), "--without-gossip", "--without-mingle", "--pool", "prefork"]
        self._spawn("worker", [*PYTHON, "celery", "-q", "-A", "tests.simulation.worker", "worker", *options])
        self.worker_since = time.monotonic()

    def looked(self) -> bool:
        """Whether the system has looked at itself since it was asked to."""
        try:
            return (self.folder / "looked").read_text() == str(self.clock.looks)
        except FileNotFoundError:
            return False

    def kill_child(self, number: int) -> None:
        """Kill one of the worker's processes; the worker makes a new one."""
        children = children_of(self.processes["worker"].pid)
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(children[number % len(children)], signal.SIGKILL)

    def kill_children(self) -> None:
        """Kill every process of the worker, whichever has a message on its way."""
        for number in range(len(children_of(self.processes["worker"].pid))):
            self.kill_child(number)

    def start_beat(self, name: str = "beat") -> None:
        """Start a beat, or under another name a second one."""
        self._spawn(name, [sys.executable, "-m", "tests.simulation.beat"])

    def publish_copies(self, number: int) -> None:
        """How often each task is published at each round."""
        (self.folder / "copies").write_text(str(number))


def lives(pid: int) -> bool:
    """Whether this process can still do anything: one that was killed stays listed until its parent has looked."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def children_of(pid: int) -> list[int]:
    """The processes that this one started."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
