"""Expected against aspirated volume (clinical.md 4.5 and the residual vectors of 4.6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pathway.clinical.device import PROMETRA_II, SYNCHROMED_II
from pathway.clinical.residual import (
    ABSOLUTE_ML,
    POST_REFILL_ML,
    PREP_EMPTYING_PCT,
    SMALL_CYCLE_ML,
    TREND_PCT,
    Direction,
    Discrepancy,
    discrepancy_trend,
    pocket_fill_suspected,
    prep_emptying_suspect,
    residual_discrepancy,
)
from pathway.clinical.results import CannotCompute, Finding, Reason, Severity
from tests.clinical.builders import codes, d, refusal


def judge(aspirated: str, expected: str = "8", fill: str = "20", pump: object = SYNCHROMED_II) -> Discrepancy:
    result = residual_discrepancy(
        fill_ml=d(fill),
        expected_ml=d(expected),
        aspirated_ml=d(aspirated),
        pump=pump,  # type: ignore[arg-type]
    )
    assert isinstance(result, Discrepancy), result
    return result


@pytest.mark.parametrize(
    ("aspirated", "difference", "pct", "alert", "direction"),
    [
        ("9.5", "1.5", "-12.5", False, Direction.UNDER_DELIVERED),
        ("10.5", "2.5", "-20.8", True, Direction.UNDER_DELIVERED),
        ("5.0", "-3.0", "25", True, Direction.OVER_DELIVERED),
        ("8", "0", "0", False, Direction.AS_EXPECTED),
        ("8.5", "0.5", "-4.2", False, Direction.UNDER_DELIVERED),
    ],
    ids=["4.6-residual-1", "4.6-residual-2", "4.6-residual-3", "exact", "slight"],
)
def test_residual_vectors_4_6(
    aspirated: str, difference: str, pct: str, alert: bool, direction: Direction
) -> None:
    result = judge(aspirated)
    assert result.difference_ml == d(difference)
    assert result.error_pct is not None
    assert round(result.error_pct, 1) == d(pct)
    assert result.alert is alert
    assert result.direction is direction
    assert (result.expected_ml, result.aspirated_ml) == (d(8), d(aspirated))


@pytest.mark.parametrize(
    ("aspirated", "expected", "fill", "found"),
    [
        ("10", "8", "40", ()),  # exactly 2 mL
        ("10.01", "8", "40", ("discrepancy_ml",)),
        ("5.99", "8", "40", ("discrepancy_ml",)),
        ("11.45", "10", "20", ()),  # exactly 14.5 %
        ("11.46", "10", "20", ("discrepancy_pct",)),
        ("8.54", "10", "20", ("discrepancy_pct",)),
        ("12.6", "10", "20", ("discrepancy_ml", "discrepancy_pct")),
        ("16", "15.01", "20", ("small_cycle",)),  # 4.99 mL delivered: no percentage
        ("16", "15", "20", ("discrepancy_pct",)),
        ("17.1", "15.01", "20", ("discrepancy_ml", "small_cycle")),
        ("20", "20", "20", ("small_cycle",)),
        ("0", "0", "20", ()),
    ],
)
def test_which_rule_speaks(aspirated: str, expected: str, fill: str, found: tuple[str, ...]) -> None:
    assert codes(judge(aspirated, expected, fill).findings) == found


def test_findings_say_their_arithmetic_and_limit() -> None:
    assert judge("12.6", "10").findings == (
        Finding(
            "discrepancy_ml",
            Severity.WARNING,
            "2.6 mL off the expected volume; the limit is 2 mL.",
            (ABSOLUTE_ML,),
            "aspirated_ml",
        ),
        Finding(
            "discrepancy_pct",
            Severity.WARNING,
            "-26 % delivery error; the pump's limit is 14.5 %.",
            (SYNCHROMED_II.accuracy_pct,),  # type: ignore[arg-type]
            "aspirated_ml",
        ),
    )
    assert judge("20", "20").findings == (
        Finding(
            "small_cycle",
            Severity.INFO,
            "Little was delivered, so only the volume rule counts, not the percentage.",
            (SMALL_CYCLE_ML,),
            "aspirated_ml",
        ),
    )
    assert judge("9.5", pump=PROMETRA_II).findings == (
        Finding(
            "accuracy_unknown",
            Severity.INFO,
            "The accuracy of Prometra II is not known, so only the volume rule counts.",
            (),
            "aspirated_ml",
        ),
    )
    assert not judge("9.5", pump=PROMETRA_II).alert


@pytest.mark.parametrize(
    ("fill", "expected", "aspirated", "reason"),
    [
        ("20", "8", "-1", Reason("aspirated_ml", "A volume cannot be negative.")),
        (
            "20",
            "8",
            "20.5",
            Reason("aspirated_ml", "20.5 mL is more than the 20 mL filled: check both entries."),
        ),
        ("20", "21", "5", Reason("expected_ml", "The expected volume lies between 0 and the filled volume.")),
        ("20", "-1", "5", Reason("expected_ml", "The expected volume lies between 0 and the filled volume.")),
    ],
)
def test_impossible_volumes(fill: str, expected: str, aspirated: str, reason: Reason) -> None:
    result = residual_discrepancy(
        fill_ml=d(fill), expected_ml=d(expected), aspirated_ml=d(aspirated), pump=SYNCHROMED_II
    )
    assert result == CannotCompute((reason,))


def test_trend_of_two_refills() -> None:
    low, lower, high = judge("9.2"), judge("9.5"), judge("6.8")  # -10, -12.5, +10 %
    mild = judge("9.1")
    small = replace(low, error_pct=None)
    assert discrepancy_trend([low, lower]) == Finding(
        "discrepancy_trend",
        Severity.WARNING,
        "Two refills in a row erred alike: -10 % and -12.5 %.",
        (TREND_PCT,),
    )
    assert discrepancy_trend([high, low, lower]) is not None
    assert discrepancy_trend([high, high]) is not None
    assert discrepancy_trend([low, high]) is None
    assert discrepancy_trend([mild, low]) is None
    assert discrepancy_trend([low, mild]) is None
    assert discrepancy_trend([low, small]) is None
    assert discrepancy_trend([low, lower, mild]) is None
    assert discrepancy_trend([low]) is None
    assert discrepancy_trend([]) is None


@pytest.mark.parametrize(
    ("reservoir", "measured", "suspect"),
    [
        ("20", "19", False),
        ("20", "18.9", True),
        ("20", "21.1", True),
        ("40", "18", False),
        ("40", "17.9", True),
    ],
)
def test_pocket_fill_just_after_a_refill(reservoir: str, measured: str, suspect: bool) -> None:
    result = pocket_fill_suspected(injected_ml=d(20), measured_ml=d(measured), reservoir_ml=d(reservoir))
    assert (result is not None) is suspect


def test_pocket_fill_says_why() -> None:
    assert pocket_fill_suspected(injected_ml=d(20), measured_ml=d("18.5"), reservoir_ml=d(20)) == Finding(
        "pocket_fill",
        Severity.WARNING,
        "1.5 mL between injected and measured, limit 1: possibly a pocket fill.",
        (POST_REFILL_ML,),
        "measured_ml",
    )
    assert pocket_fill_suspected(injected_ml=d(20), measured_ml=d(20), reservoir_ml=d(30)) == refusal(
        "reservoir_ml", "The limit just after a refill is known for 20 and 40 mL pumps only."
    )


def test_prep_emptying() -> None:
    assert prep_emptying_suspect(labelled_ml=d(20), emptied_ml=d(16)) is None
    assert prep_emptying_suspect(labelled_ml=d(20), emptied_ml=d(24)) is None
    assert prep_emptying_suspect(labelled_ml=d("0.5"), emptied_ml=d("0.5")) is None
    assert prep_emptying_suspect(labelled_ml=d(20), emptied_ml=d("15.9")) == Finding(
        "prep_emptying",
        Severity.WARNING,
        "20.5 % off: the pump is suspect.",
        (PREP_EMPTYING_PCT,),
        "emptied_ml",
    )
    assert prep_emptying_suspect(labelled_ml=d(20), emptied_ml=d("24.1")) is not None
    assert prep_emptying_suspect(labelled_ml=d(0), emptied_ml=d(1)) == refusal(
        "labelled_ml", "The volume the pump should hold is above 0 mL."
    )
