"""The plans of the suspected complications, held against clinical.md section 8: who does what in which time."""

from __future__ import annotations

import pytest

from pathway.clinical.conditions import CONDITION_PLANS, Condition, Step, minutes_of, shortened
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.builders import loaded_anew

TIMED = [
    (Condition.WITHDRAWAL, 1, 15),
    (Condition.WITHDRAWAL, 2, 15),
    (Condition.WITHDRAWAL, 7, 6 * 60),
    (Condition.OVERDOSE, 1, 15),
    (Condition.OVERDOSE, 2, 15),
    (Condition.POCKET_FILL, 1, 15),
    (Condition.POCKET_FILL, 3, 12 * 60),
]


def test_the_steps_with_a_time_of_their_own_and_its_pedigree() -> None:
    plans = loaded_anew("pathway.clinical.conditions").CONDITION_PLANS
    timed = [
        (condition, place, step.minutes)
        for condition, plan in plans.items()
        for place, step in enumerate(plan.steps, start=1)
        if step.minutes is not None
    ]
    assert timed == [
        (condition, place, Sourced(minutes, "minutes", Tag.POLICY, rule="section 8"))
        for condition, place, minutes in TIMED
    ]


@pytest.mark.parametrize(
    ("minutes", "usual", "short"), [(360, 360, 180), (15, 15, 7), (0, 0, 0), (None, None, None)]
)
def test_a_time_is_halved_at_high_risk_3_6(minutes: int | None, usual: int | None, short: int | None) -> None:
    assert shortened(minutes, high_risk=False) == usual
    assert shortened(minutes, high_risk=True) == short


def test_a_steps_own_time() -> None:
    airway, *_, untimed = CONDITION_PLANS[Condition.WITHDRAWAL].steps
    assert minutes_of(airway, high_risk=False) == 15
    assert minutes_of(airway, high_risk=True) == 7
    assert minutes_of(untimed, high_risk=True) is None
    assert minutes_of(Step("Wait.", airway.lead), high_risk=False) is None
