"""The catalogue holds every constant of the clinical layer once, where it is defined, with a name of its own."""

from __future__ import annotations

from pathway.clinical import conditions, device, eligibility, residual, steps, triage
from pathway.clinical.catalogue import Constant, constants, resting_on
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.test_sources import every_constant

BY_ID = {id(constant.sourced): constant for constant in constants()}


def found(sourced: Sourced[object]) -> Constant:
    return BY_ID[id(sourced)]


def test_every_constant_of_a_module_is_there_once() -> None:
    named = {id(constant) for _, constant in every_constant()}
    assert named <= set(BY_ID)
    assert len(BY_ID) == len(constants()) > len(named)


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
    assert {id(number) for number in numbers} & set(BY_ID) == shared
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
