"""Due rules: working days over holidays, calendar days over the clock change, months at the end of a month."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from pathway.protocol.rules import Due, DueRule, Rung, add_months
from pathway.protocol.schema import TodoDef, digest
from tests.protocol.story import CHICAGO, ITB1


class Holder(BaseModel):
    due: Due


def rule(text: str) -> DueRule:
    return Holder.model_validate({"due": text}).due


@pytest.mark.parametrize(
    ("text", "anchor", "due"),
    [
        ("opening +2 WD", date(2026, 3, 6), date(2026, 3, 10)),  # over a weekend
        ("opening +1 WD", date(2026, 7, 2), date(2026, 7, 6)),  # over the observed Fourth of July
        (
            "opening +1 WD",
            date(2026, 11, 25),
            date(2026, 11, 30),
        ),  # Thanksgiving, and the clinic's own closed day
        ("opening +3 WD", date(2026, 12, 30), date(2027, 1, 5)),  # into the next year
        ("trial_date -5 WD", date(2026, 3, 16), date(2026, 3, 9)),
        ("operation_date -10 WD", date(2026, 1, 5), date(2025, 12, 18)),  # over New Year and Christmas
        ("trial_date +0 WD", date(2026, 3, 14), date(2026, 3, 14)),  # the day itself, working or not
        ("operated_on +0 d", date(2026, 3, 14), date(2026, 3, 14)),
        ("operated_on +1 d", date(2026, 3, 7), date(2026, 3, 8)),  # clocks go forward that night
        ("refill_by -21 d", date(2026, 11, 10), date(2026, 10, 20)),  # over the clocks going back
        ("operated_on +1 d", date(2028, 2, 28), date(2028, 2, 29)),
        ("stage +6 mo", date(2026, 3, 2), date(2026, 9, 2)),
        ("stage +6 mo", date(2026, 8, 31), date(2027, 2, 26)),  # 28 February is a Sunday
        ("stage +12 mo", date(2028, 2, 29), date(2029, 2, 28)),
        ("end_of_service -3 mo", date(2033, 5, 31), date(2033, 2, 28)),
        (
            "end_of_service -12 mo",
            date(2027, 1, 1),
            date(2025, 12, 31),
        ),  # never on New Year's Day, and never later
    ],
)
def test_a_rule_gives_the_date(text: str, anchor: date, due: date) -> None:
    assert rule(text).on(anchor, CHICAGO) == due


@given(
    day=st.dates(date(2000, 1, 1), date(2060, 12, 31)),
    months=st.integers(-240, 240),
)
def test_months_count_calendar_months_and_never_land_later(day: date, months: int) -> None:
    there = add_months(day, months)
    assert (there.year * 12 + there.month) - (day.year * 12 + day.month) == months
    assert there.day <= day.day
    assert there.day == day.day or (
        there.day >= 28 and add_months(date(there.year, there.month, 1), 1) > there
    )


@pytest.mark.parametrize(
    "text",
    [
        "opening",
        "opening +2",
        "opening 2 WD",
        "opening +2 wd",
        "opening + 2 WD",
        "+2 WD",
        "2 WD after opening",
        "",
        "opening +2 WD ",
    ],
)
def test_what_is_no_rule_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match="opening \\+10 WD"):
        rule(text)


@given(
    anchor=st.sampled_from(["opening", "refill_by", "trial_date"]),
    count=st.integers(-9999, 9999),
    unit=st.sampled_from(["WD", "d", "mo"]),
)
def test_a_rule_is_written_as_it_is_read(anchor: str, count: int, unit: Any) -> None:
    written = DueRule(anchor=anchor, count=count, unit=unit)
    assert rule(str(written)) == written


def test_the_ladder_counts_from_the_due_date_only() -> None:
    with pytest.raises(ValidationError, match="must be counted from “due”"):
        Rung.model_validate({"kind": "remind", "due": "opening -1 WD"})


@pytest.mark.parametrize("text", ["previous -1 WD", "previous +0 d", "due +5 WD"])
def test_the_ladder_must_climb(text: str) -> None:
    with pytest.raises(ValidationError, match="ladder_repeat"):
        type(ITB1).model_validate(ITB1.canonical() | {"ladder_repeat": text})


@pytest.mark.parametrize("second", ["due -1 WD", "due -2 d", "due +2 WD"])
def test_each_rung_comes_after_the_one_before(second: str) -> None:
    text = ITB1.canonical()
    text["ladder"][1]["due"] = second
    with pytest.raises(ValidationError, match="each rung must come after the one before"):
        type(ITB1).model_validate(text)


def test_values_never_change_after_loading() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ITB1.todos["goals"].title = "Other"


@pytest.mark.parametrize("source", ["P", "V: S4, S5", "M: label", "P: visit; V: S22 for the days"])
def test_a_source_starts_with_its_tag(source: str) -> None:
    goals = ITB1.todos["goals"].model_dump(mode="json")
    assert TodoDef.model_validate(goals | {"source": source}).source == source


@pytest.mark.parametrize("source", ["", "S4", "X: S4", "V:S4"])
def test_a_source_without_a_tag_is_refused(source: str) -> None:
    goals = ITB1.todos["goals"].model_dump(mode="json")
    with pytest.raises(ValidationError, match="source"):
        TodoDef.model_validate(goals | {"source": source})


def test_the_digest_ignores_the_order_of_keys_and_nothing_else() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1}) != digest({"a": 1, "b": [2, 1]})
