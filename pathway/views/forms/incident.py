"""Forms of an incident's duties: one role's steps, in their order, and the closure."""

from __future__ import annotations

from typing import Any

from django import forms

from pathway.clinical.conditions import CONDITION_PLANS, Condition
from pathway.models.incident_records import ANSWERS, IncidentClosure, IncidentSteps
from pathway.views.forms.record import RecordForm
from pathway.views.forms.rows import RowsField
from pathway.views.trial_words import span


def _label(row: dict[str, Any]) -> str:
    """A step as it is asked, with what it is for and its time where it has one."""
    name = CONDITION_PLANS[Condition(row["condition"])].name
    time = f", within {span(row['minutes'])} [P]" if row.get("minutes") else ""
    return f"{row['step']} ({name}{time})"


class IncidentStepsForm(RecordForm):
    """The steps that the open incident asks of this role: each is answered, none is added or renamed.

    `initial["steps"]` holds the asked steps; the field's rows are these and no others. Without any it is an open table,
    and the engine says what is asked.
    """

    class Meta(RecordForm.Meta):
        model = IncidentSteps

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked: list[dict[str, Any]] = list(self.initial.get("steps") or ())
        if not self.asked:
            return
        table = self.fields["steps"]
        self.fields["steps"] = RowsField(
            {
                "answer": forms.ChoiceField(label="Answer", choices=[("", "–"), *ANSWERS]),
                "note": forms.CharField(label="Note", required=False, max_length=300),
            },
            fixed=[(row["step"], _label(row)) for row in self.asked],
            key="step",
            row_header="Step",
            complete=True,
            stack=True,
            label=table.label,
            help_text=table.help_text,
        )

    def clean_steps(self) -> list[dict[str, Any]]:
        """The answers with what each step was asked for, as the record keeps them."""
        asked = {row["step"]: row for row in self.asked}
        if not asked:
            given: list[dict[str, Any]] = self.cleaned_data["steps"]
            return given
        return [
            {
                "condition": asked[row["step"]]["condition"],
                "step": row["step"],
                "minutes": asked[row["step"]].get("minutes"),
                "answer": row["answer"],
                "note": row["note"],
            }
            for row in self.cleaned_data["steps"]
        ]


class IncidentClosureForm(RecordForm):
    """What it was, what was done, what follows."""

    fieldsets = [
        ("What it was", ["confirmed", "cause"]),
        ("What was done", ["remedies", "outcome"]),
        ("Checks", ["symptoms_resolved", "pump_interrogated", "reservoir_checked", "follow_up"]),
    ]

    class Meta(RecordForm.Meta):
        model = IncidentClosure
