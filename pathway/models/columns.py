"""The cells of a record's tables (muscle by side, reading by hour, one drug a line): what each may hold.

Pure checks on JSON values, shared by the models and by the forms that draw the tables. Knows no table's
meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError

MISSING = (None, "")


class Cell(StrEnum):
    """The kinds of cell. JSON keeps amounts as text, so that nothing is rounded, and dates as ISO text."""

    TEXT = "text"
    CHOICE = "choice"
    WHOLE = "whole"
    AMOUNT = "amount"
    YES_NO = "yes_no"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, unit, and the values it takes."""

    label: str
    cell: Cell = Cell.TEXT
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    max_length: int = 160
    unit: str = ""

    def problem(self, value: Any) -> str:
        """Why the value cannot stand in this column; empty where it can."""
        if value in MISSING:
            return f"{self.label} is missing." if self.required else ""
        match self.cell:
            case Cell.TEXT:
                fits = isinstance(value, str) and len(value) <= self.max_length
                return "" if fits else f"Write at most {self.max_length} characters."
            case Cell.CHOICE:
                known = [key for key, _ in self.choices]
                return "" if value in known else f"“{value}” is not one of {', '.join(known)}."
            case Cell.YES_NO:
                return "" if isinstance(value, bool) else "Answer yes or no."
            case Cell.DATE:
                return "" if _is_date(value) else f"“{value}” is not a date."
            case Cell.WHOLE:
                return "" if type(value) is int and self.low <= value <= self.high else self.range_text()
            case Cell.AMOUNT:
                return "" if self._is_amount(value) else self.range_text()

    def range_text(self) -> str:
        """What the column takes, as a sentence."""
        kind = "a whole number" if self.cell is Cell.WHOLE else "a number"
        return f"Enter {kind} from {self.low} to {self.high}{' ' if self.unit else ''}{self.unit}."

    def _is_amount(self, value: Any) -> bool:
        try:
            number = Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            return False
        return number is not None and number.is_finite() and self.low <= number <= self.high


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def text(label: str, *, required: bool = True, max_length: int = 160) -> Column:
    """A column of words."""
    return Column(label, required=required, max_length=max_length)


def choice(label: str, choices: Sequence[tuple[str, str]], *, required: bool = True) -> Column:
    """A column with a closed list."""
    return Column(label, Cell.CHOICE, required, tuple(choices))


def whole(label: str, low: int, high: int, *, unit: str = "", required: bool = True) -> Column:
    """A column of whole numbers."""
    return Column(label, Cell.WHOLE, required, low=Decimal(low), high=Decimal(high), unit=unit)


def amount(label: str, low: str, high: str, *, unit: str = "", required: bool = True) -> Column:
    """A column of decimal numbers."""
    return Column(label, Cell.AMOUNT, required, low=Decimal(low), high=Decimal(high), unit=unit)


def yes_no(label: str) -> Column:
    """A column of ticks; a missing tick is no."""
    return Column(label, Cell.YES_NO, required=False)


@dataclass(frozen=True, slots=True)
class Table:
    """The shape of a list of rows. With `fixed` rows each row names its own under `key`, once."""

    columns: Mapping[str, Column]
    at_least: int = 1
    at_most: int = 50
    key: str = "row"
    row_header: str = "Row"
    fixed: tuple[tuple[str, str], ...] = ()

    def problems(self, rows: Any) -> list[ValidationError]:
        """Everything wrong with the rows, each with its place in the parameters that a form understands."""
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return [ValidationError("This is not a table of rows.", code="shape")]
        if not self.at_least <= len(rows) <= self.at_most:
            return [ValidationError(self._how_many(), code="row_count")]
        return [problem for index, row in enumerate(rows) for problem in self._row_problems(index, row, rows)]

    def row_name(self, index: int, row: Mapping[str, Any]) -> str:
        """A row as a person would name it."""
        return dict(self.fixed).get(str(row.get(self.key)), f"{self.row_header} {index + 1}")

    def _how_many(self) -> str:
        if self.at_least == self.at_most:
            return f"Fill in {self.at_least} rows."
        return f"Fill in {self.at_least} to {self.at_most} rows."

    def _row_problems(self, index: int, row: Mapping[str, Any], rows: list[Any]) -> Iterator[ValidationError]:
        name = self.row_name(index, row)
        unknown = sorted(set(row) - set(self.columns) - ({self.key} if self.fixed else set()))
        if unknown:
            yield ValidationError(f"{name}: unknown column {', '.join(unknown)}.", code="unknown_column")
        if self.fixed and row.get(self.key) not in dict(self.fixed):
            yield ValidationError(
                f"{name}: “{row.get(self.key)}” is not a row of this table.", code="unknown_row"
            )
        if self.fixed and any(other.get(self.key) == row.get(self.key) for other in rows[:index]):
            yield ValidationError(f"{name} is there twice.", code="twice")
        for column, shape in self.columns.items():
            reason = shape.problem(row.get(column))
            if reason:
                params = {"row": index, "column": column, "place": f"{name}, {shape.label}", "reason": reason}
                yield ValidationError("%(place)s: %(reason)s", code="cell", params=params)
