"""What every table shares: time-ordered ids made before the insert, and constraints used more than once."""

from __future__ import annotations

import uuid
from typing import Any

import uuid_utils
from django.db import models
from django.db.models import Q


def new_id() -> uuid.UUID:
    """A UUIDv7: unique, time-ordered, and known before the row exists (so one statement can write a whole action)."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


class Row(models.Model):
    """A table whose key is a UUIDv7."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True


def set_together(name: str, *fields: str) -> models.CheckConstraint:
    """Constraint: these columns are all null or all set (a "when" never stands without its "who")."""
    none_set = Q(**{f"{field}__isnull": True for field in fields})
    all_set = Q(**{f"{field}__isnull": False for field in fields})
    return models.CheckConstraint(condition=none_set | all_set, name=name)


def one_of(name: str, field: str, values: Any) -> models.CheckConstraint:
    """Constraint: the column holds one of these values."""
    return models.CheckConstraint(
        condition=Q(**{f"{field}__in": [str(value) for value in values]}), name=name
    )


def choices(values: Any) -> list[tuple[str, str]]:
    """Django choices of a labelled StrEnum."""
    return [(str(value), value.label) for value in values]
