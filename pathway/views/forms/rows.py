"""A form field that is a table: muscle by side, reading by hour, one medication a line.

Each cell is a Django form field, so it validates and keeps what was typed like any other. The value is a
list of dicts that JSON can hold. Works without JavaScript: open tables bring blank rows, and blank rows are
ignored. Knows no clinical column.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import BaseRenderer, get_default_renderer
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString, mark_safe

from pathway.views.forms.base import upgrade_widget

Row = dict[str, Any]
Errors = Mapping[tuple[int | str, str], Sequence[str]]
"""Messages by (row position, column)."""


def to_json(value: Any) -> Any:
    """A cleaned cell as JSON: numbers with decimals and dates become text, so that nothing is rounded."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value


def column_label(column: str, field: forms.Field) -> str:
    """A column's heading: the field's own label, or its name in words."""
    return str(field.label or column.replace("_", " ").capitalize())


def is_blank(raw: Mapping[str, Any]) -> bool:
    """Whether nobody typed anything into a row. An unticked box is nothing."""
    return all(value in (None, "", False, []) for value in raw.values())


class RowsWidget(forms.Widget):
    """Draws the table and reads it back as raw rows. Made by `RowsField`, which gives it the columns."""

    template_name = "django/forms/widgets/rows.html"
    use_fieldset = True

    def __init__(
        self,
        columns: Mapping[str, forms.Field],
        *,
        key: str,
        fixed: Sequence[tuple[str, str]],
        row_header: str,
        extra: int,
        max_rows: int,
        units: Mapping[str, str],
        stack: bool,
    ) -> None:
        super().__init__()
        self.columns = columns
        self.key = key
        self.fixed = fixed
        self.row_header = row_header
        self.extra = extra
        self.max_rows = max_rows
        self.units = units
        self.stack = stack

    def id_for_label(self, id_: str) -> str:
        """The first cell, where a link of the error summary leads. The legend names the whole table."""
        return f"{id_}-0-{next(iter(self.columns))}" if id_ else ""

    def _row_count(self, data: Mapping[str, Any], name: str) -> int:
        """How many rows were sent: at most one too many, whatever the request claims."""
        if self.fixed:
            return len(self.fixed)
        sent = str(data.get(f"{name}-rows", ""))
        return min(int(sent[:6]), self.max_rows + 1) if sent.isdecimal() else 0

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> list[Row]:
        """The raw rows as typed, blank ones included, so that positions and errors agree."""
        return [
            {
                column: field.widget.value_from_datadict(data, files, f"{name}-{index}-{column}")
                for column, field in self.columns.items()
            }
            for index in range(self._row_count(data, name))
        ]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """An untouched table still sends its cells, so it is never taken for absent."""
        return False

    def rows_to_show(self, value: Sequence[Row] | None) -> list[Row]:
        """Fixed rows in their order with what is known of each, or the given rows followed by blank ones."""
        rows = list(value or [])
        if not self.fixed:
            return [*rows, *({} for _ in range(self.extra))][: max(self.max_rows, len(rows))]
        if rows and self.key in rows[0]:
            by_key = {row[self.key]: row for row in rows}
            return [by_key.get(code, {}) for code, _ in self.fixed]
        return [rows[index] if index < len(rows) else {} for index in range(len(self.fixed))]

    def headers(self, ids: str) -> list[Row]:
        """The columns' headings; each cell is named by its row and its heading."""
        return [
            {
                "id": f"{ids}-h-{column}",
                "label": column_label(column, field),
                "unit": self.units.get(column, ""),
            }
            for column, field in self.columns.items()
        ]

    def _cells(
        self, name: str, index: int | str, row: Row, ids: str, errors: Errors, renderer: BaseRenderer | None
    ) -> list[Row]:
        """The cells of one row, each input drawn with its accessible name and its errors."""
        drawn = []
        for column, field in self.columns.items():
            found = errors.get((index, column), ())
            cell_id = f"{ids}-{index}-{column}"
            attrs = {"id": cell_id, "aria-labelledby": f"{ids}-{index} {ids}-h-{column}"}
            if found:
                attrs |= {"aria-invalid": "true", "aria-describedby": f"{cell_id}-error"}
            value = field.prepare_value(row.get(column))
            drawn.append(
                {
                    "id": cell_id,
                    "label": column_label(column, field),
                    "unit": self.units.get(column, ""),
                    "type": type(field.widget).__name__.lower(),
                    "errors": found,
                    "html": field.widget.render(f"{name}-{index}-{column}", value, attrs, renderer),
                }
            )
        return drawn

    def draw(
        self, name: str, rows: Sequence[Row], ids: str, errors: Errors, renderer: BaseRenderer | None
    ) -> SafeString:
        """The table as HTML, these rows and no more."""
        context = {
            "name": name,
            "id": ids,
            "row_header": self.row_header,
            "stack": self.stack,
            "fixed": self.fixed,
            "max_rows": self.max_rows,
            "headers": self.headers(ids),
            "blank": () if self.fixed else self._cells(name, "__n__", {}, ids, {}, renderer),
            "rows": [
                {
                    "number": index + 1,
                    "id": f"{ids}-{index}",
                    "header": self.fixed[index][1] if self.fixed else "",
                    "cells": self._cells(name, index, row, ids, errors, renderer),
                }
                for index, row in enumerate(rows)
            ],
        }
        return mark_safe((renderer or get_default_renderer()).render(self.template_name, context))  # noqa: S308

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """The table without errors; a bound form draws through `RowsBoundField`, which knows them."""
        return self.draw(name, self.rows_to_show(value), (attrs or {}).get("id", f"id_{name}"), {}, renderer)


