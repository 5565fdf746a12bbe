"""Example records of evaluation and selection, by kind."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pathway.models.selection import RULES

EVALUATION: dict[str, dict[str, Any]] = {
    "assessment": {
        "assessed_on": date(2026, 1, 12),
        "rater": "P. Hartmann",
        "scale_variant": "modified",
        "mas": [
            {"muscle": "hip_adductors", "left": "3", "right": "3"},
            {"muscle": "knee_flexors", "left": "3", "right": "2"},
            {"muscle": "plantar_flexors", "left": "4", "right": "1+"},
        ],
        "penn_frequency": 3,
        "penn_severity": 2,
        "nrs_spasticity": 8,
        "nrs_pain": 5,
        "gmfcs": "",
        "fim_motor": 48,
        "fim_cognitive": 33,
        "remarks": "",
    },
    "medication_history": {
        "medications": [
            {
                "drug": "baclofen",
                "mg_per_day": "80",
                "response": "partial",
                "side_effects": "drowsy in the afternoon",
                "stopped": False,
            },
            {
                "drug": "tizanidine",
                "mg_per_day": "24",
                "response": "none",
                "side_effects": "dry mouth",
                "stopped": True,
            },
        ],
        "oral_baclofen": "max_dose",
        "above_usual_reason": "",
        "allergy_to_baclofen": False,
        "anticoagulant": "",
        "baclofen_handling": "maintained",
        "remarks": "",
    },
    "neuro_history": {
        "diagnosis": "multiple_sclerosis",
        "diagnosis_text": "",
        "origin": "spinal",
        "onset_on": date(2011, 3, 1),
        "injury_on": None,
        "sci_level": "",
        "ambulatory": False,
        "seizures": "none",
        "earlier_withdrawal": False,
        "cannot_communicate": False,
        "dysreflexia": False,
        "psychiatric": "",
        "remarks": "",
    },
    "goals": {
        "agreed_on": date(2026, 1, 14),
        "agreed_with": "patient and sister",
        "goals": [
            {
                "goal": "Sits in the wheelchair for two hours without sliding",
                "domain": "positioning",
                "weight": 2,
                "baseline": -1,
            },
            {
                "goal": "Sleeps through with at most one spasm",
                "domain": "comfort",
                "weight": 1,
                "baseline": -2,
            },
        ],
    },
    "surgical_review": {
        "reviewed_on": date(2026, 1, 20),
        "imaging": "MRI of the whole spine, January: no stenosis, no earlier fusion",
        "shunt": "none",
        "spine_clear": True,
        "abdomen": ["scars"],
        "infection_clear": True,
        "height_cm": Decimal("168.0"),
        "weight_kg": Decimal("61.5"),
        "body_size_adequate": True,
        "pump_depth_ok": True,
        "remarks": "",
    },
    "anesthesia_review": {
        "assessed_on": date(2026, 1, 21),
        "asa_class": 3,
        "consultant_approval": "",
        "airway": "Mallampati II, neck moves freely",
        "lungs": "Clear; swallows safely",
        "sleep_apnea": "no",
        "renal_impairment": False,
        "anticoagulant_plan": "",
        "remarks": "",
    },
    "social_checklist": {
        "caregiver": "sister, same house",
        "lives_alone": False,
        "transport": "adapted van",
        "distance_km": 42,
        "payer": "authorized",
        "phone_reachable": True,
        "hearing": "good",
        "language": "English",
        "interpreter": False,
        "can_attend_refills": True,
        "plan": "",
    },
    "education_record": {
        "taught_on": date(2026, 1, 22),
        "taught": ["patient", "family"],
        "topics": ["refills", "alarms", "withdrawal", "overdose"],
        "teach_back": True,
        "remarks": "",
    },
    "eligibility": {
        "rules": [
            {"rule": rule, "answer": "not_applicable" if rule in ("SEL-04", "CI-13") else "met", "note": ""}
            for rule, _ in RULES
        ],
        "eligible": True,
        "reasons": "",
    },
    "mdt_minute": {
        "met_on": date(2026, 2, 10),
        "question": "candidacy",
        "present": ["neurosurgeon", "physiatrist", "anesthesiologist", "coordinator"],
        "decision": "Screening trial with 50 mcg; sitting and night spasms are the targets.",
    },
    "booking": {
        "booked": "trial",
        "booked_for": date(2026, 3, 3),
        "place": "Day ward, bed 4",
        "consent_on_file": True,
        "transport": "adapted van",
        "patient_told": True,
        "remarks": "",
    },
}
