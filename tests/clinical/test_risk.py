"""Who is in more danger from withdrawal (clinical.md 3.6)."""

from __future__ import annotations

import pytest

from pathway.clinical.risk import HIGH_RISK_LEVELS, withdrawal_risks
from pathway.clinical.sources import Tag


@pytest.mark.parametrize(
    ("level", "cannot_communicate", "earlier", "risks"),
    [
        ("", False, False, ()),
        ("T6", False, False, ("sci_t6_or_above",)),
        ("T7", False, False, ()),
        ("T1", False, False, ("sci_t6_or_above",)),
        ("C1", False, False, ("sci_t6_or_above",)),
        ("C8", False, False, ("sci_t6_or_above",)),
        ("L1", False, False, ()),
        ("", True, False, ("cannot_communicate",)),
        ("", False, True, ("earlier_withdrawal",)),
        ("C4", True, True, ("sci_t6_or_above", "cannot_communicate", "earlier_withdrawal")),
    ],
)
def test_3_6_risks(level: str, cannot_communicate: bool, earlier: bool, risks: tuple[str, ...]) -> None:
    assert withdrawal_risks(level, cannot_communicate, earlier) == risks


def test_3_6_levels_and_their_source() -> None:
    assert HIGH_RISK_LEVELS.value == (
        *("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8"),
        *("T1", "T2", "T3", "T4", "T5", "T6"),
    )
    assert (HIGH_RISK_LEVELS.tag, HIGH_RISK_LEVELS.sources) == (Tag.VERIFIED, ("S2", "S7"))
