"""One dose change: step limits by population and phase, intervals, two-person cases (clinical.md 3.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pathway.clinical.dosing import Origin, Population
from pathway.clinical.results import CannotCompute, Finding, Severity
from pathway.clinical.sources import Sourced, Tag
from pathway.clinical.steps import (
    DECREASE_PCT,
    EPSILON_PCT,
    HIGH_DOSE_FROM,
    HIGH_DOSE_PCT,
    MIN_INTERVAL_H,
    NEVER_JUMP_TO_ZERO,
    NO_INCREASE_FIRST_H,
    RESTART_AFTER_H,
    STEP_PCT,
    BridgeDecision,
    DoseChange,
    Phase,
    StepCheck,
    check_step,
    concentration_findings,
)
from tests.clinical.builders import NOON, codes, d, fields_of, loaded_anew, refusal

ADULT, CHILD = date(1980, 1, 1), date(2018, 1, 1)
STEADY = DoseChange(
    old_mcg_per_day=d(200),
    new_mcg_per_day=d(220),
    at=NOON,
    infusion_started_at=NOON - timedelta(days=30),
    changed_at=NOON - timedelta(days=7),
    origin=Origin.SPINAL,
    born_on=ADULT,
    on=date(2026, 11, 22),
    phase=Phase.TITRATION,
)


def judge(**changes: object) -> StepCheck:
    result = check_step(replace(STEADY, **changes))  # type: ignore[arg-type]
    assert isinstance(result, StepCheck), result
    return result


TABLE_3_2 = [
    (Origin.SPINAL, ADULT, Phase.TITRATION, Population.SPINAL_ADULT, 10, 30, "V"),
    (Origin.CEREBRAL, ADULT, Phase.TITRATION, Population.CEREBRAL_ADULT, 5, 15, "V"),
    (Origin.SPINAL, CHILD, Phase.TITRATION, Population.PAEDIATRIC, 5, 15, "V"),
    (Origin.CEREBRAL, CHILD, Phase.TITRATION, Population.PAEDIATRIC, 5, 15, "V"),
    (Origin.SPINAL, ADULT, Phase.MAINTENANCE, Population.SPINAL_ADULT, 10, 40, "V"),
    (Origin.CEREBRAL, ADULT, Phase.MAINTENANCE, Population.CEREBRAL_ADULT, 5, 20, "V"),
    (Origin.SPINAL, CHILD, Phase.MAINTENANCE, Population.PAEDIATRIC, 5, 20, "M"),
    (Origin.CEREBRAL, CHILD, Phase.MAINTENANCE, Population.PAEDIATRIC, 5, 20, "M"),
]


@pytest.mark.parametrize(
    ("origin", "born", "phase", "group", "low", "high", "tag"),
    TABLE_3_2,
    ids=[f"3.2-{row[3]}-{row[2]}-{row[0]}" for row in TABLE_3_2],
)
def test_table_3_2(
    origin: Origin, born: date, phase: Phase, group: Population, low: int, high: int, tag: str
) -> None:
    def found(pct: str) -> tuple[str, ...]:
        new = d(100) * (1 + d(pct) / 100)
        result = judge(origin=origin, born_on=born, phase=phase, old_mcg_per_day=d(100), new_mcg_per_day=new)
        assert result.population is group
        assert result.limit.value == (low, high)
        assert result.limit.tag == tag
        assert result.pct == d(pct)
        return codes(result.findings)

    assert found(str(high)) == ()
    assert found(str(d(high) + d("0.05"))) == ()  # rounding of the programmer
    assert found(str(d(high) + d("0.06"))) == ("over_limit",)
    assert found(str(low)) == ()
    assert found(str(d(low) - d("0.05"))) == ()
    assert found(str(d(low) - d("0.06"))) == ("small_step",)
    assert found("0.5") == ("small_step",)
    assert found("0") == ()


def test_table_3_2_names_its_sources() -> None:
    def limit(low: int, high: int, tag: Tag, *sources: str) -> Sourced[tuple[object, ...]]:
        return Sourced((d(low), d(high)), "%", tag, sources, "3.2 step")

    expected = {
        (Population.SPINAL_ADULT, "titration"): limit(10, 30, Tag.VERIFIED, "S6b", "S14"),
        (Population.CEREBRAL_ADULT, "titration"): limit(5, 15, Tag.VERIFIED, "S4", "S6b", "S14"),
        (Population.PAEDIATRIC, "titration"): limit(5, 15, Tag.VERIFIED, "S14"),
        (Population.SPINAL_ADULT, "maintenance"): limit(10, 40, Tag.VERIFIED, "S6b"),
        (Population.CEREBRAL_ADULT, "maintenance"): limit(5, 20, Tag.VERIFIED, "S4", "S6b"),
        (Population.PAEDIATRIC, "maintenance"): limit(5, 20, Tag.MEMORY, "LIO"),
    }
    for table in (STEP_PCT, loaded_anew("pathway.clinical.steps").STEP_PCT):
        assert {(group, str(phase)): found for (group, phase), found in table.items()} == expected


def test_findings_of_an_increase_say_limit_and_arithmetic() -> None:
    limit = STEP_PCT[Population.SPINAL_ADULT, Phase.TITRATION]
    assert judge(new_mcg_per_day=d(270)).findings == (
        Finding(
            "over_limit",
            Severity.NEEDS_REASON,
            "+35 % is above the step limit of 30 %: give a reason.",
            (limit, EPSILON_PCT),
            "dose_mcg_per_day",
        ),
    )
    assert judge(new_mcg_per_day=d(210)).findings == (
        Finding(
            "small_step",
            Severity.INFO,
            "+5 % is below the usual step of 10 %; that is allowed.",
            (limit,),
            "dose_mcg_per_day",
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ("300", "401", ["+33.7 % is above the step limit of 30 %: give a reason.",
                        "From 300 mcg/day on, +33.7 % in one step may be too much."]),
        ("300", "365", ["From 300 mcg/day on, +21.7 % in one step may be too much."]),
        ("300", "310", ["+3.3 % is below the usual step of 10 %; that is allowed."]),
        ("300", "200", ["-33.3 % is outside the label's step; withdrawal is possible: give a reason."]),
    ],
)  # fmt: skip
def test_steps_are_told_to_a_tenth_of_a_percent(old: str, new: str, texts: list[str]) -> None:
    found = judge(old_mcg_per_day=d(old), new_mcg_per_day=d(new)).findings
    assert [finding.text for finding in found] == texts


@pytest.mark.parametrize(
    ("old", "new", "warned"),
    [
        ("300", "363", True),
        ("300", "360", False),
        ("300", "360.15", False),
        ("299.9", "363", False),
        ("300", "360.16", True),
    ],
)
def test_expert_brake_from_300(old: str, new: str, warned: bool) -> None:
    found = judge(old_mcg_per_day=d(old), new_mcg_per_day=d(new)).findings
    assert ("high_dose_step" in codes(found)) is warned


def test_expert_brake_is_a_warning() -> None:
    assert judge(old_mcg_per_day=d(400), new_mcg_per_day=d(500)).findings == (
        Finding(
            "high_dose_step",
            Severity.WARNING,
            "From 300 mcg/day on, +25 % in one step may be too much.",
            (HIGH_DOSE_PCT, HIGH_DOSE_FROM),
            "dose_mcg_per_day",
        ),
    )


def test_decreases() -> None:
    assert judge(new_mcg_per_day=d(160)).findings == ()
    assert judge(new_mcg_per_day=d("159.9")).findings == ()  # 20.05 %
    assert judge(new_mcg_per_day=d(150)).findings == (
        Finding(
            "large_decrease",
            Severity.NEEDS_REASON,
            "-25 % is outside the label's step; withdrawal is possible: give a reason.",
            (DECREASE_PCT,),
            "dose_mcg_per_day",
        ),
    )
    [slight] = judge(new_mcg_per_day=d("159.88")).findings
    assert slight.code == "large_decrease"
    assert slight.text == "-20.1 % is outside the label's step; withdrawal is possible: give a reason."


def test_a_stop_is_a_taper_never_a_jump_to_0() -> None:
    assert judge(new_mcg_per_day=d(0)).findings == (
        Finding(
            "stop",
            Severity.REFUSED,
            "A dose of 0 stops the infusion at once. Plan a taper and cover for withdrawal.",
            (NEVER_JUMP_TO_ZERO,),
            "dose_mcg_per_day",
        ),
    )


def hours_ago(hours: float) -> object:
    return NOON - timedelta(hours=hours)


def test_no_increase_in_the_first_24_hours() -> None:
    early = judge(infusion_started_at=hours_ago(23.9), changed_at=None)
    assert early.findings == (
        Finding(
            "first_day",
            Severity.NEEDS_REASON,
            "No increase in the first 24 h of infusion, until it is steady.",
            (NO_INCREASE_FIRST_H,),
            "at",
        ),
    )
    assert judge(infusion_started_at=hours_ago(24), changed_at=None).findings == ()
    assert judge(infusion_started_at=hours_ago(1), changed_at=None, new_mcg_per_day=d(190)).findings == ()
    assert codes(judge(infusion_started_at=hours_ago(20), changed_at=hours_ago(2)).findings) == ("first_day",)
    assert judge(infusion_started_at=hours_ago(1), changed_at=None, new_mcg_per_day=d(200)).findings == ()
    slight = judge(infusion_started_at=hours_ago(1), changed_at=None, new_mcg_per_day=d(201))
    assert codes(slight.findings) == ("small_step", "first_day")


def test_24_hours_between_increases() -> None:
    assert judge(changed_at=hours_ago(23.9)).findings == (
        Finding(
            "short_interval",
            Severity.NEEDS_REASON,
            "The last change is less than 24 h ago; its full effect is not visible yet.",
            (MIN_INTERVAL_H,),
            "at",
        ),
    )
    assert judge(changed_at=hours_ago(24)).findings == ()
    assert judge(changed_at=None).findings == ()
    assert judge(changed_at=hours_ago(1), new_mcg_per_day=d(190)).findings == ()
    slight = judge(changed_at=hours_ago(1), new_mcg_per_day=d(201))
    assert codes(slight.findings) == ("small_step", "short_interval")
    assert judge(changed_at=hours_ago(1), new_mcg_per_day=d(200)).findings == ()


def test_maintenance_raises_at_refills() -> None:
    found = judge(phase=Phase.MAINTENANCE, at_refill=False).findings
    assert found == (
        Finding(
            "not_at_refill",
            Severity.WARNING,
            "In maintenance the dose is raised at refills.",
            (STEP_PCT[Population.SPINAL_ADULT, Phase.MAINTENANCE],),
            "at",
        ),
    )
    assert judge(phase=Phase.MAINTENANCE).findings == ()
    slight = judge(phase=Phase.MAINTENANCE, at_refill=False, new_mcg_per_day=d(201))
    assert codes(slight.findings) == ("small_step", "not_at_refill")
    assert judge(phase=Phase.TITRATION, at_refill=False).findings == ()
    assert judge(phase=Phase.MAINTENANCE, at_refill=False, new_mcg_per_day=d(190)).findings == ()
    assert judge(phase=Phase.MAINTENANCE, at_refill=False, new_mcg_per_day=d(200)).findings == ()


def test_a_restart_after_48_hours_takes_two() -> None:
    assert judge(stopped_at=hours_ago(48)).findings == ()
    assert judge(stopped_at=hours_ago(48.1)).findings == (
        Finding(
            "restart",
            Severity.NEEDS_SECOND,
            "The infusion was off for more than 48 h: restart low, with a second clinician.",
            (RESTART_AFTER_H,),
            "dose_mcg_per_day",
        ),
    )


def test_a_concentration_change_takes_two_and_a_bridge_decision() -> None:
    assert concentration_findings(None, d(500), None) == ()
    assert concentration_findings(d(500), None, None) == ()
    assert concentration_findings(d(500), d(500), None) == ()
    decided = concentration_findings(d(500), d(2000), BridgeDecision.DONE)
    assert [(one.code, one.severity, one.text) for one in decided] == [
        ("concentration_change", Severity.NEEDS_SECOND, "A new concentration takes two people.")
    ]
    assert [limit.sources for one in decided for limit in one.limits] == [("S14",)]
    undecided = concentration_findings(d(500), d(2000), None)[1]
    assert undecided == Finding(
        "bridge_undecided",
        Severity.REFUSED,
        "Decide on the bridge bolus: done, or not needed with a reason.",
        decided[0].limits,
        "bridge",
    )
    skipped = concentration_findings(d(500), d(2000), BridgeDecision.NOT_NEEDED)
    assert codes(skipped) == ("concentration_change", "bridge_skipped")
    assert skipped[1] == Finding(
        "bridge_skipped", Severity.NEEDS_REASON, "Say why no bridge is needed.", decided[0].limits, "bridge"
    )


def test_everything_is_judged_together() -> None:
    result = judge(
        old_mcg_per_day=d(900),
        new_mcg_per_day=d(2100),
        changed_at=hours_ago(3),
        stopped_at=hours_ago(72),
        old_mcg_per_ml=d(1000),
        new_mcg_per_ml=d(2000),
    )
    assert codes(result.findings) == (
        "over_limit",
        "high_dose_step",
        "short_interval",
        "limited_experience",
        "observed_maximum",
        "restart",
        "concentration_change",
        "bridge_undecided",
    )
    assert result.needs(Severity.NEEDS_SECOND)
    assert result.needs(Severity.REFUSED)
    assert not judge().needs(Severity.NEEDS_REASON)
    assert not judge(new_mcg_per_day=d(270)).needs(Severity.NEEDS_SECOND)
    assert codes(
        judge(old_mcg_per_ml=d(500), new_mcg_per_ml=d(2000), bridge=BridgeDecision.DONE).findings
    ) == ("concentration_change",)


def test_a_child_never_gets_adult_limits_nor_cerebral_spinal_ones() -> None:
    assert codes(judge(new_mcg_per_day=d(250)).findings) == ()
    assert codes(judge(new_mcg_per_day=d(250), born_on=CHILD).findings) == ("over_limit",)
    assert codes(judge(new_mcg_per_day=d(250), origin=Origin.CEREBRAL).findings) == ("over_limit",)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"old_mcg_per_day": d(0)},
            refusal("old_mcg_per_day", "Without a running dose there is no step: use the starting dose."),
        ),
        ({"new_mcg_per_day": d(-1)}, refusal("dose_mcg_per_day", "A dose cannot be negative.")),
        (
            {"infusion_started_at": NOON + timedelta(seconds=1), "changed_at": None},
            refusal("at", "The change lies before the start of the infusion."),
        ),
        (
            {"changed_at": NOON + timedelta(seconds=1)},
            refusal("at", "A later change is already recorded: enter this one as a correction."),
        ),
        ({"born_on": date(2027, 1, 1)}, refusal("born_on", "The birth date lies after this date.")),
    ],
)
def test_impossible_changes(changes: dict[str, object], expected: CannotCompute) -> None:
    assert check_step(replace(STEADY, **changes)) == expected  # type: ignore[arg-type]


def test_all_reasons_at_once_and_edges_allowed() -> None:
    result = check_step(
        replace(STEADY, old_mcg_per_day=d(0), new_mcg_per_day=d(-1), born_on=date(2027, 1, 1))
    )
    assert fields_of(result) == ("old_mcg_per_day", "dose_mcg_per_day", "born_on")
    assert isinstance(check_step(replace(STEADY, old_mcg_per_day=d(1), new_mcg_per_day=d(1))), StepCheck)
    assert isinstance(check_step(replace(STEADY, changed_at=NOON)), StepCheck)
    assert isinstance(check_step(replace(STEADY, infusion_started_at=NOON, changed_at=None)), StepCheck)
