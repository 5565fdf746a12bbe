"""What a record form starts with because the case already knows it: nobody copies a dose from one screen to another.

The strength in the pump is never filled in: it is read from the label, twice.
"""

from __future__ import annotations

from typing import Any

from pathway.clinical.results import plain
from pathway.models import Goals, Pump, Todo
from pathway.queries.card import read_sources

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
    if kind == "card_issue":
        return _card_of(todo)
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


def _card_of(todo: Todo) -> dict[str, Any]:
    """The edition of the card, and the language of the one before."""
    sources = read_sources(todo.case_id)
    facts, last = sources.facts(), sources.card_issue or sources.device_registration
    language = getattr(last, "language", "") or getattr(last, "card_language", "")
    return {"facts_hash": facts.facts_hash, "language": language} if facts else {}
