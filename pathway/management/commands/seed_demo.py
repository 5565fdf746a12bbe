"""`manage.py seed_demo`: the demonstration clinics with synthetic people and cases, once, in demo mode only."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pathway.engine.protocols import publish
from pathway.models import Clinician, ProtocolVersion
from pathway.protocol.loader import VERSIONS, load
from pathway.synthetic.demo import make_demo

PASSWORD = "pathway-demo"  # noqa: S105 - printed for everyone, and refused outside demo mode
SEED = 20
BEFORE_THE_FIRST_CASE = timedelta(days=4000)


class Command(BaseCommand):
    help = "Create the demonstration clinics, accounts and synthetic cases. Does nothing where they exist."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED)

    def handle(self, *args: Any, seed: int, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Synthetic people are created in demo mode only: set DEMO=1.")
        started, now = time.monotonic(), timezone.now()
        if not ProtocolVersion.objects.filter(retired_at__isnull=True).exists():
            publish(by=None, at=now - BEFORE_THE_FIRST_CASE, protocol=load(VERSIONS / "itb-1"))
        if not Clinician.objects.filter(username="admin").exists():
            Clinician.objects.create_superuser("admin", "admin@pathway.example", PASSWORD)
        made = make_demo(end=now, seed=seed, password=PASSWORD)
        if not made:
            self.stdout.write("The demonstration clinics exist already; nothing was changed.")
            return
        stages = Counter(str(walked.stage) for _, walked in made)
        steps = sum(walked.steps for _, walked in made)
        self.stdout.write(
            f"{len(made)} synthetic cases ({', '.join(f'{number} {stage}' for stage, number in stages.items())}), "
            f"{steps} steps in {time.monotonic() - started:.0f} s"
        )
