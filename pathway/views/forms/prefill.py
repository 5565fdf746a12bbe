"""What a record form starts with because the case already knows it: nobody copies a dose from one screen to another.

The strength in the pump is never filled in: it is read from the label, twice.
"""

from __future__ import annotations

from typing import Any

from pathway.clinical.conditions import Condition, Lead, steps_for
from pathway.models import ClinicalRecord, Goals, Incident, NeuroHistory, Todo
from pathway.queries.card import read_sources

BOOKED = {"trial_booking": "trial", "theatre_booking": "theatre", "book_refill": "refill"}


def known_of(todo: Todo, kind: str) -> dict[str, Any]:
    """Initial values by field for the record `kind` that completes this to-do. At most one query."""
    if kind == "incident_steps":
        return {"steps": asked_steps(todo)}
    if kind == "card_issue":
        return _card_of(todo)
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


def asked_steps(todo: Todo) -> list[dict[str, Any]]:
    """The steps that the case's newest incident asks of this duty's role, in their order. One query."""
    incident = Incident.objects.filter(case_id=todo.case_id).order_by("-number").first()
    conditions = [Condition(one) for one in incident.conditions] if incident else []
    return [
        {"condition": str(step.condition), "step": step.text, "minutes": step.minutes}
        for step in steps_for(Lead(todo.role), conditions, high_risk=bool(todo.case.withdrawal_risk))
    ]


def corrected(todo: Todo, kind: str, before: ClinicalRecord) -> dict[str, Any]:
    """What a correction starts from: what was written before; of an incident's steps also those asked since."""
    values = before.content()
    if kind == "incident_steps":
        written = {row["step"]: row for row in values["steps"]}
        values["steps"] = [written.get(row["step"], row) for row in asked_steps(todo)]
    return values


def _card_of(todo: Todo) -> dict[str, Any]:
    """The edition of the card, and the language of the one before."""
    sources = read_sources(todo.case_id)
    facts, last = sources.facts(), sources.card_issue or sources.device_registration
    language = getattr(last, "language", "") or getattr(last, "card_language", "")
    return {"facts_hash": facts.facts_hash, "language": language} if facts else {}
