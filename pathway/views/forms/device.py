"""The form that adds a pump model: its name and one row for each number, with unit, tag and document.

Knows how numbers are typed, and no single pump.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from pathway.clinical.site_pump import (
    DOCUMENT,
    NUMBERS,
    TAG,
    VALUE,
    Kind,
    Numbers,
    WrongNumbersError,
    site_model,
)
from pathway.clinical.sources import Tag
from pathway.engine.devices import NewModel
from pathway.views.forms.base import ScreenForm
from pathway.views.forms.rows import RowsField
from pathway.views.numbers import LABELS

TAGS = (
    ("", "–"),
    (str(Tag.VERIFIED), "V: read in the document"),
    (str(Tag.MEMORY), "M: from memory"),
    (str(Tag.UNCERTAIN), "U: unverified"),
    (str(Tag.POLICY), "P: local policy"),
)
COLUMNS = {VALUE: "Number", TAG: "How sure", DOCUMENT: "Document"}


def row_label(name: str) -> str:
    """A number's row: what it is, its unit, and whether it may stay empty."""
    spec = NUMBERS[name]
    unit = "yes or no" if spec.kind is Kind.YES_NO else spec.unit
    return LABELS[name] + (f", {unit}" if unit else "") + ("" if spec.required else " (optional)")


class PumpModelForm(ScreenForm):
    """A model as its manual gives it."""

    error_title = "The model is not added yet. Please look at:"
    clinic = forms.ChoiceField(label="Clinic")
    name = forms.CharField(label="Model", max_length=60, help_text="As the maker calls it.")
    maker = forms.CharField(label="Maker", max_length=60)
    numbers = RowsField(
        {
            VALUE: forms.CharField(label=COLUMNS[VALUE], max_length=300, required=False),
            TAG: forms.ChoiceField(label=COLUMNS[TAG], choices=TAGS, required=False),
            DOCUMENT: forms.CharField(label=COLUMNS[DOCUMENT], max_length=200, required=False),
        },
        label="Numbers",
        help_text="In the unit of each row. Several reservoir sizes: 20, 40. A range: 500 to 2000. A number that is "
        "verified or from memory names its document with edition and page. Optional numbers may stay empty: they "
        "are then not known, and nothing is worked out from them.",
        fixed=[(name, row_label(name)) for name in NUMBERS],
        key="number",
        row_header="What",
    )
    fieldsets: ClassVar[list[tuple[Any, ...]]] = [
        ("Model", ["clinic", "name", "maker"]),
        ("Numbers of its manual", ["numbers"]),
    ]

    def __init__(self, *args: Any, clinics: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["clinic"]
        field.choices = clinics  # type: ignore[attr-defined]
        if len(clinics) == 1:
            field.initial = clinics[0][0]
            field.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Every number at its cell, as the engine will read it."""
        if "numbers" in self.cleaned_data:
            try:
                site_model("new", self.cleaned_data.get("name", "This pump"), "", self.numbers_typed())
            except WrongNumbersError as wrong:
                self.show_wrong(wrong.problems)
        return self.cleaned_data

    def show_wrong(self, problems: dict[tuple[str, str], str]) -> None:
        """Put each sentence at its cell."""
        order = list(NUMBERS)
        for (name, cell), text in problems.items():
            params = {
                "row": order.index(name),
                "column": cell,
                "place": f"{row_label(name)}, {COLUMNS[cell]}",
                "reason": text,
            }
            self.add_error("numbers", ValidationError("%(place)s: %(reason)s", code="cell", params=params))

    def numbers_typed(self) -> Numbers:
        """The rows by number."""
        rows: list[dict[str, str]] = self.cleaned_data["numbers"]
        return {row["number"]: row for row in rows}

    def model(self) -> NewModel:
        """What the engine takes."""
        return NewModel(self.cleaned_data["name"], self.cleaned_data["maker"], self.numbers_typed())
