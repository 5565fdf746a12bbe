"""One synthetic case from a seed: draws the person and the course, finds the day of the referral, and drives it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from pathway.synthetic.drive import Walk, Walked
from pathway.synthetic.names import record_number
from pathway.synthetic.profile import Profile, draw_profile
from pathway.synthetic.scenario import Course, Scenario, days_needed
from pathway.synthetic.staff import Staff


def failing_doses(profile: Profile, scenario: Scenario) -> int:
    """How many screening doses will be inadequate: as the scenario says, else as this body answers."""
    if scenario.doses_fail is not None:
        return scenario.doses_fail
    return {50: 0, 75: 1, 100: 2}.get(profile.effective_mcg or 50, 0)


def make_case(
    staff: Staff, scenario: Scenario, *, seed: str, number: int, end: datetime, spread: float = 3
) -> Walked:
    """A case that stands where the scenario wants it at `end`. `number` makes the record number.

    A scenario that says nothing of the trial goes beyond it, so the trial succeeds, with this body's dose.
    """
    rng = random.Random(seed)
    course = Course.draw(rng, spread)
    profile = draw_profile(
        rng,
        mrn=record_number(staff.clinic.slug, number),
        referred_on=end.date() - timedelta(days=200 + scenario.days),
        country=staff.clinic.country,
    )
    scenario = replace(scenario, doses_fail=failing_doses(profile, scenario))
    days = days_needed(scenario, course)
    return Walk(staff, profile, scenario, course, seed).run(end - timedelta(days=days), end)
