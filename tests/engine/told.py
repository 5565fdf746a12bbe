"""An incident told on a case, answered and closed, for the tests of its verbs and of its pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pathway.clinical.conditions import Condition, Lead, TriageLevel, steps_for
from pathway.clinical.signs import Signs, Wound
from pathway.engine.incidents import report
from pathway.engine.todos import complete
from pathway.models import Incident, Notice
from pathway.models.base import new_id
from tests.cast import MONDAY
from tests.examples import example
from tests.walk import Walk

AT = MONDAY + timedelta(hours=6)
ITCH = Signs(itch=True)
SEIZURE = Signs(seizure=True)
SWOLLEN = Signs(wound=Wound.SWOLLEN)
RED, ORANGE, YELLOW, GREEN = TriageLevel


def tell(walk: Walk, signs: Signs = ITCH, by: str = "phil", **more: Any) -> Incident:
    """Report signs on the walk's case; the incident as stored."""
    values = {"request_id": new_id(), "at": walk.at, **more}
    report(case_id=walk.case_id, signs=signs, by=getattr(walk.cast, by), **values)
    return stored(walk)


def stored(walk: Walk) -> Incident:
    return Incident.objects.filter(case_id=walk.case_id).latest("number")


def answers(incident: Incident, role: str, **changes: Any) -> dict[str, Any]:
    """What a role would write: every step done."""
    asked = steps_for(Lead(role), [Condition(one) for one in incident.conditions])
    rows = [
        {
            "condition": str(step.condition),
            "step": step.text,
            "minutes": step.minutes,
            "answer": "done",
            "note": "",
        }
        for step in asked
    ]
    return {"steps": rows, "findings": "", **changes}


def answer(walk: Walk, role: str, **changes: Any) -> None:
    todo = walk.todo(f"incident_{role}")
    record = answers(stored(walk), role, **changes)
    complete(todo_id=todo.id, by=walk.cast.of(role), at=walk.at, record=record)


def answer_all(walk: Walk) -> None:
    for role in stored(walk).asked:
        answer(walk, role)


def close_it(walk: Walk, **changes: Any) -> None:
    record = example("incident_closure", **changes)
    complete(todo_id=walk.todo("incident_closure").id, by=walk.cast.phil, at=walk.at, record=record)


def open_keys(walk: Walk) -> set[str]:
    return {todo.key for todo in walk.open() if todo.key.startswith("incident_")}


def told(walk: Walk) -> set[tuple[str, str]]:
    notices = Notice.objects.filter(incident__case_id=walk.case_id)
    return set(notices.values_list("kind", "recipient__username"))
