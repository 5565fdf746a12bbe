"""`manage.py sweep --every` as a real process: without broker, worker and beat, through a restart of the database and
without a mail server it goes on, tells people what is dead, and ends when it is told to.
"""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from config import embedded
from pathway.engine.sentinel import beat
from pathway.models import Alarm, Heartbeat, Mail, Notice, Timer
from pathway.queries.signs import SWEEP, WATCH, WATCHING
from tests.cast import make_cast, referred
from tests.config.waiting import until
from tests.faults.plant import Plant
from tests.faults.test_burst import using

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for the programs' files; sockets want a short name."""
    with tempfile.TemporaryDirectory(prefix="pathway faults ") as name:
        yield Path(name)


def last(name: str) -> datetime:
    """A part's last sign of life."""
    return Heartbeat.objects.get(pk=name).at


def looks_again() -> None:
    """Wait until the stand-in has looked once more."""
    before = last(WATCH)
    until(lambda: last(WATCH) > before)


def test_it_stands_in_alone_and_survives_what_it_stands_in_for(folder: Path) -> None:
    server = embedded.embedded_database(folder / "postgres")
    with Plant(folder, server) as plant, using(server):
        plant.start_database()
        call_command("migrate", verbosity=0)
        cast = make_cast()
        referred(cast, at=timezone.now())
        Notice.objects.all().delete()
        Timer.objects.update(due_at=timezone.now() + timedelta(days=1))
        for name, ago in ((WATCH, 1), (WATCHING, 60)):  # it has been looked at for an hour
            beat(name, timezone.now() - timedelta(minutes=ago))

        plant.start_stand_in()  # no mail server, no broker, no worker, no beat
        until(lambda: Alarm.objects.filter(cleared_at=None).count() == 2, seconds=60)
        assert set(Alarm.objects.values_list("rule", flat=True)) == {"broker_away", "worker_silent"}
        assert Notice.objects.filter(kind="alarm", recipient=cast.cora).count() == 2
        assert SWEEP in Heartbeat.objects.values_list("name", flat=True)
        until(lambda: Mail.objects.exclude(error="").exists())

        connection.close()
        plant.shut_down("database")
        plant.start_database()
        looks_again()
        assert plant.runs("stand-in")

        plant.start_mail(limit=1000)
        plant.wait_for_mail(4)  # cora and omar about each
        plant.start_broker()
        until(lambda: Alarm.objects.get(rule="broker_away").cleared_at is not None)

        assert plant.end("stand-in", signal.SIGTERM) == 0
        assert not Heartbeat.objects.filter(pk=SWEEP).exists()
