"""What clinicians write while a pump runs: bookings, programs, refills, calls and checks. Values only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pathway.clinical.runway import LEAD_DAYS
from pathway.clinical.steps import Phase
from pathway.queries.card import read_card
from pathway.synthetic.memory import Moment
from pathway.synthetic.pump import (
    PumpMemory,
    cycle_days,
    first_dose,
    full,
    lowest_dose,
    next_dose,
    strength_for,
)

Values = dict[str, Any]
RISE_STEPS = 8
"""Weekly steps of the titration before the dose is left alone [P]."""


def booking(moment: Moment) -> Values:
    """Theatre on the planned day, or a refill on or before its date."""
    theatre = moment.key == "theatre_booking"
    day = moment.stay.operation_on if theatre else refill_day(moment)
    if not theatre:
        moment.memory.refill_booked_for = day
    return {
        "booked": "theatre" if theatre else "refill",
        "booked_for": day,
        "place": "Theatre 2, ward 4" if theatre else "Pump clinic",
        "consent_on_file": True if theatre else None,
        "transport": moment.rng.choice(("adapted van", "patient transport", "family car")),
        "patient_told": True,
    }


def refill_day(moment: Moment) -> date:
    """A working day in the last week before the booking duty's three weeks are over, never after the date."""
    wanted = moment.due_on + timedelta(days=21 - moment.rng.randint(0, 4))
    return max(moment.calendar.last_working_day_on_or_before(wanted), moment.working_day(moment.today))


def program(moment: Moment) -> Values:
    """The first program by the label's rule, or one titration review."""
    memory, pump = moment.memory, moment.the_pump
    before = pump.dose
    if moment.key == "first_program":
        dose, reason = _first_dose(moment)
    else:
        dose = _reviewed_dose(moment)
        reason = "Tone and spasms as hoped for; left alone" if dose == before else _why(before, dose)
    effective_at = moment.at - timedelta(minutes=5)
    pump.programmed(effective_at, dose)
    return {
        "effective_at": effective_at,
        "concentration_mcg_per_ml": pump.strength,
        "mode": "simple_continuous",
        "daily_dose_mcg_per_day": dose,
        "reason": reason,
        "penn_frequency": max(0, moment.profile.penn - min(memory.titrated_steps, 2)),
        "remarks": "",
    }


def _first_dose(moment: Moment) -> tuple[Decimal, str]:
    """A replaced pump goes on with the dose that ran; a first one starts by the effective screening dose."""
    running = moment.the_pump.dose
    if running is not None:
        return running, "Goes on with the dose of the replaced pump"
    given = moment.memory.given
    effective = int(given[-1].dose_mcg) if given else None
    dose, reason = first_dose(moment.profile, effective)
    return max(dose, lowest_dose(moment.the_pump.strength)), reason


def _reviewed_dose(moment: Moment) -> Decimal:
    """Upwards week by week, then left alone so that it can settle."""
    memory, pump = moment.memory, moment.the_pump
    memory.titrated_steps += 1
    assert pump.dose is not None, "a program runs"
    if memory.titrated_steps > RISE_STEPS:
        return pump.dose
    return next_dose(
        pump.dose, moment.profile.target_dose(1) * 0.85, moment.profile, moment.today, Phase.TITRATION
    )


def _why(before: Decimal | None, dose: Decimal) -> str:
    if before is not None and dose < before:
        return "Too soft for transfers: less"
    return "Adductors still firm, no side effects: more"


def refill(moment: Moment) -> Values:
    """Empties, fills, and in long-term care moves the dose one step towards what this patient will need."""
    pump, memory = moment.the_pump, moment.memory
    assert pump.dose is not None, "a program runs"
    refilled_at = moment.at - timedelta(minutes=10)
    expected, old = pump.residual_ml(refilled_at), pump.strength
    aspirated = _found(moment, expected)
    dose = _refill_dose(moment)
    fill = full(pump.reservoir_ml)
    strength = strength_for(dose, fill, old)
    pump.refilled(refilled_at, fill, strength, dose)
    memory.refills += 1
    memory.late_refills += moment.today > moment.due_on + timedelta(days=3)
    if moment.years_with_pump() <= 1.1:
        memory.dose_at_one_year = dose
    memory.refill_booked_for = None
    return {
        "refilled_at": refilled_at,
        "interrogated": True,
        "expected_residual_ml": expected,
        "aspirated_ml": min(aspirated, full(pump.reservoir_ml)),
        "filled_ml": fill,
        "concentration_mcg_per_ml": strength,
        "bridge": "done" if strength != old else "",
        "daily_dose_mcg_per_day": dose,
        "drug_lot": f"SYN-{moment.rng.randint(1000, 9999)}",
        "needle_guide": "template",
        "septum_identified": True,
    }


