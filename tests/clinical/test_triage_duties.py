"""Who is asked for which step, until when, and the plans of the conditions as data (clinical.md section 8)."""

from __future__ import annotations

from pathway.clinical.conditions import (
    ASK_FIRST,
    CONDITION_PLANS,
    CONTACT_MINUTES,
    AskedStep,
    Condition,
    Lead,
    TriageLevel,
    steps_for,
)
from pathway.clinical.signs import Alarm
from pathway.clinical.triage import conditions_of, leads_of
from tests.clinical.calm import judge

RED, ORANGE, YELLOW, GREEN = TriageLevel


# --- who is asked for what ---


def test_everybody_with_a_step_is_asked_in_one_order() -> None:
    assert leads_of(judge(itch=True)) == (Lead.PHYSIATRIST, Lead.NEUROSURGEON, Lead.ANESTHESIOLOGIST)
    assert leads_of(judge(alarm=Alarm.SINGLE)) == (Lead.PHYSIATRIST, Lead.COORDINATOR)
    assert conditions_of(judge(alarm=Alarm.SINGLE)) == (Condition.LOW_RESERVOIR,)


def test_where_nothing_is_suspected_the_physiatrist_asks_further() -> None:
    calm = judge()
    assert (conditions_of(calm), leads_of(calm)) == ((Condition.UNCLEAR,), (Lead.PHYSIATRIST,))
    [step] = steps_for(Lead.PHYSIATRIST, conditions_of(calm))
    assert step.text.startswith("Speak to the patient")


def test_a_role_is_asked_each_step_once_in_order_and_later_conditions_only_add() -> None:
    first = steps_for(Lead.PHYSIATRIST, [Condition.WITHDRAWAL])
    assert [step.text for step in first[:2]] == [
        "Contact the ITB physician, even if it seems mild.",
        "Interrogate the pump.",
    ]
    assert first[0] == AskedStep(Condition.WITHDRAWAL, first[0].text, 15)
    assert first[1].minutes is None
    both = steps_for(Lead.PHYSIATRIST, [Condition.WITHDRAWAL, Condition.CATHETER])
    assert both[: len(first)] == first
    assert [step.text for step in both[len(first) :]] == [
        "Compare the residual volume with the expected one."
    ]
    assert steps_for(Lead.COORDINATOR, [Condition.WITHDRAWAL]) == ()


def test_high_withdrawal_risk_halves_each_steps_own_time_3_6() -> None:
    usual, short = (
        {
            step.text: step.minutes
            for step in steps_for(Lead.PHYSIATRIST, [Condition.WITHDRAWAL], high_risk=risk)
        }
        for risk in (False, True)
    )
    restore = "Restore ITB at or near the prior dose."
    assert (usual[restore], short[restore]) == (360, 180)
    assert short["Contact the ITB physician, even if it seems mild."] == 7
    assert short["Interrogate the pump."] is None


# --- the plans as data ---


def test_every_condition_has_its_plan_with_steps_in_order() -> None:
    assert set(CONDITION_PLANS) == set(Condition)
    assert all(plan.steps and plan.causes and plan.name for plan in CONDITION_PLANS.values())
    withdrawal = [step.text for step in CONDITION_PLANS[Condition.WITHDRAWAL].steps]
    assert withdrawal[0].startswith("Airway")
    assert withdrawal.index("Interrogate the pump.") < withdrawal.index(
        "Restore ITB at or near the prior dose."
    )


def test_times_of_the_steps_are_policy() -> None:
    steps = [step for plan in CONDITION_PLANS.values() for step in plan.steps]
    timed = {step.text: step.minutes for step in steps if step.minutes}
    assert {minutes.tag.value for minutes in timed.values()} == {"P"}
    assert timed["Stop the pump or set minimum rate, and interrogate."].value == 15
    assert timed["Restore ITB at or near the prior dose."].value == 6 * 60
    assert CONTACT_MINUTES.value == {RED: 15, ORANGE: 240, YELLOW: 72 * 60, GREEN: None}


def test_drug_references_are_never_orders_13_14() -> None:
    for plan in CONDITION_PLANS.values():
        for step in plan.steps:
            assert " mg" not in step.text
            assert "hysostigmine" not in step.text
        for reference in plan.reference:
            assert " mg" not in reference.value
            if "baclofen" in reference.value or "Physostigmine" in reference.value:
                assert reference.value.endswith(ASK_FIRST)


def test_withdrawal_is_never_told_apart_by_blood_pressure_alone_13_13() -> None:
    other = CONDITION_PLANS[Condition.WITHDRAWAL].also_exclude
    assert "sepsis" in other
    assert "autonomic dysreflexia (never told apart by blood pressure alone)" in other


def test_urgency_rises_to_red() -> None:
    assert [level.urgency for level in (GREEN, YELLOW, ORANGE, RED)] == [0, 1, 2, 3]
