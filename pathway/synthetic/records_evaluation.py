"""What clinicians write in evaluation, and at reviews later. Values only; the engine checks them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pathway.clinical.dosing import Origin
from pathway.synthetic.memory import Moment

Values = dict[str, Any]
MUSCLES = ("hip_adductors", "knee_flexors", "plantar_flexors", "knee_extensors", "elbow_flexors")
GRADES = ((0.5, "0"), (1.25, "1"), (1.75, "1+"), (2.5, "2"), (3.5, "3"))


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
            {
                "muscle": muscle,
                **{side: _side(moment, worst if n < 2 else mean) for side in ("left", "right")},
            }
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
            {
                "drug": "tizanidine",
                "mg_per_day": "12",
                "response": "none",
                "side_effects": "dry mouth",
                "stopped": True,
            }
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
        "seizures": "controlled"
        if profile.origin is Origin.CEREBRAL and moment.rng.random() < 0.3
        else "none",
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
        "topics": first
        if moment.key == "education_first"
        else [*first, "tablets", "card", "wound", "call_before"],
        "teach_back": True,
    }


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
    )
}
