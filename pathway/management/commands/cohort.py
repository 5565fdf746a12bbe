"""`manage.py cohort`: synthetic cases at any size, driven through the real rules; never beside real patients."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from pathway.models import Clinic, Patient, ProtocolVersion
from pathway.synthetic.assumptions import ASSUMPTIONS, FILE
from pathway.synthetic.cohort import Row, doses, make_cohort, report
from pathway.synthetic.demo import RIVERSIDE
from pathway.synthetic.drive import Walked
from pathway.synthetic.names import COHORT_NUMBERS, record_number
from pathway.synthetic.staff import Person, Staff, make_staff, staff_of

EVERY = 25


class Command(BaseCommand):
    help = "Create synthetic patients with published rates in one clinic and print what came of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--patients", type=int, default=100)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--clinic", default="cohort", help="slug; made with its own people where it is new"
        )

    def handle(self, *args: Any, patients: int, seed: int, clinic: str, **options: Any) -> None:
        if not (settings.DEMO or settings.TESTING):
            raise CommandError("Synthetic people are created in demo mode only: set DEMO=1.")
        if patients < 1:
            raise CommandError("--patients: give a number above 0.")
        if not ProtocolVersion.objects.filter(retired_at__isnull=True).exists():
            raise CommandError("No protocol is published; run publish_protocol first.")
        started = time.monotonic()
        staff = _staff(clinic)
        walked: list[Walked] = []
        first = _next_number(staff)
        cohort = make_cohort(staff, patients=patients, seed=seed, end=timezone.now(), first_number=first)
        for case in cohort:
            walked.append(case)
            if len(walked) % EVERY == 0:
                self.stdout.write(f"{len(walked)} of {patients}, {time.monotonic() - started:.0f} s")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # thousands of rows came at once; the planner should know
        self._print(walked)
        seconds = time.monotonic() - started
        self.stdout.write(f"\n{sum(case.steps for case in walked)} steps in {seconds:.0f} s")

    def _print(self, walked: list[Walked]) -> None:
        for row in report(walked):
            self.stdout.write(_line(row))
        for sentence in doses(walked):
            self.stdout.write(sentence)
        self.stdout.write(f"\nAssumptions ({FILE.name}); V verified, M memory, U uncertain, P chosen here:")
        for each in ASSUMPTIONS.values():
            self.stdout.write(f"  {each.name} = {each.value} [{each.tag}] {each.source}")


def _line(row: Row) -> str:
    return f"{row.what:28} {row.number:>5g} of {row.of:<5} {row.share:>5}   {row.expected}".rstrip()


def _staff(slug: str) -> Staff:
    clinic = Clinic.objects.filter(slug=slug).first()
    if clinic is not None:
        return staff_of(clinic)
    people = tuple(Person(f"{slug}-{one.username}", one.name, one.role) for one in RIVERSIDE)
    identity = {
        "name": f"Synthetic cohort {slug}",
        "slug": slug,
        "time_zone": "America/Chicago",
        "country": "US",
    }
    return make_staff(identity, people, None)


def _next_number(staff: Staff) -> int:
    """Numbers of cohort patients go on where an earlier run stopped."""
    prefix = record_number(staff.clinic.slug, COHORT_NUMBERS)[:-6]
    used = Patient.objects.filter(clinic=staff.clinic, mrn__startswith=prefix).values_list("mrn", flat=True)
    numbers = [int(mrn.rpartition("-")[2]) for mrn in used]
    return max([COHORT_NUMBERS, *numbers]) + 1
