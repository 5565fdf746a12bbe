"""Forms of the screening trial: plan, dose, readings."""

from __future__ import annotations

from typing import Any

from pathway.models.trial import TrialDose, TrialPlan, TrialReadings
from pathway.views.forms.record import RecordForm


class TrialPlanForm(RecordForm):
    """Blood thinner, sedation, monitoring."""

    fieldsets = [
        ("Blood thinner", ["anticoagulant_hold", "prescriber", "hold_from"]),
        ("On the day", ["cautious", "sedation_plan", "monitoring_plan", "remarks"]),
    ]

    class Meta(RecordForm.Meta):
        model = TrialPlan

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("cautious") and not self.is_bound:
            self.fields["cautious"].help_text += ". Suggested here: this patient walks; you decide"


class TrialDoseForm(RecordForm):
    """One screening bolus."""

    fieldsets = [
        ("Before", ["infection_clear", "consent"]),
        (
            "Dose",
            ["concentration_mcg_per_ml", "drug_lot", "dose_mcg", "given_at", "barbotage", "level", "remarks"],
        ),
    ]

    class Meta(RecordForm.Meta):
        model = TrialDose


class TrialReadingsForm(RecordForm):
    """Readings by hour and the verdict."""

    TODAY = ("read_on",)
    fieldsets = [
        ("Dose and rater", ["read_on", "rater", "dose_mcg", "target_muscles"]),
        ("Readings", ["readings"]),
        ("What happened", ["adverse_events", "negative_reaction", "over_8h"]),
        ("Verdict", ["verdict", "reasons"]),
    ]

    class Meta(RecordForm.Meta):
        model = TrialReadings