def _found(moment: Moment, expected_ml: Decimal) -> Decimal:
    """What comes out of the reservoir: near what was expected, and never so far off that it asks for a work-up."""
    delivered = moment.the_pump.fill_ml - expected_ml
    most = max(Decimal(0), min(Decimal(1), delivered * Decimal("0.08")))
    off = min(max(Decimal(str(round(moment.rng.gauss(0, 0.4), 1))), -most), most)
    return max(Decimal(0), (expected_ml + off).quantize(Decimal("0.1")))


def _refill_dose(moment: Moment) -> Decimal:
    pump, memory = moment.the_pump, moment.memory
    assert pump.dose is not None, "a program runs"
    if memory.titrated_steps <= RISE_STEPS or memory.scenario.refill_by_in is not None:
        return pump.dose  # the weekly reviews look after the dose, or the next date is to be known
    target = moment.profile.target_dose(moment.years_with_pump())
    phase = Phase.MAINTENANCE if memory.in_long_term else Phase.TITRATION
    return next_dose(pump.dose, target, moment.profile, moment.today, phase)


def refill_on_for(not_before: date, pump: PumpMemory, refill_by: date) -> date | None:
    """On which day a fill would have to happen so that its refill-by date is this one; None where it is too late."""
    assert pump.dose is not None, "a program runs"
    fill = full(pump.reservoir_ml)
    days = cycle_days(fill, strength_for(pump.dose, fill, pump.strength), pump.dose)
    day = refill_by - timedelta(days=days - LEAD_DAYS.value)
    return day if day >= not_before else None


def rehab_plan(moment: Moment) -> Values:
    """Goal-directed therapy starts with the titration."""
    return {
        "referred_on": moment.today,
        "referred_to": "School physiotherapy" if moment.profile.child else "Outpatient physiotherapy",
        "frequency": "three times a week for six weeks",
        "goals": moment.profile.goals[0][0],
    }


def taper_plan(moment: Moment) -> Values:
    """Oral baclofen first, in quarters."""
    return {
        "drug": "baclofen",
        "starts_on": moment.today,
        "start_mg_per_day": Decimal(max(moment.profile.oral_mg, 10)),
        "step_percent": 25,
        "interval_days": 7,
        "rescue_tablets_kept": True,
    }


def goals_review(moment: Moment) -> Values:
    """Most goals are reached as expected."""
    return {
        "reviewed_on": moment.today,
        "goals": [
            {"goal": goal, "weight": 1 + n % 2, "score": moment.rng.choice((-1, 0, 0, 1, 1))}
            for n, (goal, _) in enumerate(moment.profile.goals)
        ],
    }


def device_plan(moment: Moment) -> Values:
    """A replacement before the end of service."""
    return {
        "planned_on": moment.today + timedelta(days=150),
        "reason": "end_of_service",
        "eri_seen": False,
    }


def emergency_check(moment: Moment) -> Values:
    """What an emergency team would read is still true."""
    return {
        "checked_on": moment.today,
        "sedation_risk": "raised" if moment.profile.cannot_communicate else "usual",
        "mri_advice_current": True,
        "surgery_advice_current": True,
        "plan_current": True,
    }


def emergency_plan(moment: Moment) -> Values:
    """What the physiatrist wants an emergency team to know."""
    return {
        "written_on": moment.today,
        "allergies": "none known" if moment.rng.random() < 0.8 else "penicillin: rash",
        "oral_rescue": "As agreed in the taper letter; the tablets are in the bag with this card.",
        "prescriber": moment.by,
    }


def card_issue(moment: Moment) -> Values:
    """The newest card goes home; the old one is taken back."""
    card = read_card(moment.case_id)
    assert card is not None, "no pump was implanted"
    return {
        "issued_on": moment.today,
        "handed_to": "patient",
        "language": moment.profile.language,
        "large_print": False,
        "old_card_destroyed": True,
        "facts_hash": card.facts_hash,
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


def second_check(moment: Moment) -> Values:
    """The colleague finds the same."""
    return {"agrees": True}


def service_life(moment: Moment) -> Values:
    """Seven years, as the maker's letter says."""
    return {
        "ends_on": moment.the_pump.implanted_on + timedelta(days=7 * 365),
        "found_in": "The maker's letter to this clinic",
    }


def note(moment: Moment) -> Values:
    """What was decided about a hold, or about a case that waits for a decision."""
    held = "The reason for the hold still stands; looked at again, a new day was set."
    return {
        "text": held
        if moment.key == "hold_review"
        else "Talked with the family and the team; the case goes on."
    }


MAKERS: dict[str, Callable[[Moment], Values]] = {
    maker.__name__: maker
    for maker in (
        booking,
        program,
        refill,
        rehab_plan,
        taper_plan,
        goals_review,
        device_plan,
        emergency_check,
        emergency_plan,
        card_issue,
        call_note,
        second_check,
        service_life,
        note,
    )
}
