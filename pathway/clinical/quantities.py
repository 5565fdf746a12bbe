"""Numbers with units that refuse to mix: mg with mcg, mL/h with mL/day, mcg/mL with mg/mL (clinical.md
section 13.8).

Reads what a person typed into a field of a known unit; knows no dose, pump or limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pathway.clinical.results import CannotCompute, cannot, plain


class Unit(StrEnum):
    """Every unit the clinical layer knows."""

    MCG = "mcg"
    MG = "mg"
    ML = "mL"
    MCG_PER_ML = "mcg/mL"
    MG_PER_ML = "mg/mL"
    MCG_PER_DAY = "mcg/day"
    MG_PER_DAY = "mg/day"
    MCG_PER_H = "mcg/h"
    ML_PER_DAY = "mL/day"
    ML_PER_H = "mL/h"
    CM = "cm"
    DAYS = "days"
    HOURS = "h"

    @property
    def dimension(self) -> str:
        return _SCALE[self][0]

    @property
    def factor(self) -> Decimal:
        """How many of the dimension's base unit one of this is."""
        return _SCALE[self][1]


_SCALE: dict[Unit, tuple[str, Decimal]] = {
    Unit.MCG: ("dose", Decimal(1)),
    Unit.MG: ("dose", Decimal(1000)),
    Unit.ML: ("volume", Decimal(1)),
    Unit.MCG_PER_ML: ("concentration", Decimal(1)),
    Unit.MG_PER_ML: ("concentration", Decimal(1000)),
    Unit.MCG_PER_DAY: ("dose rate", Decimal(1)),
    Unit.MG_PER_DAY: ("dose rate", Decimal(1000)),
    Unit.MCG_PER_H: ("dose rate", Decimal(24)),
    Unit.ML_PER_DAY: ("flow", Decimal(1)),
    Unit.ML_PER_H: ("flow", Decimal(24)),
    Unit.CM: ("length", Decimal(1)),
    Unit.HOURS: ("time", Decimal(1)),
    Unit.DAYS: ("time", Decimal(24)),
}

_SPELLINGS: dict[str, Unit] = {unit.value.casefold(): unit for unit in Unit} | {
    "ug": Unit.MCG,
    "ug/ml": Unit.MCG_PER_ML,
    "ug/day": Unit.MCG_PER_DAY,
    "ug/d": Unit.MCG_PER_DAY,
    "mcg/d": Unit.MCG_PER_DAY,
    "ml/d": Unit.ML_PER_DAY,
    "d": Unit.DAYS,
    "day": Unit.DAYS,
    "hours": Unit.HOURS,
}
_TYPED = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[^0-9\s].*)?")


class UnitMismatchError(ValueError):
    """Two quantities of different units met; convert one of them on purpose."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit. Sums and comparisons need the same unit, else UnitMismatchError."""

    value: Decimal
    unit: Unit

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.value + self._same(other), self.unit)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.value - self._same(other), self.unit)

    def __lt__(self, other: Quantity) -> bool:
        return self.value < self._same(other)

    def __le__(self, other: Quantity) -> bool:
        return self.value <= self._same(other)

    def to(self, unit: Unit) -> Quantity:
        """The same amount in another unit of its dimension, else UnitMismatchError."""
        if unit.dimension != self.unit.dimension:
            raise UnitMismatchError(
                f"{self.unit} measures {self.unit.dimension}, {unit} measures {unit.dimension}."
            )
        return Quantity(self.value * self.unit.factor / unit.factor, unit)

    def _same(self, other: Quantity) -> Decimal:
        if other.unit is not self.unit:
            raise UnitMismatchError(f"{self.unit} and {other.unit} do not mix; convert one of them first.")
        return other.value


def read_quantity(text: str, unit: Unit, field: str) -> Decimal | CannotCompute:
    """The number typed into a field whose unit is printed beside it; another unit is refused with the
    conversion.

    >>> read_quantity("0.1 mg/day", Unit.MCG_PER_DAY, "dose").text
    'This field is in mcg/day. 0.1 mg/day is 100 mcg/day: enter 100 if that is meant.'
    """
    typed = text.strip()
    if not typed:
        return cannot(field, f"Enter a number in {unit}.")
    if "," in typed:
        return cannot(field, "A comma can mean thousands or decimals: write 1000 or 0.5.")
    match = _TYPED.fullmatch(typed)
    if not match:
        return cannot(field, f"Enter a number in {unit} such as 100 or 0.5, without a sign.")
    number, spelling = Decimal(match["number"]), match["unit"]
    if spelling is None:
        return number
    return _in_unit(number, spelling.strip(), unit, field)


def _in_unit(number: Decimal, spelling: str, unit: Unit, field: str) -> Decimal | CannotCompute:
    # The two code points of the micro sign are easily misread as "m": accepted here, always shown as mcg.
    written = _SPELLINGS.get(spelling.casefold().replace("\u03bc", "u").replace(" ", ""))
    if written is None:
        return cannot(field, f"{spelling!r} is not a unit known here; this field is in {unit}.")
    if written is unit:
        return number
    if written.dimension != unit.dimension:
        return cannot(field, f"This field is in {unit}; {written} measures {written.dimension}.")
    meant = plain(Quantity(number, written).to(unit).value)
    text = f"{plain(number)} {written} is {meant} {unit}: enter {meant} if that is meant."
    return cannot(field, f"This field is in {unit}. {text}")


def typed_twice(first: Decimal, second: Decimal, field: str) -> Decimal | CannotCompute:
    """Double entry, as a concentration needs (13.8): both entries, or a refusal that shows them."""
    if first != second:
        return cannot(field, f"The two entries differ: {plain(first)} and {plain(second)}.")
    return first
