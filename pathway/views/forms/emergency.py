"""Forms of the emergency plan and of the card that is handed over."""

from __future__ import annotations

from django import forms

from pathway.models.emergency import CardIssue, EmergencyPlan
from pathway.views.forms.record import RecordForm


class EmergencyPlanForm(RecordForm):
    """What the emergency card prints in the clinician's words."""

    TODAY = ("written_on",)
    fieldsets = [
        ("In an emergency", ["allergies", "oral_rescue", "other_risks"]),
        ("Whom to call", ["prescriber", "phone_24h", "hospital"]),
        ("About this plan", ["written_on", "remarks"]),
    ]

    class Meta(RecordForm.Meta):
        model = EmergencyPlan


class CardIssueForm(RecordForm):
    """A card was handed over: the edition that stood on the page when this form was opened."""

    TODAY = ("issued_on",)
    facts_hash = forms.CharField(label="Edition", widget=forms.HiddenInput)

    class Meta(RecordForm.Meta):
        model = CardIssue
