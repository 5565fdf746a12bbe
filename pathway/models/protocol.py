"""A protocol version as it was published: the frozen text of what the pathway asks, and its hash."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models

from pathway.models.base import Row


class ProtocolVersion(Row):
    """What the pathway asks of whom. Frozen when published; a case is pinned to one and history never follows edits."""

    name = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    source = models.JSONField(help_text="The validated definition")
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="protocol_version_once"),
            models.UniqueConstraint(fields=["sha256"], name="protocol_text_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["retired_at"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
