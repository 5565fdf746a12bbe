"""Column types of the clinical records. Each limit is written once and held twice: in Python with a sentence
that helps, and as a CHECK of the column in PostgreSQL. Knows no record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from pathway.models.columns import Table

PUMP_CODE = r"^[a-z0-9][a-z0-9-]{1,39}$"
"""The shape of a pump model's code."""

Choices = Sequence[tuple[str, str]]


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _column(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> str:
    """The field's column as SQL writes it."""
    return connection.ops.quote_name(str(field.column))


class Choice(models.CharField):
    """One code of a closed list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        codes = [str(key) for key, _ in self.flatchoices] + ([""] if self.blank else [])
        return f"{_column(self, connection)} IN ({', '.join(map(_quoted, codes))})"


class PumpCode(models.CharField):
    """The code of a pump model: one that comes with Pathway, or one that the clinic added. The database holds its
    shape; whether a clinic knows it is a question of the record (`models.implant.pump_problems`).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        return f"{_column(self, connection)} ~ {_quoted(PUMP_CODE)}"


class Codes(ArrayField):
    """Any number of codes of a closed list."""

    def __init__(self, verbose_name: str | None = None, *, codes: Choices = (), **kwargs: Any) -> None:
        kwargs.setdefault("default", list)
        self.codes = tuple((key, label) for key, label in codes)
        one = models.CharField(max_length=40, choices=self.codes)
        super().__init__(one, verbose_name=verbose_name, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("base_field")
        return name, path, args, kwargs | {"codes": list(self.codes)}

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        codes = ", ".join(_quoted(key) for key, _ in self.codes)
        return f"{_column(self, connection)} <@ ARRAY[{codes}]::varchar[]"


class LongText(models.TextField):
    """Several sentences, with an upper limit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 2000)
        super().__init__(*args, **kwargs)

    @cached_property
    def validators(self) -> list[Callable[[Any], None]]:
        return [*super().validators, MaxLengthValidator(self.max_length or 0)]

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        return f"char_length({_column(self, connection)}) <= {self.max_length}"


class _Bounded(models.Field):
    """A number with a lowest and a highest value, and a unit that is shown and never converted."""

    def __init__(self, *args: Any, low: Any = 0, high: Any = 0, unit: str = "", **kwargs: Any) -> None:
        self.low = low
        self.high = high
        self.unit = unit
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"low": self.low, "high": self.high}

    @cached_property
    def validators(self) -> list[Callable[[Any], None]]:
        unit = f" {self.unit}".rstrip().replace("%", "%%")  # Django fills the message in with %
        message = f"Enter a number from {self.low} to {self.high}{unit}."
        return [
            *super().validators,
            MinValueValidator(self.low, message),
            MaxValueValidator(self.high, message),
        ]

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        return f"{_column(self, connection)} BETWEEN {self.low} AND {self.high}"


class Whole(_Bounded, models.SmallIntegerField):
    """A whole number from `low` to `high`."""


class ReservoirSize(Whole):
    """The size of a pump's reservoir in mL; which sizes there are is asked of the pump's model."""


class Amount(_Bounded, models.DecimalField):
    """A decimal number from `low` to `high` (text or whole), by default with up to three decimals."""

    def __init__(self, *args: Any, low: Any = 0, high: Any = 0, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 9)
        kwargs.setdefault("decimal_places", 3)
        super().__init__(*args, low=Decimal(low), high=Decimal(high), **kwargs)


class Rows(models.JSONField):
    """A list of rows of one `Table`. Migrations keep how many rows there may be; columns live in code."""

    empty_values = [None, []]  # an empty object is no empty table: the column's CHECK would refuse it

    def __init__(
        self, *args: Any, table: Table | None = None, at_least: int = 0, at_most: int = 50, **kwargs: Any
    ) -> None:
        self.table = table or Table({}, at_least=at_least, at_most=at_most)
        kwargs.setdefault("default", list)
        kwargs["blank"] = self.table.at_least == 0
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"at_least": self.table.at_least, "at_most": self.table.at_most}

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        problems = self.table.problems(value)
        if problems:
            raise ValidationError(problems)

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        column = _column(self, connection)
        count = f"jsonb_array_length({column}) BETWEEN {self.table.at_least} AND {self.table.at_most}"
        return f"CASE WHEN jsonb_typeof({column}) = 'array' THEN {count} ELSE false END"
