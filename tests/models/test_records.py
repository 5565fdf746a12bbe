"""Clinical records: each kind has a valid example, and the model and PostgreSQL both hold every limit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from pathway.models import Case, Clinic, Clinician, Patient, ProtocolVersion, Todo
from pathway.models.checked import CheckedRecord
from pathway.models.fields import Amount, Choice, Codes, LongText, Rows, Whole
from pathway.models.records import RECORDS
from tests.examples import BIRTH_DATE, EXAMPLES, SITUATION, TODAY, example, moved
from tests.models.mistakes import BROKEN, UNTRUE
from tests.models.untimely import UNTIMELY

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)
BOUND = ("case", "todo", "recorded_by")
ONE_PER_TODO = "one_per_todo"


def record(kind: str, **changes: Any) -> CheckedRecord:
    return RECORDS[kind](recorded_at=NOW, **example(kind, **changes))


def check(written: CheckedRecord, **patient: Any) -> None:
    """All that the engine checks before it writes."""
    written.clean_fields(exclude=BOUND)
    situation = replace(SITUATION, **patient)
    written.derive(situation)
    written.clean()
    written.check_on(situation)


def test_every_kind_has_an_example() -> None:
    assert set(EXAMPLES) == set(RECORDS)
    assert all(kind == model.kind for kind, model in RECORDS.items())


@pytest.mark.parametrize("kind", RECORDS)
def test_example_is_whole_and_valid(kind: str) -> None:
    written = record(kind)
    check(written)
    assert set(EXAMPLES[kind]) == {field.name for field in written.content_fields()}


@pytest.mark.parametrize("kind", RECORDS)
def test_facts_are_json(kind: str) -> None:
    facts = record(kind).facts()
    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.parametrize("kind", RECORDS)
def test_moved_example_is_valid_on_its_day(kind: str) -> None:
    day = date(2026, 11, 1)  # the clocks change in the night before
    written = RECORDS[kind](recorded_at=NOW, **moved(kind, day))
    check(written, today=day)


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (
            "assessment",
            {"assessed_on": "2026-01-12", "mas_mean": "2.75", "mas_over_3": 3, "penn_frequency": 3},
        ),
        ("medication_history", {"oral_failed": True, "baclofen_allergy": False, "anticoagulant": ""}),
        ("neuro_history", {"diagnosis": "multiple_sclerosis", "origin": "spinal", "injury_on": None}),
        ("goals", {"count": 2}),
        ("surgical_review", {"infection_clear": True, "body_size_adequate": True, "spine_clear": True}),
        ("anesthesia_review", {"asa_class": 3, "renal_impairment": False, "consultant_approval": False}),
        ("social_checklist", {"can_attend_refills": True}),
        ("education_record", {"topics": 4}),
        ("eligibility", {"eligible": True, "blockers": []}),
        ("mdt_minute", {"met_on": "2026-02-10"}),
        ("booking", {"date": "2026-03-03", "consent_on_file": True}),
        (
            "trial_plan",
            {"hold_confirmed": True, "hold": "not_applicable", "hold_from": None, "cautious": False},
        ),
        (
            "trial_dose",
            {
                "dose_mcg": 50,
                "given_at": "2026-03-03T15:10:00+00:00",
                "given_on": "2026-03-03",
                "infection_clear": True,
                "consent": True,
            },
        ),
        (
            "trial_readings",
            {
                "verdict": "positive",
                "dose_mcg": 50,
                "read_on": "2026-03-03",
                "over_8h": False,
                "negative_reaction": False,
            },
        ),
        ("call_note", {"called_on": "2026-03-04", "headache": False}),
        ("surgical_plan", {"consent": True, "pump_model": "synchromed-ii"}),
        ("anesthesia_plan", {"ready": True}),
        (
            "operation",
            {
                "operated_on": "2026-04-14",
                "pump_serial_recorded": True,
                "fill_ml": "18",
                "concentration_mcg_per_ml": "500",
            },
        ),
        (
            "program",
            {
                "daily_dose_mcg_per_day": "100",
                "concentration_mcg_per_ml": "500",
                "effective_on": "2026-04-14",
                "changed": True,
            },
        ),
        ("device_registration", {"card_handed_over": True}),
        ("postop_check", {"checked_on": "2026-04-17", "wound_ok": True, "csf_leak": False}),
        ("rehab_plan", {}),
        ("taper_plan", {}),
        ("goals_review", {"reviewed_on": "2026-07-14", "gas_t": "58.03"}),
        ("refill", {"refilled_on": "2026-07-01", "filled_ml": "20", "aspirated_ml": "3"}),
        ("device_plan", {"planned_on": "2032-10-15"}),
        ("emergency_check", {"checked_on": "2026-09-01", "plan_current": True}),
        ("emergency_plan", {"written_on": "2026-04-15"}),
        ("card_issue", {"issued_on": "2026-04-20", "facts_hash": "0" * 64}),
        ("note", {}),
    ],
)
def test_facts_that_guards_read(kind: str, facts: dict[str, Any]) -> None:
    assert record(kind).facts() == facts


def test_the_serial_number_is_no_fact() -> None:
    assert EXAMPLES["operation"]["pump_serial"] not in json.dumps(record("operation").facts())


@pytest.mark.parametrize(("dose", "changed"), [("100", False), ("110", True)])
def test_a_program_knows_whether_it_changed_the_dose(dose: str, changed: bool) -> None:
    written = record(
        "program", previous_dose_mcg_per_day=Decimal("100.00"), daily_dose_mcg_per_day=Decimal(dose)
    )
    assert written.facts()["changed"] is changed


@pytest.mark.parametrize(("variant", "groups"), [("modified", 2), ("original_0_4", 2), ("original_1_5", 1)])
def test_severe_groups_count_both_sides_once_and_respect_the_scale(variant: str, groups: int) -> None:
    rows = [
        {"muscle": "hip_adductors", "left": "3", "right": "3"},
        {"muscle": "knee_flexors", "left": "2", "right": "4"},
        {"muscle": "elbow_flexors", "left": "2", "right": ""},
    ]
    assert record("assessment", scale_variant=variant, mas=rows).facts()["mas_over_3"] == groups


@pytest.mark.parametrize(("kind", "changes", "constraint", "field"), BROKEN)
def test_the_model_refuses_and_marks_the_field(
    kind: str, changes: dict[str, Any], constraint: str, field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        check(record(kind, **changes))
    assert field in caught.value.message_dict


@pytest.mark.parametrize(("kind", "changes", "field", "words"), UNTRUE)
def test_the_model_says_what_is_wrong(kind: str, changes: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        check(record(kind, **changes))
    assert words in " ".join(caught.value.message_dict[field])


@pytest.mark.parametrize(("kind", "changes", "patient", "field", "words"), UNTIMELY)
def test_the_model_refuses_what_does_not_fit_patient_or_day(
    kind: str, changes: dict[str, Any], patient: dict[str, Any], field: str, words: str
) -> None:
    written = record(kind, **changes)
    written.clean_fields(exclude=BOUND)
    written.clean()
    with pytest.raises(ValidationError) as caught:
        check(written, **patient)
    assert words in " ".join(caught.value.message_dict[field])


def test_a_step_over_the_limit_passes_with_its_reason() -> None:
    check(
        record("program", over_limit_reason="Second clinician agreed"),
        origin="cerebral",
    )


def test_the_database_constraints_are_all_in_the_table() -> None:
    declared = {
        constraint.name
        for model in RECORDS.values()
        for constraint in model._meta.constraints
        if not constraint.name.endswith(ONE_PER_TODO)
    }
    assert declared == {constraint for _, _, constraint, _ in BROKEN}


@pytest.fixture
def todo(db: None) -> Todo:
    """One open to-do of one case, as raw rows."""
    clinic = Clinic.objects.create(
        name="Riverside", slug="riverside", time_zone="America/Chicago", country="US"
    )
    clinician = Clinician.objects.create(username="phil")
    patient = Patient.objects.create(
        clinic=clinic,
        mrn="R-1",
        given_name="Sample",
        family_name="Person",
        birth_date=BIRTH_DATE,
        sex="female",
    )
    protocol = ProtocolVersion.objects.create(
        name="itb", version=1, title="Test", source={}, sha256="0" * 64, published_at=NOW
    )
    case = Case.objects.create(
        clinic=clinic,
        patient=patient,
        protocol=protocol,
        stage_entered_at=NOW,
        opened_at=NOW,
        opened_by=clinician,
    )
    return Todo.objects.create(
        case=case,
        clinic=clinic,
        key="assessment",
        stage="evaluation",
        visit_seq=1,
        role="physiatrist",
        due_on=TODAY,
        opened_at=NOW,
    )


def store(todo: Todo, kind: str, **changes: Any) -> CheckedRecord:
    written = record(kind, **changes)
    written.case, written.todo, written.recorded_by = todo.case, todo, todo.case.opened_by
    with transaction.atomic():
        written.save(force_insert=True)
    return written


@pytest.mark.parametrize("kind", RECORDS)
def test_example_is_stored_as_written(todo: Todo, kind: str) -> None:
    stored = store(todo, kind)
    read = RECORDS[kind].objects.get(pk=stored.pk)
    assert read.content() == EXAMPLES[kind]


def test_the_database_refuses_every_broken_row(todo: Todo) -> None:
    for kind, changes, constraint, _ in BROKEN:
        with pytest.raises(IntegrityError) as caught:
            store(todo, kind, **changes)
        assert constraint in str(caught.value), (kind, changes)


def outside(field: models.Field[Any, Any]) -> list[Any]:
    """Values just outside what a column may hold."""
    match field:
        case Choice():
            return ["no"] if field.max_length < 7 else ["unknown"]
        case Codes():
            return [["unknown"]]
        case Whole():
            return [field.low - 1, field.high + 1]
        case Amount():
            least = Decimal(1).scaleb(-field.decimal_places)
            return [field.low - least, field.high + least]
        case Rows():
            too_few = [[]] if field.table.at_least else []
            return [{}, "text", [{}] * (field.table.at_most + 1), *too_few]
        case LongText():
            return ["x" * (field.max_length + 1)]
    return []


def limited_fields() -> list[tuple[str, str]]:
    return [
        (kind, field.name)
        for kind, model in RECORDS.items()
        for field in model.content_fields()
        if outside(field)
    ]


@pytest.mark.parametrize(("kind", "name"), limited_fields())
def test_the_model_refuses_values_outside_a_column(kind: str, name: str) -> None:
    for value in outside(RECORDS[kind]._meta.get_field(name)):
        with pytest.raises(ValidationError) as caught:
            record(kind, **{name: value}).clean_fields(exclude=BOUND)
        assert name in caught.value.message_dict


def test_the_database_refuses_values_outside_a_column(todo: Todo) -> None:
    checked = 0
    for kind, name in limited_fields():
        column = RECORDS[kind]._meta.get_field(name)
        for value in outside(column):
            with pytest.raises(IntegrityError) as caught:
                store(todo, kind, **{name: value})
            assert name in str(caught.value) or column.model._meta.db_table in str(caught.value)
            checked += 1
    assert checked >= len(limited_fields())


def test_one_live_record_a_todo(todo: Todo) -> None:
    first = store(todo, "note")
    with pytest.raises(IntegrityError, match="note_one_per_todo"):
        store(todo, "note", text="again")
    RECORDS["note"].objects.filter(pk=first.pk).update(superseded_at=NOW)
    store(todo, "note", text="corrected")


def test_checking_a_record_asks_no_database(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        for kind in RECORDS:
            written = record(kind)
            written.full_clean(exclude=BOUND)
            check(written)
    assert connection.vendor == "postgresql"
