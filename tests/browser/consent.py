"""Somebody who agreed to reminders on a case of the demonstration, for the screens that show it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pathway.engine.reminders import record_consent
from pathway.models import Case, Clinician, ReminderContact


def agreed(case_url: str, now: datetime, **columns: Any) -> ReminderContact:
    """A caregiver with a long address, who agreed yesterday; `columns` as stored."""
    case = Case.objects.get(pk=case_url.split("/")[2])
    record_consent(
        case_id=case.pk,
        who="caregiver",
        email=f"{'long-' * 12}address@home.example",
        consent_on=now.date() - timedelta(days=1),
        consent_how="by_phone",
        by=Clinician.objects.get(username="cora"),
        at=now,
    )
    contact = ReminderContact.objects.get(patient_id=case.patient_id, who="caregiver", withdrawn_at=None)
    for name, value in columns.items():
        setattr(contact, name, value)
    contact.save()
    return contact
