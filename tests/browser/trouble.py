"""A clinic in which something is wrong, so that the watch shows every one of its parts and every page its banner."""

from __future__ import annotations

from datetime import UTC, datetime

from pathway.models import Alarm, Case, Clinic, Clinician, Mail


def make_trouble() -> None:
    """Alarms that stand and one that is mended, a dead letter, a refused address. Called twice, it is there once."""
    now, clinic = datetime.now(UTC), Clinic.objects.get(slug="riverside")
    Clinician.objects.filter(username="arno").update(email_refused_at=now)
    if Alarm.objects.filter(rule="mail_stuck").exists():
        return
    case = Case.objects.filter(clinic=clinic).earliest("opened_at")
    moments = {"raised_at": now, "seen_at": now, "told_at": now}
    for rule, place, detail in (
        ("mail_stuck", None, {"minutes": 12}),
        ("pump_without_refill", clinic, {"case": str(case.id)}),
        ("address_refused", clinic, {"whom": "a colleague", "clinician": str(case.opened_by_id)}),
    ):
        Alarm.objects.create(rule=rule, subject=rule, clinic=place, detail=detail, **moments)
    Alarm.objects.create(
        rule="worker_silent", subject="worker", detail={"minutes": 3}, cleared_at=now, **moments
    )
    Mail.objects.create(
        clinic=clinic,
        recipient=Clinician.objects.get(username="phil"),
        state="dead",
        urgency="soon",
        error="the mail server answered 550 5.1.1",
        created_at=now,
        due_at=now,
    )
