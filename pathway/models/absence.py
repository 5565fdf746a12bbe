"""Absences: who is away from which day to which, and who answers meanwhile."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from pathway.models.base import Row, set_together
from pathway.models.people import Clinic, Clinician


class Absence(Row):
    """One stay away of one clinician from one clinic, both days included, in the clinic's own dates.

    Nothing is reassigned: while it lasts, the deputy is told and may act, and afterwards the absent person is again.
    Without a deputy the others who hold the role are told. A cancelled absence stays as history.
    """

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="absences", db_index=False)
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="absences")
    deputy = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    first_day = models.DateField("first day away")
    last_day = models.DateField("last day away")
    note = models.CharField(max_length=200, blank=True)
    planned_at = models.DateTimeField()
    planned_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", db_index=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    begun_at = models.DateTimeField(null=True, blank=True, help_text="When both were told that it began")
    over_at = models.DateTimeField(null=True, blank=True, help_text="When both were told that it is over")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="absence_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(deputy__isnull=True) | ~Q(deputy=F("clinician")), name="absence_deputy_is_another"
            ),
            set_together("absence_cancelled_whole", "cancelled_at", "cancelled_by"),
        ]
        indexes = [
            models.Index(
                fields=["clinic", "last_day"],
                condition=Q(cancelled_at__isnull=True),
                name="absence_of_clinic",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinician_id} away {self.first_day} to {self.last_day}"
