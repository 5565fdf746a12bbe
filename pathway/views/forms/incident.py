"""Forms of an incident's duties: one role's steps, in their order, and the closure."""

from __future__ import annotations

from typing import Any

from django import forms

from pathway.clinical.conditions import CONDITION_PLANS, Condition
from pathway.models.incident_records import ANSWERS, IncidentClosure, IncidentSteps
from pathway.views.forms.record import RecordForm
from pathway.views.forms.rows import RowsField

HOURS_FROM_H = 2
"""From so many hours on, a time is said in hours."""


def _labels(rows: list[dict[str, Any]]) -> list[str]:
    """The steps as they are asked, with their time; the first of each condition says what it is for."""
    labels, said = [], None
    for row in rows:
        name = "" if row["condition"] == said else CONDITION_PLANS[Condition(row["condition"])].name
        time = f"within {_span(row['minutes'])} [P]" if row.get("minutes") else ""
        note = ", ".join(filter(None, (name, time)))
        labels.append(f"{row['step']} ({note})" if note else row["step"])
        said = row["condition"]
    return labels


def _span(minutes: int) -> str:
    """Minutes, in hours from two hours on."""
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if hours < HOURS_FROM_H else f"{hours} h {rest} min" if rest else f"{hours} h"


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
            fixed=[(row["step"], label) for row, label in zip(self.asked, _labels(self.asked), strict=True)],
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
