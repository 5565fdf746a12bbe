"""The catalogue holds every constant of the clinical layer once, where it is defined, with a name of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pathway.clinical import conditions, device, eligibility, residual, steps, triage
from pathway.clinical.catalogue import Constant, constants, resting_on
from pathway.clinical.sources import Sourced, Tag
from tests.clinical import sample_layer
from tests.clinical.sample_layer import middle
from tests.clinical.test_sources import every_constant


@pytest.fixture(autouse=True)
def _walked_anew() -> Iterator[None]:
    """What an earlier test found must not answer for this one."""
    constants.cache_clear()
    yield
    constants.cache_clear()


def by_id() -> dict[int, Constant]:
    return {id(constant.sourced): constant for constant in constants()}


def found(sourced: Sourced[object]) -> Constant:
    return by_id()[id(sourced)]


def test_a_small_layer_is_told_completely_and_in_order() -> None:
    told = [
        (constant.module, constant.name, constant.sourced.value, constant.text)
        for constant in constants(sample_layer)
    ]
    assert told == [
        ("place", "By place: left hand", 1, ""),
        ("place", "By place: CSF", 2, ""),
        ("place", "By both: CSF, hours", 3, ""),
        ("place", "In order percent: 1", 4, ""),
        ("place", "In order percent: 3, 1", 5, ""),
        ("rules", "Rules: R-1, limit", 1, "The first."),
        ("rules", "Rules: limit", 2, "No id."),
        ("rules", "Plan: Big plan, steps, 1, wait hours", 3, ""),
        ("rules", "Plan: Big plan, steps, 2, wait hours", 4, ""),
        ("rules", "Plan: Big plan, rules, R-5, limit", 5, "Its own."),
        ("rules", "Lone step: wait hours", 6, ""),
        ("rules", "Devices: d-1, size mL", 7, ""),
        ("middle", "Flow mL", 2, ""),
        ("middle", "Late rules: left hand, R-9, limit", 9, "Late."),
        ("apex", "Twice hours", 8, ""),
    ]


def test_a_constant_used_elsewhere_is_the_one_where_it_is_defined() -> None:
    [flow] = [constant for constant in constants(sample_layer) if constant.sourced is middle.FLOW_ML]
    assert flow == Constant("middle", "Flow mL", middle.FLOW_ML)
    assert flow.anchor == "middle-flow-ml"


def test_every_constant_of_a_module_is_there_once() -> None:
    named = {id(constant) for _, constant in every_constant()}
    assert named <= set(by_id())
    assert len(by_id()) == len(constants()) > len(named)


def test_each_is_told_where_it_is_defined() -> None:
    assert triage.CONTACT_MINUTES is conditions.CONTACT_MINUTES
    assert found(conditions.CONTACT_MINUTES) == Constant(
        "conditions", "Contact minutes", conditions.CONTACT_MINUTES
    )
    assert found(residual.ABSOLUTE_ML).anchor == "residual-absolute-ml"
    assert found(residual.TREND_PCT).name == "Trend percent"


def test_tables_rules_and_plans_are_walked() -> None:
    key = (steps.Population.SPINAL_ADULT, steps.Phase.TITRATION)
    assert found(steps.STEP_PCT[key]).name == "Step percent: spinal adult, titration"
    rule = next(rule for rule in eligibility.RULES if rule.id == "CI-06")
    assert found(rule.limit).name == "Rules: CI-06, limit"
    assert found(rule.limit).text == rule.text
    plan = conditions.CONDITION_PLANS[conditions.Condition.WITHDRAWAL]
    assert plan.steps[0].minutes is not None
    assert found(plan.steps[0].minutes).name == "Plans: Baclofen withdrawal, steps, 1, minutes"
    assert found(plan.reference[1]).name == "Plans: Baclofen withdrawal, reference, 2"
    assert found(plan.reference[1]).text == ""


def test_no_two_have_one_place_on_the_page() -> None:
    assert len({constant.anchor for constant in constants()}) == len(constants())


def test_pumps_and_catheters_are_apart() -> None:
    numbers = [number for model in device.PUMP_MODELS.values() for _, number in model.constants()]
    shared = {id(device.PROMETRA_II.age_min_years)}  # the eligibility rule is that number itself
    assert {id(number) for number in numbers} & set(by_id()) == shared
    assert not [constant for constant in constants() if constant.module == "device"]


def test_what_rests_on_a_source() -> None:
    assert found(residual.ABSOLUTE_ML) in resting_on("S57")
    assert found(residual.TREND_PCT) not in resting_on("S57")
    assert resting_on("S97") == ()


def test_what_is_verified_or_remembered_names_its_document() -> None:
    pumps = [number for model in device.PUMP_MODELS.values() for _, number in model.constants()]
    silent = [
        constant
        for constant in (*(one.sourced for one in constants()), *pumps)
        if constant.tag in (Tag.VERIFIED, Tag.MEMORY) and not constant.sources and not constant.note
    ]
    assert silent == []
