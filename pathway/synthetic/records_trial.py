"""What clinicians write from selection to the end of the trial. Values only; the engine checks them."""

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
SMALL_CHILD_YEARS = 7
"""Below this age the trial starts with 25 mcg [P: "very small children"]."""


def eligibility(moment: Moment) -> Values:
    """Every rule answered; where the scenario says so, unrealistic goals block."""
    profile, refused = moment.profile, moment.memory.scenario.not_eligible
    skipped = {"CI-13"}
    skipped |= set() if profile.diagnosis == "traumatic_brain_injury" else {"SEL-04"}
    skipped |= set() if profile.origin is Origin.SPINAL else {"SEL-03"}
    rules = []
    for rule, _ in RULES:
        answer = "not_applicable" if rule in skipped else "met"
        rules.append(
            {"rule": rule, "answer": "blocks" if refused and rule == "CI-09" else answer, "note": ""}
        )
    return {
        "rules": rules,
        "eligible": not refused,
        "reasons": "Expects to walk again; no agreement on a goal the therapy can reach." if refused else "",
    }


def mdt_minute(moment: Moment) -> Values:
    """The question of the stage, everybody present."""
    words = {
        "mdt_minute": ("candidacy", "The three disciplines agree; goals are written down and shared."),
        "mdt_dissent": (
            "dissent",
            "The objection was heard; the open question is settled. New round of signatures.",
        ),
        "trial_failed_review": (
            "trial_result",
            "No useful response. Oral treatment and injections go on elsewhere.",
        ),
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
    moment.memory.cautious = age_years(moment.profile.birth_date, moment.today) < SMALL_CHILD_YEARS
    return {
        "anticoagulant_hold": "confirmed" if hold else "not_applicable",
        "prescriber": "Stroke clinic" if hold else "",
        "hold_from": moment.stay.trial_on - timedelta(days=7) if hold else None,
        "sedation_plan": "Light sedation by mask" if moment.profile.child else "None; local anesthesia",
        "monitoring_plan": "Every 15 min for 1 h, every 30 min for 1 h, then hourly to 8 h",
        "cautious": moment.memory.cautious,
    }


def _dose_due(moment: Moment) -> int:
    """The next dose of the label's course."""
    given, cautious = moment.memory.given, moment.memory.cautious
    status = trial_status(Clearance(True, True, True), given, cautious=cautious)
    assert status.next_dose_mcg is not None, "the trial is over"
    return int(status.next_dose_mcg)


def trial_dose(moment: Moment) -> Values:
    """The next step of the course."""
    dose, given_at = _dose_due(moment), moment.at - timedelta(minutes=10)
    moment.memory.given.append(Injection(Decimal(dose), CONCENTRATION_MCG_PER_ML.value, given_at))
    return {
        "infection_clear": True,
        "consent": True,
        "dose_mcg": dose,
        "concentration_mcg_per_ml": CONCENTRATION_MCG_PER_ML.value,
        "drug_lot": f"SYN-{moment.rng.randint(100, 999)}",
        "given_at": given_at,
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
    moment.memory.verdict = str(answer)
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


MAKERS: dict[str, Callable[[Moment], Values]] = {
    maker.__name__: maker for maker in (eligibility, mdt_minute, trial_plan, trial_dose, trial_readings)
}
