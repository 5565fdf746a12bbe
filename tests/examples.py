"""One valid example of every clinical record: what a clinician would write about one synthetic patient.

`EXAMPLES[kind]` holds model fields and values; `example(kind, **changes)` is a copy with changes; `form_data`
turns a record into what a browser would post. The patient was born on `BIRTH_DATE`; everything happens on or
before `TODAY`.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from pathway.clinical.catheter import PathVolume
from pathway.clinical.device import CATHETER_MODELS, PUMP_MODELS
from pathway.clinical.program import simple_program
from pathway.clinical.pump_log import Filled, Programmed, PumpLog
from pathway.clinical.situation import PumpFacts, Situation
from pathway.models.selection import RULES
from pathway.views.forms import FORMS
from pathway.views.forms.rows import RowsField

TODAY = date(2026, 9, 30)
BIRTH_DATE = date(1984, 5, 17)
ZONE = "America/Chicago"
SITUATION = Situation(today=TODAY, time_zone=ZONE, birth_date=BIRTH_DATE, origin="spinal")


def running(
    dose: str,
    *,
    strength: int = 500,
    filled_at: datetime = datetime(2026, 4, 1, 16, 0, tzinfo=UTC),
    fill_ml: str = "18",
    implanted_cm: Decimal | None = Decimal(92),
) -> PumpFacts:
    """A SynchroMed II of 20 mL that was filled on 1 April 2026 and has run this dose (mcg/day) since the day after."""
    model, catheter = PUMP_MODELS["synchromed-ii"], CATHETER_MODELS["ascenda"]
    started_at = filled_at + timedelta(days=1)
    fill = Filled(filled_at, filled_at.date(), Decimal(fill_ml), Decimal(strength))
    program = Programmed(started_at, started_at.date(), simple_program(Decimal(strength), Decimal(dose)))
    facts = PumpFacts(model, Decimal(20), Decimal(2), filled_at.date(), PumpLog(), catheter, implanted_cm)
    path = facts.path
    path_ml = path.total_ml if isinstance(path, PathVolume) else None
    return replace(facts, log=PumpLog((fill, program), path_ml))


def _reading(hour: str, mas_mean: str, penn: int, sedation: str = "awake") -> dict[str, Any]:
    return {
        "hour": hour,
        "mas_mean": mas_mean,
        "penn": penn,
        "heart_rate": 74,
        "systolic": 122,
        "diastolic": 76,
        "spo2": 97,
        "respiratory_rate": 14,
        "sedation": sedation,
    }


EXAMPLES: dict[str, dict[str, Any]] = {
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
    "trial_plan": {
        "anticoagulant_hold": "not_applicable",
        "prescriber": "",
        "hold_from": None,
        "sedation_plan": "None; local anesthesia",
        "monitoring_plan": "Every 15 min for 1 h, every 30 min for 1 h, then hourly to 8 h",
        "cautious": False,
        "remarks": "",
    },
    "trial_dose": {
        "infection_clear": True,
        "consent": True,
        "dose_mcg": 50,
        "concentration_mcg_per_ml": Decimal(50),
        "drug_lot": "SYN-0050",
        "given_at": datetime(2026, 3, 3, 15, 10, tzinfo=UTC),
        "given_on": date(2026, 3, 3),
        "barbotage": True,
        "level": "L3-L4",
        "remarks": "",
    },
    "trial_readings": {
        "read_on": date(2026, 3, 3),
        "rater": "P. Hartmann",
        "target_muscles": "hip adductors, knee flexors, plantar flexors",
        "dose_mcg": 50,
        "readings": [
            _reading("0", "3.1", 3),
            _reading("1", "2.6", 2),
            _reading("2", "2.0", 1),
            _reading("4", "1.5", 1, "drowsy"),
            _reading("6", "1.8", 1),
            _reading("8", "2.6", 2),
        ],
        "adverse_events": [],
        "negative_reaction": False,
        "over_8h": False,
        "verdict": "positive",
        "reasons": "",
    },
    "call_note": {
        "called_at": datetime(2026, 3, 4, 16, 0, tzinfo=UTC),
        "called_on": date(2026, 3, 4),
        "reached": "patient",
        "headache": False,
        "function": "Back to the state before the trial",
        "wound": "fine",
        "concerns": "",
        "action": "",
    },
    "surgical_plan": {
        "consent": True,
        "infection_clear": True,
        "pump_model": "synchromed-ii",
        "reservoir_ml": 20,
        "catheter_model": "ascenda",
        "side": "right",
        "placement": "subcutaneous",
        "tip_level": "T9",
        "antibiotic_plan": "One weight-based dose within 60 min before incision",
        "remarks": "",
    },
    "anesthesia_plan": {
        "technique": "general",
        "anticoagulant_hold": "not_applicable",
        "prescriber": "",
        "hold_from": None,
        "restart_on": None,
        "airway_plan": "Tube",
        "baclofen_plan": "Tablets continue to the morning of the operation and after it",
        "monitoring_plan": "High-dependency bed for the first night",
        "ready": True,
        "remarks": "",
    },
    "operation": {
        "procedure": "first_implant",
        "operated_on": date(2026, 4, 14),
        "pump_model": "synchromed-ii",
        "pump_serial": "SYN-004711",
        "reservoir_ml": 20,
        "side": "right",
        "catheter_model": "ascenda",
        "catheter_total_cm": Decimal("114.0"),
        "catheter_trimmed_cm": Decimal("22.0"),
        "catheter_implanted_cm": Decimal("92.0"),
        "tip_level": "T9",
        "concentration_mcg_per_ml": 500,
        "fill_ml": Decimal("18.0"),
        "prime_ml": None,
        "alarm_setting_ml": None,
        "drug_lot": "SYN-0500",
        "filled_at": datetime(2026, 4, 14, 16, 30, tzinfo=UTC),
        "filled_on": date(2026, 4, 14),
        "complications": "",
    },
    "program": {
        "effective_at": datetime(2026, 4, 14, 17, 0, tzinfo=UTC),
        "effective_on": date(2026, 4, 14),
        "concentration_mcg_per_ml": 500,
        "previous_concentration_mcg_per_ml": None,
        "mode": "simple_continuous",
        "daily_dose_mcg_per_day": Decimal(100),
        "previous_dose_mcg_per_day": None,
        "schedule": [],
        "patient_bolus_mcg": None,
        "patient_boluses_per_day": None,
        "reason": "Twice the effective screening dose of 50 mcg",
        "over_limit_reason": "",
        "bridge": "",
        "bridge_reason": "",
        "penn_frequency": None,
        "mas_mean": None,
        "remarks": "",
    },
    "device_registration": {
        "registered_on": date(2026, 4, 16),
        "registry_reference": "REG-SYN-118",
        "card_handed_over": True,
        "card_language": "English",
        "remarks": "",
    },
    "postop_check": {
        "checked_on": date(2026, 4, 17),
        "wound": "clean",
        "csf_leak": False,
        "leak_closed": None,
        "headache": False,
        "fever": False,
        "neurology": "As before the operation",
        "restrictions": "No bending or twisting for six weeks",
        "action": "",
    },
    "rehab_plan": {
        "referred_on": date(2026, 4, 17),
        "referred_to": "Outpatient physiotherapy",
        "frequency": "three times a week for six weeks",
        "goals": "Transfers with one helper",
        "remarks": "",
    },
    "taper_plan": {
        "drug": "baclofen",
        "starts_on": date(2026, 4, 21),
        "start_mg_per_day": Decimal("80.0"),
        "step_percent": 25,
        "interval_days": 7,
        "rescue_tablets_kept": True,
        "remarks": "",
    },
    "goals_review": {
        "reviewed_on": date(2026, 7, 14),
        "goals": [
            {"goal": "Sits in the wheelchair for two hours without sliding", "weight": 2, "score": 1},
            {"goal": "Sleeps through with at most one spasm", "weight": 1, "score": 0},
        ],
        "remarks": "",
    },
    "refill": {
        "refilled_at": datetime(2026, 7, 1, 14, 0, tzinfo=UTC),
        "refilled_on": date(2026, 7, 1),
        "interrogated": True,
        "alarms": "",
        "expected_residual_ml": Decimal("2.6"),
        "computed_residual_ml": None,
        "eri_seen": False,
        "alarm_setting_ml": None,
        "aspirated_ml": Decimal("3.0"),
        "residual_action": "",
        "filled_ml": Decimal("20.0"),
        "concentration_mcg_per_ml": 500,
        "previous_concentration_mcg_per_ml": 500,
        "bridge": "",
        "bridge_reason": "",
        "daily_dose_mcg_per_day": Decimal(100),
        "previous_dose_mcg_per_day": Decimal(100),
        "over_limit_reason": "",
        "drug_lot": "SYN-0501",
        "needle_guide": "template",
        "septum_identified": True,
        "complications": "",
    },
    "device_plan": {
        "planned_on": date(2032, 10, 15),
        "reason": "end_of_service",
        "eri_seen": False,
        "eri_seen_on": None,
        "remarks": "",
    },
    "emergency_check": {
        "checked_on": date(2026, 9, 1),
        "sedation_risk": "raised",
        "mri_advice_current": True,
        "surgery_advice_current": True,
        "plan_current": True,
        "action": "",
    },
    "incident_steps": {
        "steps": [
            {
                "condition": "unclear",
                "step": "Speak to the patient or caregiver, ask for every danger sign, write what was found.",
                "minutes": None,
                "answer": "done",
                "note": "",
            }
        ],
        "findings": "Called the sister: awake, no fever, itching since the morning.",
    },
    "incident_closure": {
        "confirmed": [],
        "cause": "not_found",
        "remedies": ["observation"],
        "outcome": "Well; nothing was found.",
        "symptoms_resolved": True,
        "pump_interrogated": "yes",
        "reservoir_checked": "yes",
        "follow_up": "",
    },
    "emergency_plan": {
        "written_on": date(2026, 4, 15),
        "allergies": "none known",
        "oral_rescue": "Tablets in the bag with this card, as in the letter of 15 April",
        "prescriber": "P. Hartmann",
        "phone_24h": "+1 555 0100",
        "hospital": "Riverside Hospital",
        "other_risks": "",
        "remarks": "",
    },
    "card_issue": {
        "issued_on": date(2026, 4, 20),
        "handed_to": "patient",
        "language": "English",
        "large_print": False,
        "old_card_destroyed": True,
        "remarks": "",
        "facts_hash": "0" * 64,
    },
    "service_life": {"ends_on": date(2034, 4, 14), "found_in": "Implant manual of 2023, page 12"},
    "volume_event": {
        "happened_at": datetime(2026, 7, 2, 15, 0, tzinfo=UTC),
        "happened_on": date(2026, 7, 2),
        "event": "bolus",
        "volume_ml": None,
        "dose_mcg": Decimal("25.00"),
        "reason": "Single bolus to test the catheter; watched for eight hours",
    },
    "second_check": {"agrees": True, "remarks": ""},
    "note": {"text": "Hold reviewed with the family; antibiotics end on Friday."},
}


def example(kind: str, **changes: Any) -> dict[str, Any]:
    """A deep copy of the example with changes."""
    return copy.deepcopy(EXAMPLES[kind]) | changes


def moved(kind: str, to: date, zone: str = ZONE) -> dict[str, Any]:
    """The example with every date on `to` and every instant at one in the night of it: past at any hour."""
    night = datetime.combine(to, datetime.min.time(), ZoneInfo(zone)) + timedelta(hours=1)
    data = example(kind)
    for name, value in data.items():
        if isinstance(value, datetime):
            data[name] = night.astimezone(UTC)
        elif isinstance(value, date):
            data[name] = to
    return data


def written(kind: str, to: date, **changes: Any) -> dict[str, Any]:
    """What a browser posts for the example moved to a day: the form is only asked for its inputs."""
    form = FORMS[kind](situation=replace(SITUATION, today=to))
    return form_data(form, moved(kind, to) | changes)


def form_data(form: forms.BaseForm, data: dict[str, Any], zone: str = ZONE) -> dict[str, Any]:
    """What a browser would post to show `data` in `form`: one text (or list of codes) an input."""
    posted: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = data.get(name.removesuffix("_again"))
        if isinstance(field, RowsField):
            posted |= _posted_rows(name, field, value)
        elif isinstance(field, forms.BooleanField):
            posted |= {name: "on"} if value else {}
        elif value not in (None, [], ""):
            posted[name] = value if isinstance(value, list) else _posted(value, zone)
    return posted


def _posted_rows(name: str, field: RowsField, rows: list[dict[str, Any]]) -> dict[str, str]:
    order = [code for code, _ in field.fixed]
    posted = {} if field.fixed else {f"{name}-rows": str(len(rows))}
    for position, row in enumerate(rows):
        index = order.index(row[field.key]) if field.fixed else position
        for column in field.columns:
            cell = row.get(column)
            if cell is not None and cell is not False and cell != "":
                posted[f"{name}-{index}-{column}"] = "on" if cell is True else str(cell)
    return posted


def _posted(value: Any, zone: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    return str(value)
