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

from pathway.clinical.site_pump import site_model
from pathway.clinical.steps import Phase
from pathway.models import Case, Clinic, Clinician, Patient, ProtocolVersion, Todo
from pathway.models.checked import CheckedRecord
from pathway.models.fields import Amount, Choice, Codes, LongText, Rows, Whole
from pathway.models.records import RECORDS
from tests.examples import BIRTH_DATE, EXAMPLES, RULES, SITUATION, TODAY, example, moved, running
from tests.pumps import typed

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)
BOUND = ("case", "todo", "recorded_by")
LONG = "x" * 2001
ONE_PER_TODO = "one_per_todo"

# Rows that a table's constraint refuses: kind, what is changed, the constraint, the field that is marked.
BROKEN: list[tuple[str, dict[str, Any], str, str]] = [
    ("incident_closure", {"symptoms_resolved": False}, "open_end_has_follow_up", "follow_up"),
    ("incident_closure", {"pump_interrogated": "no"}, "open_end_has_follow_up", "follow_up"),
    ("incident_closure", {"reservoir_checked": "no"}, "open_end_has_follow_up", "follow_up"),
    ("incident_closure", {"remedies": ["none", "refill"]}, "closure_has_remedy", "remedies"),
    ("assessment", {"penn_frequency": 0}, "assessment_penn_severity_with_spasms", "penn_severity"),
    ("assessment", {"penn_severity": None}, "assessment_penn_severity_with_spasms", "penn_severity"),
    ("neuro_history", {"diagnosis": "traumatic_brain_injury"}, "brain_injury_has_date", "injury_on"),
    (
        "neuro_history",
        {"injury_on": date(2020, 2, 1), "onset_on": date(2019, 1, 1)},
        "onset_after_injury",
        "onset_on",
    ),
    ("neuro_history", {"diagnosis": "other"}, "other_diagnosis_is_named", "diagnosis_text"),
    ("surgical_review", {"spine_clear": False}, "surgical_finding_is_explained", "remarks"),
    ("surgical_review", {"infection_clear": False}, "surgical_finding_is_explained", "remarks"),
    ("anesthesia_review", {"asa_class": 4}, "high_asa_has_consultant", "consultant_approval"),
    ("social_checklist", {"can_attend_refills": False}, "social_doubt_has_plan", "plan"),
    ("social_checklist", {"hearing": "not_heard"}, "social_doubt_has_plan", "plan"),
    ("education_record", {"teach_back": False}, "failed_teach_back_is_explained", "remarks"),
    ("education_record", {"topics": []}, "education_reached_somebody", "topics"),
    ("education_record", {"taught": []}, "education_reached_somebody", "taught"),
    ("eligibility", {"eligible": False}, "not_eligible_has_reasons", "reasons"),
    ("mdt_minute", {"present": ["physiatrist"]}, "a_team_is_two_or_more", "present"),
    ("mdt_minute", {"decision": ""}, "minute_has_decision", "decision"),
    ("booking", {"consent_on_file": None}, "procedure_booking_asks_consent", "consent_on_file"),
    ("trial_plan", {"anticoagulant_hold": "confirmed"}, "trial_hold_whole", "prescriber"),
    ("trial_plan", {"hold_from": date(2026, 2, 1)}, "trial_hold_whole", "hold_from"),
    ("trial_dose", {"dose_mcg": 60}, "screening_dose_known", "dose_mcg"),
    (
        "trial_dose",
        {"concentration_mcg_per_ml": Decimal(500)},
        "screening_strength_is_50",
        "concentration_mcg_per_ml",
    ),
    ("trial_dose", {"infection_clear": False}, "trial_deviation_is_explained", "remarks"),
    ("trial_dose", {"consent": False}, "trial_deviation_is_explained", "remarks"),
    ("trial_readings", {"dose_mcg": 60}, "read_dose_known", "dose_mcg"),
    ("trial_readings", {"verdict": "adverse"}, "adverse_verdict_has_reasons", "reasons"),
    ("call_note", {"headache": None}, "call_asked_enough", "headache"),
    ("call_note", {"function": ""}, "call_asked_enough", "function"),
    ("call_note", {"headache": True}, "call_concern_has_action", "action"),
    ("call_note", {"reached": "nobody", "headache": None}, "call_concern_has_action", "action"),
    ("surgical_plan", {"consent": False}, "surgical_plan_gap_is_explained", "remarks"),
    ("anesthesia_plan", {"anticoagulant_hold": "confirmed"}, "implant_hold_whole", "hold_from"),
    (
        "anesthesia_plan",
        {
            "anticoagulant_hold": "confirmed",
            "prescriber": "Dr. Example",
            "hold_from": date(2026, 4, 9),
            "restart_on": date(2026, 4, 1),
        },
        "restart_after_hold",
        "restart_on",
    ),
    ("anesthesia_plan", {"ready": False}, "anesthesia_not_ready_is_explained", "remarks"),
    (
        "operation",
        {"concentration_mcg_per_ml": 1500},
        "implant_strength_known",
        "concentration_mcg_per_ml",
    ),
    ("operation", {"fill_ml": Decimal("20.5")}, "fill_fits_reservoir", "fill_ml"),
    ("operation", {"operated_on": date(2026, 4, 15)}, "filled_not_before_operation", "filled_at"),
    ("operation", {"catheter_total_cm": Decimal(80)}, "implanted_within_catheter", "catheter_implanted_cm"),
    ("program", {"daily_dose_mcg_per_day": Decimal(0)}, "program_is_no_stop", "daily_dose_mcg_per_day"),
    (
        "program",
        {"previous_dose_mcg_per_day": Decimal(0)},
        "program_before_ran",
        "previous_dose_mcg_per_day",
    ),
    ("program", {"concentration_mcg_per_ml": 1500}, "program_strength_known", "concentration_mcg_per_ml"),
    ("program", {"daily_dose_mcg_per_day": Decimal(1200)}, "high_dose_has_reason", "daily_dose_mcg_per_day"),
    ("program", {"previous_concentration_mcg_per_ml": 2000}, "program_strength_change_bridged", "bridge"),
    ("device_registration", {"card_handed_over": False}, "missing_card_is_explained", "remarks"),
    ("postop_check", {"csf_leak": True}, "postop_concern_has_action", "action"),
    ("postop_check", {"wound": "draining"}, "postop_concern_has_action", "action"),
    (
        "postop_check",
        {"csf_leak": True, "leak_closed": True, "action": "Flat for a day"},
        "leak_open_or_closed",
        "leak_closed",
    ),
    ("taper_plan", {"rescue_tablets_kept": False}, "no_rescue_tablets_is_explained", "remarks"),
    ("refill", {"daily_dose_mcg_per_day": Decimal(0)}, "refill_is_no_stop", "daily_dose_mcg_per_day"),
    ("refill", {"septum_identified": False}, "no_fill_without_septum", "septum_identified"),
    (
        "refill",
        {"concentration_mcg_per_ml": 1500, "previous_concentration_mcg_per_ml": None},
        "refill_strength_known",
        "concentration_mcg_per_ml",
    ),
    (
        "refill",
        {"daily_dose_mcg_per_day": Decimal(1200)},
        "high_refill_dose_has_reason",
        "daily_dose_mcg_per_day",
    ),
    ("refill", {"aspirated_ml": Decimal("4.7")}, "residual_difference_has_action", "residual_action"),
    ("refill", {"aspirated_ml": Decimal("0.5")}, "residual_difference_has_action", "residual_action"),
    ("refill", {"previous_concentration_mcg_per_ml": 1000}, "refill_strength_change_bridged", "bridge"),
    ("device_plan", {"eri_seen": True}, "eri_has_date", "eri_seen_on"),
    ("emergency_check", {"mri_advice_current": False}, "stale_advice_has_action", "action"),
    ("emergency_check", {"plan_current": False}, "stale_advice_has_action", "action"),
    ("card_issue", {"old_card_destroyed": False}, "old_card_is_explained", "remarks"),
    ("volume_event", {"dose_mcg": None}, "volume_event_has_amount", "dose_mcg"),
    ("volume_event", {"event": "purge"}, "volume_event_has_amount", "volume_ml"),
    ("volume_event", {"event": "stopped"}, "volume_event_has_amount", "volume_ml"),
    ("second_check", {"agrees": False}, "second_look_against_has_reason", "remarks"),
    ("note", {"text": ""}, "note_says_something", "text"),
]

