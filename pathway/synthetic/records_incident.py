"""What clinicians write while an incident is open: what came of each step, and how it was closed. Values only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pathway.clinical.conditions import Condition, Lead, steps_for
from pathway.clinical.signs import Signs, Wound
from pathway.synthetic.memory import Moment

Values = dict[str, Any]
PICTURES: dict[str, Signs] = {
    "withdrawal": Signs(itch=True, tone_back=True, fever_reported=False, altered_mind=False, seizure=False),
    "catheter": Signs(
        tone_back=True, rigidity=False, seizure=False, altered_mind=False, fever_reported=False
    ),
    "seroma": Signs(wound=Wound.SWOLLEN, fever_reported=False, seizure=False, altered_mind=False),
}
"""What somebody finds when they report, by the name that a turn gives."""
LEFT_OUT = ("Surgery", "Indium", "Contrast CT", "Access port")


def incident_steps(moment: Moment) -> Values:
    """Most steps are done; the invasive ones are not needed so far."""
    lead = Lead(moment.key.removeprefix("incident_"))
    rows = []
    for step in steps_for(lead, moment.memory.suspected):
        left_out = step.text.startswith(LEFT_OUT)
        rows.append(
            {
                "condition": str(step.condition),
                "step": step.text,
                "minutes": step.minutes,
                "answer": "not_needed" if left_out else "done",
                "note": "Not needed by what was found so far." if left_out else "",
            }
        )
    return {"steps": rows, "findings": moment.rng.choice(("Nothing new.", "As reported; stable.", ""))}


def incident_closure(moment: Moment) -> Values:
    """It went well."""
    known = [str(one) for one in moment.memory.suspected if one is not Condition.UNCLEAR]
    return {
        "confirmed": known[:1],
        "cause": "pump",
        "remedies": ["observation"],
        "outcome": "Smaller under a binder; no fluid of the spine and no infection.",
        "symptoms_resolved": True,
        "pump_interrogated": "yes",
        "reservoir_checked": "yes",
    }


MAKERS: dict[str, Callable[[Moment], Values]] = {
    maker.__name__: maker for maker in (incident_steps, incident_closure)
}
