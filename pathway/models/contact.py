"""Whom a clinic may remind of an appointment by mail: a patient or a caregiver who agreed to it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pathway.models.base import Row, one_of, set_together
from pathway.models.patient import Patient
from pathway.models.people import Clinician

WHO = [("patient", "The patient"), ("caregiver", "A caregiver")]
HOW = [("in_person", "In person"), ("by_phone", "By telephone"), ("in_writing", "In writing")]


class ReminderContact(Row):
    """An address and the consent to write to it. Withdrawn or replaced it stays as history; nothing is edited."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="reminder_contacts")
    who = models.CharField("who is reminded", max_length=10, choices=WHO)
    email = models.EmailField("e-mail address")
    consent_on = models.DateField("agreed on")
    consent_how = models.CharField("how they agreed", max_length=10, choices=HOW)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", db_index=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by_id = models.UUIDField(
        null=True, blank=True, help_text="All zeros where the person's own link withdrew it"
    )
    refused_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when mail servers refuse this address for good"
    )

    class Meta:
        constraints = [
            one_of("reminder_who_known", "who", [key for key, _ in WHO]),
            one_of("reminder_how_known", "consent_how", [key for key, _ in HOW]),
            set_together("reminder_withdrawn_whole", "withdrawn_at", "withdrawn_by_id"),
            models.UniqueConstraint(
                fields=["patient", "who"],
                condition=Q(withdrawn_at__isnull=True),
                name="reminder_one_address_each",
            ),
        ]
        indexes = [
            models.Index(
                fields=["refused_at"],
                condition=Q(refused_at__isnull=False, withdrawn_at__isnull=True),
                name="reminder_address_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who} of patient {self.patient_id}"
