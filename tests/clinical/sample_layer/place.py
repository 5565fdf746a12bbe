"""It needs no other module: words that are keys of tables, and tables with all kinds of keys."""

from __future__ import annotations

from enum import StrEnum

from pathway.clinical.sources import Sourced, Tag


class Place(StrEnum):
    """A key."""

    LEFT_HAND = "left_hand"
    CSF = "csf"


def _one(value: int) -> Sourced[int]:
    return Sourced(value, "", Tag.POLICY)


PLAIN = 5
"""A number without pedigree is no constant."""

BY_PLACE = {Place.LEFT_HAND: _one(1), Place.CSF: _one(2), "none": PLAIN}
BY_BOTH = {(Place.CSF, "h"): _one(3)}
IN_ORDER_PCT = (_one(4), "a word", [_one(5)])
__HIDDEN__ = _one(6)
"""Names between double underscores are the language's own."""
