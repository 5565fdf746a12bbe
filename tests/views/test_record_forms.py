"""Forms of clinical records: what a browser posts becomes the record, each mistake is told at its field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django import forms
from django.utils import timezone

from pathway.clinical.situation import Situation
from pathway.models.records import RECORDS
from pathway.views.forms import FORMS, RecordForm
from pathway.views.forms.record import AmountField, ClinicTimeField
from pathway.views.forms.rows import RowsField
from tests.examples import EXAMPLES, SITUATION, TODAY, ZONE, example, form_data, running


def blank(kind: str, situation: Situation = SITUATION, **options: Any) -> RecordForm:
    return FORMS[kind](situation=situation, **options)


def filled(kind: str, posted: dict[str, Any] | None = None, **changes: Any) -> RecordForm:
    """The form with the example typed into it; `changes` are texts as a browser posts them."""
    data = form_data(blank(kind), posted or EXAMPLES[kind]) | changes
    return FORMS[kind](data, situation=SITUATION)


def errors(form: RecordForm, name: str) -> str:
    assert not form.is_valid()
    return " ".join(form.errors.get(name, []))


def test_every_kind_has_a_form() -> None:
    assert set(FORMS) == set(RECORDS)
    assert all(FORMS[kind].Meta.model is model for kind, model in RECORDS.items())


@pytest.mark.parametrize("kind", FORMS)
def test_what_is_typed_becomes_the_record(kind: str) -> None:
    form = filled(kind)
    assert form.is_valid(), form.errors.as_data()
    unknown = dict.fromkeys(RECORDS[kind].DERIVED)  # nobody types them, and here no pump is on record
    assert form.record_data() == EXAMPLES[kind] | unknown


@pytest.mark.parametrize("kind", FORMS)
def test_every_input_is_placed_once_and_labelled(kind: str) -> None:
    form = blank(kind)
    placed = [name for group in form.fieldsets for name in group[1]]
    assert len(placed) == len(set(placed))
    assert set(placed) <= set(form.fields)
    assert not placed or set(placed) == set(form.fields)
    assert all(field.label for field in form.fields.values())


@pytest.mark.parametrize("kind", FORMS)
def test_bookkeeping_is_no_input(kind: str) -> None:
    form = blank(kind)
    assert not {"id", "case", "todo", "recorded_at", "recorded_by", "superseded_at"} & set(form.fields)
    assert not set(RECORDS[kind].LOCAL_DATES.values()) & set(form.fields)


@pytest.mark.parametrize("kind", FORMS)
def test_an_empty_form_asks_for_every_required_input(kind: str) -> None:
    form = FORMS[kind]({}, situation=SITUATION)
    assert not form.is_valid()
    assert set(form.errors) >= {name for name, field in form.fields.items() if field.required}


@pytest.mark.parametrize("kind", FORMS)
def test_an_existing_record_can_be_shown_and_sent_again(kind: str) -> None:
    drawn = str(blank(kind, initial=example(kind)))
    assert "Nothing is saved yet" not in drawn
    assert filled(kind).is_valid()


def test_a_form_asks_no_database(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert all(filled(kind).is_valid() for kind in FORMS)


def test_a_moment_is_typed_in_the_clinics_time() -> None:
    form = filled("trial_dose", given_at="2026-03-03T23:30")
    assert form.is_valid(), form.errors
    assert form.record_data()["given_at"] == datetime(2026, 3, 4, 5, 30, tzinfo=UTC)
    assert form.record_data()["given_on"] == date(2026, 3, 3)


@pytest.mark.parametrize(
    ("kind", "name"), [("trial_dose", "given_at"), ("program", "effective_at"), ("refill", "refilled_at")]
)
@pytest.mark.parametrize("typed", ["2026-03-08T02:30", "2026-11-01T01:30"], ids=["skipped", "repeated"])
def test_an_hour_that_the_clock_skips_or_repeats_is_refused(kind: str, name: str, typed: str) -> None:
    said = "couldn’t be interpreted in time zone America/Chicago; it may be ambiguous or it may not exist."
    assert said in errors(filled(kind, **{name: typed}), name)


def test_a_stored_moment_is_shown_in_the_clinics_time() -> None:
    with timezone.override("Asia/Tokyo"):
        drawn = str(blank("trial_dose", initial=example("trial_dose"))["given_at"])
    assert 'value="2026-03-03T09:10"' in drawn


@pytest.mark.parametrize(
    ("kind", "name", "typed", "words"),
    [
        ("trial_dose", "concentration_mcg_per_ml", "500", "refill strength, 10 times too strong"),
        ("trial_dose", "concentration_mcg_per_ml", "0.05", "0.05 is mg/mL"),
        ("trial_dose", "concentration_mcg_per_ml", "0.05 mg/mL", "enter 50 if that is meant"),
        ("trial_dose", "dose_mcg", "0.05", "valid choice"),
        ("trial_dose", "dose_mcg", "200", "valid choice"),
        ("program", "daily_dose_mcg_per_day", "0.1", "enter 100"),
        ("program", "daily_dose_mcg_per_day", "0.1 mg/day", "enter 100 if that is meant"),
        ("program", "daily_dose_mcg_per_day", "1,000", "comma"),
        (
            "program",
            "daily_dose_mcg_per_day",
            "0.2 mL/day",
            "This field is in mcg/day; mL/day measures flow.",
        ),
        ("program", "daily_dose_mcg_per_day", "0.01 mL/h", "This field is in mcg/day; mL/h measures flow."),
        (
            "refill",
            "daily_dose_mcg_per_day",
            "5 mcg/h",
            "5 mcg/h is 120 mcg/day: enter 120 if that is meant.",
        ),
        ("operation", "concentration_mcg_per_ml", "50", "valid choice"),
        ("operation", "fill_ml", "0.02 mL/h", "This field is in mL; mL/h measures flow."),
        ("program", "daily_dose_mcg_per_day", "0", "stops the infusion"),
        ("program", "daily_dose_mcg_per_day", "-5", "without a sign"),
        ("program", "daily_dose_mcg_per_day", "1e3", "not a unit known here"),
        ("program", "daily_dose_mcg_per_day", "NaN", "Enter a number"),
        ("taper_plan", "start_mg_per_day", "80 mcg/day", "enter 0.08 if that is meant"),
        ("taper_plan", "step_percent", "80", "from 1 to 50 %"),
        ("refill", "filled_ml", "20 mL/day", "measures flow"),
        ("refill", "filled_ml", "61", "from 0.5 to 60 mL"),
        ("surgical_review", "weight_kg", "61,5", "with a point"),
        ("surgical_review", "weight_kg", "9999", "before the decimal point"),
        ("assessment", "nrs_pain", "11", "from 0 to 10"),
        ("assessment", "assessed_on", "2026-10-01", "lies in the future"),
        ("assessment", "assessed_on", "31.12.2025", "valid date"),
        ("assessment", "mas-7-left", "2+", "2+ is not one of"),
        ("trial_readings", "readings-0-spo2", "101", "from 40 to 100 %"),
        ("trial_readings", "readings-0-mas_mean", "2,5", "with a point"),
        ("trial_readings", "readings-0-heart_rate", "fast", "whole number"),
        ("device_plan", "planned_on", "2020-01-01", "A plan lies in the future"),
    ],
)
def test_a_wrong_entry_is_told_at_its_field_and_kept(kind: str, name: str, typed: str, words: str) -> None:
    form = filled(kind, **{name: typed})
    assert words in errors(form, name.split("-")[0])
    if not isinstance(form.fields[name.split("-")[0]], forms.TypedChoiceField | RowsField):
        assert typed in str(form[name])


@pytest.mark.parametrize("kind", ["operation", "program", "refill"])
def test_a_strength_is_read_twice(kind: str) -> None:
    other = filled(kind, concentration_mcg_per_ml_again="2000")
    assert "differ: 500 and 2000" in errors(other, "concentration_mcg_per_ml_again")
    assert "required" in errors(
        filled(kind, concentration_mcg_per_ml_again=""), "concentration_mcg_per_ml_again"
    )


def test_the_second_reading_of_a_strength_is_never_filled_in() -> None:
    form = blank("refill", initial=example("refill"))
    assert form["concentration_mcg_per_ml"].value() == 500
    assert form["concentration_mcg_per_ml_again"].value() is None


def test_what_several_inputs_say_together_is_told_at_one_of_them() -> None:
    assert "do not fit" in errors(filled("operation", fill_ml="20.5"), "fill_ml")
    assert "is 92 cm, not 90 cm" in errors(
        filled("operation", catheter_implanted_cm="90"), "catheter_implanted_cm"
    )
    assert "year must pass" in errors(
        filled("neuro_history", diagnosis="traumatic_brain_injury"), "injury_on"
    )


def test_the_limits_are_those_of_the_patient() -> None:
    data = form_data(blank("program"), EXAMPLES["program"])
    spinal = replace(SITUATION, pump=running("80"))
    assert FORMS["program"](data, situation=spinal).is_valid()
    cerebral = FORMS["program"](data, situation=replace(spinal, origin="cerebral"))
    assert "step limit of 15 %" in errors(cerebral, "daily_dose_mcg_per_day")
    child = replace(SITUATION, birth_date=date(2016, 1, 1))
    planned = form_data(blank("surgical_plan"), EXAMPLES["surgical_plan"]) | {"pump_model": "prometra-ii"}
    plan = FORMS["surgical_plan"](planned, situation=child)
    assert "12 years" in errors(plan, "pump_model")


def test_dates_of_today_are_filled_in_and_others_are_not() -> None:
    assert blank("assessment")["assessed_on"].value() == TODAY
    assert blank("neuro_history")["onset_on"].value() is None
    earlier = date(2026, 9, 1)
    assert blank("assessment", initial={"assessed_on": earlier})["assessed_on"].value() == earlier


def test_an_untouched_question_is_not_answered() -> None:
    data = form_data(blank("trial_dose"), EXAMPLES["trial_dose"])
    del data["consent"]
    form = FORMS["trial_dose"](data, situation=SITUATION)
    assert "required" in errors(form, "consent")


def test_a_question_that_may_stay_open_is_stored_as_open() -> None:
    form = filled("postop_check")
    assert form.is_valid()
    assert form.record_data()["leak_closed"] is None


@pytest.mark.parametrize(
    ("kind", "words", "source"),
    [
        ("trial_dose", "Screening strength is 50 mcg/mL only", "S4"),
        ("program", "Steps up: spinal adults", "S4"),
        ("refill", "Needed when aspirated and expected differ by more than 2 mL", "S57"),
        ("anesthesia_review", "from ASA class IV on", "tag-P"),
    ],
)
def test_a_limit_leads_to_its_source(kind: str, words: str, source: str) -> None:
    html = str(blank(kind))
    help_text = html[html.index(words) :]
    assert f'href="/help/sources/#{source}"' in help_text[: help_text.index("</div>")]


@pytest.mark.parametrize("kind", ["surgical_plan", "operation"])
@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        (
            "pump_model",
            "medstream",
            "The pump model 'medstream' is not known. A site can add a model with its manual's numbers.",
        ),
        ("reservoir_ml", "30", "No pump known here has a reservoir of 30 mL."),
        ("reservoir_ml", "many", "No pump known here has a reservoir of many mL."),
    ],
)
def test_a_device_that_nobody_knows_is_told_at_its_field(
    kind: str, name: str, typed: str, words: str
) -> None:
    assert words in errors(filled(kind, **{name: typed}), name)


def test_units_are_shown_beside_numbers() -> None:
    assert blank("refill").units["filled_ml"] == "mL"
    assert "dose_mcg" not in blank("trial_dose").units
    assert all(
        field.unit == blank(kind).units.get(name, "")
        for kind in FORMS
        for name, field in blank(kind).fields.items()
        if isinstance(field, AmountField)
    )


def test_every_moment_knows_the_clinics_zone() -> None:
    moments = [
        field for kind in FORMS for field in blank(kind).fields.values() if isinstance(field, ClinicTimeField)
    ]
    assert len(moments) == 6
    assert {str(field.zone) for field in moments} == {ZONE}