class RowsBoundField(BoundField):
    """Hands the errors of the form to the cells they belong to."""

    def as_widget(
        self,
        widget: forms.Widget | None = None,
        attrs: dict[str, Any] | None = None,
        only_initial: bool = False,
    ) -> Any:
        """The table with each error beside its cell."""
        table = widget or self.field.widget
        if not isinstance(table, RowsWidget):
            return super().as_widget(widget, attrs, only_initial)
        cells: dict[tuple[int | str, str], list[str]] = {}
        for error in self.errors.as_data() if self.form.is_bound else ():
            place = error.params or {}
            if "row" in place:
                cells.setdefault((place["row"], place["column"]), []).append(str(place["reason"]))
        value = self.value()
        rows = value if self.form.is_bound and value else table.rows_to_show(value)
        return table.draw(self.html_name, rows, self.auto_id or self.html_name, cells, self.form.renderer)


class RowsField(forms.Field):
    """A table of inputs whose value is `[{column: value, …}, …]`, JSON-ready.

    `columns`: the cells of a row, as form fields. With `fixed=[(code, label), …]` the rows are given and each
    value carries its code under `key`; rows nobody filled in are left out. Without, people add rows, `extra`
    blank ones at a time. `units` by column. `complete=True` asks for every fixed row. `stack=False` keeps a
    narrow table a table on a phone.
    """

    widget: type[RowsWidget] = RowsWidget
    default_error_messages = {
        "required": "Fill in at least one row.",
        "cell": "%(place)s: %(reason)s",
        "too_many": "At most %(max)d rows.",
    }

    def __init__(
        self,
        columns: Mapping[str, forms.Field],
        *,
        fixed: Iterable[tuple[str, str]] = (),
        key: str = "row",
        row_header: str = "Row",
        extra: int = 3,
        max_rows: int = 50,
        units: Mapping[str, str] | None = None,
        complete: bool = False,
        stack: bool = True,
        **kwargs: Any,
    ) -> None:
        for field in columns.values():
            upgrade_widget(field)
            field.widget.is_required = False
        self.columns = columns
        self.fixed = tuple(fixed)
        self.key = key
        self.row_header = row_header
        self.max_rows = max_rows
        self.complete = complete
        table = RowsWidget(
            columns,
            key=key,
            fixed=self.fixed,
            row_header=row_header,
            extra=extra,
            max_rows=max_rows,
            units=units or {},
            stack=stack,
        )
        super().__init__(widget=table, **kwargs)

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> RowsBoundField:
        """A bound field that can place errors."""
        return RowsBoundField(form, self, field_name)

    def _row_name(self, index: int) -> str:
        return self.fixed[index][1] if self.fixed else f"{self.row_header} {index + 1}"

    def _clean_row(self, index: int, raw: Row, errors: list[ValidationError]) -> Row:
        """One row's cleaned cells; what is wrong is added to `errors` with its place."""
        row: Row = {self.key: self.fixed[index][0]} if self.fixed else {}
        for column, field in self.columns.items():
            try:
                row[column] = to_json(field.clean(raw.get(column)))
            except ValidationError as wrong:
                place = f"{self._row_name(index)}, {column_label(column, field)}"
                for reason in wrong.messages:
                    params = {"row": index, "column": column, "place": place, "reason": reason}
                    errors.append(ValidationError(self.error_messages["cell"], code="cell", params=params))
        return row

    def clean(self, value: Any) -> list[Row]:
        """Raw rows -> cleaned rows without blank ones. All wrong cells are reported at once."""
        raw_rows: list[Row] = list(value or [])
        if len(raw_rows) > self.max_rows and not is_blank(raw_rows[-1]):
            raise ValidationError(
                self.error_messages["too_many"], code="too_many", params={"max": self.max_rows}
            )
        errors: list[ValidationError] = []
        rows = [
            self._clean_row(index, raw, errors)
            for index, raw in enumerate(raw_rows)
            if (self.fixed and self.complete) or not is_blank(raw)
        ]
        if errors:
            raise ValidationError(errors)
        if self.required and not rows:
            raise ValidationError(self.error_messages["required"], code="required")
        self.run_validators(rows)
        return rows

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the filled rows differ from the stored ones, compared as text."""

        def text(rows: Iterable[Row]) -> list[dict[str, str]]:
            return [
                {column: "" if row.get(column) is None else str(row.get(column)) for column in self.columns}
                for row in rows
                if not is_blank({column: row.get(column) for column in self.columns})
            ]

        return text(initial or []) != text(data or [])
