"""What a record form starts with because the case already knows it: nobody copies a dose from one screen to another.

The strength in the pump is never filled in: it is read from the label, twice.
"""

from __future__ import annotations

from typing import Any

from pathway.models import Goals, Todo

BOOKED = {"trial_booking": "trial", "theatre_booking": "theatre", "book_refill": "refill"}


def known_of(todo: Todo, kind: str) -> dict[str, Any]:
    """Initial values by field for the record `kind` that completes this to-do. At most one query."""
    if kind == "booking" and todo.key in BOOKED:
        return {"booked": BOOKED[todo.key]}
    if kind == "goals_review":
        goals = (
            Goals.objects.filter(case_id=todo.case_id, superseded_at__isnull=True)
            .order_by("recorded_at")
            .last()
        )
        rows = goals.goals if goals else []
        return {"goals": [{"goal": row["goal"], "weight": row["weight"]} for row in rows]}
    return {}