# Values that only Python can judge: kind, what is changed, the field, words of the message.
UNTRUE: list[tuple[str, dict[str, Any], str, str]] = [
    ("assessment", {"mas": [{"muscle": "knee_flexors", "left": "5"}]}, "mas", "not on this scale"),
    ("assessment", {"mas": [{"muscle": "knee_flexors"}]}, "mas", "at least one muscle"),
    ("assessment", {"mas": [{"muscle": "tongue", "left": "1"}]}, "mas", "not a row"),
    ("assessment", {"mas": [{"muscle": "knee_flexors", "left": "1"}] * 2}, "mas", "twice"),
    ("assessment", {"mas": [{"muscle": "knee_flexors", "left": "1", "up": 1}]}, "mas", "unknown column up"),
    ("medication_history", {"allergy_to_baclofen": None}, "allergy_to_baclofen", "True or False"),
    (
        "medication_history",
        {
            "medications": [
                {"drug": "tizanidine", "mg_per_day": "8", "response": "none"},
            ]
        },
        "medications",
        "row of oral baclofen",
    ),
    (
        "medication_history",
        {"medications": [{"drug": "baclofen", "mg_per_day": "120", "response": "none"}]},
        "medications",
        "mg and not mcg",
    ),
    (
        "medication_history",
        {"medications": [{"drug": "baclofen", "mg_per_day": "much", "response": "none"}]},
        "medications",
        "Drug 1, Highest dose: Enter a number from 0 to 5000 mg/day.",
    ),
    ("goals", {"goals": EXAMPLES["goals"]["goals"][:1]}, "goals", "2 to 4 rows"),
    ("goals", {"goals": EXAMPLES["goals"]["goals"][:1] * 2}, "goals", "twice"),
    (
        "goals_review",
        {"goals": [{"goal": "Sleeps", "weight": 1, "score": 3}]},
        "goals",
        "Goal 1, Score: Enter a whole number from -2 to 2.",
    ),
    ("eligibility", {"rules": EXAMPLES["eligibility"]["rules"][1:]}, "rules", f"{len(RULES)} rows"),
    (
        "eligibility",
        {
            "rules": [
                {"rule": rule, "answer": "blocks" if rule == "CI-07" else "met", "note": ""}
                for rule, _ in RULES
            ]
        },
        "eligible",
        "CI-07 blocks",
    ),
    (
        "eligibility",
        {
            "rules": [
                {"rule": rule, "answer": "reviewed" if rule == "CI-02" else "met", "note": "mild"}
                for rule, _ in RULES
            ]
        },
        "rules",
        "CI-02 is absolute",
    ),
    (
        "eligibility",
        {
            "rules": [
                {"rule": rule, "answer": "reviewed" if rule == "CI-09" else "met", "note": ""}
                for rule, _ in RULES
            ]
        },
        "rules",
        "note why",
    ),
    (
        "trial_dose",
        {"concentration_mcg_per_ml": Decimal("0.05")},
        "concentration_mcg_per_ml",
        "0.05 is mg/mL",
    ),
    (
        "trial_dose",
        {"concentration_mcg_per_ml": Decimal(2000)},
        "concentration_mcg_per_ml",
        "40 times too strong",
    ),
    ("trial_dose", {"given_at": datetime(2026, 3, 9, tzinfo=UTC)}, "given_at", "does not fall on 2026-03-03"),
    ("trial_dose", {"given_at": datetime(2026, 3, 3)}, "given_at", "time zone"),
    (
        "trial_readings",
        {"readings": EXAMPLES["trial_readings"]["readings"][1:]},
        "readings",
        "before the dose",
    ),
    (
        "trial_readings",
        {"readings": [EXAMPLES["trial_readings"]["readings"][i] for i in (0, 3, 4, 5)]},
        "readings",
        "at least twice",
    ),
    (
        "trial_readings",
        {
            "readings": [
                row | {"mas_mean": "2.0", "penn": 1} for row in EXAMPLES["trial_readings"]["readings"]
            ]
        },
        "reasons",
        "Neither mean MAS nor Penn fell",
    ),
    (
        "trial_readings",
        {"readings": [row | {"diastolic": 130} for row in EXAMPLES["trial_readings"]["readings"]]},
        "readings",
        "diastolic",
    ),
    ("operation", {"catheter_implanted_cm": Decimal(90)}, "catheter_implanted_cm", "is 92 cm, not 90 cm"),
    ("operation", {"pump_serial": "a b"}, "pump_serial", "letters, digits"),
    ("program", {"daily_dose_mcg_per_day": Decimal("0.1")}, "daily_dose_mcg_per_day", "enter 100"),
    (
        "program",
        {"previous_concentration_mcg_per_ml": 2000, "bridge": "not_needed"},
        "bridge_reason",
        "why no bridge",
    ),
    ("program", {"previous_concentration_mcg_per_ml": 500, "bridge": "done"}, "bridge", "nothing to bridge"),
    ("device_plan", {"eri_seen_on": date(2026, 1, 1)}, "eri_seen_on", "not seen"),
]

