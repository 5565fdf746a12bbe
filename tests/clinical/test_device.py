"""Pump and catheter data against the tables of clinical.md 4.1, 4.3 and 12."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pathway.clinical.device import (
    CATHETER_MODELS,
    PROMETRA_II,
    PUMP_MODELS,
    SYNCHROMED_II,
    SYNCHROMED_III,
    PumpModel,
    pump_model,
)
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.builders import d, refusal

SIZES = (d(20), d(40))
TABLE_4_1: list[tuple[PumpModel, str, Any, str]] = [
    (SYNCHROMED_II, "reservoir_sizes_ml", SIZES, "V"),
    (SYNCHROMED_II, "min_flow_ml_per_day", d("0.048"), "M"),
    (SYNCHROMED_II, "max_flow_ml_per_day", d(24), "M"),
    (SYNCHROMED_II, "minimum_rate_ml_per_day", d("0.006"), "M"),
    (SYNCHROMED_II, "accuracy_pct", d("14.5"), "M"),
    (SYNCHROMED_II, "unusable_ml", d("1.4"), "U"),
    (SYNCHROMED_II, "alarm_ml", d(2), "V"),
    (SYNCHROMED_II, "stability_days", 180, "V"),
    (SYNCHROMED_II, "life_months", 84, "V"),
    (SYNCHROMED_II, "eri_to_stop_days", 90, "V"),
    (SYNCHROMED_II, "internal_path_ml", d("0.199"), "U"),
    (SYNCHROMED_II, "empty_before_mri", False, "V"),
    (SYNCHROMED_III, "reservoir_sizes_ml", SIZES, "M"),
    (SYNCHROMED_III, "min_flow_ml_per_day", d("0.048"), "U"),
    (SYNCHROMED_III, "max_flow_ml_per_day", d(24), "U"),
    (SYNCHROMED_III, "alarm_ml", d(2), "U"),
    (SYNCHROMED_III, "stability_days", 180, "U"),
    (SYNCHROMED_III, "empty_before_mri", False, "V"),
    (PROMETRA_II, "reservoir_sizes_ml", SIZES, "V"),
    (PROMETRA_II, "min_flow_ml_per_day", d(0), "U"),
    (PROMETRA_II, "max_flow_ml_per_day", d("28.8"), "U"),
    (PROMETRA_II, "alarm_ml", d(3), "V"),
    (PROMETRA_II, "stability_days", 180, "U"),
    (PROMETRA_II, "life_months", 120, "V"),
    (PROMETRA_II, "age_min_years", 12, "V"),
    (PROMETRA_II, "concentration_range_mcg_per_ml", (d(500), d(2000)), "V"),
    (PROMETRA_II, "empty_before_mri", True, "V"),
]


@pytest.mark.parametrize(
    ("pump", "field", "value", "tag"),
    TABLE_4_1,
    ids=[f"4.1-{pump.code}-{field}" for pump, field, *_ in TABLE_4_1],
)
def test_table_4_1(pump: PumpModel, field: str, value: object, tag: str) -> None:
    constant = getattr(pump, field)
    assert constant.value == value
    assert constant.tag == tag


@pytest.mark.parametrize(
    ("pump", "unknown"),
    [
        (SYNCHROMED_III, "accuracy_pct unusable_ml internal_path_ml life_months eri_to_stop_days"),
        (PROMETRA_II, "accuracy_pct unusable_ml internal_path_ml eri_to_stop_days minimum_rate_ml_per_day"),
    ],
)
def test_what_no_source_gives_stays_unknown(pump: PumpModel, unknown: str) -> None:
    assert [getattr(pump, field) for field in unknown.split()] == [None] * len(unknown.split())


def test_the_mri_rule_is_opposite_in_danger() -> None:
    assert "interrogate after every scan" in SYNCHROMED_II.mri_rule.value
    assert "must be emptied before MRI" in PROMETRA_II.mri_rule.value


@pytest.mark.parametrize(
    ("code", "ml_per_cm", "tag", "length"),
    [
        ("indura-1p", "0.0022", "M", "89"),
        ("ascenda", "0.0022", "U", None),
        ("prometra", "0.0026", "V", "110"),
    ],
)
def test_catheters_4_3(code: str, ml_per_cm: str, tag: str, length: str | None) -> None:
    model = CATHETER_MODELS[code]
    assert model.ml_per_cm.value == d(ml_per_cm)
    assert model.ml_per_cm.tag == tag
    assert (model.full_length_cm.value if model.full_length_cm else None) == (d(length) if length else None)


def test_constants_lists_every_known_number_and_no_other_field() -> None:
    names = [name for name, _ in SYNCHROMED_II.constants()]
    assert "accuracy_pct" in names
    assert "code" not in names
    assert "age_min_years" not in names
    assert all(isinstance(constant, Sourced) for _, constant in SYNCHROMED_II.constants())


def test_models_by_code_and_a_sites_own() -> None:
    assert pump_model("synchromed-ii") is SYNCHROMED_II
    assert set(PUMP_MODELS) == {"synchromed-ii", "synchromed-iii", "prometra-ii"}
    own = replace(SYNCHROMED_II, code="legacy", name="MedStream")
    assert pump_model("legacy", {"legacy": own}) is own
    assert pump_model("synchromed-ii", {"legacy": own}) is SYNCHROMED_II
    assert pump_model("medstream") == refusal(
        "pump_model",
        "The pump model 'medstream' is not known. A site can add a model with its manual's numbers.",
    )


def number(value: object) -> Any:
    return Sourced(value, "", Tag.POLICY)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reservoir_sizes_ml": number(())}, "every reservoir size is above 0 mL"),
        ({"reservoir_sizes_ml": number((d(0),))}, "every reservoir size is above 0 mL"),
        ({"min_flow_ml_per_day": number(d(24))}, "lies below the maximum"),
        ({"min_flow_ml_per_day": number(d("-0.1"))}, "is not negative"),
        ({"alarm_ml": number(d(0))}, "between empty and the smallest reservoir"),
        ({"alarm_ml": number(d(20))}, "between empty and the smallest reservoir"),
        ({"stability_days": number(0)}, "at least one day"),
    ],
)
def test_a_sites_impossible_numbers_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^SynchroMed II: .*{sentence}"):
        replace(SYNCHROMED_II, **changes)


def test_smallest_possible_numbers_are_accepted() -> None:
    tiny = replace(
        SYNCHROMED_II,
        reservoir_sizes_ml=number((d("0.5"),)),
        alarm_ml=number(d("0.4")),
        stability_days=number(1),
        min_flow_ml_per_day=number(d(0)),
    )
    assert tiny.stability_days.value == 1
