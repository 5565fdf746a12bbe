"""`manage.py sweep`: one pass of every periodic duty, the same code that Celery runs; needs no broker."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pathway.notify.outbox import drain
from pathway.tasks import call_all, fire_all, refresh_all


class Command(BaseCommand):
    help = "Plan anew, call about incidents, fire due timers, deliver due notices: once. Safe beside running workers."

    def handle(self, *args: Any, **options: Any) -> None:
        refreshed = refresh_all(at=timezone.now())
        called = call_all(at=timezone.now())
        fired = fire_all(at=timezone.now())
        counts = drain(at=timezone.now())
        self.stdout.write(
            f"cases planned anew: {refreshed}; calls about incidents: {called}; timers fired: {fired}; "
            f"mails sent: {counts.sent}, "
            f"dropped: {counts.dropped}, put off: {counts.later + counts.returned}, dead: {counts.dead}"
        )
        if counts.away:
            raise CommandError("The mail server does not take messages now; they are kept for the next pass.")
