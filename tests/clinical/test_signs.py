"""What a measured sign can be: an impossible value is refused with what it may be, never converted silently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pathway.clinical.conditions import (
    TriageLevel,
)
from pathway.clinical.results import Reason
from pathway.clinical.signs import POSSIBLE, Signs, impossible
from tests.clinical.builders import d
from tests.clinical.calm import CALM

RED, ORANGE, YELLOW, GREEN = TriageLevel


@pytest.mark.parametrize(
    ("field", "lowest", "highest", "unit"),
    [
        ("temp_c", 25, 45, "degrees C"),
        ("breaths_per_min", 0, 80, "breaths/min"),
        ("gcs", 3, 15, "points"),
        ("heart_rate", 0, 300, "beats/min"),
        ("systolic_mmhg", 0, 300, "mmHg"),
        ("spo2_pct", 0, 100, "%"),
    ],
)
def test_an_impossible_value_is_refused_with_what_it_may_be(
    field: str, lowest: int, highest: int, unit: str
) -> None:
    assert impossible(replace(CALM, **{field: lowest})) == ()  # type: ignore[arg-type]
    assert impossible(replace(CALM, **{field: highest})) == ()  # type: ignore[arg-type]
    assert impossible(replace(CALM, **{field: None})) == ()  # type: ignore[arg-type]
    said = Reason(field, f"Enter {lowest} to {highest} {unit}.")
    for value in (lowest - 1, highest + 1):
        assert impossible(replace(CALM, **{field: value})) == (said,)  # type: ignore[arg-type]
    assert (POSSIBLE[field].value, POSSIBLE[field].tag.value) == ((lowest, highest), "P")


@pytest.mark.parametrize(
    ("typed", "tail"),
    [
        ("77", "; 77 °F is 25 °C"),
        ("98.6", "; 98.6 °F is 37 °C"),
        ("100.1", "; 100.1 °F is 37.8 °C"),
        ("99.5", "; 99.5 °F is 37.5 °C"),
        ("113", "; 113 °F is 45 °C"),
        ("76.9", ""),
        ("113.1", ""),
        ("0", ""),
    ],
)
def test_fahrenheit_is_recognised_and_never_converted_silently(typed: str, tail: str) -> None:
    [reason] = impossible(Signs(temp_c=d(typed)))
    assert reason.text == f"Enter 25 to 45 degrees C{tail}."


def test_every_impossible_value_is_said_at_once_and_calm_is_possible() -> None:
    assert impossible(CALM) == ()
    found = impossible(Signs(gcs=99, spo2_pct=101))
    assert [reason.field for reason in found] == ["gcs", "spo2_pct"]
    assert found[0].text == "Enter 3 to 15 points."
