"""How forms are drawn: labels, units, help, errors, groups; and that typed text survives."""

from __future__ import annotations

import re

from django import forms

from pathway.views.forms.base import DatePicker, NumberText, ScreenForm
from pathway.views.forms.renderer import PatternFlyRenderer


class DoseForm(ScreenForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    dose = forms.DecimalField(
        label="Daily dose", help_text="As on the programmer.", min_value=1, max_value=5000
    )
    reviewed_on = forms.DateField(label="Reviewed on")
    side = forms.ChoiceField(choices=[("left", "Left"), ("right", "Right")], widget=forms.RadioSelect)
    consent = forms.BooleanField(label="Consent is on file")
    note = forms.CharField(widget=forms.Textarea, required=False)
    reason = forms.CharField(required=False)

    fieldsets = [
        ("Program", ["dose", "reviewed_on"], "Copied from the printout."),
        ("Papers", ["consent", "note"]),
    ]
    units = {"dose": "mcg/day"}


def visible_text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_project_draws_every_form() -> None:
    assert isinstance(forms.Form().renderer, PatternFlyRenderer)


def test_label_carries_the_unit_for_those_who_cannot_see_it() -> None:
    html = str(DoseForm()["dose"].as_field_group())
    label = html[html.index("<label") : html.index("</label>")]
    assert "Daily dose" in label
    assert "in mcg/day" in label
    assert 'for="id_dose"' in label


def test_help_and_error_are_announced_with_the_input() -> None:
    html = str(DoseForm({"dose": "12o"})["dose"].as_field_group())
    assert 'aria-describedby="id_dose_helptext id_dose_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_dose_helptext"' in html
    assert 'id="id_dose_error"' in html


def test_what_was_typed_is_shown_again() -> None:
    html = str(DoseForm({"dose": "12o", "note": "<b>", "side": "right"}))
    assert 'value="12o"' in html
    assert "&lt;b&gt;" in html
    assert re.search(r'value="right"[^>]*checked', html)


def test_summary_links_to_each_wrong_field() -> None:
    html = str(DoseForm({"dose": "12o", "version": "1"}))
    summary = html[html.index("data-error-summary") : html.index("<fieldset")]
    links = re.findall(r'href="#([^"]+)">([^<]+)</a>', summary)
    assert ("id_dose", "Daily dose") in links
    assert ("id_consent", "Consent is on file") in links
    for target, _ in links:
        assert f'id="{target}"' in html


def test_an_untouched_form_has_no_summary() -> None:
    assert "data-error-summary" not in str(DoseForm())


def test_errors_of_the_whole_form_and_of_hidden_fields_are_in_the_summary() -> None:
    class Stale(DoseForm):
        def clean(self) -> None:
            raise forms.ValidationError("Someone changed this case.")

    text = visible_text(str(Stale({"dose": "5"})))
    assert "Someone changed this case." in text
    assert "This field is required." in text  # the hidden version


def test_groups_come_in_their_order_and_the_rest_follows() -> None:
    html = str(DoseForm())
    order = [
        html.index(mark) for mark in ("Program", 'name="dose"', "Papers", 'name="note"', 'name="reason"')
    ]
    assert order == sorted(order)
    assert "Copied from the printout." in html
    assert html.count('name="dose"') == 1


def test_hidden_fields_are_drawn_once() -> None:
    assert str(DoseForm()).count('name="version"') == 1


def test_choices_are_one_named_group() -> None:
    html = str(DoseForm()["side"].as_field_group())
    assert 'role="group" aria-labelledby="id_side_legend"' in html
    assert 'id="id_side_legend"' in html
    assert html.count('type="radio"') == 2
    assert 'for="id_side_1"' in html


def test_required_fields_are_marked_and_others_say_optional() -> None:
    assert "optional" in str(DoseForm()["reason"].as_field_group())
    required = str(DoseForm()["reviewed_on"].as_field_group())
    assert "optional" not in required
    assert "form__label-required" in required


def test_numbers_and_dates_use_inputs_that_lose_nothing() -> None:
    form = DoseForm()
    assert isinstance(form.fields["dose"].widget, NumberText)
    assert isinstance(form.fields["reviewed_on"].widget, DatePicker)
    assert 'inputmode="decimal"' in str(form["dose"])
    assert 'type="number"' not in str(form["dose"])
    assert 'type="date"' in str(form["reviewed_on"])


def test_nothing_in_a_form_breaks_the_content_policy() -> None:
    html = str(DoseForm({}))
    assert "style=" not in html
    assert not re.search(r"\son[a-z]+=", html)
