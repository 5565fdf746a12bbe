"""Populations, starting dose, dose ranges and tolerance (clinical.md 1.1, 3.1, 3.3, 3.5)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pathway.clinical.dosing import (
    DEFAULT_ORIGIN,
    LIMITED_EXPERIENCE,
    LONG_EFFECT_MULTIPLIER,
    NEGATIVE_REACTION_MULTIPLIER,
    OBSERVED_MAX_CHILD,
    START_MULTIPLIER,
    TOLERANCE_AFTER_MONTHS,
    TOLERANCE_RISE,
    Diagnosis,
    Origin,
    Population,
    StartDose,
    age_years,
    dose_review,
    observed_max,
    population,
    start_dose,
    tolerance_check,
)
from pathway.clinical.results import Finding, Severity
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.builders import codes, d, fields_of, refusal

TODAY = date(2026, 11, 22)
ADULT, TEEN, CHILD = date(1980, 1, 1), date(2012, 1, 1), date(2018, 1, 1)


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(2008, 11, 22), TODAY, 18),
        (date(2008, 11, 23), TODAY, 17),
        (date(2008, 12, 1), TODAY, 17),
        (date(2008, 10, 30), TODAY, 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (TODAY, TODAY, 0),
    ],
)
def test_age(born: date, on: date, years: int) -> None:
    assert age_years(born, on) == years


@pytest.mark.parametrize(
    ("origin", "born", "group"),
    [
        (Origin.SPINAL, ADULT, Population.SPINAL_ADULT),
        (Origin.CEREBRAL, ADULT, Population.CEREBRAL_ADULT),
        (Origin.SPINAL, TEEN, Population.PAEDIATRIC),
        (Origin.CEREBRAL, CHILD, Population.PAEDIATRIC),
        (Origin.SPINAL, date(2008, 11, 22), Population.SPINAL_ADULT),
        (Origin.SPINAL, date(2008, 11, 23), Population.PAEDIATRIC),
        (Origin.SPINAL, TODAY, Population.PAEDIATRIC),
    ],
)
def test_population(origin: Origin, born: date, group: Population) -> None:
    assert population(origin, born, TODAY) is group


def test_population_before_birth() -> None:
    assert population(Origin.SPINAL, date(2026, 11, 23), TODAY) == refusal(
        "born_on", "The birth date lies after this date."
    )


def test_default_origin_is_policy_and_leaves_the_rest_open() -> None:
    assert DEFAULT_ORIGIN.tag is Tag.POLICY
    assert DEFAULT_ORIGIN.value[Diagnosis.MULTIPLE_SCLEROSIS] is Origin.SPINAL
    assert DEFAULT_ORIGIN.value[Diagnosis.SPINAL_CORD_INJURY] is Origin.SPINAL
    assert DEFAULT_ORIGIN.value[Diagnosis.CEREBRAL_PALSY] is Origin.CEREBRAL
    assert DEFAULT_ORIGIN.value[Diagnosis.STROKE] is Origin.CEREBRAL
    assert DEFAULT_ORIGIN.value[Diagnosis.BRAIN_INJURY] is Origin.CEREBRAL
    assert Diagnosis.OTHER not in DEFAULT_ORIGIN.value


@pytest.mark.parametrize(
    ("bolus", "short", "long"),
    [("25", "50", "25"), ("50", "100", "50"), ("75", "150", "75"), ("100", "200", "100")],
    ids=[f"3.1-bolus-{bolus}" for bolus in (25, 50, 75, 100)],
)
def test_start_dose_table_3_1(bolus: str, short: str, long: str) -> None:
    assert start_dose(d(bolus), d(8), negative_reaction=False) == StartDose(
        d(short), START_MULTIPLIER, f"2 x {bolus} mcg = {short} mcg over 24 h"
    )
    assert start_dose(d(bolus), d("8.1"), negative_reaction=False) == StartDose(
        d(long), LONG_EFFECT_MULTIPLIER, f"1 x {bolus} mcg = {long} mcg over 24 h"
    )
    after_reaction = StartDose(
        d(long), NEGATIVE_REACTION_MULTIPLIER, f"1 x {bolus} mcg = {long} mcg over 24 h"
    )
    assert start_dose(d(bolus), d(4), negative_reaction=True) == after_reaction
    assert start_dose(d(bolus), None, negative_reaction=True) == after_reaction
    assert start_dose(d(bolus), d(0), negative_reaction=True) == after_reaction


def test_the_label_rule_leads_where_both_apply() -> None:
    result = start_dose(d(50), d(9), negative_reaction=True)
    assert isinstance(result, StartDose)
    assert result.multiplier is LONG_EFFECT_MULTIPLIER


def test_start_dose_is_not_guessed() -> None:
    bolus = "The effective bolus is 25, 50, 75 or 100 mcg."
    assert start_dose(d(60), d(4), negative_reaction=False) == refusal("effective_bolus_mcg", bolus)
    assert start_dose(d(50), None, negative_reaction=False) == refusal(
        "effect_duration_h", "How long the bolus worked decides between once and twice."
    )
    assert start_dose(d(50), d(-1), negative_reaction=True) == refusal(
        "effect_duration_h", "A duration cannot be negative."
    )
    assert fields_of(start_dose(d(0), None, negative_reaction=False)) == (
        "effective_bolus_mcg",
        "effect_duration_h",
    )


@pytest.mark.parametrize(
    ("origin", "born", "dose", "found"),
    [
        (Origin.SPINAL, ADULT, "1000", ()),
        (Origin.SPINAL, ADULT, "1000.1", ("limited_experience",)),
        (Origin.SPINAL, ADULT, "2003", ("limited_experience",)),
        (Origin.SPINAL, ADULT, "2003.1", ("limited_experience", "observed_maximum")),
        (Origin.CEREBRAL, ADULT, "1400", ("limited_experience",)),
        (Origin.CEREBRAL, ADULT, "1400.1", ("limited_experience", "observed_maximum")),
        (Origin.SPINAL, CHILD, "1199", ("limited_experience",)),
        (Origin.SPINAL, CHILD, "1199.1", ("limited_experience", "observed_maximum")),
        (Origin.CEREBRAL, TEEN, "1399", ("limited_experience",)),  # over 12 like adults
        (Origin.CEREBRAL, date(2014, 11, 22), "1300", ("limited_experience",)),  # 12 today
        (Origin.CEREBRAL, date(2014, 11, 23), "1300", ("limited_experience", "observed_maximum")),
    ],
)
def test_dose_review_3_3(origin: Origin, born: date, dose: str, found: tuple[str, ...]) -> None:
    assert codes(dose_review(d(dose), origin, born, TODAY)) == found


def test_dose_review_says_the_limit() -> None:
    limit = Sourced(d(1400), "mcg/day", Tag.MEMORY, ("LIO",), "3.3")
    assert observed_max(Origin.CEREBRAL, ADULT, TODAY) == limit
    assert observed_max(Origin.CEREBRAL, CHILD, TODAY) is OBSERVED_MAX_CHILD
    assert dose_review(d(1500), Origin.CEREBRAL, ADULT, TODAY) == (
        Finding(
            "limited_experience",
            Severity.NEEDS_SECOND,
            "Above 1000 mcg/day there is limited experience: a second clinician confirms.",
            (LIMITED_EXPERIENCE,),
            "dose_mcg_per_day",
        ),
        Finding(
            "observed_maximum",
            Severity.NEEDS_REASON,
            "Above 1400 mcg/day, the highest dose observed in this group: give a reason.",
            (limit,),
            "dose_mcg_per_day",
        ),
    )


IMPLANT = date(2025, 5, 22)  # 18 months before TODAY


def doses(*rows: tuple[date, str]) -> list[tuple[date, Decimal]]:
    return [(day, d(dose)) for day, dose in rows]


@pytest.mark.parametrize(
    ("history", "flagged"),
    [
        (doses((date(2025, 6, 1), "200"), (date(2026, 6, 1), "301")), True),
        (doses((date(2025, 6, 1), "200"), (date(2026, 6, 1), "300")), False),
        (doses((date(2026, 6, 1), "301"), (date(2025, 6, 1), "200")), True),  # any order
        (doses((date(2025, 11, 22), "200"), (TODAY, "301")), True),  # a year ago to the day
        (doses((date(2025, 11, 23), "200"), (TODAY, "301")), False),  # nothing known a year ago
        (doses((date(2025, 6, 1), "200"), (date(2026, 11, 23), "400")), False),  # not yet
        (doses((date(2025, 6, 1), "100"), (date(2025, 9, 1), "300"), (date(2026, 6, 1), "350")), False),
        (doses((date(2025, 6, 1), "400"), (date(2025, 9, 1), "200"), (date(2026, 6, 1), "301")), True),
        (
            doses((date(2025, 6, 1), "200"), (TODAY, "350"), (TODAY, "250")),
            False,
        ),  # the last of a day runs on
        (doses((date(2025, 6, 1), "200"), (TODAY, "250"), (TODAY, "350")), True),
        ([], False),
    ],
)
def test_tolerance_3_5(history: list[tuple[date, Decimal]], flagged: bool) -> None:
    assert (tolerance_check(history, IMPLANT, TODAY) is not None) is flagged


def test_tolerance_waits_for_month_18_and_asks_for_the_catheter_first() -> None:
    history = doses((date(2025, 6, 1), "200"), (date(2026, 6, 1), "320.5"))
    assert tolerance_check(history, date(2025, 5, 23), TODAY) is None
    assert tolerance_check(history, IMPLANT, TODAY) == Finding(
        "dose_rise",
        Severity.WARNING,
        "The dose rose by 120.5 mcg/day in 12 months: check catheter and pump first, then tolerance.",
        (TOLERANCE_RISE, TOLERANCE_AFTER_MONTHS),
    )
