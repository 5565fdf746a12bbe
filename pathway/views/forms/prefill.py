"""What a record form starts with because the case already knows it: nobody copies a dose from one screen to another.

The strength in the pump is never filled in: it is read from the label, twice.
"""

from __future__ import annotations

from typing import Any

from pathway.clinical.results import plain
from pathway.models import Goals, NeuroHistory, Pump, Todo

BOOKED = {"trial_booking": "trial", "theatre_booking": "theatre", "book_refill": "refill"}


def known_of(todo: Todo, kind: str) -> dict[str, Any]:
    """Initial values by field for the record `kind` that completes this to-do. At most one query."""
    if kind in ("program", "refill"):
        pump = Pump.objects.filter(case_id=todo.case_id, explanted_on__isnull=True).first()
        if pump is None or pump.daily_dose_mcg_per_day is None:
            return {}  # the first program has nothing before it
        return {
            "previous_dose_mcg_per_day": plain(pump.daily_dose_mcg_per_day),
            "previous_concentration_mcg_per_ml": pump.concentration_mcg_per_ml,
        }
    if kind == "booking" and todo.key in BOOKED:
        return {"booked": BOOKED[todo.key]}
    if kind == "trial_plan":
        walks = NeuroHistory.objects.filter(case_id=todo.case_id, superseded_at__isnull=True, ambulatory=True)
        return {"cautious": True} if walks.exists() else {}
    if kind == "goals_review":
        goals = (
            Goals.objects.filter(case_id=todo.case_id, superseded_at__isnull=True)
            .order_by("recorded_at")
            .last()
        )
        rows = goals.goals if goals else []
        return {"goals": [{"goal": row["goal"], "weight": row["weight"]} for row in rows]}
    return {}
