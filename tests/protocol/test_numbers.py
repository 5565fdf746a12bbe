"""Every number of a protocol is listed with its tag, in words."""

from __future__ import annotations

import pytest

from pathway.clinical.sources import Tag
from pathway.clinical.tags import citations
from pathway.protocol.loader import VERSIONS, load
from pathway.protocol.numbers import PolicyNumber, in_words, policy_numbers
from pathway.protocol.rules import DueRule
from pathway.protocol.schema import Policy

PROTOCOL = load(VERSIONS / "itb-1")
NUMBERS = policy_numbers(PROTOCOL)


@pytest.mark.parametrize(
    ("anchor", "count", "unit", "words"),
    [
        ("opening", 10, "WD", "10 working days after it opens"),
        ("operation_date", -10, "WD", "10 working days before the operation date"),
        ("previous", 6, "mo", "6 months after the time before"),
        ("trial_dose_on", 1, "d", "1 day after the trial dose day"),
        ("refill_by", 0, "d", "on the day of the refill-by date"),
    ],
)
def test_a_rule_in_words(anchor: str, count: int, unit: str, words: str) -> None:
    assert in_words(DueRule.model_validate({"anchor": anchor, "count": count, "unit": unit})) == words


def test_every_duty_gate_stage_rung_and_policy_is_listed() -> None:
    titles = [number.title for number in NUMBERS]
    for todo in PROTOCOL.todos.values():
        assert todo.title in titles
    assert titles.count("Target of the stage") == sum(bool(stage.target_days) for stage in PROTOCOL.stages)
    assert [number.group for number in NUMBERS].count("Reminders") == len(PROTOCOL.ladder) + 1
    assert [number.group for number in NUMBERS].count("Programme") == len(Policy.model_fields)


def test_a_number_keeps_its_own_source() -> None:
    dose = next(number for number in NUMBERS if number.title == "Give the screening dose")
    assert dose == PolicyNumber(
        "Trial",
        "Give the screening dose",
        "on the day of the trial date; again: 1 day after the time before",
        "V: S4, S5",
    )
    assert {citations(number.source)[0].tag for number in NUMBERS} == {Tag.POLICY, Tag.VERIFIED}


def test_every_local_number_says_what_it_is_and_how_sure() -> None:
    for field in Policy.model_fields.values():
        assert field.title
        assert citations(field.description or "")
