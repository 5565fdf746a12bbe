"""Somebody of the demonstration who is away, for the screens that show what that means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pathway.engine.absences import cancel_absence, plan_absence
from pathway.models import Absence, Clinic, Clinician


def phils_absence() -> Absence:
    """Phil is away for a month from today on and names no deputy: the others with his role answer."""
    phil = Clinician.objects.get(username="phil")
    clinic, now = Clinic.objects.get(slug="riverside"), datetime.now(UTC)
    today = now.astimezone(ZoneInfo(clinic.time_zone)).date()
    for planned in Absence.objects.filter(clinician=phil, cancelled_at=None):
        cancel_absence(absence_id=planned.id, by=phil, at=now)
    return plan_absence(
        clinic_id=clinic.id,
        clinician_id=phil.pk,
        deputy_id=None,
        first_day=today,
        last_day=today + timedelta(days=30),
        by=phil,
        at=now,
    )
