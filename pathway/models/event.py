"""The history of a case: one line an action, append-only, each line's hash bound to the line before."""

from __future__ import annotations

import pgtrigger
from django.db import models

from pathway.models.case import Case


class Event(models.Model):
    """What happened, who did it, in which role and why. Text identifiers only: history blocks and follows nothing."""

    pk = models.CompositePrimaryKey("case_id", "seq")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True, help_text="Empty where the system acted")
    role = models.CharField(max_length=20)
    verb = models.CharField(max_length=30)
    data = models.JSONField(default=dict)
    hash = models.BinaryField(max_length=32)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_truncate",
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'history is append-only';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} ({self.seq}) on case {self.case_id}"
