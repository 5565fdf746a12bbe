"""Reads the history of every case and tells where its chain of hashes does not hold. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from pathway.engine.action import chain
from pathway.models import Case, Event

CASE = ("id", "event_seq", "event_hash")
EVENT = ("seq", "at", "actor_id", "role", "verb", "data", "hash")
CHUNK = 2000
WINDOW = 500
"""So many histories the watch reads each minute (P): 100,000 cases are read through in under four hours."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a case's history does not hold. `seq` is the event's number."""

    case_id: UUID
    seq: int
    reason: str


@dataclass(slots=True)
class Tally:
    """How much was read."""

    cases: int = 0
    events: int = 0


def verify(tally: Tally, among: Iterable[UUID] | None = None) -> Iterator[Break]:
    """Every case (of those `among`) whose history does not hold, each with its first break. Counts in `tally`.

    One statement reads it all, in constant memory, so that a case that moves meanwhile is seen whole: one row
    an event beside its case's head; a case without events is one row whose event is empty.
    """
    cases = Case.objects.all() if among is None else Case.objects.filter(pk__in=list(among))
    rows = cases.order_by("id", "events__seq").values_list(*CASE, *(f"events__{name}" for name in EVENT))
    for head, history in groupby(rows.iterator(chunk_size=CHUNK), key=itemgetter(0, 1, 2)):
        tally.cases += 1
        case_id, head_seq, head_hash = head
        found = _first_break(case_id, head_seq, bytes(head_hash), history, tally)
        if found is not None:
            yield found


def next_window(mark: str) -> tuple[list[UUID], str]:
    """The cases whose history is checked next, after the one that `mark` names; and the mark to go on from.

    An empty mark begins, or has ended, a round through all cases.
    """
    cases = Case.objects.filter(pk__gt=UUID(mark)) if mark else Case.objects.all()
    ids = list(cases.order_by("id").values_list("id", flat=True)[:WINDOW])
    return ids, str(ids[-1]) if len(ids) == WINDOW else ""


def _first_break(
    case_id: UUID, head_seq: int, head_hash: bytes, history: Iterable[tuple[Any, ...]], tally: Tally
) -> Break | None:
    """Recompute one case's chain and compare its end with the case's own head."""
    last_seq, last_hash = 0, b""
    for row in history:
        values = dict(zip(EVENT, row[len(CASE) :], strict=True))
        if values["seq"] is None:
            break
        tally.events += 1
        event = Event(case_id=case_id, **values)
        if event.seq != last_seq + 1:
            return Break(case_id, last_seq + 1, "this event is missing")
        if chain(last_hash, event) != bytes(event.hash):
            return Break(case_id, event.seq, "this event was changed")
        last_seq, last_hash = event.seq, bytes(event.hash)
    if (last_seq, last_hash) != (head_seq, head_hash):
        return Break(case_id, last_seq + 1, f"the case counts {head_seq} events, its history {last_seq}")
    return None
