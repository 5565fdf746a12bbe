"""One patient's passage through the engine's verbs, step by step, and a record of every row it writes."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models

from pathway.engine.advance import advance
from pathway.engine.changes import Changes
from pathway.engine.referrals import Referral, refer
from pathway.engine.signoffs import sign
from pathway.engine.todos import complete
from pathway.models import Case, ProtocolVersion, StageCount, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Decision, Stage
from pathway.protocol.schema import TodoDef
from pathway.queries.definitions import protocol_of
from pathway.queries.facts import facts_hash
from tests.bench.ground import Database, Meter, backend_pid
from tests.cast import MONDAY, Cast, patient_values
from tests.examples import moved
from tests.walk import Walk

WAITS = {Stage.SELECTION: 3, Stage.TRIAL: 5, Stage.IMPLANT: 7, Stage.TITRATION: 20, Stage.LONG_TERM: 40}


@dataclass(frozen=True)
class Step:
    """One user action after the referral: a to-do done, signed, or a move made, at its moment."""

    key: str
    at: datetime


class _Notes(Walk):
    """A walk that notes its steps."""

    steps: list[Step]

    def do(self, key: str, **changes: Any) -> None:
        self.steps.append(Step(key, self.at))
        super().do(key, **changes)


class Passages:
    """Takes new patients through the same steps; only the verbs are metered, not the looking-up of ids."""

    numbers = itertools.count(1)

    def __init__(self, cast: Cast, database: Database) -> None:
        self.cast, self.database = cast, database
        database.use()
        self.meter = Meter(backend_pid())
        self.protocol = protocol_of(ProtocolVersion.objects.get().id)
        self.steps = self._walk()

    def _walk(self) -> list[Step]:
        number = next(self.numbers)
        serial = {"pump_serial": f"B-{number:06}"}
        walk = _Notes(self.cast, self._refer(f"B-{number:06}", MONDAY), MONDAY + timedelta(hours=6))
        walk.values = lambda todo, values: values | (serial if "pump_serial" in values else {})
        walk.steps = []
        for stage, days in WAITS.items():
            walk.wait(days)
            walk.do_all(until=stage)
        return walk.steps

    def _refer(self, mrn: str, at: datetime) -> UUID:
        request = Referral(request_id=new_id(), patient=patient_values(mrn))
        with self.meter.on():
            return refer(clinic_id=self.cast.clinic.id, referral=request, by=self.cast.cora, at=at).case_id

    def run(self) -> UUID:
        """One new patient from referral to long-term care."""
        self.database.use()
        self.number = number = next(self.numbers)
        case_id = self._refer(f"B-{number:06}", MONDAY)
        for step in self.steps:
            self._take(step, case_id, number)
        return case_id

    def _take(self, step: Step, case_id: UUID, number: int) -> None:
        definition = self.protocol.todos[step.key]
        todo = Todo.objects.filter(case_id=case_id, key=step.key).latest("occurrence")
        by = self.cast.of(todo.role)
        if definition.decision is not None:
            shown = facts_hash(case_id, Decision(definition.decision))
            with self.meter.on():
                sign(todo_id=todo.id, by=by, at=step.at, vote="for", facts_hash=shown)
        elif step.key.startswith("edge_"):
            with self.meter.on():
                advance(case_id=case_id, edge=step.key.removeprefix("edge_"), by=by, at=step.at)
        else:
            record = self._record(definition, step, number)
            with self.meter.on():
                complete(todo_id=todo.id, by=by, at=step.at, record=record)

    def _record(self, definition: TodoDef, step: Step, number: int) -> dict[str, Any] | None:
        if definition.form is None:
            return None
        values = moved(definition.form, step.at.date())
        return values | ({"pump_serial": f"B-{number:06}"} if "pump_serial" in values else {})

    def statements(self) -> int:
        """How many statements one passage sends from inside the verbs, BEGIN and COMMIT not counted."""
        count = 0

        def counting(execute: Any, *args: Any) -> Any:
            nonlocal count
            count += inside
            return execute(*args)

        inside = False

        class _Inside(Meter):
            @contextlib.contextmanager
            def on(self) -> Iterator[None]:
                nonlocal inside
                inside = True
                yield
                inside = False

        meter, self.meter = self.meter, _Inside(0)
        with connection.execute_wrapper(counting):
            self.run()
        self.meter = meter
        return count

    @property
    def actions(self) -> int:
        """Actions a passage, the referral included."""
        return 1 + len(self.steps)


@dataclass
class Insert:
    """Rows of one table."""

    table: str
    columns: list[str]
    rows: list[list[Any]]
    conflict: str


@dataclass
class Update:
    """Columns of one row."""

    table: str
    columns: list[str]
    values: list[Any]
    key_column: str
    key: Any


@dataclass
class Delete:
    """Rows by key."""

    table: str
    key_column: str
    keys: list[Any]


@dataclass
class Written:
    """What one action wrote, in the engine's order."""

    inserts: list[Insert] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    deletes: list[Delete] = field(default_factory=list)


def _prepared(field: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(field, models.BinaryField):
        return bytes(value)
    return field.get_db_prep_save(value, connection)


def _insert(model: type[models.Model], conflict: str, rows: list[Mapping[str, Any]]) -> Insert:
    fields = [field for field in model._meta.concrete_fields if field.column]
    values = [[_prepared(field, row[field.attname]) for field in fields] for row in rows]
    return Insert(model._meta.db_table, [str(field.column) for field in fields], values, conflict)


def _update(model: type[models.Model], key: Any, values: dict[str, Any]) -> Update:
    fields = [(model._meta.get_field(name), value) for name, value in values.items()]
    return Update(
        model._meta.db_table,
        [str(field.column) for field, _ in fields],
        [_prepared(field, value) for field, value in fields],
        str(model._meta.pk.column),
        key,
    )


def _written(changes: Changes) -> Written:
    done = Written()
    for (model, conflict), rows in changes._inserts.items():
        done.inserts.append(_insert(model, conflict, rows))
    for (model, key), values in changes._updates.items():
        done.updates.append(_update(model, key, values))
    for model, keys in changes._deletes.items():
        done.deletes.append(Delete(model._meta.db_table, str(model._meta.pk.column), list(keys)))
    table = StageCount._meta.db_table
    for (clinic, stage), by in sorted(changes._counts.items(), key=lambda item: item[0][1]):
        add = f"ON CONFLICT (clinic_id, stage) DO UPDATE SET cases = {table}.cases + EXCLUDED.cases"
        done.inserts.append(Insert(table, ["clinic_id", "stage", "cases"], [[clinic, stage, by]], add))
    return done


def recorded(passages: Passages) -> tuple[UUID, list[Written]]:
    """Take one patient through the engine; the case's id and what each action wrote."""
    log: list[Written] = []
    original = Changes.flush

    def flush(changes: Changes) -> None:
        log.append(_written(changes))
        original(changes)

    Changes.flush = flush  # type: ignore[method-assign]
    try:
        case_id = passages.run()
    finally:
        Changes.flush = original  # type: ignore[method-assign]
    assert len(log) == passages.actions
    assert Case.objects.get(pk=case_id).stage == Stage.LONG_TERM
    return case_id, log
