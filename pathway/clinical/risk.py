"""Who is in more danger from withdrawal (clinical.md 3.6, 7): the reasons, from the history.

Knows levels of the spinal cord; changes no date and no time target by itself.
"""

from __future__ import annotations

from pathway.clinical.sources import Sourced, Tag

HIGH_RISK_LEVELS = Sourced(
    (*(f"C{number}" for number in range(1, 9)), *(f"T{number}" for number in range(1, 7))),
    "level of the cord",
    Tag.VERIFIED,
    ("S2", "S7"),
    rule="3.6",
    note="spinal cord injury at T6 or above",
)


def withdrawal_risks(sci_level: str, cannot_communicate: bool, earlier_withdrawal: bool) -> tuple[str, ...]:
    """The reasons for which withdrawal would be more dangerous, as stored codes; empty for none."""
    reasons = {
        "sci_t6_or_above": sci_level in HIGH_RISK_LEVELS.value,
        "cannot_communicate": cannot_communicate,
        "earlier_withdrawal": earlier_withdrawal,
    }
    return tuple(code for code, present in reasons.items() if present)
