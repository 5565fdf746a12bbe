"""A burst of 200 notices while the worker is killed, the broker is killed, and the mail server is killed."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from config import embedded
from pathway.models import Mail, Notice, Timer, Todo
from pathway.models.base import new_id
from tests.cast import Cast, make_cast, referred
from tests.config.waiting import until
from tests.faults.plant import WORKERS, Plant

BURST = 200


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for the programs' files; sockets want a short name."""
    with tempfile.TemporaryDirectory(prefix="pathway faults ") as name:
        yield Path(name)


def burst(cast: Cast, number: int = BURST) -> None:
    """Queue this many alarms to the four people of the cast, and nothing else. An alarm shares its mail with none."""
    case_id = referred(cast)
    Notice.objects.all().delete()
    Timer.objects.all().delete()  # the case is from the past: beat would add its reminders
    todos = list(Todo.objects.filter(case_id=case_id))
    people = [cast.nora, cast.phil, cast.anna, cast.cora]
    now = timezone.now()
    notices = [
        Notice(
            id=new_id(),
            case_id=case_id,
            clinic=cast.clinic,
            todo=todos[turn % len(todos)],
            recipient=people[turn % len(people)],
            role="physiatrist",
            kind="escalate",
            urgency="red",
            created_at=now,
            due_at=now,
        )
        for turn in range(number)
    ]
    Notice.objects.bulk_create(notices)


def sent() -> int:
    """How many mails are marked as sent."""
    return Mail.objects.filter(state="sent").count()


def queued() -> set[str]:
    """The mails of the burst: each notice is in one of its own."""
    carried = list(Notice.objects.values_list("mail_id", flat=True))
    assert len(set(carried)) == len(carried)
    return {str(key) for key in carried}


def show(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Print a figure whether or not output is captured."""
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_nothing_is_lost_when_worker_broker_and_mail_server_die(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    burst(make_cast())
    with Plant(folder) as plant:
        plant.start_mail(limit=40)
        plant.start_broker()
        plant.start_worker()
        plant.start_beat()
        plant.nudge()

        plant.wait_for_mail(40)
        before_faults = sum(plant.arrived().values())
        plant.kill("broker")  # the worker goes on with what it has
        plant.kill("beat")  # it ends when it notices; a supervisor starts it again
        plant.hold_mail_at(80)
        plant.wait_for_mail(80)
        plant.start_broker()
        plant.start_beat()

        plant.kill("worker")  # with up to one message in flight a process
        plant.hold_mail_at(120)
        plant.start_worker()
        plant.nudge()
        plant.wait_for_mail(120)

        plant.kill("mail")  # with up to one message in flight a process
        until(lambda: Mail.objects.exclude(error="").exists())
        assert sent() < BURST
        plant.start_mail(limit=10 * BURST)
        until(lambda: sent() == BURST, seconds=60)
        arrived = plant.arrived()

    assert set(arrived) == queued()
    doubled = sum(arrived.values()) - BURST
    show(
        capsys, f"burst of {BURST}: {before_faults} arrived before the first kill, 0 lost, {doubled} doubled"
    )
    assert doubled <= 2 * WORKERS


@contextmanager
def using(server: embedded.Server) -> Iterator[None]:
    """Django's connection goes to another server for the length of the block."""
    before = {name: connection.settings_dict[name] for name in ("HOST", "NAME", "USER")}
    connection.close()
    connection.settings_dict |= {"HOST": str(server.socket.parent), "NAME": "pathway", "USER": "pathway"}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= before


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_nothing_is_lost_when_the_database_restarts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = embedded.embedded_database(folder / "postgres")
    with Plant(folder, server) as plant, using(server):
        plant.start_database()
        call_command("migrate", verbosity=0)
        burst(make_cast(), 60)
        plant.start_mail(limit=20)
        plant.start_broker()
        plant.start_worker()
        plant.start_beat()
        plant.nudge()

        plant.wait_for_mail(20)
        connection.close()
        plant.shut_down("database")  # replies are on their way that nobody can write down
        plant.hold_mail_at(1000)
        plant.start_database()
        until(lambda: sent() == 60, seconds=60)
        arrived, mails = plant.arrived(), queued()

    assert set(arrived) == mails
    doubled = sum(arrived.values()) - len(mails)
    show(capsys, f"database restarted in a burst of {len(mails)}: 0 lost, {doubled} doubled")
    assert doubled <= WORKERS
