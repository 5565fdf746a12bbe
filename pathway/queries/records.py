"""The clinical records behind duties, for reading: of one to-do with its superseded versions, or of several at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DecimalField, Expression, Field, JSONField, Model, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

from pathway.models import RECORDS, ClinicalRecord, Todo
from pathway.protocol.facts import hash_of
from pathway.protocol.roles import Decision, TodoState
from pathway.protocol.schema import Protocol


def records_of(todo: Todo, form: str | None) -> list[ClinicalRecord]:
    """Every record written for a to-do, the newest first. One query, none where the to-do takes no record."""
    if form is None:
        return []
    return list(RECORDS[form]._default_manager.filter(todo_id=todo.id).order_by("-recorded_at", "-id"))


def latest_records(wanted: Iterable[tuple[str, UUID]]) -> dict[UUID, ClinicalRecord]:
    """Records by id, of any kinds: `wanted` holds (form, record id). One query however many kinds there are."""
    asked = list(wanted)
    if not asked:
        return {}
    parts = [(form, RECORDS[form]._default_manager.filter(pk=record_id)) for form, record_id in asked]
    found = [record for _, record in rows_together(parts)]
    return {record.id: record for record in found}


def standing(kind: str, case_id: UUID) -> QuerySet[Any]:
    """The records of one kind that no later version has replaced."""
    return RECORDS[kind]._default_manager.filter(case_id=case_id, superseded_at__isnull=True)


def newest(kind: str, case_id: UUID) -> QuerySet[Any]:
    """The newest record of a kind that still stands."""
    return standing(kind, case_id).order_by("-recorded_at", "-id")[:1]


def rows_together(parts: Sequence[tuple[str, QuerySet[Any]]]) -> list[tuple[str, Any]]:
    """Rows of several tables in one query: each with the name its part was given."""
    first, *rest = [_as_json(name, rows) for name, rows in parts]
    models = {name: rows.model for name, rows in parts}
    found = first.union(*rest, all=True) if rest else first
    return [(name, _revive(models[name], data)) for name, data in found]


def _as_json(name: str, rows: QuerySet[Any]) -> Any:
    return rows.values_list(Value(name), _WholeRow())


class _WholeRow(Expression):
    """A row of the query's own table as one JSON value.

    An expression for each column says the same, and was most of what an action of a pump cost: hundreds of them were
    put into SQL anew for every card.
    """

    def __init__(self) -> None:
        super().__init__(output_field=JSONField())

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        """The table's name stands for the whole row in PostgreSQL."""
        return f"to_jsonb({compiler.quote_name_unless_alias(compiler.query.get_initial_alias())})", ()


def _revive(model: type[Model], data: dict[str, Any]) -> Any:
    """The row whose columns came as JSON: dates and moments as text, decimals as numbers."""
    return model(*(_value(field, data[str(field.column)]) for field in model._meta.concrete_fields))


def _value(field: Field[Any, Any], value: Any) -> Any:
    if isinstance(field, DecimalField) and value is not None:
        return Decimal(str(value))
    return field.to_python(value)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a joint decision rests on now: the newest to-do of each key, their records, and the hash of both.

    Hash and records come from the same rows, so nobody signs for facts that the page did not show.
    """

    facts_hash: str
    todos: dict[str, Todo]
    records: dict[UUID, ClinicalRecord]

    def record(self, todo: Todo) -> ClinicalRecord | None:
        """The record behind a to-do, if it wrote one."""
        key = todo.result.get("record")
        return self.records.get(UUID(key)) if key else None


def bound_to(case_id: UUID, protocol: Protocol, decision: Decision) -> Bound:
    """The facts a signature for this decision would be bound to. Two queries."""
    keys = protocol.decision[decision].binds
    rows = Todo.objects.filter(case_id=case_id, key__in=keys).order_by("key", "-occurrence").distinct("key")
    todos = {todo.key: todo for todo in rows}
    settled = {
        key: (todo.state, todo.result.get("digest"))
        for key, todo in todos.items()
        if todo.state in (TodoState.DONE, TodoState.NOT_APPLICABLE)
    }
    wanted = [
        (str(protocol.todos[key].form), UUID(todos[key].result["record"]))
        for key in settled
        if todos[key].result.get("record")
    ]
    return Bound(hash_of(keys, settled), todos, latest_records(wanted))
