"""What the system sees of itself: signs of life of its parts, and alarms about what is wrong."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pathway.models.base import Row
from pathway.models.people import Clinic


class Heartbeat(models.Model):
    """The last sign of life of a part: worker, beat, watch (see `queries.signs`). `mark`: how far a round has come."""

    name = models.CharField(primary_key=True, max_length=20)
    at = models.DateTimeField()
    mark = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"


class Alarm(Row):
    """Something is wrong with the system or in a clinic. Opened and cleared by the sentinel alone, never by hand.

    `rule` names what is checked (see `engine.sentinel`), `subject` what it is wrong with (an id, a role, a day; no
    identity), `detail` what a screen needs to explain it. While one stands, its people are told again day by day.
    """

    rule = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    clinic = models.ForeignKey(
        Clinic,
        on_delete=models.PROTECT,
        null=True,
        related_name="alarms",
        db_index=False,
        help_text="Empty where it concerns every clinic",
    )
    detail = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When it was last found true")
    told_at = models.DateTimeField(help_text="When its people were last told")
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject"],
                condition=Q(cleared_at__isnull=True),
                name="alarm_once_while_it_stands",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "raised_at"], name="alarm_of_clinic"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} on {self.subject}"
