"""`manage.py sweep`: one pass of every periodic duty, the same code that Celery runs; needs no broker.

With `--every` it stands in for beat and worker and goes on until it is told to stop. It is also what notices when
those two are dead, so production runs it beside them.
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
from pathway.tasks import announce_all, call_all, fire_all, refresh_all, settle_all

log = structlog.get_logger(__name__)

#: Every duty by what its result counts, in the order in which one makes work for the next.
DUTIES: tuple[tuple[str, Callable[..., int]], ...] = (
    ("cases moved to a new calendar", settle_all),
    ("cases planned anew", refresh_all),
    ("calls about incidents", call_all),
    ("absences announced", announce_all),
    ("timers fired", fire_all),
)


def seconds(text: str) -> int:
    """A pause between passes. Raises ArgumentTypeError for what is none."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 3600:
        raise ArgumentTypeError("write whole seconds from 1 to 3600")
    return int(text)


class Command(BaseCommand):
    help = (
        "Settle calendars, plan anew, call about incidents, announce absences, fire timers, deliver mail, watch the "
        "system: once, or with --every again and again. Safe beside running workers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every", type=seconds, metavar="SECONDS", help="go on until SIGTERM, with so long a pause"
        )

    def handle(self, *args: Any, every: int | None = None, **options: Any) -> None:
        if every is not None:
            self._stand_in(every)
        elif self._once().away:
            raise CommandError("The mail server does not take messages now; they are kept for the next pass.")

    def _once(self) -> Counts:
        """One pass; whatever fails is shown."""
        done = [f"{what}: {duty(at=timezone.now())}" for what, duty in DUTIES]
        counts = drain(at=timezone.now())
        watched = sentinel.watch(at=timezone.now())
        if watched.told and not counts.away:
            counts += drain(at=timezone.now())
        done += [
            f"mails sent: {counts.sent}, dropped: {counts.dropped}, put off: {counts.later + counts.returned}, "
            f"dead: {counts.dead}",
            f"alarms raised: {watched.raised}, standing: {watched.standing}, cleared: {watched.cleared}",
        ]
        self.stdout.write("; ".join(done))
        return counts

    def _stand_in(self, every: int) -> None:
        """Pass after pass until told to stop. Whatever fails is logged and tried again at the next pass."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        duties = (*DUTIES, ("mail", drain), ("watch", sentinel.watch), ("mail of alarms", drain))
        while not stop.is_set():
            self._try("beat", lambda: sentinel.beat(SWEEP, timezone.now()))
            for name, duty in duties:
                if not stop.is_set():
                    self._try(name, lambda duty=duty: duty(at=timezone.now()))  # type: ignore[misc]
            stop.wait(every)
        self._try("stop", lambda: sentinel.fall_silent(SWEEP))

    def _try(self, name: str, duty: Callable[[], object]) -> None:
        """One duty apart, so that one that fails keeps none of the others from being done."""
        close_old_connections()  # one that the database has ended is replaced
        try:
            duty()
        except Exception:  # a stand-in that dies of what it stands in for would be none
            log.exception("sweep_failed", duty=name)
            connection.close()
