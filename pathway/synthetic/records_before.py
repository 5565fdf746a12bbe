"""What clinicians write before there is a pump: evaluation, selection and trial. Values only; the engine checks them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pathway.clinical.dosing import Origin, age_years
from pathway.clinical.trial import CONCENTRATION_MCG_PER_ML, Clearance, Injection, Response, trial_status
from pathway.models.selection import RULES
from pathway.synthetic.memory import Moment

Values = dict[str, Any]
MUSCLES = ("hip_adductors", "knee_flexors", "plantar_flexors", "knee_extensors", "elbow_flexors")
GRADES = ((0.5, "0"), (1.25, "1"), (1.75, "1+"), (2.5, "2"), (3.5, "3"))
SMALL_CHILD_YEARS = 7
"""Below this age the trial starts with 25 mcg [P: "very small children"]."""


def grade(mean: float) -> str:
    """The modified Ashworth grade nearest to a number."""
    return next((name for limit, name in GRADES if mean < limit), "4")


def assessment(moment: Moment) -> Values:
    """Before the pump as severe as the profile says; at reviews with the pump as it became."""
    profile, rng = moment.profile, moment.rng
    before = moment.memory.pump is None
    mean = profile.mas if before else profile.mas_after + rng.uniform(-0.2, 0.3)
    penn = profile.penn if before else max(0, profile.penn - rng.choice((1, 2, 2)))
    tested = MUSCLES[: 4 if profile.origin is Origin.SPINAL else 5]
    worst = 3.6 if before else mean  # the treated legs are severe, the mean may be lower
    return {
        "assessed_on": moment.today,
        "rater": moment.by,
        "scale_variant": "modified",
        "mas": [
            {"muscle": muscle, **{side: _side(moment, worst if n < 2 else mean) for side in ("left", "right")}}
            for n, muscle in enumerate(tested)
        ],
        "penn_frequency": penn,
        "penn_severity": None if penn == 0 else rng.choice((2, 3) if before else (1, 2)),
        "nrs_spasticity": rng.randint(6, 10) if before else rng.randint(1, 5),
        "nrs_pain": rng.randint(3, 8) if before else rng.randint(0, 4),
        "gmfcs": rng.choice(("III", "IV", "V")) if profile.diagnosis == "cerebral_palsy" else "",
        "remarks": "" if before else "Compared with the baseline; same rater where possible.",
    }


def _side(moment: Moment, mean: float) -> str:
    return grade(mean + moment.rng.uniform(-0.3, 0.3))


def medication_history(moment: Moment) -> Values:
    """Oral baclofen failed in whoever took it; tizanidine beside it in some."""
    profile, rng = moment.profile, moment.rng
    spinal = profile.origin is Origin.SPINAL
    mg = profile.oral_mg or (60 if spinal else 30)
    drugs = [
        {
            "drug": "baclofen",
            "mg_per_day": str(mg),
            "response": rng.choice(("none", "partial")),
            "side_effects": rng.choice(("drowsy in the afternoon", "weak legs", "")),
            "stopped": profile.oral_mg == 0,
        }
    ]
    if rng.random() < 0.6:
        drugs.append(
            {"drug": "tizanidine", "mg_per_day": "12", "response": "none", "side_effects": "dry mouth", "stopped": True}
        )
    if rng.random() < 0.4:
        drugs.append({"drug": "botulinum_toxin", "response": "partial", "stopped": False})
    return {
        "medications": drugs,
        "oral_baclofen": rng.choice(("max_dose", "intolerance")),
        "allergy_to_baclofen": False,
        "anticoagulant": "aspirin" if profile.diagnosis == "stroke" else "",
        "baclofen_handling": "not_taken" if profile.oral_mg == 0 else rng.choice(("maintained", "tapered")),
        "remarks": "",
    }


def neuro_history(moment: Moment) -> Values:
    """Diagnosis, origin and dates from the profile."""
    profile = moment.profile
    return {
        "diagnosis": profile.diagnosis,
        "diagnosis_text": "",
        "origin": str(profile.origin),
        "onset_on": profile.onset_on,
        "injury_on": profile.injury_on,
        "sci_level": profile.sci_level,
        "ambulatory": profile.ambulatory,
        "seizures": "controlled" if profile.origin is Origin.CEREBRAL and moment.rng.random() < 0.3 else "none",
        "cannot_communicate": profile.cannot_communicate,
        "dysreflexia": profile.sci_level in ("C5", "C6", "C7", "T4"),
    }


def goals(moment: Moment) -> Values:
    """Two to four goals, agreed with the patient or the family."""
    return {
        "agreed_on": moment.today,
        "agreed_with": "parents" if moment.profile.child else "patient and family",
        "goals": [
            {"goal": goal, "domain": domain, "weight": 1 + n % 2, "baseline": moment.rng.choice((-2, -1))}
            for n, (goal, domain) in enumerate(moment.profile.goals)
        ],
    }


def surgical_review(moment: Moment) -> Values:
    """Nothing in the way of a pump."""
    profile = moment.profile
    return {
        "reviewed_on": moment.today,
        "imaging": "MRI of the whole spine, less than a year old: no stenosis",
        "shunt": "vp" if profile.diagnosis == "anoxic_brain_injury" else "none",
        "spine_clear": True,
        "abdomen": ["gastrostomy"] if profile.child and profile.cannot_communicate else [],
        "infection_clear": True,
        "height_cm": Decimal(str(profile.height_cm)),
        "weight_kg": Decimal(str(profile.weight_kg)),
        "body_size_adequate": True,
        "pump_depth_ok": True,
    }


def anesthesia_review(moment: Moment) -> Values:
    """Most candidates are class III."""
    on_aspirin = moment.profile.diagnosis == "stroke"
    return {
        "assessed_on": moment.today,
        "asa_class": moment.rng.choice((2, 3, 3, 3)),
        "airway": "Mallampati II, neck moves freely",
        "lungs": "Clear; swallows safely",
        "sleep_apnea": moment.rng.choice(("no", "no", "suspected")),
        "renal_impairment": False,
        "anticoagulant_plan": "Aspirin: shared decision with the stroke clinic" if on_aspirin else "",
    }


def social_checklist(moment: Moment) -> Values:
    """Somebody helps, and refills can be kept."""
    profile, rng = moment.profile, moment.rng
    return {
        "caregiver": profile.contact_name,
        "lives_alone": not profile.child and rng.random() < 0.2,
        "transport": rng.choice(("adapted van", "patient transport", "family car")),
        "distance_km": rng.randint(3, 140),
        "payer": "authorized",
        "phone_reachable": True,
        "hearing": rng.choice(("good", "good", "caregiver")),
        "language": profile.language,
        "interpreter": profile.language == "Spanish",
        "can_attend_refills": True,
    }


def education_record(moment: Moment) -> Values:
    """First what a pump asks for, later what to do with it."""
    first = ["refills", "alarms", "withdrawal", "overdose"]
    return {
        "taught_on": moment.today,
        "taught": ["family", "caregiver"] if moment.profile.cannot_communicate else ["patient", "family"],
        "topics": first if moment.key == "education_first" else [*first, "tablets", "card", "wound", "call_before"],
        "teach_back": True,
    }


def eligibility(moment: Moment) -> Values:
    """Every rule answered; where the scenario says so, unrealistic goals block."""
    profile, refused = moment.profile, moment.memory.scenario.not_eligible
    skipped = {"CI-13"}
    skipped |= set() if profile.diagnosis == "traumatic_brain_injury" else {"SEL-04"}
    skipped |= set() if profile.origin is Origin.SPINAL else {"SEL-03"}
    rules = []
    for rule, _ in RULES:
        answer = "not_applicable" if rule in skipped else "met"
        rules.append({"rule": rule, "answer": "blocks" if refused and rule == "CI-09" else answer, "note": ""})
    return {
        "rules": rules,
        "eligible": not refused,
        "reasons": "Expects to walk again; no agreement on a goal the therapy can reach." if refused else "",
    }


def mdt_minute(moment: Moment) -> Values:
    """The question of the stage, everybody present."""
    words = {
        "mdt_minute": ("candidacy", "The three disciplines agree; goals are written down and shared."),
        "mdt_dissent": ("dissent", "The objection was heard; the open question is settled. New round of signatures."),
        "trial_failed_review": ("trial_result", "No useful response. Oral treatment and injections go on elsewhere."),
    }
    question, decision = words[moment.key]
    everybody = ["neurosurgeon", "physiatrist", "anesthesiologist", "coordinator"]
    return {"met_on": moment.today, "question": question, "present": everybody, "decision": decision}


def trial_booking(moment: Moment) -> Values:
    """A day for the trial that leaves time to plan it."""
    return {
        "booked": "trial",
        "booked_for": max(moment.stay.trial_on, moment.working_day(moment.today + timedelta(days=4))),
        "place": f"Day ward, bed {moment.rng.randint(1, 8)}",
        "consent_on_file": True,
        "transport": "adapted van",
        "patient_told": True,
    }


def trial_plan(moment: Moment) -> Values:
    """A hold only for whoever takes a blood thinner, confirmed by its prescriber."""
    hold = moment.profile.diagnosis == "stroke"
    return {
        "anticoagulant_hold": "confirmed" if hold else "not_applicable",
        "prescriber": "Stroke clinic" if hold else "",
        "hold_from": moment.stay.trial_on - timedelta(days=7) if hold else None,
        "sedation_plan": "Light sedation by mask" if moment.profile.child else "None; local anesthesia",
        "monitoring_plan": "Every 15 min for 1 h, every 30 min for 1 h, then hourly to 8 h",
    }


def _dose_due(moment: Moment) -> int:
    """The next dose of the label's course."""
    small = age_years(moment.profile.birth_date, moment.today) < SMALL_CHILD_YEARS
    status = trial_status(Clearance(True, True, True), moment.memory.given, cautious=small)
    assert status.next_dose_mcg is not None, "the trial is over"
    return int(status.next_dose_mcg)


