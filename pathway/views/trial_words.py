"""How spans of time are written on the screens. Knows no case."""

from __future__ import annotations


def span(minutes: int) -> str:
    """Minutes as a person says them: "1 h 20 min"."""
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
