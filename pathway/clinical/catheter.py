"""Volumes between reservoir and catheter tip, and what follows from them: bridge, prime, contrast danger
(4.3, 4.4).

A missing length or path volume is a refusal; nothing here programs a pump.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pathway.clinical.device import CatheterModel, PumpModel
from pathway.clinical.program import program_problems, simple_program
from pathway.clinical.results import CannotCompute, Finding, Reason, Severity, cannot, plain
from pathway.clinical.sources import Sourced, Tag

BRIDGE_REQUIRED = Sourced(
    True, "", Tag.VERIFIED, ("S14",), rule="4.4 bridge", note="at every concentration change"
)
PRIME_RECALL = Sourced("Class I recall, June 2013", "", Tag.VERIFIED, ("S56",), rule="4.4 prime")
CLEARING_ASPIRATION_ML = Sourced(
    (Decimal(1), Decimal(2)), "mL", Tag.UNCERTAIN, rule="4.4 catheter access port"
)


@dataclass(frozen=True, slots=True)
class PathVolume:
    """V_path = V_tub + V_cat, mL, with the constants it stands on."""

    pump_ml: Decimal
    catheter_ml: Decimal
    constants: tuple[Sourced[Any], ...]

    @property
    def total_ml(self) -> Decimal:
        return self.pump_ml + self.catheter_ml


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge bolus: for `hours` at `flow_ml_per_day` the old drug still leaves the tip at the wanted dose.

    `programmed_mcg` is what the programmer shows (new concentration), `delivered_mcg` what really flows
    (old).
    Without a bridge the patient gets `unbridged_mcg_per_day` for `unbridged_hours`.
    """

    flow_ml_per_day: Decimal
    hours: Decimal
    programmed_mcg: Decimal
    delivered_mcg: Decimal
    unbridged_mcg_per_day: Decimal
    unbridged_hours: Decimal
    limit: Sourced[bool] = BRIDGE_REQUIRED


def implanted_length_cm(catheter: CatheterModel, trimmed_cm: Decimal | None) -> Decimal | CannotCompute:
    """Full length - trimmed length, from the operation note; refuses a missing or impossible length."""
    if catheter.full_length_cm is None:
        return cannot(
            "catheter", f"The full length of {catheter.name} is not known: record the implanted length."
        )
    full = catheter.full_length_cm.value
    if trimmed_cm is None:
        return cannot("trimmed_cm", "The trimmed length is missing: take it from the operation note.")
    if not 0 <= trimmed_cm < full:
        return cannot("trimmed_cm", f"The trimmed length lies between 0 and {plain(full)} cm.")
    return full - trimmed_cm


def catheter_volume_ml(catheter: CatheterModel, implanted_cm: Decimal | None) -> Decimal | CannotCompute:
    """V_cat = implanted length * volume per cm."""
    if implanted_cm is None:
        return cannot("implanted_cm", "The catheter length is missing: take it from the operation note.")
    if implanted_cm <= 0:
        return cannot("implanted_cm", "The catheter length is above 0 cm.")
    if catheter.full_length_cm and implanted_cm > catheter.full_length_cm.value:
        full = plain(catheter.full_length_cm.value)
        return cannot(
            "implanted_cm", f"{catheter.name} is {full} cm long; the implanted length cannot be more."
        )
    return implanted_cm * catheter.ml_per_cm.value


def path_volume(
    pump: PumpModel, catheter: CatheterModel, implanted_cm: Decimal | None
) -> PathVolume | CannotCompute:
    """Volume from reservoir to catheter tip; refuses an unknown internal path or length."""
    catheter_ml = catheter_volume_ml(catheter, implanted_cm)
    if isinstance(catheter_ml, CannotCompute):
        return catheter_ml
    inner = pump.internal_path_ml
    if inner is None:
        return cannot("pump_model", f"The internal path volume of {pump.name} is not known: see its manual.")
    return PathVolume(inner.value, catheter_ml, (inner, catheter.ml_per_cm))


def bridge(
    path_ml: Decimal,
    old_mcg_per_ml: Decimal,
    new_mcg_per_ml: Decimal,
    dose_mcg_per_day: Decimal,
    pump: PumpModel,
) -> Bridge | CannotCompute:
    """Bridge for a concentration change: Q = D/C_old, T = V_path*C_old/D, programmed V_path*C_new.

    Refuses an unchanged concentration and a dose that the pump cannot deliver with either concentration.
    """
    if old_mcg_per_ml == new_mcg_per_ml:
        return cannot("new_mcg_per_ml", "The concentration does not change, so there is nothing to bridge.")
    if path_ml <= 0:
        return cannot("path_ml", "The path volume is above 0 mL.")
    problems: list[Reason] = []
    for strength in (old_mcg_per_ml, new_mcg_per_ml):
        problems += program_problems(simple_program(strength, dose_mcg_per_day), pump)
    if problems:
        return CannotCompute(tuple(dict.fromkeys(problems)))
    return Bridge(
        flow_ml_per_day=dose_mcg_per_day / old_mcg_per_ml,
        hours=path_ml * old_mcg_per_ml / dose_mcg_per_day * 24,
        programmed_mcg=path_ml * new_mcg_per_ml,
        delivered_mcg=path_ml * old_mcg_per_ml,
        unbridged_mcg_per_day=dose_mcg_per_day * old_mcg_per_ml / new_mcg_per_ml,
        unbridged_hours=path_ml * new_mcg_per_ml / dose_mcg_per_day * 24,
    )


def prime_volume_ml(path: PathVolume, *, pump_primed: bool) -> Decimal:
    """V_path when the pump's own path is still dry, else the catheter only."""
    return path.catheter_ml if pump_primed else path.total_ml


def prime_finding(volume_ml: Decimal, concentration_mcg_per_ml: Decimal) -> Finding:
    """The recall's lesson that belongs beside every prime."""
    dose = plain(volume_ml * concentration_mcg_per_ml)
    text = f"A prime of {plain(volume_ml)} mL moves {dose} mcg: too much, then too little can follow."
    return Finding("prime_supervised", Severity.WARNING, text, (PRIME_RECALL,))


def contrast_danger(
    catheter_ml: Decimal, concentration_mcg_per_ml: Decimal, *, aspirated: bool
) -> Finding | None:
    """Contrast through an access port that was not aspirated pushes the catheter's drug in as a bolus."""
    if aspirated:
        return None
    dose = plain(catheter_ml * concentration_mcg_per_ml)
    text = f"Not aspirated: contrast would push {dose} mcg into the patient at once. Aspirate first."
    return Finding("contrast_bolus", Severity.REFUSED, text, (CLEARING_ASPIRATION_ML,))