def trial_dose(moment: Moment) -> Values:
    """The next step of the course."""
    dose = _dose_due(moment)
    moment.memory.given.append(Injection(Decimal(dose), CONCENTRATION_MCG_PER_ML.value, moment.at))
    return {
        "infection_clear": True,
        "consent": True,
        "dose_mcg": dose,
        "concentration_mcg_per_ml": CONCENTRATION_MCG_PER_ML.value,
        "drug_lot": f"SYN-{moment.rng.randint(100, 999)}",
        "given_at": moment.at - timedelta(minutes=10),
        "barbotage": True,
        "level": moment.rng.choice(("L3-L4", "L4-L5")),
    }


def _responds(moment: Moment) -> bool:
    profile, scenario = moment.profile, moment.memory.scenario
    given = moment.memory.given
    if scenario.doses_fail is not None:
        return len(given) > scenario.doses_fail
    return profile.effective_mcg is not None and given[-1].dose_mcg >= profile.effective_mcg


def trial_readings(moment: Moment) -> Values:
    """Tone falls by more than a grade in a responder, hardly in the others."""
    positive, given = _responds(moment), moment.memory.given
    answer = Response.POSITIVE if positive else Response.INADEQUATE
    given[-1] = Injection(given[-1].dose_mcg, given[-1].concentration_mcg_per_ml, given[-1].at, answer)
    fall = moment.rng.uniform(1.2, 1.9) if positive else moment.rng.uniform(0.1, 0.6)
    shape = {"0": 0.0, "1": 0.35, "2": 0.7, "4": 1.0, "6": 0.8, "8": 0.3}
    return {
        "read_on": moment.today,
        "rater": moment.by,
        "target_muscles": "hip adductors, knee flexors, plantar flexors",
        "dose_mcg": int(given[-1].dose_mcg),
        "readings": [_reading(moment, hour, fall * part, positive) for hour, part in shape.items()],
        "adverse_events": ["drowsiness"] if moment.rng.random() < 0.1 else [],
        "negative_reaction": positive and moment.profile.negative_reaction,
        "over_8h": positive and moment.profile.long_effect,
        "verdict": "positive" if positive else "inadequate",
        "reasons": "",
    }


