"""The open duties of a whole clinic with what their dates hang on, read in a fixed number of statements.

For looking again at every date of a clinic at once. It reads without locks: who writes holds each case and compares
its version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from pathway.calendars import WorkCalendar
from pathway.models import Case, Pump, Todo
from pathway.protocol.facts import CaseFacts, PumpFact, TodoFact
from pathway.protocol.roles import Role, Stage, TodoState
from pathway.protocol.schema import REOPEN_PROMPT, Protocol
from pathway.queries.definitions import calendar_of, protocol_of

TODO = (
    "case_id",
    "id",
    "key",
    "occurrence",
    "visit_seq",
    "role",
    "state",
    "due_on",
    "opened_at",
    "ended_at",
    "owner_id",
    "required",
    "safety",
    "result",
    "calendar_version",
)
CASE = ("id", "event_seq", "protocol_id", "stage", "visit_seq", "stage_entered_at", "hold_review_on")
PUMP = (
    "case_id",
    "id",
    "implanted_on",
    "filled_on",
    "refill_by",
    "end_of_service_on",
    "dose_since",
    "eri_seen_on",
)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """One case: its version, the facts that due rules look at, and the calendar each open date was computed in."""

    case_id: UUID
    event_seq: int
    protocol: Protocol
    facts: CaseFacts
    dated_in: dict[UUID, WorkCalendar]


def open_cases(clinic_id: UUID, *, before: int, today: date) -> list[OpenCase]:
    """Every case with an open date older than version `before` of the clinic's calendar, by id. Four statements.

    `today` is the clinic's local date. Days are told in the time zone of the calendar a date was computed in: what was
    opened on a Monday stays opened on a Monday.
    """
    # The versions first: what is read after them is as new or newer, which the version then tells.
    cases = list(Case.objects.filter(_asked(), clinic_id=clinic_id).order_by("id").values(*CASE))
    dated = _dated_rows(clinic_id, before)
    cases = [row for row in cases if row["id"] in dated]
    if not cases:
        return []
    anchors, pumps = _anchor_rows(clinic_id, cases), _pumps(clinic_id)
    reader = _Reader(clinic_id, before - 1, today)
    return [
        reader.case(row, dated[row["id"]], anchors.get(row["id"], []), pumps.get(row["id"])) for row in cases
    ]


def _asked(case: str = "") -> Q:
    """Cases that may have an open duty: open ones, and closed ones that somebody asks to reopen."""
    return ~Q(**{f"{case}stage": str(Stage.CLOSED)}) | Q(**{f"{case}next_key": REOPEN_PROMPT.key})


def _dated_rows(clinic_id: UUID, before: int) -> dict[UUID, list[dict[str, Any]]]:
    """The open duties whose dates were computed before this version, by case."""
    rows = Todo.objects.filter(
        _asked("case__"),
        case__clinic_id=clinic_id,
        state=str(TodoState.OPEN),
        calendar_version__lt=before,
    )
    return _by_case(rows.values(*TODO))


def _by_case(rows: Iterable[dict[str, Any]]) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["case_id"]].append(row)
    return found


def _anchor_rows(clinic_id: UUID, cases: list[dict[str, Any]]) -> dict[UUID, list[dict[str, Any]]]:
    """The newest of each duty whose record names a date that others hang on, by case."""
    protocols = {row["protocol_id"] for row in cases}
    keys = {path.partition(".")[0] for key in protocols for path in protocol_of(key).anchors.values()}
    rows = (
        Todo.objects.filter(_asked("case__"), case__clinic_id=clinic_id, key__in=sorted(keys))
        .order_by("case_id", "key", "-occurrence")
        .distinct("case_id", "key")
    )
    return _by_case(rows.values(*TODO))


def _pumps(clinic_id: UUID) -> dict[UUID, PumpFact]:
    rows = Pump.objects.filter(case__clinic_id=clinic_id, explanted_on__isnull=True).values(*PUMP)
    return {row.pop("case_id"): PumpFact(**row) for row in rows}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns rows into facts. `version`: the calendar whose time zone tells the days of the case itself."""

    clinic_id: UUID
    version: int
    today: date

    def case(
        self,
        row: dict[str, Any],
        opened: list[dict[str, Any]],
        anchors: list[dict[str, Any]],
        pump: PumpFact | None,
    ) -> OpenCase:
        calendar = calendar_of(self.clinic_id, self.version)
        facts = CaseFacts(
            stage=Stage(row["stage"]),
            visit_seq=row["visit_seq"],
            stage_entered_on=calendar.local_date(row["stage_entered_at"]),
            today=self.today,
            hold_review_on=row["hold_review_on"],
            todos={todo["key"]: self._todo(todo) for todo in (*anchors, *opened)},
            pump=pump,
        )
        dated_in = {todo["id"]: self._calendar(todo) for todo in opened}
        return OpenCase(row["id"], row["event_seq"], protocol_of(row["protocol_id"]), facts, dated_in)

    def _calendar(self, todo: dict[str, Any]) -> WorkCalendar:
        return calendar_of(self.clinic_id, todo["calendar_version"])

    def _todo(self, row: dict[str, Any]) -> TodoFact:
        local_date = self._calendar(row).local_date
        ended_at: datetime | None = row["ended_at"]
        return TodoFact(
            id=row["id"],
            key=row["key"],
            occurrence=row["occurrence"],
            visit_seq=row["visit_seq"],
            role=Role(row["role"]),
            state=TodoState(row["state"]),
            due_on=row["due_on"],
            opened_on=local_date(row["opened_at"]),
            ended_on=local_date(ended_at) if ended_at else None,
            owner_id=row["owner_id"],
            required=row["required"],
            safety=row["safety"],
            result=row["result"],
        )
