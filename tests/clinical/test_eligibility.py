"""Every SEL and CI rule, and the soft gates beside them (clinical.md 1.1-1.3, 1.8)."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest

from pathway.clinical.candidacy import (
    ASA_CONSULTANT,
    WEIGHT_FLAG_KG,
    asa_finding,
    severity_reached,
    weight_flag,
)
from pathway.clinical.device import PROMETRA_II, SYNCHROMED_II
from pathway.clinical.dosing import Origin
from pathway.clinical.eligibility import (
    RULES,
    Before,
    EligibilityFacts,
    Level,
    Rule,
    RuleResult,
    Status,
    check_eligibility,
    tbi_eligible_from,
)
from pathway.clinical.results import Finding, Severity
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.builders import d, loaded_anew, refusal

TODAY = date(2026, 11, 22)
READY = EligibilityFacts(
    on=TODAY,
    born_on=date(1980, 1, 1),
    origin=Origin.SPINAL,
    severe_spasticity=True,
    oral_baclofen_failed_or_intolerable=True,
    brain_injury=False,
    screening_positive=True,
    pump=SYNCHROMED_II,
    concentration_mcg_per_ml=d(500),
    baclofen_hypersensitivity=False,
    active_infection=False,
    body_size_accepts_pump=True,
    pump_depth_cm=d("2.5"),
    csf_flow_blocked=False,
    intrathecal_route=True,
    attends_refills=True,
    relapse_uti_or_wound=False,
    goals_psyche_and_payer_ready=True,
    renal_impairment=False,
    epilepsy_psychosis_or_dysreflexia=False,
    pregnancy_lactation_or_tone_needed=False,
    strong_magnets_or_hyperbaric=False,
)
EMPTY = EligibilityFacts(on=TODAY, born_on=date(1980, 1, 1))
BY_ID = {rule.id: rule for rule in RULES}
MET, NOT_MET, MISSING, NA = Status.MET, Status.NOT_MET, Status.NOT_RECORDED, Status.NOT_APPLICABLE


def test_every_rule_of_the_tables_is_there() -> None:
    assert list(BY_ID) == [f"SEL-0{number}" for number in range(1, 7)] + [
        f"CI-{number:02}" for number in range(1, 14)
    ]
    assert all(rule.limit.rule == rule.id for rule in RULES)


RULE_TABLE: list[tuple[str, Level, Before, str]] = [
    ("SEL-01", Level.REQUIRED, Before.TRIAL, "V"),
    ("SEL-02", Level.REQUIRED, Before.TRIAL, "V"),
    ("SEL-03", Level.REQUIRED, Before.TRIAL, "V"),
    ("SEL-04", Level.REQUIRED, Before.IMPLANT, "V"),
    ("SEL-05", Level.REQUIRED, Before.IMPLANT, "V"),
    ("SEL-06", Level.REQUIRED, Before.IMPLANT, "V"),
    ("CI-01", Level.ABSOLUTE, Before.TRIAL, "V"),
    ("CI-02", Level.ABSOLUTE, Before.TRIAL, "V"),
    ("CI-03", Level.ABSOLUTE, Before.IMPLANT, "V"),
    ("CI-04", Level.ABSOLUTE, Before.IMPLANT, "V"),
    ("CI-05", Level.ABSOLUTE, Before.TRIAL, "V"),
    ("CI-06", Level.ABSOLUTE, Before.TRIAL, "V"),
    ("CI-07", Level.RELATIVE, Before.TRIAL, "V"),
    ("CI-08", Level.DEFER, Before.TRIAL, "V"),
    ("CI-09", Level.RELATIVE, Before.TRIAL, "V"),
    ("CI-10", Level.CAUTION, Before.TRIAL, "M"),
    ("CI-11", Level.CAUTION, Before.TRIAL, "M"),
    ("CI-12", Level.CAUTION, Before.TRIAL, "M"),
    ("CI-13", Level.ABSOLUTE, Before.IMPLANT, "V"),
]


@pytest.mark.parametrize(("rule", "level", "before", "tag"), RULE_TABLE, ids=[row[0] for row in RULE_TABLE])
def test_level_and_tag(rule: str, level: Level, before: Before, tag: str) -> None:
    found = BY_ID[rule]
    assert (found.level, found.before, found.limit.tag) == (level, before, tag)


NAMED_SOURCES = {
    "SEL-01": ("S1", "S2"),
    "SEL-03": ("S1", "S2"),
    "SEL-05": ("S1", "S2"),
    "CI-01": ("S1", "S8"),
    "CI-02": ("S7", "S13"),
    "CI-03": ("S7",),
    "CI-05": ("S7", "S13"),
    "CI-06": ("S1",),
    "CI-07": ("S8", "S10"),
    "CI-08": ("S9",),
    "CI-09": ("S8",),
    "CI-10": ("LIO",),
    "CI-11": ("LIO", "S3"),
    "CI-12": ("LIO",),
    "CI-13": ("S13",),
}
MEASURED = {"SEL-02", "SEL-04", "SEL-06", "CI-04"}
"""These rules name a number as their limit, not only sources."""


def test_rules_without_a_number_name_their_sources() -> None:
    tags = {rule: tag for rule, _, _, tag in RULE_TABLE}
    for rules in (RULES, loaded_anew("pathway.clinical.eligibility").RULES):
        limits = {rule.id: rule.limit for rule in rules if rule.id not in MEASURED}
        assert limits == {
            rule: Sourced(None, "", Tag(tags[rule]), sources, rule) for rule, sources in NAMED_SOURCES.items()
        }


ANSWERS: list[tuple[str, dict[str, object], Status]] = [
    ("SEL-01", {}, MET),
    ("SEL-01", {"severe_spasticity": False}, NOT_MET),
    ("SEL-01", {"severe_spasticity": None}, MISSING),
    ("SEL-01", {"origin": None}, MISSING),
    ("SEL-02", {"born_on": date(2022, 11, 22)}, MET),
    ("SEL-02", {"born_on": date(2022, 11, 23)}, NOT_MET),
    ("SEL-03", {}, MET),
    ("SEL-03", {"oral_baclofen_failed_or_intolerable": False}, NOT_MET),
    ("SEL-03", {"oral_baclofen_failed_or_intolerable": None}, MISSING),
    ("SEL-03", {"origin": Origin.CEREBRAL, "oral_baclofen_failed_or_intolerable": False}, NA),
    ("SEL-03", {"origin": None}, MET),
    ("SEL-04", {}, NA),
    ("SEL-04", {"brain_injury": None}, MISSING),
    ("SEL-04", {"brain_injury": True}, MISSING),
    ("SEL-04", {"brain_injury": None, "injured_on": date(2020, 1, 1)}, MISSING),
    ("SEL-04", {"brain_injury": True, "injured_on": date(2025, 11, 22)}, MET),
    ("SEL-04", {"brain_injury": True, "injured_on": date(2025, 11, 23)}, NOT_MET),
    ("SEL-05", {}, MET),
    ("SEL-05", {"screening_positive": False}, NOT_MET),
    ("SEL-05", {"screening_positive": None}, MISSING),
    ("SEL-06", {}, NA),
    ("SEL-06", {"pump": None}, MISSING),
    ("SEL-06", {"pump": PROMETRA_II}, MET),
    ("SEL-06", {"pump": PROMETRA_II, "concentration_mcg_per_ml": d(2000)}, MET),
    ("SEL-06", {"pump": PROMETRA_II, "concentration_mcg_per_ml": d(2001)}, NOT_MET),
    ("SEL-06", {"pump": PROMETRA_II, "concentration_mcg_per_ml": d(499)}, NOT_MET),
    ("SEL-06", {"pump": PROMETRA_II, "concentration_mcg_per_ml": None}, MISSING),
    ("SEL-06", {"pump": PROMETRA_II, "born_on": date(2014, 11, 22)}, MET),
    ("SEL-06", {"pump": PROMETRA_II, "born_on": date(2014, 11, 23)}, NOT_MET),
    ("SEL-06", {"pump": replace(PROMETRA_II, concentration_range_mcg_per_ml=None)}, MET),
    ("SEL-06", {"pump": replace(PROMETRA_II, age_min_years=None), "born_on": date(2020, 1, 1)}, MET),
    ("CI-03", {"body_size_accepts_pump": False}, NOT_MET),
    ("CI-03", {"body_size_accepts_pump": None}, MISSING),
    ("CI-04", {}, MET),
    ("CI-04", {"pump_depth_cm": d("2.6")}, NOT_MET),
    ("CI-04", {"pump_depth_cm": None}, MISSING),
    ("CI-06", {"intrathecal_route": False}, NOT_MET),
    ("CI-07", {"attends_refills": False}, NOT_MET),
    ("CI-09", {"goals_psyche_and_payer_ready": False}, NOT_MET),
    ("CI-13", {}, NA),
    ("CI-13", {"pump": PROMETRA_II}, MET),
    ("CI-13", {"pump": PROMETRA_II, "strong_magnets_or_hyperbaric": True}, NOT_MET),
    ("CI-13", {"pump": PROMETRA_II, "strong_magnets_or_hyperbaric": None}, MISSING),
    ("CI-13", {"pump": None, "strong_magnets_or_hyperbaric": True}, NOT_MET),
] + [
    (rule, {field: answer}, status)
    for rule, field in [
        ("CI-01", "baclofen_hypersensitivity"),
        ("CI-02", "active_infection"),
        ("CI-05", "csf_flow_blocked"),
        ("CI-08", "relapse_uti_or_wound"),
        ("CI-10", "renal_impairment"),
        ("CI-11", "epilepsy_psychosis_or_dysreflexia"),
        ("CI-12", "pregnancy_lactation_or_tone_needed"),
    ]
    for answer, status in [(False, MET), (True, NOT_MET), (None, MISSING)]
]


@pytest.mark.parametrize(
    ("rule", "changes", "status"),
    ANSWERS,
    ids=[f"{row[0]}-{row[2]}-{number}" for number, row in enumerate(ANSWERS)],
)
def test_rule(rule: str, changes: dict[str, object], status: Status) -> None:
    assert BY_ID[rule].judge(replace(READY, **changes)) is status  # type: ignore[arg-type]


def test_rules_built_anew_answer_alike() -> None:
    rules = {rule.id: rule for rule in loaded_anew("pathway.clinical.eligibility").RULES}
    given = [(rule, str(rules[rule].judge(replace(READY, **changes)))) for rule, changes, _ in ANSWERS]  # type: ignore[arg-type]
    assert given == [(rule, str(status)) for rule, _, status in ANSWERS]


@pytest.mark.parametrize(
    ("injured", "eligible"),
    [
        (date(2025, 11, 22), date(2026, 11, 22)),
        (date(2023, 3, 1), date(2024, 3, 1)),  # over a leap day: 366 days
        (date(2024, 2, 29), date(2025, 2, 28)),
    ],
)
def test_sel_04_one_year_is_never_shorter_than_365_days(injured: date, eligible: date) -> None:
    assert tbi_eligible_from(injured) == eligible
    assert (eligible - injured).days >= 365


def test_a_ready_candidate_is_not_blocked() -> None:
    results = check_eligibility(READY, Before.IMPLANT)
    assert [result.rule for result in results] == list(RULES)
    assert not any(result.blocks for result in results)


def test_before_the_trial_only_its_rules_are_asked() -> None:
    asked = [result.rule.id for result in check_eligibility(EMPTY, Before.TRIAL)]
    assert asked == [rule.id for rule in RULES if rule.before is Before.TRIAL]
    assert "SEL-05" not in asked


def test_nothing_recorded_blocks_and_is_never_taken_for_no() -> None:
    results = {result.rule.id: result for result in check_eligibility(EMPTY, Before.IMPLANT)}
    assert {rule for rule, result in results.items() if result.status is MET} == {"SEL-02"}
    assert not any(results[rule].blocks for rule in ("CI-07", "CI-09", "CI-10", "CI-11", "CI-12"))
    assert all(results[rule].blocks for rule in ("SEL-01", "SEL-05", "CI-02", "CI-08"))


@pytest.mark.parametrize(
    ("level", "status", "blocks"),
    [
        (Level.REQUIRED, NOT_MET, True),
        (Level.REQUIRED, MISSING, True),
        (Level.REQUIRED, MET, False),
        (Level.REQUIRED, NA, False),
        (Level.ABSOLUTE, NOT_MET, True),
        (Level.DEFER, MISSING, True),
        (Level.RELATIVE, NOT_MET, False),
        (Level.CAUTION, NOT_MET, False),
    ],
)
def test_what_blocks(level: Level, status: Status, blocks: bool) -> None:
    rule = Rule("X", level, Before.TRIAL, "", RULES[0].limit, RULES[0].judge)
    assert RuleResult(rule, status).blocks is blocks


def test_every_fact_is_used() -> None:
    unused = {field.name for field in fields(EligibilityFacts)}
    for _, changes, _ in ANSWERS:
        unused -= set(changes)
    assert unused == {"on"}


@pytest.mark.parametrize(
    ("grades", "severe"),
    [
        ({"hip": "3", "knee": "3"}, True),
        ({"hip": "3", "knee": "2", "ankle": "4"}, True),
        ({"hip": "3", "knee": "2"}, False),
        ({"hip": "4"}, False),
    ],
)
def test_severity_is_two_groups_of_mas_3(grades: dict[str, str], severe: bool) -> None:
    assert severity_reached(grades) is severe


def test_severity_is_not_guessed() -> None:
    assert severity_reached({}) == refusal("grades", "No muscle was scored.")
    assert severity_reached({"hip": "3", "knee": "5"}) == refusal(
        "grade", "'5' is not a grade of this scale; it has 0, 1, 1+, 2, 3, 4."
    )


def test_low_weight_is_a_remark() -> None:
    assert weight_flag(d(15)) is None
    assert weight_flag(d(18), d(18)) is None
    assert (
        weight_flag(d(14))
        == weight_flag(d(17), d(18))
        == Finding(
            "low_weight", Severity.INFO, "Small body: the surgeon confirms the pump fits.", (WEIGHT_FLAG_KG,)
        )
    )


def test_asa_iv_asks_for_a_consultant() -> None:
    assert [asa_finding(asa_class) for asa_class in (1, 2, 3)] == [None, None, None]
    expected = Finding(
        "asa_consultant",
        Severity.NEEDS_SECOND,
        "ASA IV or above: a named consultant anesthesiologist approves.",
        (ASA_CONSULTANT,),
        "asa_class",
    )
    assert [asa_finding(asa_class) for asa_class in (4, 5, 6)] == [expected] * 3
    assert asa_finding(0) == asa_finding(7) == refusal("asa_class", "The ASA class is I to VI.")
