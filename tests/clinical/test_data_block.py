"""The protocol data block of clinical.md section 12, value by value with its tag."""

from __future__ import annotations

from typing import Any

import pytest

from pathway.clinical import (
    device,
    dosing,
    eligibility,
    observation,
    program,
    residual,
    runway,
    service,
    steps,
    trial,
)
from pathway.clinical.dosing import Origin, Population
from pathway.clinical.sources import Sourced
from pathway.clinical.steps import STEP_PCT, Phase
from tests.clinical.builders import d

SM2, PROMETRA_CATHETER = device.SYNCHROMED_II, device.CATHETER_MODELS["prometra"]
TITRATION, MAINTENANCE = Phase.TITRATION, Phase.MAINTENANCE
SPINAL, CEREBRAL, CHILD = Population

BLOCK: list[tuple[str, Sourced[Any] | None, Any, str, tuple[str, ...]]] = [
    ("titration.spinal_adult", STEP_PCT[SPINAL, TITRATION], (10, 30), "V", ("S6b", "S14")),
    ("titration.cerebral_adult", STEP_PCT[CEREBRAL, TITRATION], (5, 15), "V", ("S4", "S6b", "S14")),
    ("titration.paediatric", STEP_PCT[CHILD, TITRATION], (5, 15), "V", ("S14",)),
    ("titration.min_hours", steps.MIN_INTERVAL_H, 24, "V", ("S4", "S14")),
    ("titration.no_increase_first_hours", steps.NO_INCREASE_FIRST_H, 24, "V", ("S4",)),
    ("titration.high_dose_soft_pct", steps.HIGH_DOSE_PCT, 20, "V", ("S15",)),
    ("titration.high_dose_threshold", steps.HIGH_DOSE_FROM, 300, "P", ()),
    ("maintenance.spinal_adult", STEP_PCT[SPINAL, MAINTENANCE], (10, 40), "V", ("S6b",)),
    ("maintenance.cerebral", STEP_PCT[CEREBRAL, MAINTENANCE], (5, 20), "V", ("S4", "S6b")),
    ("maintenance.paediatric", STEP_PCT[CHILD, MAINTENANCE], (5, 20), "M", ("LIO",)),
    ("maintenance.decrease", steps.DECREASE_PCT, (10, 20), "V", ("S4", "S6b")),
    ("screening.doses_mcg", trial.US_LABEL.doses_mcg, (50, 75, 100), "V", ("S4", "S5")),
    ("screening.small_child", trial.US_LABEL.cautious_doses_mcg, (25, 50, 75, 100), "V", ("S9",)),
    ("screening.conc_mcg_ml", trial.CONCENTRATION_MCG_PER_ML, 50, "V", ("S3", "S5")),
    ("screening.min_gap_h", trial.MIN_GAP_H, 24, "V", ("S4", "S5", "S9")),
    ("screening.observe_h", observation.OBSERVE_H, (4, 8), "V", ("S4", "S5")),
    ("screening.inject_min_minutes", trial.INJECT_MIN_MINUTES, 1, "V", ("S5",)),
    ("start.multiplier", dosing.START_MULTIPLIER, 2, "V", ("S4", "S14")),
    ("start.long_effect_h", dosing.LONG_EFFECT_H, 8, "V", ("S4", "S14")),
    ("start.long_effect_multiplier", dosing.LONG_EFFECT_MULTIPLIER, 1, "V", ("S4", "S14")),
    ("dose_review.limited_experience", dosing.LIMITED_EXPERIENCE, 1000, "M", ("LIO",)),
    (
        "dose_review.observed_max",
        dosing.OBSERVED_MAX,
        {Origin.SPINAL: 2003, Origin.CEREBRAL: 1400},
        "M",
        ("LIO",),
    ),
    ("dose_review.observed_max_paed_lt12", dosing.OBSERVED_MAX_CHILD, 1199, "V", ("S3",)),
    ("concentrations_mcg_ml", program.REFILL_CONCENTRATIONS, (500, 1000, 2000), "V", ("S3", "S38", "S39")),
    ("refill.stability_days", SM2.stability_days, 180, "V", ("S31",)),
    ("refill.alarm_ml.synchromed", SM2.alarm_ml, d("2.0"), "V", ("S32",)),
    ("refill.alarm_ml.prometra", device.PROMETRA_II.alarm_ml, d("3.0"), "V", ("S44",)),
    ("refill.alarm_ml.sensitive_patient", runway.SENSITIVE_ALARM_ML, d("4.0"), "V", ("S32",)),
    ("refill.lead_days", runway.LEAD_DAYS, 7, "P", ()),
    ("synchromed_ii.q_min", SM2.min_flow_ml_per_day, d("0.048"), "M", ("SM2",)),
    ("synchromed_ii.q_max", SM2.max_flow_ml_per_day, 24, "M", ("SM2",)),
    ("synchromed_ii.accuracy_pct", SM2.accuracy_pct, d("14.5"), "M", ("SM2",)),
    ("synchromed_ii.v_tub_ml", SM2.internal_path_ml, d("0.199"), "U", ()),
    ("synchromed_ii.v_unusable_ml", SM2.unusable_ml, d("1.4"), "U", ()),
    ("synchromed_ii.catheter", device.CATHETER_MODELS["ascenda"].ml_per_cm, d("0.0022"), "U", ()),
    ("synchromed_ii.life_months", SM2.life_months, 84, "V", ("S45",)),
    ("synchromed_ii.eri_to_stop_days", SM2.eri_to_stop_days, 90, "V", ("S45",)),
    ("synchromed_ii.plan.manufacturer", service.SCHEDULE_MONTHS, 6, "V", ("S45",)),
    ("synchromed_ii.plan.consensus", service.DONE_DAYS, 90, "V", ("S14",)),
    ("prometra.catheter_ml_per_cm", PROMETRA_CATHETER.ml_per_cm, d("0.0026"), "V", ("S54",)),
    ("prometra.catheter_total_cm", PROMETRA_CATHETER.full_length_cm, 110, "V", ("S54",)),
    ("discrepancy.abs_ml", residual.ABSOLUTE_ML, d("2.0"), "V", ("S57",)),
    ("discrepancy.post_refill_ml", residual.POST_REFILL_ML, {20: 1, 40: 2}, "V", ("S58",)),
    ("tbi_wait_days", eligibility.TBI_WAIT_DAYS, 365, "V", ("S1", "S2")),
    ("age_min_y", eligibility.AGE_MIN_YEARS, 4, "V", ("S2", "S3")),
    ("prometra_age_min_y", device.PROMETRA_II.age_min_years, 12, "V", ("S12", "S13")),
]


@pytest.mark.parametrize(
    ("name", "constant", "value", "tag", "sources"), BLOCK, ids=[f"12-{row[0]}" for row in BLOCK]
)
def test_section_12(
    name: str, constant: Sourced[Any], value: object, tag: str, sources: tuple[str, ...]
) -> None:
    assert constant.value == value, name
    assert (constant.tag, constant.sources) == (tag, sources)
