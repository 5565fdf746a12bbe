"""What a check of the system finds: one finding a thing that is wrong. Ids, roles and dates only, no identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

AT_MOST = 200
"""A check names at most so many things at once (P); the rest follow as these are mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `clinic_id` None: it concerns every clinic. `subject` names it within its rule."""

    rule: str
    clinic_id: UUID | None
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)


Check = Callable[[datetime], list[Finding]]
"""One rule: everything that is wrong at an instant, at most `AT_MOST`."""

FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Window:
    """What one look reads of a large table: ids after `low` up to `high`, and the rows `known` to be wrong."""

    low: UUID = FIRST
    high: UUID = LAST
    known: tuple[UUID, ...] = ()

    @property
    def mark(self) -> str:
        """Where the next look goes on; "" after the last row."""
        return "" if self.high == LAST else str(self.high)


WindowCheck = Callable[[Window], list[Finding]]
"""One rule about the rows of a window."""


def rows_of(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement; `%(most)s` in it is the limit."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"most": AT_MOST, **values})
        return list(cursor.fetchall())


def minutes(since: datetime, at: datetime) -> int:
    """Whole minutes that have passed."""
    return int((at - since).total_seconds() // 60)
