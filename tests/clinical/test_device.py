"""Pump and catheter data against the tables of clinical.md 4.1, 4.3 and 12."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pathway.clinical.device import (
    PROMETRA_II,
    PUMP_MODELS,
    SYNCHROMED_II,
    SYNCHROMED_III,
    PumpModel,
    PumpNumberError,
    pump_model,
)
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.builders import d, loaded_anew, refusal

V, M, U = Tag.VERIFIED, Tag.MEMORY, Tag.UNCERTAIN
SIZES = (d(20), d(40))
ASSUMED = "assumed as SynchroMed II; verify in the manual"
TABLE_4_1: list[tuple[str, str, Any, str, str, str]] = [
    ("synchromed-ii", "reservoir_sizes_ml", SIZES, "mL", "[V:S40]", ""),
    ("synchromed-ii", "min_flow_ml_per_day", d("0.048"), "mL/day", "[M:SM2]", ""),
    ("synchromed-ii", "max_flow_ml_per_day", d(24), "mL/day", "[M:SM2]", ""),
    ("synchromed-ii", "alarm_ml", d(2), "mL", "[V:S32]", ""),
    ("synchromed-ii", "stability_days", 180, "days", "[V:S31]", ""),
    ("synchromed-ii", "empty_before_mri", False, "", "[V:S46,S47]", ""),
    ("synchromed-ii", "minimum_rate_ml_per_day", d("0.006"), "mL/day", "[M:SM2]", ""),
    ("synchromed-ii", "accuracy_pct", d("14.5"), "%", "[M:SM2]", ""),
    ("synchromed-ii", "unusable_ml", d("1.4"), "mL", "[U]", ""),
    ("synchromed-ii", "internal_path_ml", d("0.199"), "mL", "[U]", ""),
    ("synchromed-ii", "life_months", 84, "months", "[V:S45]", ""),
    ("synchromed-ii", "eri_to_stop_days", 90, "days", "[V:S45]", ""),
    ("synchromed-iii", "reservoir_sizes_ml", SIZES, "mL", "[M]", "the fact sheet names no document for it"),
    ("synchromed-iii", "min_flow_ml_per_day", d("0.048"), "mL/day", "[U]", ASSUMED),
    ("synchromed-iii", "max_flow_ml_per_day", d(24), "mL/day", "[U]", ASSUMED),
    ("synchromed-iii", "alarm_ml", d(2), "mL", "[U]", ASSUMED),
    ("synchromed-iii", "stability_days", 180, "days", "[U]", ASSUMED),
    ("synchromed-iii", "empty_before_mri", False, "", "[V:S48]", ""),
    ("prometra-ii", "reservoir_sizes_ml", SIZES, "mL", "[V:S12,S41]", ""),
    ("prometra-ii", "min_flow_ml_per_day", d(0), "mL/day", "[U]", ""),
    ("prometra-ii", "max_flow_ml_per_day", d("28.8"), "mL/day", "[U]", ""),
    ("prometra-ii", "alarm_ml", d(3), "mL", "[V:S44]", "the refill date is the day the volume reaches it"),
    ("prometra-ii", "stability_days", 180, "days", "[U]", "use 180 until checked"),
    ("prometra-ii", "empty_before_mri", True, "", "[V:S41,S49]", ""),
    (
        "prometra-ii",
        "life_months",
        120,
        "months",
        "[V:S12]",
        "more than 10 years: planned from the lower bound",
    ),
    ("prometra-ii", "age_min_years", 12, "years", "[V:S12,S13]", "older labelling: 22 years"),
    ("prometra-ii", "concentration_range_mcg_per_ml", (d(500), d(2000)), "mcg/mL", "[V:S12,S13]", ""),
]


@pytest.mark.parametrize(
    ("code", "field", "value", "unit", "bracket", "note"),
    TABLE_4_1,
    ids=[f"4.1-{code}-{field}" for code, field, *_ in TABLE_4_1],
)
def test_table_4_1(code: str, field: str, value: object, unit: str, bracket: str, note: str) -> None:
    constant = getattr(loaded_anew("pathway.clinical.device").PUMP_MODELS[code], field)
    assert (constant.value, constant.unit, constant.bracket, constant.note) == (value, unit, bracket, note)


def test_table_4_1_is_complete() -> None:
    known = {(code, name) for code, model in PUMP_MODELS.items() for name, _ in model.constants()}
    assert known - {(code, "mri_rule") for code in PUMP_MODELS} == {row[:2] for row in TABLE_4_1}


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
    ("code", "per_cm", "length"),
    [
        ("indura-1p", Sourced(d("0.0022"), "mL/cm", M), Sourced(d(89), "cm", V, ("S55",))),
        ("ascenda", Sourced(d("0.0022"), "mL/cm", U, note="some tables differ"), None),
        ("prometra", Sourced(d("0.0026"), "mL/cm", V, ("S54",)), Sourced(d(110), "cm", V, ("S54",))),
    ],
)
def test_catheters_4_3(code: str, per_cm: Sourced[Any], length: Sourced[Any] | None) -> None:
    model = loaded_anew("pathway.clinical.device").CATHETER_MODELS[code]
    assert (model.ml_per_cm, model.full_length_cm) == (per_cm, length)


def test_constants_lists_every_known_number_and_no_other_field() -> None:
    found = dict(SYNCHROMED_II.constants())
    assert " ".join(found) == (
        "reservoir_sizes_ml min_flow_ml_per_day max_flow_ml_per_day alarm_ml stability_days empty_before_mri "
        "mri_rule minimum_rate_ml_per_day accuracy_pct unusable_ml internal_path_ml life_months eri_to_stop_days"
    )
    assert found["accuracy_pct"] is SYNCHROMED_II.accuracy_pct


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


FLOW = "the minimum flow is not negative and lies below the maximum."
ALARM = "the alarm volume lies between empty and the smallest reservoir."


def number(value: object) -> Any:
    return Sourced(value, "", Tag.POLICY)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reservoir_sizes_ml": number(())}, "every reservoir size is above 0 mL."),
        ({"reservoir_sizes_ml": number((d(0),))}, "every reservoir size is above 0 mL."),
        ({"min_flow_ml_per_day": number(d(24))}, FLOW),
        ({"min_flow_ml_per_day": number(d("-0.1"))}, FLOW),
        ({"alarm_ml": number(d(0))}, ALARM),
        ({"alarm_ml": number(d(20))}, ALARM),
        ({"stability_days": number(0)}, "the drug's stability is at least one day."),
    ],
)
def test_a_sites_impossible_numbers_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PumpNumberError) as error:
        replace(SYNCHROMED_II, **changes)
    assert str(error.value) == f"SynchroMed II: {sentence}"
    assert [error.value.field] == list(changes)


def test_smallest_possible_numbers_are_accepted() -> None:
    tiny = replace(
        SYNCHROMED_II,
        reservoir_sizes_ml=number((d("0.5"),)),
        alarm_ml=number(d("0.4")),
        stability_days=number(1),
        min_flow_ml_per_day=number(d(0)),
    )
    assert tiny.stability_days.value == 1
