"""The form that refers a patient. It knows the patient's fields and a clinic's people, and no case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from pathway.engine.referrals import PATIENT_FIELDS, Referral
from pathway.models import Patient
from pathway.models.patient import SEXES
from pathway.protocol.roles import PHYSICIANS, Role
from pathway.queries.people import Staff
from pathway.views.forms.base import ScreenForm, ScreenModelForm

TEAM_ROLES = (*sorted(PHYSICIANS), Role.COORDINATOR)


class ReferralForm(ScreenModelForm):
    """A patient, why they come, and who looks after them. `request_id` makes two presses one case."""

    error_title = "No case is opened yet. Please look at:"
    request_id = forms.UUIDField(widget=forms.HiddenInput)
    referred_by = forms.CharField(
        label="Referred by", max_length=160, required=False, help_text="Clinician or practice."
    )
    reason = forms.CharField(
        label="Reason for referral", max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    fieldsets: ClassVar[list[tuple[Any, ...]]] = [
        ("Patient", ["mrn", "family_name", "given_name", "birth_date", "sex", "language"]),
        ("How to reach them", ["phone", "email", "contact_name", "contact_phone"]),
        ("Referral", ["referred_by", "reason"]),
        (
            "Care team",
            [f"team_{role}" for role in TEAM_ROLES],
            "Left blank, everybody with the role in the clinic is told and anybody may take the to-do.",
        ),
    ]

    class Meta:
        model = Patient
        fields = PATIENT_FIELDS

    def __init__(self, *args: Any, staff: Staff, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["sex"].choices = [("", "Choose"), *SEXES]  # type: ignore[attr-defined]
        for role in TEAM_ROLES:
            people = staff.options(role)
            anybody = "Everybody with this role" if people else "Nobody holds this role"
            self.fields[f"team_{role}"] = forms.ChoiceField(
                label=role.label, choices=[("", anybody), *people], required=False
            )

    def clean_birth_date(self) -> date:
        """A day on which somebody alive today was born."""
        born: date = self.cleaned_data["birth_date"]
        if born > self.today:
            raise forms.ValidationError("This birth date is in the future.")
        if born.year < 1900:
            raise forms.ValidationError("This birth date is before 1900.")
        return born

    def clean(self) -> dict[str, Any]:
        """Does not call the parent: it would ask for uniqueness; whether the patient is known the engine says."""
        return self.cleaned_data

    def referral(self) -> Referral:
        """What the engine takes."""
        values: Mapping[str, Any] = self.cleaned_data
        team = {role: (UUID(values[f"team_{role}"]),) for role in TEAM_ROLES if values[f"team_{role}"]}
        return Referral(
            request_id=values["request_id"],
            patient={name: values[name] for name in PATIENT_FIELDS},
            referred_by=values["referred_by"],
            reason=values["reason"],
            team=team,
        )


class UploadForm(ScreenForm):
    """A file of referrals."""

    error_title = "Nothing is imported. Please look at:"
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="CSV in UTF-8, with comma, semicolon or tab between cells; at most 2 MB and 2,000 referrals.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
