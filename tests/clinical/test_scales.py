"""Scales: valid values, GAS vectors, and the change that counts (clinical.md section 5)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.clinical.results import CannotCompute, Reason
from pathway.clinical.scales import (
    FIM_MCID,
    MAS_MCID,
    NRS_PAIN,
    NRS_SPASTICITY_PCT,
    PENN_IMPROVEMENT,
    VAS_PAIN_MM,
    AshworthVariant,
    Goal,
    Limb,
    ScaleChange,
    ashworth_mean,
    ashworth_number,
    fim_change,
    fim_problems,
    gas_t_score,
    gmfcs_problems,
    nrs_pain_change,
    nrs_spasticity_change,
    penn_change,
    penn_problems,
    tone_change,
    vas_pain_change,
)
from tests.clinical.builders import d, refusal


def ok(result: ScaleChange | CannotCompute) -> ScaleChange:
    assert isinstance(result, ScaleChange), result
    return result


@pytest.mark.parametrize(
    ("grade", "number"), [("0", "0"), ("1", "1"), ("1+", "1.5"), ("2", "2"), ("3", "3"), ("4", "4")]
)
def test_modified_ashworth_with_1_plus(grade: str, number: str) -> None:
    assert ashworth_number(grade) == d(number)


@pytest.mark.parametrize(
    ("grade", "variant", "grades"),
    [
        ("5", AshworthVariant.MODIFIED, "0, 1, 1+, 2, 3, 4"),
        ("1+", AshworthVariant.ORIGINAL_0_4, "0, 1, 2, 3, 4"),
        ("0", AshworthVariant.ORIGINAL_1_5, "1, 2, 3, 4, 5"),
    ],
)
def test_variants_do_not_mix(grade: str, variant: AshworthVariant, grades: str) -> None:
    assert ashworth_number(grade, variant) == refusal(
        "grade", f"'{grade}' is not a grade of this scale; it has {grades}."
    )


def test_means_name_every_bad_muscle() -> None:
    assert ashworth_mean({"hip": "3", "knee": "1+"}) == d("2.25")
    assert ashworth_mean({"hip": "5"}, AshworthVariant.ORIGINAL_1_5) == 5
    assert ashworth_mean({}) == refusal("grades", "No muscle was scored.")
    result = ashworth_mean({"hip": "9", "knee": "2", "ankle": "x"})
    assert isinstance(result, CannotCompute)
    assert [reason.field for reason in result.reasons] == ["hip", "ankle"]
    assert result.reasons[0].text == "'9' is not a grade of this scale; it has 0, 1, 1+, 2, 3, 4."


@pytest.mark.parametrize(
    ("limb", "before", "after", "reached"),
    [
        (Limb.LOWER, "3", "2", ("0.5 SD", "0.8 SD")),
        (Limb.LOWER, "2", "1+", ("0.5 SD",)),
        (Limb.LOWER, "2", "2", ()),
        (Limb.UPPER, "2", "1+", ("0.5 SD",)),
        (Limb.LOWER, "1+", "2", ()),
    ],
)
def test_mas_change_section_5(limb: Limb, before: str, after: str, reached: tuple[str, ...]) -> None:
    result = ok(tone_change({"hip": before}, {"hip": after}, limb))
    assert result.reached == reached
    assert result.meaningful is bool(reached)
    assert result.limit is MAS_MCID


def test_mas_change_at_the_thresholds() -> None:
    names = [f"muscle {number}" for number in range(100)]
    before = dict.fromkeys(names, "2")
    for limb, ones, reached in [
        (Limb.LOWER, 45, ("0.5 SD",)),
        (Limb.LOWER, 44, ()),
        (Limb.UPPER, 48, ("0.5 SD",)),
        (Limb.UPPER, 76, ("0.5 SD", "0.8 SD")),
        (Limb.UPPER, 75, ("0.5 SD",)),
        (Limb.LOWER, 73, ("0.5 SD", "0.8 SD")),
    ]:
        after = before | dict.fromkeys(names[:ones], "1")
        assert ok(tone_change(before, after, limb)).reached == reached


def test_mas_change_numbers() -> None:
    assert ok(tone_change({"hip": "4"}, {"hip": "3"}, Limb.LOWER)) == ScaleChange(
        d(4), d(3), d(1), d(25), ("0.5 SD", "0.8 SD"), MAS_MCID
    )
    assert ok(tone_change({"hip": "0"}, {"hip": "0"}, Limb.LOWER)).improvement_pct is None


def test_mas_change_needs_the_same_muscles_and_valid_grades() -> None:
    assert tone_change({"hip": "3", "knee": "2"}, {"hip": "2", "ankle": "1"}, Limb.LOWER) == refusal(
        "grades", "Both readings need the same muscles; these are in one only: ankle, knee."
    )
    assert isinstance(tone_change({"hip": "7"}, {"hip": "2"}, Limb.LOWER), CannotCompute)
    assert isinstance(tone_change({"hip": "2"}, {"hip": "7"}, Limb.LOWER), CannotCompute)
    old = AshworthVariant.ORIGINAL_1_5
    assert ok(tone_change({"hip": "5"}, {"hip": "4"}, Limb.LOWER, old)).improvement == 1
    assert isinstance(tone_change({"hip": "5"}, {"hip": "0"}, Limb.LOWER, old), CannotCompute)


FREQUENCY = Reason("penn_frequency", "Penn spasm frequency is 0 to 4.")
NO_SPASM = Reason("penn_severity", "Without spasms (frequency 0) no severity is scored.")
SEVERITY = Reason("penn_severity", "Penn severity is 1 mild, 2 moderate or 3 severe.")


@pytest.mark.parametrize(
    ("frequency", "severity", "reasons"),
    [
        (0, None, ()),
        (1, 1, ()),
        (4, 3, ()),
        (2, 2, ()),
        (0, 1, (NO_SPASM,)),
        (2, None, (SEVERITY,)),
        (2, 0, (SEVERITY,)),
        (2, 4, (SEVERITY,)),
        (5, 1, (FREQUENCY,)),
        (-1, 1, (FREQUENCY,)),
    ],
)
def test_penn(frequency: int, severity: int | None, reasons: tuple[Reason, ...]) -> None:
    assert penn_problems(frequency, severity) == reasons


def test_penn_one_level_counts() -> None:
    assert penn_change(3, 2) == ScaleChange(
        d(3), d(2), d(1), d(1) / d(3) * 100, ("1 level",), PENN_IMPROVEMENT
    )
    assert not penn_change(2, 2).meaningful
    assert not penn_change(2, 3).meaningful


Change = Callable[[Decimal, Decimal], ScaleChange | CannotCompute]


@pytest.mark.parametrize(
    ("change", "before", "after", "reached"),
    [
        (nrs_spasticity_change, "10", "8.2", ("minimal",)),
        (nrs_spasticity_change, "10", "8.21", ()),
        (nrs_spasticity_change, "10", "7.1", ("minimal", "important")),
        (nrs_spasticity_change, "10", "7.11", ("minimal",)),
        (nrs_spasticity_change, "0", "0", ()),
        (nrs_pain_change, "10", "8", ("2 points",)),
        (nrs_pain_change, "10", "7", ("2 points", "30 %")),
        (nrs_pain_change, "3", "2", ("30 %",)),
        (nrs_pain_change, "3", "2.1", ("30 %",)),
        (nrs_pain_change, "3", "2.105", ()),
        (nrs_pain_change, "0", "0", ()),
        (vas_pain_change, "100", "87", ("13 mm",)),
        (vas_pain_change, "100", "88", ()),
        (vas_pain_change, "50", "30", ("13 mm", "20 mm")),
        (vas_pain_change, "50", "31", ("13 mm",)),
        (vas_pain_change, "0", "0", ()),
    ],
)
def test_ratings(change: Change, before: str, after: str, reached: tuple[str, ...]) -> None:
    result = ok(change(d(before), d(after)))
    assert result.reached == reached
    assert (result.before, result.after) == (d(before), d(after))


@pytest.mark.parametrize(
    ("change", "top", "limit"),
    [
        (nrs_spasticity_change, 10, NRS_SPASTICITY_PCT),
        (nrs_pain_change, 10, NRS_PAIN),
        (vas_pain_change, 100, VAS_PAIN_MM),
    ],
)
def test_ratings_stay_on_their_scale(change: Change, top: int, limit: object) -> None:
    text = f"The scale runs from 0 to {top}."
    assert ok(change(d(top), d(0))).limit is limit
    assert ok(change(d(top), d(0))).improvement == top
    assert change(d(top) + d("0.1"), d(0)) == refusal("before", text)
    assert change(d(0), d("-0.1")) == refusal("after", text)
    assert change(d(-1), d(top + 1)) == CannotCompute((Reason("before", text), Reason("after", text)))


def test_gmfcs_is_a_class() -> None:
    assert all(gmfcs_problems(level) == () for level in ("I", "II", "III", "IV", "V"))
    assert gmfcs_problems("VI") == (Reason("gmfcs", "GMFCS is one of I, II, III, IV, V."),)


MOTOR = Reason("fim_motor", "FIM motor is 13 to 91.")
COGNITIVE = Reason("fim_cognitive", "FIM cognitive is 5 to 35.")


@pytest.mark.parametrize(
    ("motor", "cognitive", "reasons"),
    [
        (13, 5, ()),
        (91, 35, ()),
        (12, 5, (MOTOR,)),
        (92, 36, (MOTOR, COGNITIVE)),
        (13, 4, (COGNITIVE,)),
    ],
)
def test_fim_ranges(motor: int, cognitive: int, reasons: tuple[Reason, ...]) -> None:
    assert fim_problems(motor, cognitive) == reasons


@pytest.mark.parametrize(
    ("part", "before", "after", "reached"),
    [
        ("total", 60, 82, ("MCID",)),
        ("total", 60, 81, ()),
        ("motor", 30, 47, ("MCID",)),
        ("motor", 30, 46, ()),
        ("cognitive", 20, 23, ("MCID",)),
        ("cognitive", 23, 20, ()),
        ("motor", 91, 13, ()),
    ],
)
def test_fim_change(part: str, before: int, after: int, reached: tuple[str, ...]) -> None:
    result = ok(fim_change(part, before, after))
    assert (result.before, result.after, result.improvement) == (before, after, after - before)
    assert result.reached == reached
    assert result.limit is FIM_MCID


@pytest.mark.parametrize(("before", "after"), [(17, 126), (127, 126), (18, 17), (18, 127)])
def test_fim_change_outside_the_scale(before: int, after: int) -> None:
    assert fim_change("total", before, after) == refusal("fim_total", "FIM total is 18 to 126.")
    assert isinstance(fim_change("total", 18, 126), ScaleChange)


@pytest.mark.parametrize(
    ("scores", "weights", "t_score"),
    [
        ([0, 0, 0], [1, 1, 1], "50"),
        ([1, 0, 1], [1, 1, 1], "59.13"),
        ([-1, -1, -1], [1, 1, 1], "36.31"),
        ([-2, -2, -2], [1, 1, 1], "22.61"),
        ([1, -1], [2, 1], "54.02"),
    ],
    ids=[f"gas-vector-{number}" for number in range(1, 6)],
)
def test_gas_vectors(scores: list[int], weights: list[int], t_score: str) -> None:
    assert gas_t_score([Goal(x, d(w)) for x, w in zip(scores, weights, strict=True)]) == d(t_score)


def test_gas_refuses_what_is_no_goal() -> None:
    score, weight = (
        Reason("score", "A goal is scored from -2 to +2."),
        Reason("weight", "A goal's weight is above 0."),
    )
    assert gas_t_score([]) == refusal("goals", "No goal was scored.")
    assert gas_t_score([Goal(3), Goal(-3), Goal(2), Goal(-2)]) == CannotCompute((score, score))
    assert gas_t_score([Goal(0, d(0)), Goal(1, d(-1)), Goal(1, d("0.1"))]) == CannotCompute((weight, weight))


@settings(deadline=None)
@given(st.lists(st.integers(-2, 2), min_size=1, max_size=6))
def test_gas_is_symmetric_around_50(scores: list[int]) -> None:
    up = gas_t_score([Goal(score) for score in scores])
    down = gas_t_score([Goal(-score) for score in scores])
    assert isinstance(up, Decimal)
    assert isinstance(down, Decimal)
    assert up + down == 100
