"""One synthetic case from a seed: draws the person and the course, finds the day of the referral, and drives it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction

from pathway.models import Notice
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
    about = end.date() - timedelta(days=200 + scenario.days)
    profile, course = draw(staff, seed=seed, number=number, referred_on=about, spread=spread)
    scenario = replace(scenario, doses_fail=failing_doses(profile, scenario))
    referred_at = end - timedelta(days=days_needed(scenario, course))
    return drive(staff, profile, course, scenario, seed=seed, referred_at=referred_at, end=end)


def draw(staff: Staff, *, seed: str, number: int, referred_on: date, spread: float) -> tuple[Profile, Course]:
    """The person and the waits that belong to a seed."""
    rng = random.Random(seed)
    course = Course.draw(rng, spread)
    mrn = record_number(staff.clinic.slug, number)
    return draw_profile(rng, mrn=mrn, referred_on=referred_on, country=staff.clinic.country), course


def drive(
    staff: Staff,
    profile: Profile,
    course: Course,
    scenario: Scenario,
    *,
    seed: str,
    referred_at: datetime,
    end: datetime,
) -> Walked:
    """Walk one case in one transaction: one that was interrupted half-way leaves nothing."""
    with transaction.atomic():
        walked = Walk(staff, profile, scenario, course, seed).run(referred_at, end)
        drop_history(walked, staff, end)
    return walked


def drop_history(walked: Walked, staff: Staff, end: datetime) -> None:
    """Mark the notices of the past as dropped and read: years of mail in one minute would tell nobody anything.

    Those since the opening of the last working day before `end` stay pending and are delivered like any other. It
    happens in the transaction that makes the case, so that no running worker can take them first.
    """
    calendar = staff.calendar
    yesterday = calendar.last_working_day_on_or_before(calendar.local_date(end) - timedelta(days=1))
    past = Notice.objects.filter(
        case_id=walked.case_id, state="pending", created_at__lt=calendar.at_opening(yesterday)
    )
    past.update(state="dropped", read_at=end)
