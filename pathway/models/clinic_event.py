"""What was done to a clinic itself: its calendar, its people and their absences; one line an action, append-only."""

from __future__ import annotations

import pgtrigger
from django.db import models

from pathway.models.base import Row
from pathway.models.people import Clinic


class ClinicEvent(Row):
    """Who did what to a clinic, in which role and why. It follows nothing: ids stand as text."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="events", db_index=False)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True, help_text="Empty where the system acted")
    role = models.CharField(max_length=20)
    verb = models.CharField(max_length=30)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["clinic", "-at"], name="clinic_event_newest")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.verb} in clinic {self.clinic_id}"