def _reading(moment: Moment, hour: str, fall: float, positive: bool) -> Values:
    rng, profile = moment.rng, moment.profile
    penn = profile.penn - (1 if positive and hour in ("2", "4", "6") else 0)
    return {
        "hour": hour,
        "mas_mean": f"{max(profile.mas - fall, 0):.1f}",
        "penn": penn,
        "heart_rate": rng.randint(62, 96),
        "systolic": rng.randint(104, 138),
        "diastolic": rng.randint(58, 84),
        "spo2": rng.randint(95, 99),
        "respiratory_rate": rng.randint(12, 18),
        "sedation": "drowsy" if hour == "4" and rng.random() < 0.2 else "awake",
    }


def call_note(moment: Moment) -> Values:
    """Somebody answers, nothing gives concern."""
    after_trial = moment.key in ("call_day1", "call_day2")
    return {
        "called_at": moment.at - timedelta(minutes=5),
        "reached": "caregiver" if moment.profile.child or moment.rng.random() < 0.3 else "patient",
        "headache": False,
        "function": "As before the trial" if after_trial else "Softer legs; transfers are easier",
        "wound": "not_applicable" if after_trial else "fine",
    }


def note(moment: Moment) -> Values:
    """What was decided about a hold, or about a case that waits for a decision."""
    held = "The reason for the hold still stands; looked at again, a new day was set."
    return {"text": held if moment.key == "hold_review" else "Talked with the family and the team; the case goes on."}


MAKERS: dict[str, Callable[[Moment], Values]] = {
    maker.__name__: maker
    for maker in (
        assessment,
        medication_history,
        neuro_history,
        goals,
        surgical_review,
        anesthesia_review,
        social_checklist,
        education_record,
        eligibility,
        mdt_minute,
        trial_plan,
        trial_dose,
        trial_readings,
        call_note,
        note,
    )
}
