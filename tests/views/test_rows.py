"""A table of inputs: what it reads, refuses, keeps and draws."""

from __future__ import annotations

import datetime as dt
import json
from html.parser import HTMLParser
from typing import Any

from django import forms

from pathway.views.forms.base import ScreenForm
from pathway.views.forms.rows import RowsField

ASHWORTH = [("", "–"), *((grade, grade) for grade in ("0", "1", "1+", "2", "3", "4"))]


def grade() -> forms.ChoiceField:
    return forms.ChoiceField(choices=ASHWORTH, required=False)


class ToneForm(ScreenForm):
    tone = RowsField(
        {"left": grade(), "right": grade()},
        fixed=[("hip", "Hip adductors"), ("knee", "Knee flexors")],
        key="muscle",
        row_header="Muscle",
    )


class AllHoursForm(ScreenForm):
    readings = RowsField(
        {"tone": forms.IntegerField(min_value=0, max_value=4)},
        fixed=[("0", "0 h"), ("4", "4 h")],
        key="hour",
        complete=True,
    )


class DrugsForm(ScreenForm):
    drugs = RowsField(
        {
            "drug": forms.CharField(max_length=20),
            "dose": forms.DecimalField(min_value=0, label="Daily dose"),
            "since": forms.DateField(required=False),
            "helped": forms.BooleanField(required=False),
        },
        units={"dose": "mg/day"},
        row_header="Line",
        extra=2,
        max_rows=3,
        required=False,
    )


class Tags(HTMLParser):
    """The tags of a page with their attributes, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, name: str) -> dict[str, Any]:
        return next(attrs for _, attrs in self.found if attrs.get("name") == name)

    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.found if "id" in attrs]


def sent(count: int, *rows: dict[str, str]) -> dict[str, str]:
    """POST data of an open table with `count` rows."""
    cells = {f"drugs-{i}-{column}": text for i, row in enumerate(rows) for column, text in row.items()}
    return {"drugs-rows": str(count), **cells}


def test_fixed_rows_carry_their_code_and_blank_ones_are_left_out() -> None:
    form = ToneForm({"tone-1-left": "1+", "tone-1-right": "2"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["tone"] == [{"muscle": "knee", "left": "1+", "right": "2"}]


def test_a_required_table_wants_at_least_one_row() -> None:
    form = ToneForm({})
    assert form.errors["tone"] == ["Fill in at least one row."]


def test_an_optional_table_may_stay_empty() -> None:
    form = DrugsForm({})
    assert form.is_valid()
    assert form.cleaned_data["drugs"] == []


def test_a_complete_table_names_every_row_that_is_missing() -> None:
    form = AllHoursForm({"readings-0-tone": "2"})
    assert form.errors["readings"] == ["4 h, Tone: This field is required."]


def test_open_rows_are_cleaned_into_json() -> None:
    form = DrugsForm(
        sent(2, {"drug": " Baclofen ", "dose": "60.50", "since": "2024-03-01", "helped": "on"}, {"drug": ""})
    )
    assert form.is_valid(), form.errors
    rows = form.cleaned_data["drugs"]
    assert rows == [{"drug": "Baclofen", "dose": "60.50", "since": "2024-03-01", "helped": True}]
    assert json.loads(json.dumps(rows)) == rows


def test_every_wrong_cell_is_reported_at_once_with_its_place() -> None:
    form = DrugsForm(sent(2, {"drug": "Baclofen", "dose": "sixty"}, {"drug": "", "dose": "-1"}))
    assert form.errors["drugs"] == [
        "Line 1, Daily dose: Enter a number.",
        "Line 2, Drug: This field is required.",
        "Line 2, Daily dose: Ensure this value is greater than or equal to 0.",
    ]


def test_wrong_cells_keep_what_was_typed_and_show_their_own_error() -> None:
    form = DrugsForm(sent(1, {"drug": "Baclofen", "dose": "sixty"}))
    html = form["drugs"].as_field_group()
    tags = Tags(html)
    dose = tags.named("drugs-0-dose")
    assert dose["value"] == "sixty"
    assert dose["aria-invalid"] == "true"
    assert dose["aria-describedby"] in tags.ids()
    assert tags.named("drugs-0-drug")["value"] == "Baclofen"
    assert "aria-invalid" not in tags.named("drugs-0-drug")
    assert html.count("Enter a number.") == 1


def test_each_input_is_named_by_its_row_and_its_column() -> None:
    tags = Tags(ToneForm()["tone"].as_field_group())
    assert tags.named("tone-1-right")["aria-labelledby"].split() == ["id_tone-1", "id_tone-h-right"]
    assert {"id_tone-1", "id_tone-h-right"} <= set(tags.ids())
    assert len(tags.ids()) == len(set(tags.ids()))


def test_the_summary_links_to_a_cell_that_exists() -> None:
    form = ToneForm({})
    assert form["tone"].id_for_label in Tags(str(form)).ids()


def test_stored_rows_are_shown_again_by_their_code() -> None:
    form = ToneForm(initial={"tone": [{"muscle": "knee", "left": "3", "right": "0"}]})
    html = form["tone"].as_widget()
    knee = html[html.index('name="tone-1-left"') :]
    assert 'value="3" selected' in knee
    assert "selected" not in html[
        html.index('name="tone-0-left"') : html.index('name="tone-0-right"')
    ].replace('value="" selected', "")


def test_open_table_shows_stored_rows_and_blank_ones_up_to_its_limit() -> None:
    stored = [{"drug": name, "dose": "1"} for name in ("A", "B")]
    tags = Tags(DrugsForm(initial={"drugs": stored})["drugs"].as_widget())
    assert tags.named("drugs-rows")["value"] == "3"
    assert tags.named("drugs-1-drug")["value"] == "B"
    assert "value" not in tags.named("drugs-2-drug")


def test_more_rows_than_allowed_are_refused_and_still_shown() -> None:
    rows = [{"drug": name, "dose": "1"} for name in "ABCD"]
    form = DrugsForm(sent(4, *rows))
    assert form.errors["drugs"] == ["At most 3 rows."]
    assert Tags(form["drugs"].as_widget()).named("drugs-3-drug")["value"] == "D"


def test_an_absurd_row_count_is_bounded() -> None:
    for count in ("999999999999", "-1", "x", "", "²"):
        form = DrugsForm({"drugs-rows": count})
        assert form.is_valid(), count
        assert form.cleaned_data["drugs"] == []


def test_typed_html_is_escaped() -> None:
    form = DrugsForm(sent(1, {"drug": '"><script>', "dose": "x"}))
    assert "<script>" not in form["drugs"].as_field_group()


def test_unchanged_rows_do_not_count_as_a_change() -> None:
    stored = [{"drug": "A", "dose": "1", "since": None, "helped": False}]
    same = sent(3, {"drug": "A", "dose": "1"})
    assert DrugsForm(same, initial={"drugs": stored}).changed_data == []
    assert DrugsForm(sent(1, {"drug": "A", "dose": "2"}), initial={"drugs": stored}).changed_data == ["drugs"]


def test_a_time_cell_becomes_text() -> None:
    class CallForm(ScreenForm):
        calls = RowsField({"at": forms.TimeField()})

    form = CallForm({"calls-rows": "1", "calls-0-at": "09:30"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["calls"] == [{"at": dt.time(9, 30).isoformat()}]
