"""`manage.py sweep`: one pass of every periodic duty, the same code that Celery runs; needs no broker.

With `--every` it stands in for beat and worker until it is told to stop, and it is what notices when they die.
"""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections, connection
from django.utils import timezone

from pathway.engine import sentinel
from pathway.notify.outbox import Counts, drain
from pathway.queries.signs import SWEEP
from pathway.tasks import call_all, fire_all, refresh_all, settle_all

log = structlog.get_logger(__name__)


def seconds(text: str) -> int:
    """A pause between passes. Raises ArgumentTypeError for what is none."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 3600:
        raise ArgumentTypeError("write whole seconds from 1 to 3600")
    return int(text)


class Command(BaseCommand):
    help = (
        "Settle calendars, plan anew, call about incidents, fire due timers, deliver mail, watch the system: once, or with --every again "
        "and again. Safe beside running workers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every", type=seconds, metavar="SECONDS", help="go on until SIGTERM, with so long a pause"
        )

    def handle(self, *args: Any, every: int | None = None, **options: Any) -> None:
        if every is not None:
            self._stand_in(every)
        elif self._pass().away:
            raise CommandError("The mail server does not take messages now; they are kept for the next pass.")

    def _pass(self) -> Counts:
        """Every duty once, in the order in which one makes work for the next."""
        settled = settle_all(at=timezone.now())
        refreshed = refresh_all(at=timezone.now())
        called = call_all(at=timezone.now())
        fired = fire_all(at=timezone.now())
        counts = drain(at=timezone.now())
        watched = sentinel.watch(at=timezone.now())
        if watched.told and not counts.away:
            counts += drain(at=timezone.now())
        self.stdout.write(
            f"cases moved to a new calendar: {settled}; "
            f"cases planned anew: {refreshed}; calls about incidents: {called}; timers fired: {fired}; "
            f"mails sent: {counts.sent}, "
            f"dropped: {counts.dropped}, put off: {counts.later + counts.returned}, dead: {counts.dead}; "
            f"alarms raised: {watched.raised}, standing: {watched.standing}, cleared: {watched.cleared}"
        )
        return counts

    def _stand_in(self, every: int) -> None:
        """Pass after pass until told to stop. Whatever fails is logged and tried again at the next pass."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            self._try("beat", lambda: sentinel.beat(SWEEP, timezone.now()))
            for name, duty in self._duties():
                if not stop.is_set():
                    self._try(name, duty)
            stop.wait(every)
        self._try("stop", lambda: sentinel.fall_silent(SWEEP))

    def _duties(self) -> list[tuple[str, Callable[[], object]]]:
        """Each duty apart, so that one that fails keeps none of the others from being done."""
        return [
            ("settle", lambda: settle_all(at=timezone.now())),
            ("refresh", lambda: refresh_all(at=timezone.now())),
            ("call", lambda: call_all(at=timezone.now())),
            ("fire", lambda: fire_all(at=timezone.now())),
            ("deliver", lambda: drain(at=timezone.now())),
            ("watch", lambda: sentinel.watch(at=timezone.now())),
            ("deliver_alarms", lambda: drain(at=timezone.now())),
        ]

    def _try(self, name: str, duty: Callable[[], object]) -> None:
        close_old_connections()  # one that the database has ended is replaced
        try:
            duty()
        except Exception:  # a stand-in that dies of what it stands in for would be none
            log.exception("sweep_failed", duty=name)
            connection.close()
