"""The short forms beside the records: reasons, hand-over, signature, hold, close, care team. They judge nothing.

What a form cannot know (who may, whether the case allows it) the engine answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from pathway.models.contact import HOW, WHO
from pathway.models.signoff import VOTES
from pathway.protocol.facts import CaseFacts
from pathway.protocol.guards import close as judge_close
from pathway.protocol.roles import CLOSE_LABELS, CloseReason, Decision, Role
from pathway.protocol.schema import Protocol
from pathway.views.forms.base import ScreenForm

Options = Sequence[tuple[str, str]]


def reason_field(label: str = "Reason", help_text: str = "", *, required: bool = True) -> forms.CharField:
    """A sentence that is kept in the history."""
    area = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, help_text=help_text, max_length=300, required=required, widget=area)


class ActionForm(ScreenForm):
    """A short form of a page that has several: `name` keeps their ids apart."""

    name: ClassVar[str] = "action"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"id_{self.name}_%s")
        super().__init__(*args, **kwargs)


class ReasonForm(ActionForm):
    """Only a reason."""

    reason = reason_field()


class ReopenTodoForm(ReasonForm):
    """Why a finished to-do is opened again."""

    name = "reopen"
    reason = reason_field(
        help_text="What was wrong. The record stays in the history; signatures that rest on it lapse."
    )


class NotApplicableForm(ReasonForm):
    """Why a to-do does not fit this patient."""

    name = "not_applicable"
    reason = reason_field(help_text="Why this does not fit this patient.")


class HandOverForm(ReasonForm):
    """To which colleague, and why."""

    name = "hand_over"
    to = forms.ChoiceField(label="To")
    reason = reason_field()
    field_order = ("to", "reason")

    def __init__(self, *args: Any, people: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", "Choose a colleague"), *people]  # type: ignore[attr-defined]

    def clean_to(self) -> UUID:
        """The colleague's id."""
        return UUID(self.cleaned_data["to"])


class SignForm(ActionForm):
    """One discipline's vote, bound to the facts on the page."""

    name = "sign"
    error_title = "Not signed yet. Please look at:"
    facts_hash = forms.CharField(widget=forms.HiddenInput)
    vote = forms.ChoiceField(label="Your vote", choices=VOTES, widget=forms.RadioSelect)
    waives_trial = forms.BooleanField(
        label="Go to implant without a trial",
        required=False,
        help_text="Unusual: write why in the reason. All three disciplines must agree.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Needed for a dissent and for a waived trial. It is kept as you write it.",
    )

    def __init__(self, *args: Any, decision: Decision, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if decision is not Decision.CANDIDACY:
            del self.fields["waives_trial"]


class VersionedForm(ActionForm):
    """A form about the whole case: `version` is the case as it was shown."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class MoveForm(VersionedForm):
    """Moves the case; with a reason where the edge needs one."""

    reason = reason_field(required=False)

    def __init__(self, *args: Any, edge: str, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"id_{edge}_%s", **kwargs)
        if needs_reason:
            self.fields["reason"].required = True
        else:
            del self.fields["reason"]


class HoldForm(VersionedForm):
    """Pauses the case until somebody looks again."""

    name = "hold"
    reason = reason_field()
    review_on = forms.DateField(label="Look again on", help_text="A coordinator is asked on this day.")


class ResumeForm(VersionedForm):
    """Goes on after a hold."""

    name = "resume"


class CloseForm(VersionedForm):
    """Ends the passage, with the evidence the reason needs: what is missing is said at its field."""

    name = "close"
    reason = forms.ChoiceField(label="Why the case ends")
    note = forms.CharField(
        label="What happened",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what happened."},
    )
    receiving_clinic = forms.CharField(
        label="Receiving programme",
        max_length=160,
        required=False,
        help_text="For a transfer: who has accepted the patient.",
    )
    on = forms.DateField(label="Date", required=False, help_text="For an explant or a death.")

    def __init__(self, *args: Any, protocol: Protocol, facts: CaseFacts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.protocol, self.facts = protocol, facts
        listed = [(str(reason), CLOSE_LABELS[reason]) for reason in protocol.close_reasons]
        self.fields["reason"].choices = [("", "Choose a reason"), *listed]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The guard's own words about evidence ("missing_note"), at the field they ask for."""
        if self.cleaned_data.get("reason"):
            reason = CloseReason(self.cleaned_data["reason"])
            for missing in judge_close(self.protocol, self.facts, reason, self.evidence()).reasons:
                name = missing.code.removeprefix("missing_")
                if name in self.fields and name != missing.code and name not in self.errors:
                    self.add_error(name, missing.text)
        return self.cleaned_data

    def evidence(self) -> dict[str, str]:
        """What the person wrote, by the names the guard knows; a date as ISO text."""
        return {name: str(self.cleaned_data.get(name) or "") for name in ("note", "receiving_clinic", "on")}


class ReopenCaseForm(ActionForm):
    """Asks for a closed case to be reopened."""

    name = "reopen_case"
    reason = reason_field(
        help_text="A coordinator and a physician reopen a case together; the other one is asked."
    )


class TeamForm(ActionForm):
    """Who holds one role on this case."""

    role = forms.CharField(widget=forms.HiddenInput)
    clinicians = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nobody ticked: everybody who holds the role in the clinic.",
    )

    def __init__(self, *args: Any, role: Role, people: Options, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"id_team_{role}_%s", **kwargs)
        field = self.fields["clinicians"]
        field.label = role.label
        field.choices = list(people)  # type: ignore[attr-defined]
        self.fields["role"].initial = str(role)

    def chosen(self) -> list[UUID]:
        """The ids of the people ticked."""
        return [UUID(person) for person in self.cleaned_data["clinicians"]]


class ConsentForm(ActionForm):
    """Who agreed to be reminded of appointments by mail, when and how; the engine checks the address."""

    name = "consent"
    who = forms.ChoiceField(label="Who is reminded", choices=WHO, widget=forms.RadioSelect)
    # Not stripped: a line break in an address is refused with its reason, never mended in silence.
    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        strip=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    consent_on = forms.DateField(label="Agreed on")
    consent_how = forms.ChoiceField(label="How they agreed", choices=HOW, widget=forms.RadioSelect)

    def __init__(self, *args: Any, known: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        on_file = f" On file for the patient: {known}." if known else ""
        said = (
            "Reminders give the date and the clinic, nothing about the illness, and a link that stops them."
        )
        self.fields["email"].help_text = said + on_file


class WithdrawForm(ActionForm):
    """Whose reminders stop."""

    name = "withdraw"
    contact = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, key: UUID | None = None, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"id_withdraw_{key}_%s", **kwargs)
