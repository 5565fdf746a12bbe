"""The forms by which people join a clinic, take on a role and give one up. What may be entered the engine says."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from pathway.engine.joining import Newcomer
from pathway.protocol.roles import CARE_ROLES, Role
from pathway.views.forms.absence import LeaveForm
from pathway.views.forms.base import ScreenForm
from pathway.views.forms.case_actions import ActionForm

ROLES = [(str(role), role.label) for role in CARE_ROLES]


class JoinForm(ScreenForm):
    """Who joins, and as what."""

    error_title = "Nobody is added yet. Please look at:"
    clinic = forms.UUIDField(widget=forms.HiddenInput)
    given_name = forms.CharField(label="Given name", max_length=150)
    family_name = forms.CharField(label="Family name", max_length=150)
    username = forms.CharField(
        label="User name",
        max_length=150,
        help_text="For sign-in. Letters, digits and @ . + - _ only.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    email = forms.EmailField(
        label="E-mail",
        help_text="The link to set a password goes there. Of somebody who has an account, write its name and address.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    roles = forms.MultipleChoiceField(label="Roles", choices=ROLES, widget=forms.CheckboxSelectMultiple)

    def newcomer(self) -> Newcomer:
        """The person, as the engine takes them."""
        names = ("username", "given_name", "family_name", "email")
        return Newcomer(**{name: self.cleaned_data[name] for name in names})

    def chosen(self) -> list[Role]:
        """The roles."""
        return [Role(role) for role in self.cleaned_data["roles"]]


class RoleForm(ActionForm):
    """One more role for somebody of the clinic; `held` are not offered again."""

    name = "role"
    clinic = forms.UUIDField(widget=forms.HiddenInput)
    role = forms.ChoiceField(label="Another role")

    def __init__(self, *args: Any, held: frozenset[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        left = [(role, label) for role, label in ROLES if role not in held]
        self.fields["role"].choices = [("", "Choose a role"), *left]  # type: ignore[attr-defined]


class EndRoleForm(LeaveForm):
    """Who takes over what stands in a person's name in one role, and why it ends."""

    error_title = "The role has not ended yet. Please look at:"
    role = forms.ChoiceField(choices=ROLES, widget=forms.HiddenInput)

    def __init__(self, *args: Any, role: Role, initial: dict[str, Any], **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"id_end_{role}_%s")
        super().__init__(*args, initial={**initial, "role": str(role)}, **kwargs)

    def successor(self) -> UUID | None:
        """Who takes over, where there is something to take over."""
        return next(iter(self.successors().values()), None)
