"""Clinics and the clinicians who work there. A clinic is the boundary of who may see what."""

from __future__ import annotations

from datetime import time
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from pathway.models.base import Row, choices, new_id, one_of
from pathway.protocol.roles import CARE_ROLES


def monday_to_friday() -> list[int]:
    """The usual working week (Monday is 0)."""
    return [0, 1, 2, 3, 4]


def validate_time_zone(value: str) -> None:
    """Refuse a time zone the system does not know."""
    if value not in available_timezones():
        raise ValidationError(f"“{value}” is not a time zone; write one like Europe/Berlin.")


class Clinic(Row):
    """A programme site: its time zone, its working week and its holidays."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    time_zone = models.CharField(max_length=60, default="UTC", validators=[validate_time_zone])
    country = models.CharField(max_length=2, help_text="ISO code whose public holidays apply")
    subdivision = models.CharField(max_length=10, blank=True)
    working_weekdays = ArrayField(models.PositiveSmallIntegerField(), default=monday_to_friday)
    opens = models.TimeField(default=time(8))
    closes = models.TimeField(default=time(17))
    emergency_phone = models.CharField(
        "24-hour number", max_length=40, blank=True, help_text="Printed on emergency cards"
    )
    hospital_name = models.CharField(
        "hospital", max_length=120, blank=True, help_text="Printed on emergency cards"
    )
    calendar_version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return self.name


class ClosedDay(Row):
    """A day on which one clinic does not work although the calendar says it should."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="closed_days")
    on = models.DateField()
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "on"], name="closed_day_once")]

    def __str__(self) -> str:
        return f"{self.on} {self.reason}"


class Clinician(AbstractUser):
    """A person who signs in. What they may do follows from their memberships, never from flags here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinics: models.ManyToManyField[Clinic, Membership] = models.ManyToManyField(Clinic, through="Membership")

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="username_any_case")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Membership(Row):
    """One role of one clinician in one clinic."""

    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="memberships")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    role = models.CharField(max_length=20, choices=choices(CARE_ROLES))
    is_lead = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "role", "clinician"], name="membership_once"),
            one_of("membership_role_known", "role", CARE_ROLES),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.clinic_id}"
