"""The form on the watch screen: the right address of a colleague whom no mail reaches."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from pathway.views.forms.base import ScreenForm


class AddressForm(ScreenForm):
    """One address; a page has one form a person, so ids carry theirs. What is right the engine decides."""

    email = forms.CharField(
        label="E-mail address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, person: UUID, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"id_{person}_%s", **kwargs)
