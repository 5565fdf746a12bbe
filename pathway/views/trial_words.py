"""How limits and spans of time are written on the screens of the trial. Knows no case."""

from __future__ import annotations

from typing import Any

from pathway.clinical.sources import Sourced, Tag


def mark(limit: Sourced[Any]) -> str:
    """A limit's tag and sources as screens write them: "[V:S4,S5]", "[P]", "[P; V:S28]"."""
    named = ",".join(limit.sources)
    if limit.tag is Tag.POLICY:
        return f"[P; V:{named}]" if named else "[P]"
    return f"[{limit.tag}:{named}]"


def span(minutes: int) -> str:
    """Minutes as a person says them: "1 h 20 min"."""
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
