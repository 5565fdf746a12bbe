"""`manage.py prepare`: everything between a release and its start: tables, protocol, static files.

One command for the demo, for Compose and for systemd, so that none of them forgets a step.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from config.machine import newer_than_all
from pathway.engine import sentinel
from pathway.queries.signs import PREPARED


class Command(BaseCommand):
    help = "Migrate, create the cache table, publish the protocol, collect static files. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("publish_protocol")
        if settings.DEMO:
            call_command("seed_demo")
        sources = [*settings.STATICFILES_DIRS, settings.BASE_DIR / "pathway" / "static"]
        if not newer_than_all(Path(settings.STATIC_ROOT) / "staticfiles.json", sources):
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        sentinel.beat(PREPARED, timezone.now())  # from now on every page says it when nobody watches
        self.stdout.write("Pathway is prepared.")
