"""What the benchmarks stand on: a private PostgreSQL, plain psycopg connections beside Django's, and meters.

The server does not wait for the disk (fsync off): a commit then costs everybody the same few microseconds, so that
the ratios compare work and not the machine's disk. With a real disk's wait on both sides every ratio comes nearer
to 1.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection, connections

from config import embedded
from tests import environment

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",  # it would land in one contestant's round; the benches vacuum themselves
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
}


@contextlib.contextmanager
def database() -> Iterator[None]:
    """A fresh database with the project's tables, for the length of the block."""
    if environment.FOLDER_VARIABLE not in os.environ:
        raise SystemExit("The benchmarks use a private database: unset DATABASE_URL and REDIS_URL.")
    folder = Path(os.environ[environment.FOLDER_VARIABLE])
    directory = folder / "postgres"
    # Some settings need a second start.
    with embedded.running(embedded.embedded_database(directory)), raw(autocommit=True) as link:
        for name, value in SETTINGS.items():
            link.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    with embedded.running(embedded.embedded_database(directory)):
        call_command("migrate", verbosity=0)
        call_command("createcachetable")
        connection.close()  # a database in use cannot be copied
        try:
            yield
        finally:
            connection.close()
    shutil.rmtree(folder, ignore_errors=True)


def raw(name: str = "pathway", *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """A psycopg connection as psycopg makes it: server-side parameters, prepared after five uses."""
    return psycopg.connect(os.environ["DATABASE_URL"], dbname=name, autocommit=autocommit)


class Database:
    """One database of the server; `use` makes it the one that the project talks to."""

    def __init__(self, name: str = "pathway") -> None:
        self.name = name
        self._wrapper = connections.create_connection("default")
        self._wrapper.settings_dict = {**self._wrapper.settings_dict, "NAME": name}

    def use(self) -> None:
        """From here on Django's default connection goes to this database."""
        connections["default"] = self._wrapper

    def close(self) -> None:
        """Let go of the server."""
        self._wrapper.close()

    def copy(self, name: str) -> Database:
        """A second database with the same content. Nobody may be connected to this one."""
        with raw("postgres", autocommit=True) as link:
            link.execute(f"CREATE DATABASE {name} TEMPLATE {self.name}")
        return Database(name)


def set_full_page_writes(link: psycopg.Connection[Any], on: bool) -> None:
    """Switch full_page_writes and start a checkpoint cycle with it."""
    link.execute(f"ALTER SYSTEM SET full_page_writes = '{'on' if on else 'off'}'")
    link.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 10
    while link.execute("SHOW full_page_writes").fetchone() != ("on" if on else "off",):
        assert time.monotonic() < deadline
    link.execute("CHECKPOINT")


def wal_position(link: psycopg.Connection[Any]) -> int:
    """How many bytes of WAL were written so far."""
    row = link.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')").fetchone()
    assert row is not None
    return int(row[0])


@dataclass
class Cost:
    """Seconds: by the clock, of this process's CPU, and of the database backend's CPU."""

    wall: float = 0.0
    client: float = 0.0
    server: float = 0.0

    @property
    def cpu(self) -> float:
        """Both sides' CPU: what a shared machine's noise touches least."""
        return self.client + self.server


@dataclass
class Meter:
    """Adds up the cost of what runs under it; `pid` is the database backend that does the work."""

    pid: int
    total: Cost = field(default_factory=Cost)

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Measure the block."""
        server, client, wall = backend_cpu(self.pid), time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            self.total.wall += time.perf_counter() - wall
            self.total.client += time.process_time() - client
            self.total.server += backend_cpu(self.pid) - server

    def take(self, share: int) -> Cost:
        """The cost so far divided by `share`, and start again from zero."""
        cost = Cost(self.total.wall / share, self.total.client / share, self.total.server / share)
        self.total = Cost()
        return cost


def backend_cpu(pid: int) -> float:
    """CPU seconds of a database backend; 0 where the system does not tell (then only the client's counts)."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError):
        return 0.0


def backend_pid() -> int:
    """The backend behind Django's connection."""
    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


def median(costs: Sequence[Cost], what: str) -> float:
    """The median of one kind of cost."""
    return statistics.median(getattr(cost, what) for cost in costs)


def alternate(
    contestants: dict[str, tuple[Meter, Callable[[], None]]], *, rounds: int, repeat: int
) -> dict[str, list[Cost]]:
    """Let contestants take turns, each `repeat` times a round; the cost of one time, for every round."""
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    for meter, run in contestants.values():
        for _ in range(3):
            run()
        meter.take(1)
    for number in range(rounds):
        names = list(contestants)
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            meter, run = contestants[name]
            for _ in range(repeat):
                run()
            costs[name].append(meter.take(repeat))
    return costs
