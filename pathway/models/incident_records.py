"""The records that complete an incident's duties: what one role did of its steps, and how the incident was closed.

Knows clinical.md section 8; which steps are asked of whom, the engine checks against the open incident.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import Q

from pathway.models.checked import CheckedRecord, Problem
from pathway.models.columns import Table, choice, text, whole
from pathway.models.fields import Choice, Codes, LongText, Rows
from pathway.models.incident import CAUSES, CONDITIONS, REMEDIES

ANSWERS = (("done", "Done"), ("not_needed", "Not needed"), ("not_done", "Not done"))
STEP_TABLE = Table(
    {
        "condition": choice("For", CONDITIONS),
        "step": text("Step"),
        "minutes": whole("Time target", 1, 10_000, unit="min", required=False),
        "answer": choice("Answer", ANSWERS),
        "note": text("Note", required=False, max_length=300),
    },
    key="step",
    row_header="Step",
    at_most=60,
)


class IncidentSteps(CheckedRecord):
    """What one role did of the steps that the suspected conditions ask of it."""

    kind = "incident_steps"

    steps = Rows(
        "steps",
        table=STEP_TABLE,
        help_text="In this order. “Not needed” and “not done” need a note. A time counts from recognition [P]",
    )
    findings = LongText("what was found", blank=True)

    def problems(self) -> Iterator[Problem]:
        """A step that was left out says why."""
        if STEP_TABLE.problems(self.steps):
            return
        for row in self.steps:
            if row["answer"] != "done" and not (row.get("note") or "").strip():
                yield (
                    "steps",
                    f"“{row['step']}” {dict(ANSWERS)[row['answer']].lower()}: write why in its note.",
                )


CHECKS = (("yes", "Yes"), ("no", "No"), ("no_pump", "There is no pump"))


class IncidentClosure(CheckedRecord):
    """What the incident was, what was done, and that patient, pump and reservoir were looked at."""

    kind = "incident_closure"

    confirmed = Codes(
        "confirmed",
        codes=[pair for pair in CONDITIONS if pair[0] != "unclear"],
        blank=True,
        help_text="What it proved to be; none ticked: nothing was confirmed",
    )
    cause = Choice(choices=CAUSES)
    remedies = Codes("remedy", codes=REMEDIES)
    outcome = LongText("outcome", max_length=1000, help_text="How the patient is now, and what was found")
    symptoms_resolved = models.BooleanField("symptoms resolved")
    pump_interrogated = Choice("pump interrogated", choices=CHECKS)
    reservoir_checked = Choice("reservoir and refill date checked", choices=CHECKS)
    follow_up = LongText(
        "follow-up", max_length=1000, blank=True, help_text="Needed where anything above is answered with no"
    )

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(symptoms_resolved=True) & ~Q(pump_interrogated="no") & ~Q(reservoir_checked="no")
                | ~Q(follow_up=""),
                name="open_end_has_follow_up",
            ),
            models.CheckConstraint(
                condition=~Q(remedies=[]) & (~Q(remedies__contains=["none"]) | Q(remedies=["none"])),
                name="closure_has_remedy",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """What is not settled is followed up; “none” stands alone."""
        unsettled = self.symptoms_resolved is False or "no" in (
            self.pump_interrogated,
            self.reservoir_checked,
        )
        if unsettled and not self.follow_up:
            yield "follow_up", "Something is not settled: write what follows, who does it and when."
        if "none" in self.remedies and len(self.remedies) > 1:
            yield "remedies", "“None” cannot stand beside another remedy."

    def facts(self) -> dict[str, Any]:
        return {"cause": self.cause, "confirmed": list(self.confirmed)}
