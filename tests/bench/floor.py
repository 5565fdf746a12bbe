"""The floor: the rows that the engine wrote for one patient, written again with fresh ids by hand-written SQL.

The same tables, indexes, constraints, triggers and hash chain. Twice: as one transaction an action, statement by
statement (lock the case and read the actor's roles, read the to-do, write row by row, commit); and as one statement
an action. The floor knows beforehand what to write: it reads no facts, judges no rule and plans nothing.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from pathway.models.base import new_id
from tests.bench.ground import Meter, raw
from tests.bench.passage import Insert, Update, Written

LOCK = """
SELECT c.stage, c.event_seq, c.event_hash, c.clinic_id, (SELECT array_agg(m.role) FROM pathway_membership m
  WHERE m.clinic_id = c.clinic_id AND m.clinician_id = %s) FROM pathway_case c WHERE c.id = %s FOR NO KEY UPDATE"""
TODO = "SELECT key, occurrence, role, state, owner_id, result FROM pathway_todo WHERE id = %s"
ROLES = "SELECT role FROM pathway_membership WHERE clinic_id = %s AND clinician_id = %s"
KNOWN = "SELECT id, birth_date FROM pathway_patient WHERE clinic_id = %s AND upper(mrn) = upper(%s)"

Statement = tuple[str, list[Any]]


class _Head:
    """Stands for the hash that the action itself works out."""


HEAD = _Head()


@dataclass(frozen=True)
class Planned:
    """One action of one patient: what it reads, what it writes, and the event that goes into the chain."""

    reads: list[Statement]
    written: Written
    event: list[Any]


def plan(actions: list[Written], number: int, recorded_number: int) -> list[Planned]:
    """The recorded actions with ids and unique texts of patient `number`."""
    fresh: dict[Any, Any] = {f"B-{recorded_number:06}": f"F-{number:06}"}
    for action in actions:
        for insert in action.inserts:
            if "id" in insert.columns:
                at = insert.columns.index("id")
                for row in insert.rows:
                    fresh[row[at]] = new_id() if row[at].version == 7 else uuid4()
    fresh |= {str(old): str(new) for old, new in fresh.items() if isinstance(old, UUID)}
    heads = {
        bytes(_cell(insert, "hash")): HEAD
        for action in actions
        for insert in action.inserts
        if insert.table == "pathway_event"
    }
    return [_planned(action, lambda value: _changed(value, fresh, heads)) for action in actions]


def _cell(insert: Insert, column: str) -> Any:
    return insert.rows[0][insert.columns.index(column)]


def _changed(value: Any, fresh: dict[Any, Any], heads: dict[bytes, _Head]) -> Any:
    """A value with recorded ids and hashes replaced, inside JSON too."""
    if isinstance(value, Jsonb):
        return Jsonb(_changed(value.obj, fresh, heads))
    if isinstance(value, dict):
        return {name: _changed(inner, fresh, heads) for name, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner, fresh, heads) for inner in value]
    if isinstance(value, bytes | memoryview):
        return heads.get(bytes(value), value)
    return fresh.get(value, value) if isinstance(value, UUID | str) else value


def _planned(action: Written, change: Callable[[Any], Any]) -> Planned:
    inserts = [
        Insert(one.table, one.columns, [[change(value) for value in row] for row in one.rows], one.conflict)
        for one in action.inserts
    ]
    updates = [
        Update(
            one.table, one.columns, [change(value) for value in one.values], one.key_column, change(one.key)
        )
        for one in action.updates
    ]
    deletes = [
        type(one)(one.table, one.key_column, [change(key) for key in one.keys]) for one in action.deletes
    ]
    written = Written(inserts, updates, deletes)
    event = next(insert for insert in inserts if insert.table == "pathway_event")
    return Planned(_reads(written, event), written, event.rows[0])


def _reads(written: Written, event: Insert) -> list[Statement]:
    case_id, actor = _cell(event, "case_id"), _cell(event, "actor_id")
    for insert in written.inserts:
        if insert.table == "pathway_patient":
            clinic, mrn = _cell(insert, "clinic_id"), _cell(insert, "mrn")
            return [(ROLES, [clinic, actor]), (KNOWN, [clinic, mrn])]
    todo = next(update.key for update in written.updates if update.table == "pathway_todo")
    return [(LOCK, [actor, case_id]), (TODO, [todo])]


def _chained(previous: bytes, event: list[Any]) -> bytes:
    case_id, seq, at, actor, role, verb, data, _ = event
    line = [str(case_id), seq, at.astimezone(UTC).isoformat(), str(actor or ""), role, verb, data.obj]
    text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + text.encode()).digest()


def _row_statements(written: Written) -> Iterator[Statement]:
    """Every row a statement of its own."""
    for insert in written.inserts:
        for row in insert.rows:
            yield _insert_sql(insert, 1), row
    for update in written.updates:
        yield _update_sql(update), [*update.values, update.key]
    for delete in written.deletes:
        for key in delete.keys:
            yield f"DELETE FROM {delete.table} WHERE {delete.key_column} = %s", [key]


def _one_statement(planned: Planned) -> Statement:
    """The reads and all rows as one WITH statement."""
    parts: list[str] = []
    params: list[Any] = []
    for number, (sql, values) in enumerate(planned.reads):
        parts.append(f"r{number} AS ({sql})")
        params += values
    writes: list[Statement] = []
    for insert in planned.written.inserts:
        writes.append(
            (_insert_sql(insert, len(insert.rows)), [value for row in insert.rows for value in row])
        )
    writes += [(_update_sql(update), [*update.values, update.key]) for update in planned.written.updates]
    for delete in planned.written.deletes:
        writes.append((f"DELETE FROM {delete.table} WHERE {delete.key_column} = ANY(%s)", [delete.keys]))
    for number, (sql, values) in enumerate(writes):
        parts.append(f"w{number} AS ({sql})")
        params += values
    return f"WITH {', '.join(parts)} SELECT * FROM r0 LEFT JOIN r1 ON true", params


def _insert_sql(insert: Insert, rows: int) -> str:
    marks = f"({', '.join(['%s'] * len(insert.columns))})"
    columns = ", ".join(f'"{column}"' for column in insert.columns)
    return f"INSERT INTO {insert.table} ({columns}) VALUES {', '.join([marks] * rows)} {insert.conflict}"


def _update_sql(update: Update) -> str:
    sets = ", ".join(f'"{column}" = %s' for column in update.columns)
    return f"UPDATE {update.table} SET {sets} WHERE {update.key_column} = %s"


class Floor:
    """Replays the recorded passage for one new patient after the other."""

    numbers = itertools.count(1)

    def __init__(
        self, actions: list[Written], recorded_number: int, database: str, *, one_statement: bool
    ) -> None:
        self.actions, self.recorded_number, self.one_statement = actions, recorded_number, one_statement
        self.link = raw(database, autocommit=one_statement)
        self.cursor = self.link.cursor()
        self.meter = Meter(self.link.info.backend_pid)

    def run(self) -> None:
        """One new patient."""
        head = b""
        for planned in plan(self.actions, next(self.numbers), self.recorded_number):
            statements = self.statements(planned)
            with self.meter.on():
                head = _chained(head, planned.event)
                for sql, params in statements:
                    self.cursor.execute(sql, [head if value is HEAD else value for value in params])
                if not self.one_statement:
                    self.link.commit()

    def statements(self, planned: Planned) -> list[Statement]:
        """The statements of one action in this floor's manner."""
        if self.one_statement:
            return [_one_statement(planned)]
        return [*planned.reads, *_row_statements(planned.written)]

    def count(self) -> int:
        """Statements a passage, BEGIN and COMMIT not counted."""
        return sum(len(self.statements(planned)) for planned in plan(self.actions, 0, self.recorded_number))

    def close(self) -> None:
        """Let go of the server."""
        self.link.close()
