"""Mistakes in a record that the database refuses, or that only Python can judge: tables for test_records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pathway.models.selection import RULES
from tests.examples import EXAMPLES

LONG = "x" * 2001

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
