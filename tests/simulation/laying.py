"""Lays the ground: people with their habits, and patients walked by the real verbs until their pumps run.

`python -m tests.simulation.laying <folder> configure | prepare | walk FIRST LAST | finish`.
"""

from __future__ import annotations

import pickle
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from tests import environment  # noqa: F401 # isort: skip - Django must be ready before the rest is imported

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from pathway.engine.protocols import publish
from pathway.models import Attention, Clinic, Clinician, Membership, Notice
from pathway.protocol.loader import VERSIONS, load
from pathway.protocol.roles import Role, Stage
from pathway.synthetic.cases import draw, failing_doses
from pathway.synthetic.scenario import Scenario, days_needed
from pathway.synthetic.staff import Person, Staff, make_staff, staff_of
from tests.simulation.resident import Resident
from tests.simulation.triggers import WATCH

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
"""A Monday, before the clinic opens."""
SETTINGS = {
    "fsync": "off",  # processes are killed here, power never fails
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",
    "autovacuum_naptime": "2s",  # a day takes half a second
}
CLINIC = {
    "name": "Simulated ITB programme",
    "slug": "simulated",
    "time_zone": "America/Chicago",
    "country": "US",
}
PEOPLE = (
    Person("nora", "Nora Northfield", Role.NEUROSURGEON),
    Person("nils", "Nils Mockstone", Role.NEUROSURGEON),
    Person("phil", "Phil Physwood", Role.PHYSIATRIST),
    Person("petra", "Petra Samplewell", Role.PHYSIATRIST),
    Person("pia", "Pia Fablebrook", Role.PHYSIATRIST),
    Person("anna", "Anna Anestone", Role.ANESTHESIOLOGIST),
    Person("arno", "Arno Fableford", Role.ANESTHESIOLOGIST),
    Person("cora", "Cora Coordale", Role.COORDINATOR),
    Person("chris", "Chris Shamfield", Role.COORDINATOR),
    Person("cleo", "Cleo Mockwell", Role.COORDINATOR),
)
LEADS = ("nora", "phil", "anna", "cora")
HABITS = {
    "nils": {"soon": "daily", "news": "daily"},
    "petra": {"soon": "hourly", "news": "daily", "quiet_from": None, "quiet_to": None},
    "pia": {"news_muted": True},
    "arno": {"soon": "daily", "news": "daily", "daily_at": time(6, 45)},
    "cora": {"soon": "hourly", "news": "hourly"},
    "chris": {"soon": "daily", "news_muted": True, "daily_at": time(12, 15)},
}
"""Who has no line here has the defaults."""
IN_TITRATION = 0.15
"""This share of the patients is still in titration when a run begins."""
DOSES = (60, 280)
"""What a patient will need after a year, mcg/day: with 20 or 40 mL a refill every two to six months."""


def configure() -> None:
    """Settings of the server; they hold from its next start."""
    with connection.cursor() as cursor:
        for name, value in SETTINGS.items():
            cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")


def prepare() -> None:
    """Tables, protocol, people with their habits, and the triggers that watch the code."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    publish(by=None, at=START - timedelta(days=2000), protocol=load(VERSIONS / "itb-1"))
    make_staff(CLINIC, PEOPLE, None)
    leads = Clinician.objects.filter(username__in=LEADS)
    Membership.objects.filter(clinician__in=leads).update(is_lead=True)
    Clinic.objects.update(lead=Clinician.objects.get(username="nora"))
    for name, choices in HABITS.items():
        person = Clinician.objects.get(username=name)
        Attention.objects.create(clinician=person, changed_at=timezone.now(), **choices)


def the_staff() -> Staff:
    """The people of the one clinic."""
    return staff_of(Clinic.objects.get(slug=CLINIC["slug"]))


def walk(first: int, last: int) -> list[Resident]:
    """Refer and treat the patients of these numbers until the run begins."""
    staff = the_staff()
    made = []
    for number in range(first, last + 1):
        with transaction.atomic():
            made.append(_walk(staff, number))
    return made


def _walk(staff: Staff, number: int) -> Resident:
    seed = f"ground:{number}"
    rng = random.Random(seed)
    titrating = rng.random() < IN_TITRATION
    stage, days = (
        (Stage.TITRATION, rng.uniform(8, 70)) if titrating else (Stage.LONG_TERM, rng.uniform(5, 150))
    )
    scenario = Scenario("pump", stage, days)
    about = START.date() - timedelta(days=200 + int(days))
    profile, course = draw(staff, seed=seed, number=number, referred_on=about, spread=1.3)
    dose = rng.uniform(*DOSES)
    profile = replace(
        profile,
        dose_1y=dose,
        dose_10y=dose * 1.15,
        reservoir_ml=40 if dose > 200 or rng.random() < 0.5 else 20,
    )
    scenario = replace(scenario, doses_fail=failing_doses(profile, scenario))
    one = Resident(staff, profile, scenario, course, seed)
    one.run(START - timedelta(days=days_needed(scenario, course)), START)
    return one


def finish() -> None:
    """The past has been told; from here on the watch is on."""
    Notice.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(WATCH)
        cursor.execute("ANALYZE")
        cursor.execute("CHECKPOINT")


def main() -> None:
    """One part of the work, by the words on the command line."""
    folder, what, *numbers = sys.argv[1:]
    if what == "walk":
        first, last = map(int, numbers)
        Path(folder, f"walks-{first:06}").write_bytes(pickle.dumps(walk(first, last)))
    else:
        {"configure": configure, "prepare": prepare, "finish": finish}[what]()


if __name__ == "__main__":
    main()
