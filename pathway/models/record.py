"""The shape all clinical records share: which duty they complete, who wrote them, and the facts they give to guards."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from pathway.models.base import Row
from pathway.models.case import Case
from pathway.models.people import Clinician
from pathway.models.todo import Todo

BOOKKEEPING = frozenset({"id", "case", "todo", "recorded_at", "recorded_by", "superseded_at"})


class ClinicalRecord(Row):
    """What a clinician wrote to complete a to-do. A corrected record supersedes the old one; none is edited.

    `kind` is the form's name in the protocol. `facts()` returns the few JSON values that guards and due rules read
    (ISO dates, numbers, strings, booleans); they are copied to `Todo.result`.
    """

    kind: ClassVar[str] = ""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="%(class)s_records")
    todo = models.ForeignKey(Todo, on_delete=models.PROTECT, related_name="%(class)s_records", db_index=False)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", db_index=False)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["todo"], condition=Q(superseded_at__isnull=True), name="%(class)s_one_per_todo"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of case {self.case_id}"

    def facts(self) -> dict[str, Any]:
        """JSON facts for guards and due rules; empty where no rule reads this record."""
        return {}

    def content(self) -> dict[str, Any]:
        """Every clinical field by name, for the digest that sign-offs are bound to and for display."""
        return {field.name: getattr(self, field.name) for field in self.content_fields()}

    @classmethod
    def content_fields(cls) -> list[models.Field[Any, Any]]:
        """The record's own fields, without the bookkeeping."""
        return [field for field in cls._meta.concrete_fields if field.name not in BOOKKEEPING]
