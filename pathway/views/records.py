"""A clinical record in words: labels and values with units, choices as they were offered. It knows no single record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.dateformat import format as format_date
from django.utils.text import capfirst

from pathway.clinical.device import PUMP_MODELS
from pathway.models import CheckedRecord, ClinicalRecord
from pathway.models.columns import Cell, Column, Table
from pathway.models.fields import Amount, Codes, PumpCode, Rows, Whole

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table inside a record: its label, its headings, and its rows (name of the row, then the cells)."""

    label: str
    row_header: str
    heads: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class Readable:
    """A record as it is read. `lines` are (label, value), `grids` its tables; what was left out is not listed."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)


def shipped_name(code: str) -> str:
    """The name of a pump model that comes with Pathway; the code itself for another."""
    return PUMP_MODELS[code].name if code in PUMP_MODELS else code


def readable(record: ClinicalRecord, zone: str, pump_name: Callable[[str], str] = shipped_name) -> Readable:
    """Every clinical field somebody filled in; moments in the clinic's time zone.

    `pump_name` tells what a pump model's code is called in this clinic.
    """
    derived = {*record.LOCAL_DATES.values(), *record.UNSHOWN} if isinstance(record, CheckedRecord) else set()
    shown = Readable()
    for column in record.content_fields():
        value = getattr(record, column.name)
        if column.name in derived or value in (None, "", []):
            continue
        label = str(capfirst(column.verbose_name))
        if isinstance(column, Rows):
            shown.grids.append(_grid(label, column.table, value))
        elif isinstance(column, PumpCode):
            shown.lines.append((label, pump_name(value)))
        else:
            shown.lines.append((label, _text(column, value, ZoneInfo(zone))))
    return shown


def _text(column: models.Field[Any, Any], value: Any, zone: ZoneInfo) -> str:
    if isinstance(column, Codes):
        return ", ".join(dict(column.codes).get(code, code) for code in value)
    if column.flatchoices:
        return str(dict(column.flatchoices).get(value, value))
    unit = column.unit if isinstance(column, Amount | Whole) else ""
    return f"{plain(value, zone)} {unit}".strip()


def plain(value: Any, zone: ZoneInfo) -> str:
    """A value as a person reads it."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return "Yes" if value else "No"
        case datetime():
            return format_date(value.astimezone(zone), "j M Y, H:i")
        case date():
            return format_date(value, "j M Y")
        case Decimal():
            return f"{value.normalize():f}"
    return str(value)


def _grid(label: str, table: Table, rows: list[dict[str, Any]]) -> Grid:
    used = [name for name in table.columns if any(row.get(name) not in (None, "") for row in rows)]
    heads = [_head(table.columns[name]) for name in used]
    lines = [
        (
            table.row_name(index, row),
            [
                (head, _cell(table.columns[name], row.get(name)))
                for head, name in zip(heads, used, strict=True)
            ],
        )
        for index, row in enumerate(rows)
    ]
    return Grid(label, table.row_header, heads, lines)


def _head(column: Column) -> str:
    return f"{column.label} ({column.unit})" if column.unit else column.label


def _cell(column: Column, value: Any) -> str:
    if column.choices and value:
        return dict(column.choices).get(value, str(value))
    if column.cell is Cell.YES_NO:
        return "Yes" if value else "No"
    if column.cell is Cell.DATE and value:
        return format_date(date.fromisoformat(value), "j M Y")
    return NOTHING if value in (None, "") else str(value)
