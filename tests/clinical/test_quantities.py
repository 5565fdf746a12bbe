"""Units refuse to mix, and what is typed into a field is read without guessing (clinical.md 13.8)."""

from __future__ import annotations

import doctest
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.clinical import quantities
from pathway.clinical.quantities import Quantity, Unit, UnitMismatchError, read_quantity, typed_twice
from tests.clinical.builders import d, refusal


@pytest.mark.parametrize(
    ("typed", "unit", "number"),
    [
        ("100", Unit.MCG_PER_DAY, "100"),
        (" 0.5 ", Unit.ML, "0.5"),
        ("100 mcg/day", Unit.MCG_PER_DAY, "100"),
        ("100mcg / day", Unit.MCG_PER_DAY, "100"),
        ("50 ug", Unit.MCG, "50"),
        ("50 µg", Unit.MCG, "50"),  # micro sign
        ("50 μg", Unit.MCG, "50"),  # Greek mu
        ("500 MCG/ML", Unit.MCG_PER_ML, "500"),
        ("500 ug/ml", Unit.MCG_PER_ML, "500"),
        ("100 ug/day", Unit.MCG_PER_DAY, "100"),
        ("100 ug/d", Unit.MCG_PER_DAY, "100"),
        ("100 mcg/d", Unit.MCG_PER_DAY, "100"),
        ("0.2 ml/d", Unit.ML_PER_DAY, "0.2"),
        ("20 ml", Unit.ML, "20"),
        ("7 d", Unit.DAYS, "7"),
        ("1 day", Unit.DAYS, "1"),
        ("8 hours", Unit.HOURS, "8"),
        ("8 h", Unit.HOURS, "8"),
        ("80 cm", Unit.CM, "80"),
    ],
)
def test_reads_the_fields_own_unit(typed: str, unit: Unit, number: str) -> None:
    assert read_quantity(typed, unit, "f") == d(number)


@pytest.mark.parametrize(
    ("typed", "unit", "sentence"),
    [
        ("", Unit.ML, "Enter a number in mL."),
        ("   ", Unit.ML, "Enter a number in mL."),
        ("1,000", Unit.MCG_PER_ML, "A comma can mean thousands or decimals: write 1000 or 0.5."),
        ("-5", Unit.ML, "Enter a number in mL such as 100 or 0.5, without a sign."),
        (".5", Unit.ML, "Enter a number in mL such as 100 or 0.5, without a sign."),
        ("5.", Unit.ML, "'.' is not a unit known here; this field is in mL."),
        ("abc", Unit.ML, "Enter a number in mL such as 100 or 0.5, without a sign."),
        ("1e3", Unit.ML, "'e3' is not a unit known here; this field is in mL."),
        ("٣", Unit.ML, "Enter a number in mL such as 100 or 0.5, without a sign."),
        ("50 u", Unit.MCG, "'u' is not a unit known here; this field is in mcg."),
        (
            "0.1 mg/day",
            Unit.MCG_PER_DAY,
            "This field is in mcg/day. 0.1 mg/day is 100 mcg/day: enter 100 if that is meant.",
        ),
        (
            "2 mg/mL",
            Unit.MCG_PER_ML,
            "This field is in mcg/mL. 2 mg/mL is 2000 mcg/mL: enter 2000 if that is meant.",
        ),
        (
            "0.01 mL/h",
            Unit.ML_PER_DAY,
            "This field is in mL/day. 0.01 mL/h is 0.24 mL/day: enter 0.24 if that is meant.",
        ),
        ("1 mg", Unit.MCG, "This field is in mcg. 1 mg is 1000 mcg: enter 1000 if that is meant."),
        (
            "5 mcg/h",
            Unit.MCG_PER_DAY,
            "This field is in mcg/day. 5 mcg/h is 120 mcg/day: enter 120 if that is meant.",
        ),
        ("2 days", Unit.HOURS, "This field is in h. 2 days is 48 h: enter 48 if that is meant."),
        ("50 mL", Unit.MCG, "This field is in mcg; mL measures volume."),
    ],
)
def test_refuses_with_the_conversion(typed: str, unit: Unit, sentence: str) -> None:
    assert read_quantity(typed, unit, "f") == refusal("f", sentence)


def test_docstring_example() -> None:
    assert doctest.testmod(quantities).failed == 0


def test_sums_and_comparisons_need_one_unit() -> None:
    assert Quantity(d(1), Unit.ML) + Quantity(d(2), Unit.ML) == Quantity(d(3), Unit.ML)
    assert Quantity(d(3), Unit.ML) - Quantity(d(2), Unit.ML) == Quantity(d(1), Unit.ML)
    assert Quantity(d(1), Unit.ML) < Quantity(d(2), Unit.ML)
    assert not Quantity(d(2), Unit.ML) < Quantity(d(2), Unit.ML)
    assert Quantity(d(2), Unit.ML) <= Quantity(d(2), Unit.ML)
    assert not Quantity(d(3), Unit.ML) <= Quantity(d(2), Unit.ML)


@pytest.mark.parametrize(
    "mix",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
    ],
)
def test_mg_and_mcg_never_mix(mix: object) -> None:
    with pytest.raises(UnitMismatchError, match=r"^mg and mcg do not mix; convert one of them first\.$"):
        mix(Quantity(d(1), Unit.MG), Quantity(d(1), Unit.MCG))  # type: ignore[operator]


def test_conversion_is_explicit_and_keeps_the_dimension() -> None:
    assert Quantity(d("0.5"), Unit.ML_PER_H).to(Unit.ML_PER_DAY) == Quantity(d(12), Unit.ML_PER_DAY)
    assert Quantity(d(500), Unit.MCG).to(Unit.MG) == Quantity(d("0.5"), Unit.MG)
    with pytest.raises(UnitMismatchError, match=r"^mL measures volume, mcg measures dose\.$"):
        Quantity(d(1), Unit.ML).to(Unit.MCG)


@settings(deadline=None)
@given(st.decimals("0.001", "10000", places=3), st.sampled_from(Unit), st.sampled_from(Unit))
def test_another_unit_is_never_read_silently(number: Decimal, typed: Unit, field: Unit) -> None:
    result = read_quantity(f"{number} {typed}", field, "f")
    assert (result == number) is (typed is field)


def test_concentration_is_entered_twice() -> None:
    assert typed_twice(d(500), d("500.0"), "c") == d(500)
    assert typed_twice(d(500), d(50), "c") == refusal("c", "The two entries differ: 500 and 50.")