# Values that are wrong for this patient or this day.
SAMPLE = site_model("sample-20", "Sample 20", "Sample", typed())
UNTIMELY: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("assessment", {"assessed_on": date(2026, 10, 1)}, {}, "assessed_on", "future"),
    ("assessment", {"assessed_on": date(1984, 5, 16)}, {}, "assessed_on", "birth"),
    ("neuro_history", {"onset_on": date(1980, 1, 1)}, {}, "onset_on", "birth"),
    (
        "trial_dose",
        {"given_at": datetime(2026, 10, 2, tzinfo=UTC), "given_on": date(2026, 10, 1)},
        {},
        "given_at",
        "future",
    ),
    (
        "surgical_plan",
        {"pump_model": "prometra-ii"},
        {"birth_date": date(2016, 1, 1)},
        "pump_model",
        "12 years",
    ),
    ("operation", {"pump_model": "prometra-ii"}, {"birth_date": date(2016, 1, 1)}, "pump_model", "12 years"),
    (
        "operation",
        {"pump_model": "sample-20"},
        {},
        "pump_model",
        "The pump model 'sample-20' is not known. A site can add a model with its manual's numbers.",
    ),
    (
        "surgical_plan",
        {"pump_model": "sample-20"},
        {},
        "pump_model",
        "The pump model 'sample-20' is not known.",
    ),
    (
        "operation",
        {"reservoir_ml": 30},
        {},
        "reservoir_ml",
        "SynchroMed II comes with 20 or 40 mL [V:S40], not 30 mL.",
    ),
    ("surgical_plan", {"reservoir_ml": 18}, {}, "reservoir_ml", "comes with 20 or 40 mL"),
    (
        "operation",
        {"pump_model": "sample-20"},
        {"pump_models": {"sample-20": SAMPLE}},
        "reservoir_ml",
        "Sample 20 comes with 10 or 18 mL [M:SITE], not 20 mL.",
    ),
    (
        "program",
        {"effective_at": datetime(2026, 3, 31, 17, 0, tzinfo=UTC), "effective_on": date(2026, 3, 31)},
        {"pump": running("80")},
        "effective_at",
        "no fill of this pump",
    ),
    (
        "program",
        {"daily_dose_mcg_per_day": Decimal(20), "over_limit_reason": "Very sensitive"},
        {"pump": running("23")},
        "daily_dose_mcg_per_day",
        "below the least flow of SynchroMed II",
    ),
    (
        "refill",
        {"filled_ml": Decimal(21)},
        {"pump": running("100")},
        "filled_ml",
        "do not fit into this pump",
    ),
    (
        "refill",
        {"aspirated_ml": Decimal(19), "residual_action": "Repeated"},
        {"pump": running("100")},
        "aspirated_ml",
        "more than the 18 mL that were in the pump",
    ),
    (
        "refill",
        {"refilled_at": datetime(2026, 3, 1, tzinfo=UTC), "refilled_on": date(2026, 3, 1)},
        {"pump": running("100")},
        "refilled_at",
        "before the first fill",
    ),
    (
        "refill",
        {"alarm_setting_ml": Decimal(1)},
        {"pump": running("100")},
        "alarm_setting_ml",
        "between 1.4 mL",
    ),
    (
        "refill",
        {"expected_residual_ml": None, "aspirated_ml": Decimal("4.0")},
        {"pump": running("100")},
        "residual_action",
        "instead of 0 mL",
    ),
    (
        "volume_event",
        {
            "dose_mcg": Decimal(1500),
            "happened_at": datetime(2026, 6, 25, 9, tzinfo=UTC),
            "happened_on": date(2026, 6, 25),
        },
        {"pump": running("100")},
        "dose_mcg",
        "are left",
    ),
    (
        "volume_event",
        {"event": "measured", "dose_mcg": None, "volume_ml": Decimal(30)},
        {"pump": running("100")},
        "volume_ml",
        "do not fit",
    ),
    (
        "volume_event",
        {"happened_at": datetime(2026, 1, 5, tzinfo=UTC), "happened_on": date(2026, 1, 5)},
        {"pump": running("100")},
        "happened_at",
        "before the first fill",
    ),
    ("service_life", {"ends_on": date(2026, 4, 1)}, {"pump": running("100")}, "ends_on", "after that"),
    ("operation", {"prime_ml": Decimal(5), "fill_ml": Decimal(4)}, {}, "prime_ml", "whole fill"),
    (
        "operation",
        {"catheter_model": "indura-1p", "catheter_trimmed_cm": None},
        {},
        "catheter_implanted_cm",
        "is 89 cm long",
    ),
    (
        "program",
        {},
        {"pump": running("80"), "origin": "cerebral"},
        "daily_dose_mcg_per_day",
        "step limit of 15 %",
    ),
    (
        "program",
        {},
        {"pump": running("76"), "origin": "spinal"},
        "daily_dose_mcg_per_day",
        "step limit of 30 %",
    ),
    (
        "program",
        {},
        {"pump": running("80"), "origin": "spinal", "birth_date": date(2016, 1, 1)},
        "daily_dose_mcg_per_day",
        "step limit of 15 %",
    ),
    (
        "program",
        {},
        {"pump": running("130"), "origin": "spinal"},
        "daily_dose_mcg_per_day",
        "withdrawal",
    ),
    (
        "refill",
        {},
        {"pump": running("80"), "origin": "cerebral", "phase": Phase.MAINTENANCE},
        "daily_dose_mcg_per_day",
        "step limit of 20 %",
    ),
    ("device_plan", {"planned_on": date(2026, 9, 29)}, {}, "planned_on", "future"),
]


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
