"""The signs and facts that triage asks for, each recorded or not: None means nobody asked, never "no".

Knows the thresholds of single danger signs (local policy); suspects nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pathway.clinical.results import Reason, plain
from pathway.clinical.sources import Sourced, Tag

FEVER_C = Sourced(Decimal("38.0"), "degrees C", Tag.POLICY, rule="section 8 red flags")
SLOW_BREATHING = Sourced(10, "breaths/min, below", Tag.POLICY, rule="section 8 red flags")
COMA_GCS = Sourced(8, "GCS, up to", Tag.POLICY, rule="section 8 red flags")
SLEEPY_GCS = Sourced(12, "GCS, up to", Tag.POLICY, rule="section 8 overdose")
ALTERED_GCS = Sourced(15, "GCS, below", Tag.POLICY, rule="section 8 red flags")
POSSIBLE: dict[str, Sourced[tuple[int, int]]] = {
    "temp_c": Sourced((25, 45), "degrees C", Tag.POLICY, rule="bad input"),
    "breaths_per_min": Sourced((0, 80), "breaths/min", Tag.POLICY, rule="bad input"),
    "gcs": Sourced((3, 15), "points", Tag.POLICY, rule="bad input", note="the scale's own ends"),
    "heart_rate": Sourced((0, 300), "beats/min", Tag.POLICY, rule="bad input"),
    "systolic_mmhg": Sourced((0, 300), "mmHg", Tag.POLICY, rule="bad input"),
    "spo2_pct": Sourced((0, 100), "%", Tag.POLICY, rule="bad input"),
}
"""What each measured sign can be at all: beyond it is a slip of typing or another unit."""


class Alarm(StrEnum):
    """What the pump sounds: a single tone about hourly, or a two-tone every few minutes (critical)."""

    NONE = "none"
    SINGLE = "single_tone"
    TWO_TONE = "two_tone"


class Wound(StrEnum):
    """How the wound or pocket looks."""

    CLEAN = "clean"
    RED = "red_or_firm"
    OPEN_OR_PUS = "open_or_pus"
    CLEAR_FLUID = "clear_fluid"
    SWOLLEN = "swollen"
    SWOLLEN_FAST_OR_RED = "swollen_fast_or_red"


@dataclass(frozen=True, slots=True)
class Signs:
    """What was asked and found; None means not recorded, never "no". Temperatures in C, rates per minute,
    times in h.
    """

    temp_c: Decimal | None = None
    fever_reported: bool | None = None
    breaths_per_min: int | None = None
    gcs: int | None = None
    heart_rate: int | None = None
    systolic_mmhg: int | None = None
    spo2_pct: int | None = None
    altered_mind: bool | None = None
    drowsy: bool | None = None
    seizure: bool | None = None
    rigidity: bool | None = None
    tone_back: bool | None = None
    itch: bool | None = None
    paraesthesia: bool | None = None
    low_tone: bool | None = None
    weakness: bool | None = None
    headache_upright: bool | None = None
    neck_stiff: bool | None = None
    wound: Wound | None = None
    alarm: Alarm | None = None
    days_to_dry: Decimal | None = None
    alarm_date_passed: bool | None = None
    replacement_alarm: bool | None = None
    end_of_service_passed: bool | None = None
    infusion_off: bool | None = None
    hours_since_refill: Decimal | None = None
    refill_volume_mismatch: bool | None = None
    pain_at_refill: bool | None = None
    rise_without_effect: bool | None = None
    residual_alert: bool | None = None
    mri_since_interrogation: bool | None = None
    trauma: bool | None = None
    surgery: bool | None = None
    recent_change: bool | None = None
    new_drug: bool | None = None
    withdrawal_high_risk: bool | None = None

    @property
    def fever(self) -> bool:
        """Measured, or reported where nobody measured it; a later normal reading does not take it back."""
        return bool(self.fever_reported) or (self.temp_c is not None and self.temp_c >= FEVER_C.value)

    @property
    def slow_breathing(self) -> bool:
        return self.breaths_per_min is not None and self.breaths_per_min < SLOW_BREATHING.value

    @property
    def coma(self) -> bool:
        return self.gcs is not None and self.gcs <= COMA_GCS.value

    @property
    def sleepy(self) -> bool:
        return bool(self.drowsy) or (self.gcs is not None and self.gcs <= SLEEPY_GCS.value)

    @property
    def confused(self) -> bool:
        return bool(self.altered_mind) or (self.gcs is not None and self.gcs < ALTERED_GCS.value)


def impossible(signs: Signs) -> tuple[Reason, ...]:
    """The measured signs that cannot be true as they stand, each with what it may be in its own unit."""
    found = []
    for field, limits in POSSIBLE.items():
        value = getattr(signs, field)
        low, high = limits.value
        if value is not None and not low <= value <= high:
            found.append(Reason(field, f"Enter {low} to {high} {limits.unit}{_other_unit(field, value)}."))
    return tuple(found)


def _other_unit(field: str, value: Decimal) -> str:
    """A temperature in Fahrenheit is recognised, and not converted silently."""
    celsius = (Decimal(value) - 32) * 5 / 9
    low, high = POSSIBLE["temp_c"].value
    if field != "temp_c" or not low <= celsius <= high:
        return ""
    return f"; {plain(Decimal(value))} °F is {plain(round(celsius, 1))} °C"
