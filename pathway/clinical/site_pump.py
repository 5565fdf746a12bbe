"""A pump model that a site adds: its numbers as a person types them, read into a `PumpModel` or refused one by
one.

The limits here only catch slips of the hand and wrong units (local policy); they know no single pump.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pathway.clinical.device import PumpModel, PumpNumberError
from pathway.clinical.quantities import Unit, read_quantity
from pathway.clinical.results import CannotCompute
from pathway.clinical.sources import Sourced, Tag


class Kind(StrEnum):
    """How a number is typed."""

    AMOUNT = "amount"
    WHOLE = "whole"
    SIZES = "sizes"
    RANGE = "range"
    YES_NO = "yes_no"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class NumberSpec:
    """One number of a pump: its unit, how it is typed, and between which limits a typed number is believed."""

    kind: Kind
    unit: str = ""
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    required: bool = True


def _spec(kind: Kind, unit: str, low: str, high: str, *, required: bool = True) -> NumberSpec:
    return NumberSpec(kind, unit, Decimal(low), Decimal(high), required)


NUMBERS: dict[str, NumberSpec] = {
    "reservoir_sizes_ml": _spec(Kind.SIZES, "mL", "5", "60"),
    "min_flow_ml_per_day": _spec(Kind.AMOUNT, "mL/day", "0", "5"),
    "max_flow_ml_per_day": _spec(Kind.AMOUNT, "mL/day", "0.1", "100"),
    "alarm_ml": _spec(Kind.AMOUNT, "mL", "0.5", "10"),
    "stability_days": _spec(Kind.WHOLE, "days", "7", "365"),
    "empty_before_mri": NumberSpec(Kind.YES_NO),
    "mri_rule": NumberSpec(Kind.TEXT, high=Decimal(300)),
    "minimum_rate_ml_per_day": _spec(Kind.AMOUNT, "mL/day", "0", "5", required=False),
    "accuracy_pct": _spec(Kind.AMOUNT, "%", "0.1", "50", required=False),
    "unusable_ml": _spec(Kind.AMOUNT, "mL", "0", "10", required=False),
    "internal_path_ml": _spec(Kind.AMOUNT, "mL", "0", "5", required=False),
    "life_months": _spec(Kind.WHOLE, "months", "24", "240", required=False),
    "eri_to_stop_days": _spec(Kind.WHOLE, "days", "1", "365", required=False),
    "age_min_years": _spec(Kind.WHOLE, "years", "1", "80", required=False),
    "concentration_range_mcg_per_ml": _spec(Kind.RANGE, "mcg/mL", "50", "10000", required=False),
}
"""Every number of `PumpModel`. Not required: the model may be used without knowing it."""

VALUE, TAG, DOCUMENT = "value", "tag", "document"
Numbers = Mapping[str, Mapping[str, str]]
"""What was typed for each number: `value`, `tag` (one of V, M, U, P) and `document`."""

_NUMBER = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[^0-9\s].*)?")
_ONE_OF_SEVERAL = re.compile(r"\s*,\s*|\s+")
_DASH = re.compile(r"\s*(?:to|-|\u2013)\s*")
_KNOWN_UNITS = {unit.value: unit for unit in Unit}


class WrongNumbersError(ValueError):
    """Numbers that were refused: a sentence for each (number, cell)."""

    def __init__(self, problems: Mapping[tuple[str, str], str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for (name, _), text in problems.items()))
        self.problems = dict(problems)


class _Refused(Exception):
    """One cell is wrong; the argument says why."""


def site_model(code: str, name: str, maker: str, numbers: Numbers) -> PumpModel:
    """The model with these numbers. Raises WrongNumbersError with every wrong cell at once."""
    read: dict[str, Sourced[Any] | None] = {}
    problems: dict[tuple[str, str], str] = {
        (unknown, VALUE): "This is no number of a pump." for unknown in numbers if unknown not in NUMBERS
    }
    for field, spec in NUMBERS.items():
        given = numbers.get(field, {})
        typed = str(given.get(VALUE, "")).strip()
        if not typed:
            read[field] = None
            if spec.required:
                problems[field, VALUE] = "A pump cannot be used without this number."
            continue
        try:
            value = _read(spec, typed)
        except _Refused as wrong:
            problems[field, VALUE] = str(wrong)
            continue
        try:
            read[field] = _sourced(value, spec.unit, given)
        except _Refused as wrong:
            problems[field, DOCUMENT if given.get(TAG) in set(Tag) else TAG] = str(wrong)
    if problems:
        raise WrongNumbersError(problems)
    try:
        return PumpModel(code=code, name=name, maker=maker, **read)  # type: ignore[arg-type]  # read from NUMBERS
    except PumpNumberError as wrong:
        raise WrongNumbersError({(wrong.field, VALUE): str(wrong)}) from wrong


def _sourced(value: Any, unit: str, given: Mapping[str, str]) -> Sourced[Any]:
    """The value with its pedigree: verified or remembered numbers name their document."""
    tagged, document = given.get(TAG), str(given.get(DOCUMENT, "")).strip()
    if tagged not in set(Tag):
        raise _Refused("Say how sure this number is.")
    tag = Tag(tagged)
    if tag in (Tag.VERIFIED, Tag.MEMORY) and not document:
        raise _Refused("Name the document: manual, edition and page.")
    return Sourced(value, unit, tag, ("SITE",) if document else (), note=document)


def _read(spec: NumberSpec, typed: str) -> Any:
    match spec.kind:
        case Kind.AMOUNT:
            return _within(spec, _number(spec, typed))
        case Kind.WHOLE:
            return int(_whole(spec, typed))
        case Kind.SIZES:
            return tuple(
                _whole(spec, part) for part in _ONE_OF_SEVERAL.split(_without_unit(typed, spec.unit))
            )
        case Kind.RANGE:
            return _range(spec, typed)
        case Kind.YES_NO:
            answers = {"yes": True, "no": False}
            if typed.casefold() not in answers:
                raise _Refused("Answer yes or no.")
            return answers[typed.casefold()]
        case _:  # text
            if len(typed) > spec.high:
                raise _Refused(f"Write at most {spec.high} characters.")
            return typed


def _range(spec: NumberSpec, typed: str) -> tuple[Decimal, Decimal]:
    ends = _DASH.split(_without_unit(typed, spec.unit))
    if len(ends) != 2:
        raise _Refused(f"Write the lowest and the highest, for example 500 to 2000, in {spec.unit}.")
    low, high = (_within(spec, _number(spec, end)) for end in ends)
    if low > high:
        raise _Refused("Write the lower number first.")
    return low, high


def _without_unit(typed: str, unit: str) -> str:
    """The typed text without the field's own unit at its end."""
    return typed[: -len(unit)].rstrip() if typed.casefold().endswith(f" {unit.casefold()}") else typed


def _whole(spec: NumberSpec, typed: str) -> Decimal:
    number = _within(spec, _number(spec, typed))
    if number != number.to_integral_value():
        raise _Refused(f"Enter a whole number of {spec.unit}.")
    return number


def _number(spec: NumberSpec, typed: str) -> Decimal:
    """One number in the field's unit; another unit is refused, with the conversion where there is one."""
    if spec.unit in _KNOWN_UNITS:
        read = read_quantity(typed, _KNOWN_UNITS[spec.unit], "")
        if isinstance(read, CannotCompute):
            raise _Refused(read.text)
        return read
    match = _NUMBER.fullmatch(typed)
    if match is None or (match["unit"] or spec.unit).strip() != spec.unit:
        raise _Refused(f"Enter a number in {spec.unit}, without another unit.")
    return Decimal(match["number"])


def _within(spec: NumberSpec, number: Decimal) -> Decimal:
    if not spec.low <= number <= spec.high:
        raise _Refused(f"Enter {spec.low} to {spec.high} {spec.unit} [P]; check the unit.")
    return number
