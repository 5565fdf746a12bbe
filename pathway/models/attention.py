"""How one person wants to be told, and the private address of their calendar."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pathway.models.base import Row, choices, one_of
from pathway.models.people import Clinician
from pathway.protocol.attention import DAILY_AT, QUIET_FROM, QUIET_TO, Pace, Taste


class Attention(models.Model):
    """One person's choices; who has no row has the defaults. Red and safety always leave at once."""

    clinician = models.OneToOneField(
        Clinician, on_delete=models.CASCADE, primary_key=True, related_name="attention"
    )
    soon = models.CharField(
        "due and overdue", max_length=10, choices=choices(Pace), default=str(Pace.INSTANT)
    )
    news = models.CharField("news", max_length=10, choices=choices(Pace), default=str(Pace.HOURLY))
    news_muted = models.BooleanField("news in the inbox only", default=False)
    daily_at = models.TimeField("daily mail at", default=DAILY_AT)
    quiet_from = models.TimeField("quiet from", null=True, blank=True, default=QUIET_FROM)
    quiet_to = models.TimeField("quiet to", null=True, blank=True, default=QUIET_TO)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("attention_soon_known", "soon", Pace),
            one_of("attention_news_known", "news", Pace),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="attention_quiet_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"attention of {self.clinician_id}"

    @property
    def taste(self) -> Taste:
        """The choices as the rules take them."""
        return Taste(
            soon=Pace(self.soon),
            news=Pace(self.news),
            news_muted=self.news_muted,
            daily_at=self.daily_at,
            quiet_from=self.quiet_from,
            quiet_to=self.quiet_to,
        )


class CalendarFeed(Row):
    """A private address at which a calendar program reads one person's duties. Only its hash is kept."""

    clinician = models.ForeignKey(Clinician, on_delete=models.CASCADE, related_name="feeds", db_index=False)
    key_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True, help_text="When a calendar last asked, by the hour")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinician"], condition=Q(revoked_at__isnull=True), name="feed_one_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"calendar feed of {self.clinician_id}"
