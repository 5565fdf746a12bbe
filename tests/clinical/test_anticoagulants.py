"""Anticoagulant holds (clinical.md 1.7): hours before and after, and always the prescriber."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pathway.clinical.anticoagulants import HOLD_RULES, HoldPlan, ProcedureClass, hold_plan
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.builders import NOON, loaded_anew, refusal

DAY = 24
TABLE_1_7 = [
    ("aspirin_primary", 6 * DAY, 24, "M"),
    ("ibuprofen", 1 * DAY, 24, "M"),
    ("diclofenac", 1 * DAY, 24, "M"),
    ("ketorolac", 1 * DAY, 24, "M"),
    ("indomethacin", 2 * DAY, 24, "M"),
    ("naproxen", 4 * DAY, 24, "M"),
    ("meloxicam", 4 * DAY, 24, "M"),
    ("nabumetone", 6 * DAY, 24, "M"),
    ("piroxicam", 10 * DAY, 24, "M"),
    ("oxaprozin", 10 * DAY, 24, "M"),
    ("clopidogrel", 7 * DAY, 24, "M"),
    ("prasugrel", 10 * DAY, 24, "M"),
    ("ticagrelor", 5 * DAY, 24, "M"),
    ("warfarin", 5 * DAY, 24, "U"),
    ("heparin_iv", 6, 24, "M"),
    ("heparin_sc", 24, 8, "U"),
    ("lmwh_prophylactic", 12, 24, "M"),
    ("lmwh_therapeutic", 24, 24, "M"),
    ("fondaparinux", 4 * DAY, 24, "M"),
    ("apixaban", 3 * DAY, 24, "M"),
    ("rivaroxaban", 3 * DAY, 24, "M"),
    ("edoxaban", 3 * DAY, 24, "M"),
    ("dabigatran", 4 * DAY, 24, "M"),
]


@pytest.mark.parametrize(
    ("drug", "stop_h", "restart_h", "tag"), TABLE_1_7, ids=[f"1.7-{row[0]}" for row in TABLE_1_7]
)
def test_table_1_7(drug: str, stop_h: int, restart_h: int, tag: str) -> None:
    rule = HOLD_RULES[drug]
    assert hold_plan(drug, NOON) == HoldPlan(
        rule=rule,
        stop_at=NOON - timedelta(hours=stop_h),
        restart_from=NOON + timedelta(hours=restart_h),
        limit=rule.stop_h,
        procedure_class=ProcedureClass.HIGH,
        ask=("anesthesiologist", "prescriber"),
        requires_prescriber_ok=True,
    )
    assert rule.stop_h is not None
    assert (rule.stop_h.tag, rule.stop_h.sources, rule.stop_h.unit) == (tag, ("S36",), "h")


def test_table_1_7_is_complete() -> None:
    assert {drug for drug, *_ in TABLE_1_7} | {"aspirin_secondary"} == set(HOLD_RULES)


def test_secondary_prevention_is_a_shared_decision() -> None:
    plan = hold_plan("aspirin_secondary", NOON)
    assert isinstance(plan, HoldPlan)
    assert plan.stop_at is plan.limit is None
    assert plan.rule.condition == "shared decision"
    assert plan.requires_prescriber_ok


def test_renal_impairment_lengthens_dabigatran_only() -> None:
    plan = hold_plan("dabigatran", NOON, renal_impairment=True)
    assert isinstance(plan, HoldPlan)
    assert plan.stop_at == NOON - timedelta(days=6)
    assert plan.limit is HOLD_RULES["dabigatran"].renal_stop_h
    same = hold_plan("apixaban", NOON, renal_impairment=True)
    assert isinstance(same, HoldPlan)
    assert same.stop_at == NOON - timedelta(days=3)


NAMES = {
    "aspirin_primary": "aspirin, primary prevention",
    "aspirin_secondary": "aspirin, secondary prevention",
    "heparin_iv": "heparin IV",
    "heparin_sc": "heparin SC",
    "lmwh_prophylactic": "low-molecular-weight heparin, prophylactic",
    "lmwh_therapeutic": "low-molecular-weight heparin, therapeutic",
}
CONDITIONS = {"aspirin_secondary": "shared decision", "warfarin": "INR 1.2 or less"}
NOTES = {
    "ibuprofen": "5 half-lives",
    "diclofenac": "5 half-lives",
    "ketorolac": "5 half-lives",
    "indomethacin": "5 half-lives",
    "naproxen": "5 half-lives",
    "meloxicam": "5 half-lives",
    "nabumetone": "5 half-lives",
    "piroxicam": "5 half-lives",
    "oxaprozin": "5 half-lives",
    "clopidogrel": "restart 12-24 h",
    "prasugrel": "7-10 days",
    "warfarin": "restart 6-24 h",
    "heparin_sc": "restart 6-8 h",
    "lmwh_prophylactic": "restart 12-24 h",
    "lmwh_therapeutic": "restart 12-24 h",
}
RENAL_H = {"dabigatran": 6 * DAY}


@pytest.mark.parametrize(
    ("drug", "stop_h", "restart_h", "tag"), [*TABLE_1_7, ("aspirin_secondary", None, 24, "M")]
)
def test_table_1_7_in_every_word(drug: str, stop_h: int | None, restart_h: int, tag: str) -> None:
    def hours(value: int | None) -> Sourced[int] | None:
        note = NOTES.get(drug, "")
        return None if value is None else Sourced(value, "h", Tag(tag), ("S36",), "1.7", note)

    for table in (HOLD_RULES, loaded_anew("pathway.clinical.anticoagulants").HOLD_RULES):
        rule = table[drug]
        assert (rule.drug, rule.name, rule.condition) == (
            drug,
            NAMES.get(drug, drug),
            CONDITIONS.get(drug, ""),
        )
        assert rule.stop_h == hours(stop_h)
        assert rule.restart_h == hours(restart_h)
        assert rule.renal_stop_h == hours(RENAL_H.get(drug))


def test_what_is_not_stored_is_not_guessed() -> None:
    assert hold_plan("newdrug", NOON) == refusal(
        "drug", "No hold time is stored for 'newdrug': ask the anesthesiologist and the prescriber."
    )
    assert hold_plan("warfarin", NOON, procedure_class=ProcedureClass.LOWER_BY_SITE) == refusal(
        "procedure_class", "Only the high-risk table is stored: use the site's own for a single puncture."
    )
