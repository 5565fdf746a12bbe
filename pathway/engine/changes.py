"""All rows of one action, written in one statement.

Every insert, update and delete that an action collects becomes one WITH statement, so an action costs one round trip
however many to-dos it opens. It knows tables and columns; it must not know a rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, models

from pathway.models import StageCount


@lru_cache(maxsize=64)
def _insert_head(model: type[models.Model]) -> tuple[str, tuple[models.Field[Any, Any], ...]]:
    """`INSERT INTO table (columns)` and the fields in the same order."""
    quote = connection.ops.quote_name
    fields = tuple(field for field in model._meta.concrete_fields if field.column)
    columns = ", ".join(quote(str(field.column)) for field in fields)
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns})", fields


def _prepared(field: models.Field[Any, Any], value: Any) -> Any:
    return field.get_db_prep_save(value, connection)


class Changes:
    """What one action will write. Nothing reaches the database before `flush`; a row may be changed only once."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._inserts: dict[type[models.Model], list[models.Model]] = defaultdict(list)
        self._updates: dict[tuple[type[models.Model], Any], dict[str, Any]] = {}
        self._deletes: dict[type[models.Model], list[Any]] = defaultdict(list)
        self._counts: dict[tuple[UUID, str], int] = defaultdict(int)

    def add(self, *rows: models.Model) -> None:
        """Insert these rows."""
        for row in rows:
            self._inserts[type(row)].append(row)

    def update(self, model: type[models.Model], key: Any, **values: Any) -> None:
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
        for model, rows in self._inserts.items():
            head, fields = _insert_head(model)
            marks = "(" + ", ".join(["%s"] * len(fields)) + ")"
            for row in rows:
                params.extend(_prepared(field, getattr(row, field.attname)) for field in fields)
            parts.append(f"{head} VALUES {', '.join([marks] * len(rows))} {_conflict(model)}")

    def _update_parts(self, parts: list[str], params: list[Any]) -> None:
        quote = connection.ops.quote_name
        for (model, key), values in self._updates.items():
            fields = [(model._meta.get_field(name), value) for name, value in values.items()]
            sets = ", ".join(f"{quote(str(field.column))} = %s" for field, _ in fields)
            params.extend(_prepared(field, value) for field, value in fields)
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


def _conflict(model: type[models.Model]) -> str:
    """What a second row with the same key does; each model that allows one says so in `on_conflict`."""
    clause = getattr(model, "on_conflict", "")
    return f"ON CONFLICT {clause}" if clause else ""
