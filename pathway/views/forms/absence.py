"""The forms about absences and the people of a clinic. What may be entered the engine says, each at its field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from pathway.engine.clinic_proposal import WEEKDAYS
from pathway.protocol.roles import Role
from pathway.views.forms.base import ScreenForm
from pathway.views.forms.case_actions import ActionForm, Options, reason_field

NOBODY = ("", "Nobody: the others with the same role are told")


class AbsenceForm(ScreenForm):
    """From when to when, and who answers meanwhile. `people`: for whom it may be entered; empty: for oneself."""

    error_title = "The absence is not entered yet. Please look at:"
    clinic = forms.UUIDField(widget=forms.HiddenInput)
    request_id = forms.UUIDField(widget=forms.HiddenInput)
    clinician = forms.ChoiceField(label="Who is away")
    first_day = forms.DateField(label="First day away")
    last_day = forms.DateField(label="Last day away", help_text="The same as the first for a single day.")
    deputy = forms.ChoiceField(
        label="Deputy",
        required=False,
        help_text="Is told and may act meanwhile. Needs every role of the person. Nothing changes its owner.",
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=200,
        help_text="For colleagues, for example how to reach you. No patient here.",
    )

    def __init__(self, *args: Any, people: Options, deputies: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deputy"].choices = [NOBODY, *deputies]  # type: ignore[attr-defined]
        if people:
            self.fields["clinician"].choices = [("", "Choose a person"), *people]  # type: ignore[attr-defined]
        else:
            del self.fields["clinician"]

    def wish(self) -> dict[str, Any]:
        """What the engine takes beside whose absence it is."""
        values = self.cleaned_data
        return {
            "deputy_id": UUID(values["deputy"]) if values["deputy"] else None,
            "first_day": values["first_day"],
            "last_day": values["last_day"],
            "note": values["note"],
        }


class ChangeAbsenceForm(AbsenceForm):
    """The days, the deputy and the note of an absence that is known already."""

    error_title = "The absence is not changed yet. Please look at:"
    clinic = None  # type: ignore[assignment]
    request_id = None  # type: ignore[assignment]

    def __init__(self, *args: Any, deputies: Options, **kwargs: Any) -> None:
        super().__init__(*args, people=(), deputies=deputies, **kwargs)


class ClinicDaysForm(ActionForm):
    """On which weekdays a person comes in one role."""

    name = "clinic_days"
    weekdays = forms.TypedMultipleChoiceField(
        label="Clinic days",
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        widget=forms.CheckboxSelectMultiple,
        help_text="On other days nobody counts on this person for a safety duty.",
    )

    def __init__(self, *args: Any, membership_id: UUID, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"id_{membership_id}_%s", **kwargs)


class ClinicLeadForm(ActionForm):
    """Who leads the clinic."""

    name = "clinic_lead"
    clinic = forms.UUIDField(widget=forms.HiddenInput)
    lead = forms.ChoiceField(
        label="Lead of the clinic", required=False, help_text="Is told when nobody else answers."
    )

    def __init__(self, *args: Any, people: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead"].choices = [("", "Nobody"), *people]  # type: ignore[attr-defined]

    def chosen(self) -> UUID | None:
        """The person's id."""
        return UUID(self.cleaned_data["lead"]) if self.cleaned_data["lead"] else None


class LeaveForm(ActionForm):
    """Who takes over, by role, and why. `successors`: the choices of each role in which there is something."""

    name = "leave"
    error_title = "Nothing is handed over yet. Please look at:"
    clinic = forms.UUIDField(widget=forms.HiddenInput)
    reason = reason_field(help_text="Stands in the history of every case. No patient here.")

    def __init__(self, *args: Any, successors: Sequence[tuple[Role, Options]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles = [role for role, _ in successors]
        for role, people in successors:
            self.fields[f"successor_{role}"] = forms.ChoiceField(
                label=f"Takes over as {role}", choices=[("", "Choose a colleague"), *people]
            )
        self.order_fields([*(f"successor_{role}" for role in self.roles), "reason"])

    def successors(self) -> dict[Role, UUID]:
        """Who was chosen, by role."""
        return {role: UUID(self.cleaned_data[f"successor_{role}"]) for role in self.roles}
