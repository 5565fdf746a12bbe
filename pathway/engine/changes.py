"""All rows of one action, written in one statement.

Every insert, update and delete that an action collects becomes one WITH statement, so an action costs one round trip
however many to-dos it opens. New rows travel as JSON, one parameter a table: the statement's text is then the same for
any number of rows, so that the server plans it once. It knows tables and columns; it must not know a rule.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, models

from pathway.models import StageCount

Values = Mapping[str, Any]
"""A row's values by attribute name."""


@lru_cache(maxsize=64)
def _columns(model: type[models.Model]) -> tuple[tuple[str, str], ...]:
    """Column and attribute of every field that is stored."""
    return tuple((str(field.column), field.attname) for field in model._meta.concrete_fields if field.column)


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """A stored field by its attribute or its name."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field), f"{name} is no column of {model.__name__}"
    return field


@lru_cache(maxsize=64)
def _defaults(model: type[models.Model]) -> Values:
    """What a new row holds where nothing else is said. The key is always said."""
    fields = (field for field in model._meta.concrete_fields if field.column and not field.primary_key)
    return {field.attname: field.get_default() for field in fields}


def _as_json(model: type[models.Model], rows: Iterable[Values]) -> str:
    """The rows as a JSON list of objects by column; PostgreSQL reads each value as its column's type."""
    columns = _columns(model)
    values = [{column: row[name] for column, name in columns} for row in rows]
    return json.dumps(values, default=_as_text, ensure_ascii=False)


def _as_text(value: Any) -> str:
    """A value that JSON lacks, as PostgreSQL reads it. Raises TypeError."""
    if isinstance(value, UUID | date | time | Decimal):  # a datetime is a date too
        return str(value)
    if isinstance(value, bytes | memoryview):
        return f"\\x{bytes(value).hex()}"
    raise TypeError(f"{type(value).__name__} does not travel as JSON")


class Changes:
    """What one action will write. Nothing reaches the database before `flush`; a row may be changed only once."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._inserts: dict[tuple[type[models.Model], str], list[Values]] = defaultdict(list)
        self._updates: dict[tuple[type[models.Model], Any], dict[str, Any]] = {}
        self._deletes: dict[type[models.Model], list[Any]] = defaultdict(list)
        self._counts: dict[tuple[UUID, str], int] = defaultdict(int)

    def add(self, *rows: models.Model) -> None:
        """Insert these rows."""
        for row in rows:
            self._inserts[type(row), ""].append(row.__dict__)

    def insert(self, model: type[models.Model], /, **values: Any) -> None:
        """Insert a row by attribute names, without the cost of a model; what is not named has its default."""
        self._inserts[model, ""].append({**_defaults(model), **values})

    def put(self, model: type[models.Model], /, **values: Any) -> None:
        """Like `insert`, where the row may be there already: then the model's `on_conflict` says what happens."""
        clause = f"ON CONFLICT {model.on_conflict}"  # type: ignore[attr-defined]
        self._inserts[model, clause].append({**_defaults(model), **values})

    def update(self, model: type[models.Model], key: Any, /, **values: Any) -> None:
        """Set columns of one row; several calls for one row are merged, none without columns is made."""
        if values:
            self._updates.setdefault((model, key), {}).update(values)

    def delete(self, model: type[models.Model], keys: Iterable[Any]) -> None:
        """Delete these rows by primary key."""
        self._deletes[model].extend(keys)

    def count(self, clinic_id: UUID, stage: str, by: int) -> None:
        """Move the kept count of cases in a stage."""
        self._counts[clinic_id, stage] += by

    def flush(self) -> None:
        """Write everything in one statement. Raises IntegrityError as any insert would."""
        parts: list[str] = []
        params: list[Any] = []
        for build in (self._insert_parts, self._update_parts, self._delete_parts, self._count_parts):
            build(parts, params)
        if not parts:
            return
        steps = ", ".join(f"s{number} AS ({part})" for number, part in enumerate(parts[:-1]))
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {steps} {parts[-1]}" if steps else parts[-1], params)
        self._clear()

    def _insert_parts(self, parts: list[str], params: list[Any]) -> None:
        """`SELECT *` of a table's own row type has its columns in order; a column without a value becomes null."""
        for (model, conflict), rows in self._inserts.items():
            table = connection.ops.quote_name(model._meta.db_table)
            read = f"SELECT * FROM json_populate_recordset(NULL::{table}, %s)"
            parts.append(f"INSERT INTO {table} {read} {conflict}")
            params.append(_as_json(model, rows))

    def _update_parts(self, parts: list[str], params: list[Any]) -> None:
        quote = connection.ops.quote_name
        for (model, key), values in self._updates.items():
            fields = [(_field(model, name), value) for name, value in values.items()]
            sets = ", ".join(f"{quote(str(field.column))} = %s" for field, _ in fields)
            params.extend(field.get_db_prep_save(value, connection) for field, value in fields)
            params.append(key)
            column = quote(str(model._meta.pk.column))
            parts.append(f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE {column} = %s")

    def _delete_parts(self, parts: list[str], params: list[Any]) -> None:
        quote = connection.ops.quote_name
        for model, keys in self._deletes.items():
            column = quote(str(model._meta.pk.column))
            parts.append(f"DELETE FROM {quote(model._meta.db_table)} WHERE {column} = ANY(%s)")
            params.append(list(keys))

    def _count_parts(self, parts: list[str], params: list[Any]) -> None:
        """Counters change in a fixed order of stages, so that two moves at once cannot lock each other out."""
        table = connection.ops.quote_name(StageCount._meta.db_table)
        moved = sorted((str(clinic), stage, by) for (clinic, stage), by in self._counts.items() if by)
        if moved:
            values = ", ".join(["(%s::uuid, %s, %s)"] * len(moved))
            parts.append(
                f"INSERT INTO {table} (clinic_id, stage, cases) VALUES {values} "
                f"ON CONFLICT (clinic_id, stage) DO UPDATE SET cases = {table}.cases + EXCLUDED.cases"
            )
            params.extend(value for row in moved for value in row)
