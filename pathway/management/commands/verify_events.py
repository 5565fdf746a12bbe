"""`manage.py verify_events`: check the chain of hashes of every case's history; non-zero exit on a break."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pathway.engine.history import Tally, verify


class Command(BaseCommand):
    help = "Recompute the hash chain of every case and compare it with the case's head. Reads only."

    def handle(self, *args: Any, **options: Any) -> None:
        tally, broken = Tally(), 0
        for found in verify(tally):
            broken += 1
            self.stderr.write(f"case {found.case_id}, event {found.seq}: {found.reason}")
        if broken:
            raise CommandError(f"The history of {broken} of {tally.cases} cases does not hold.")
        self.stdout.write(f"{tally.events} events of {tally.cases} cases: every chain holds.")
