"""Clinics and the clinicians who work there. A clinic is the boundary of who may see what."""

from __future__ import annotations

from zoneinfo import available_timezones

import pgtrigger
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from pathway.models.base import Row, choices, new_id, one_of
from pathway.protocol.roles import CARE_ROLES


def usual_week() -> list[list[str] | None]:
    """Opening and closing by weekday, Monday first; None where the clinic is closed."""
    return [["08:00", "17:00"]] * 5 + [None, None]


def every_day() -> list[int]:
    """All weekdays (Monday is 0)."""
    return [0, 1, 2, 3, 4, 5, 6]


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
    subdivision = models.CharField(max_length=40, blank=True)
    week = models.JSONField(default=usual_week, help_text="Opening and closing by weekday, Monday first")
    emergency_phone = models.CharField(
        "24-hour number", max_length=40, blank=True, help_text="Printed on emergency cards"
    )
    hospital_name = models.CharField(
        "hospital", max_length=120, blank=True, help_text="Printed on emergency cards"
    )
    calendar_version = models.PositiveIntegerField(default=1)
    settled_version = models.PositiveIntegerField(
        default=1, help_text="The calendar's version up to which every open date was looked at"
    )
    lead = models.ForeignKey(
        "Clinician",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Whom the last rung of every ladder tells",
    )

    def __str__(self) -> str:
        return self.name

    @property
    def outward_name(self) -> str:
        """What patients and caregivers are told by mail: the hospital, for a clinic's name may say what it treats."""
        return self.hospital_name or self.name


class CalendarVersion(Row):
    """A clinic's working calendar as it stood in one version: why a due date fell where it did."""

    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, related_name="calendar_versions", db_index=False
    )
    version = models.PositiveIntegerField()
    source = models.JSONField(help_text="Time zone, week, country, subdivision and closed days")
    at = models.DateTimeField()
    by_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "version"], name="calendar_version_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"calendar {self.version} of clinic {self.clinic_id}"


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

    email_refused_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when mail servers refuse this address for good"
    )

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="username_any_case")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Membership(Row):
    """One role of one clinician in one clinic."""

    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="memberships")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    role = models.CharField(max_length=20, choices=choices(CARE_ROLES))
    is_lead = models.BooleanField(default=False, help_text="Told when the role does not answer")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), default=every_day, help_text="Clinic days, Monday is 0"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "role", "clinician"], name="membership_once"),
            one_of("membership_role_known", "role", CARE_ROLES),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.clinic_id}"
