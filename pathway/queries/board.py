"""The board: for each stage the kept count and the first cards by their next duty's date, in one statement.

It never counts cases: the engine keeps the counts. A column reads its cards along one index range.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from pathway.protocol.roles import OPEN_STAGES, Stage
from pathway.queries.access import Access
from pathway.queries.cases import (
    DETAIL_JOINS,
    DETAILS,
    OPEN_IN_STAGE,
    CaseRow,
    case_row,
    open_conditions,
)

CARDS = 20


@dataclass(frozen=True, slots=True)
class Column:
    """One stage. `count`: all its cases, filtered or not; `more`: there are cards beyond the shown ones."""

    stage: Stage
    count: int
    cards: tuple[CaseRow, ...]
    more: bool


def board_of(access: Access, *, at: datetime, turn: str = "", state: str = "") -> tuple[Column, ...]:
    """Every open stage in order. One query. `turn`: a role; `state`: overdue, hold or empty."""
    found = _read(access, at, turn, state) if access.clinics else []
    counts: dict[str, int] = defaultdict(int)
    cards: dict[str, list[CaseRow]] = defaultdict(list)
    counted = set()
    for stage, clinic_id, count, *row in found:
        if (stage, clinic_id) not in counted:
            counted.add((stage, clinic_id))
            counts[stage] += count
        if row[0] is not None:
            cards[stage].append(case_row(tuple(row), access, at))
    return tuple(
        Column(stage, counts[stage], tuple(cards[stage][:CARDS]), len(cards[stage]) > CARDS)
        for stage in OPEN_STAGES
    )


def _read(access: Access, at: datetime, turn: str, state: str) -> list[Any]:
    """A row for every card, and one without a card for every empty column, ordered by date within a stage.

    Cards without a next duty come first: they must never exist, so they must never be below the fold.
    """
    branches, params = [], []
    for clinic in access.clinics:
        more, values = open_conditions(turn, state, clinic.today(at))
        for stage in OPEN_STAGES:
            base = f"{OPEN_IN_STAGE}{more}"
            for part in (
                "next_due_on IS NULL ORDER BY id",
                "next_due_on IS NOT NULL ORDER BY next_due_on, id",
            ):
                branches.append(f"({base} AND {part} LIMIT {CARDS + 1})")
                params += [clinic.id, str(stage), *values]
    columns = [(clinic_id, str(stage)) for clinic_id in access.clinic_ids for stage in OPEN_STAGES]
    marks = ", ".join(["(%s::uuid, %s)"] * len(columns))
    sql = (
        f"SELECT k.stage, k.clinic_id, COALESCE(n.cases, 0), w.*, {DETAILS}"
        f" FROM (VALUES {marks}) k (clinic_id, stage)"
        " LEFT JOIN pathway_stagecount n ON n.clinic_id = k.clinic_id AND n.stage = k.stage"
        f" LEFT JOIN ({' UNION ALL '.join(branches)}) w ON w.clinic_id = k.clinic_id AND w.stage = k.stage"
        f" LEFT {DETAIL_JOINS} ORDER BY k.stage, w.next_due_on NULLS FIRST, w.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*(value for column in columns for value in column), *params])
        found: list[Any] = cursor.fetchall()
    return found
