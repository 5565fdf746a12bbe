"""What clinicians write around an operation. Values only; the engine checks them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pathway.synthetic.memory import Moment
from pathway.synthetic.pump import MODEL, PumpMemory, full

Values = dict[str, Any]
PRIME_ML = Decimal(2)
"""What stays out of the first fill for priming [P]."""


def surgical_plan(moment: Moment) -> Values:
    """A 20 or 40 mL pump, subfascial in children."""
    profile = moment.profile
    return {
        "consent": True,
        "infection_clear": True,
        "pump_model": MODEL,
        "reservoir_ml": profile.reservoir_ml,
        "catheter_model": "ascenda",
        "side": moment.rng.choice(("left", "right")),
        "placement": "subfascial" if profile.child else "subcutaneous",
        "tip_level": tip_level(moment),
        "antibiotic_plan": "One weight-based dose within 60 min before incision",
    }


def tip_level(moment: Moment) -> str:
    """Higher where the arms are to profit."""
    return "C7" if moment.profile.sci_level.startswith("C") or moment.profile.child else "T10"


def anesthesia_plan(moment: Moment) -> Values:
    """General anesthesia; tablets go on."""
    hold = moment.profile.diagnosis == "stroke"
    operation_on = moment.stay.operation_on
    return {
        "technique": "general",
        "anticoagulant_hold": "confirmed" if hold else "not_applicable",
        "prescriber": "Stroke clinic" if hold else "",
        "hold_from": operation_on - timedelta(days=7) if hold else None,
        "restart_on": operation_on + timedelta(days=1) if hold else None,
        "airway_plan": "Tube",
        "baclofen_plan": "Tablets continue to the morning of the operation and after it",
        "monitoring_plan": "High-dependency bed for the first night",
        "ready": True,
    }


def operation(moment: Moment) -> Values:
    """The first pump, or a new pump in place of the old one with the solution it ran."""
    memory, profile = moment.memory, moment.profile
    before = memory.pump
    strength = before.strength if before else 500
    fill = full(profile.reservoir_ml) - PRIME_ML
    filled_at = moment.at - timedelta(minutes=30)
    memory.operations += 1
    memory.first_operation_on = memory.first_operation_on or moment.today
    memory.pump = PumpMemory(moment.today, profile.reservoir_ml, filled_at, fill, strength)
    memory.pump.refilled(filled_at, fill, strength, None)
    memory.pump.dose = before.dose if before else None
    memory.refill_booked_for = None  # that was the old pump's
    trimmed = Decimal(moment.rng.randint(12, 30))
    return {
        "procedure": "pump_replacement" if before else "first_implant",
        "operated_on": moment.today,
        "pump_model": MODEL,
        "pump_serial": f"{profile.mrn}-{memory.operations}",
        "reservoir_ml": profile.reservoir_ml,
        "side": moment.rng.choice(("left", "right")),
        "catheter_model": "ascenda",
        "catheter_total_cm": Decimal(114),
        "catheter_trimmed_cm": trimmed,
        "catheter_implanted_cm": Decimal(114) - trimmed,
        "tip_level": tip_level(moment),
        "concentration_mcg_per_ml": strength,
        "fill_ml": fill,
        "drug_lot": f"SYN-{moment.rng.randint(1000, 9999)}",
        "filled_at": filled_at,
    }


def device_registration(moment: Moment) -> Values:
    """The card goes home with the patient."""
    return {
        "registered_on": moment.today,
        "registry_reference": f"REG-{moment.profile.mrn}",
        "card_handed_over": True,
        "card_language": moment.profile.language,
    }


def postop_check(moment: Moment) -> Values:
    """A clean wound, no leak."""
    return {
        "checked_on": moment.today,
        "wound": "clean",
        "csf_leak": False,
        "headache": False,
        "fever": False,
        "neurology": "As before the operation",
        "restrictions": "No bending or twisting for six weeks",
    }


MAKERS: dict[str, Callable[[Moment], Values]] = {
    maker.__name__: maker
    for maker in (surgical_plan, anesthesia_plan, operation, device_registration, postop_check)
}
