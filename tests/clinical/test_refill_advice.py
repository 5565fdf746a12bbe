"""A refill judged on one patient's situation: volumes, difference, trend, the program after it, the dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pathway.clinical.device import SYNCHROMED_III
from pathway.clinical.pump_log import Filled, Measured, Stopped
from pathway.clinical.refill_advice import RESIDUAL_GAP_ML, RefillAdvice, discrepancies, judge_refill
from pathway.clinical.residual import Direction, Discrepancy
from pathway.clinical.results import Finding, Severity
from pathway.clinical.runway import Runway
from pathway.clinical.situation import Situation
from pathway.clinical.steps import BridgeDecision, Phase
from tests.clinical.builders import codes, d, refusal
from tests.clinical.pumps import at, filled, on, programmed, pump, situation


def judge(basis: Situation, fill: Filled, decision: BridgeDecision | None = None) -> RefillAdvice:
    advice = judge_refill(basis, fill, decision)
    assert isinstance(advice, RefillAdvice), advice
    return advice


def found(days: float, aspirated: str | None, expected: str | None = None, **more: object) -> Filled:
    """A refill with what came out and what the programmer showed; 100 mcg/day goes on."""
    values = {"dose": "100", **more}
    return filled(
        days,
        aspirated_ml=d(aspirated) if aspirated else None,
        expected_ml=d(expected) if expected else None,
        **values,  # type: ignore[arg-type]
    )


def test_4_5_a_refill_as_expected() -> None:
    advice = judge(situation(), found(61, "8.4"))
    assert (advice.computed_ml, advice.expected_ml) == (8, 8)
    assert isinstance(advice.discrepancy, Discrepancy)
    assert advice.discrepancy.difference_ml == d("0.4")
    assert (advice.trend, advice.work_up, advice.findings) == (None, False, ())
    assert isinstance(advice.runway, Runway)
    assert advice.runway.alarm_at == at(61 + 90)
    assert advice.program is not None
    assert (advice.program.old_mcg_per_day, advice.program.new_mcg_per_day) == (100, 100)
    assert advice.program.runway == advice.runway


@pytest.mark.parametrize(
    ("aspirated", "work_up", "direction"),
    [
        ("9.5", False, Direction.UNDER_DELIVERED),
        ("10.5", True, Direction.UNDER_DELIVERED),
        ("5", True, Direction.OVER_DELIVERED),
    ],
)
def test_4_6_the_residual_vectors_through_a_refill(
    aspirated: str, work_up: bool, direction: Direction
) -> None:
    advice = judge(situation(), found(61, aspirated))
    assert advice.work_up is work_up
    assert isinstance(advice.discrepancy, Discrepancy)
    assert advice.discrepancy.direction is direction
    assert [one.severity for one in advice.findings] == [Severity.WARNING] * (2 if work_up else 0)


def test_the_prime_of_the_first_fill_was_never_in_the_reservoir() -> None:
    basis = situation(filled(0, prime_ml=d("0.5")), programmed(1, "100"))
    assert judge(basis, found(61, "7.5")).computed_ml == d("7.5")
    assert judge_refill(basis, found(61, "19.6")) == refusal(
        "aspirated_ml", "19.6 mL is more than the 19.5 mL that were in the pump after its last fill."
    )
    assert isinstance(judge_refill(basis, found(61, "19.5")), RefillAdvice)


def test_what_the_programmer_shows_counts_and_a_gap_is_said() -> None:
    advice = judge(situation(), found(61, "6", expected="6"))
    assert (advice.computed_ml, advice.expected_ml, advice.findings) == (8, 6, ())
    gap = judge(situation(), found(61, "5.9", expected="5.9"))
    assert codes(gap.asks(Severity.WARNING)) == ("records_differ",)
    assert gap.asks(Severity.REFUSED) == ()
    text = (
        "The programmer shows 5.9 mL, the records here give 8 mL: a program, bolus or fill may be missing here, "
        "or entered wrongly."
    )
    said = Finding("records_differ", Severity.WARNING, text, (RESIDUAL_GAP_ML,), "expected_residual_ml")
    assert gap.findings == (said,)
    assert (
        "the records here give 7.9 mL:" in judge(situation(), found(61.3, "5", expected="5")).findings[0].text
    )
    assert gap.work_up is False
    assert codes(judge(situation(), found(61, "10.1", expected="10.1")).findings) == ("records_differ",)
    assert judge(situation(), found(61, "10", expected="10")).findings == ()


@pytest.mark.parametrize(
    ("fill", "field", "text"),
    [
        (
            found(61, "8", volume="20.5"),
            "filled_ml",
            "20.5 mL do not fit into this pump's reservoir of 20 mL.",
        ),
        (
            found(61, "20.1"),
            "aspirated_ml",
            "20.1 mL is more than the 20 mL that were in the pump after its last fill.",
        ),
        (
            found(61, "8", expected="21"),
            "expected_residual_ml",
            "21 mL is more than the 20 mL that were in the pump after its last fill.",
        ),
        (found(-1, "8"), "refilled_at", "This is before the first fill of this pump."),
        (found(0, "8"), "refilled_at", "This is before the first fill of this pump."),
    ],
)
def test_volumes_and_times_that_cannot_be(fill: Filled, field: str, text: str) -> None:
    assert judge_refill(situation(), fill) == refusal(field, text)


def test_two_fills_of_one_minute_are_refused() -> None:
    basis = situation(filled(0), programmed(1, "100"), filled(61, dose="100"))
    assert judge_refill(basis, found(61, "8")) == refusal(
        "refilled_at", "A fill of this very minute is on record already: correct that one."
    )


def test_without_a_pump_nothing_is_judged() -> None:
    assert judge_refill(Situation(today=on(0)), found(61, "8")) == refusal(
        "", "No pump is on record: record the operation first."
    )


def test_a_full_reservoir_may_be_filled_and_an_untouched_one_emptied() -> None:
    advice = judge(situation(), found(2, "20", volume="20"))
    assert (advice.computed_ml, advice.work_up) == (d("19.8"), False)


def test_4_5_the_trend_over_two_refills() -> None:
    """12.5 % too little twice: no single one is over a limit, the two together are."""
    entries = (filled(0), programmed(1, "100"), found(61, "9.5"))
    advice = judge(situation(*entries), found(121, "9.5"))
    assert advice.trend is not None
    assert codes(advice.findings) == ("discrepancy_trend",)
    assert isinstance(advice.discrepancy, Discrepancy)
    assert (advice.discrepancy.alert, advice.work_up) == (False, True)
    assert judge(situation(*entries), found(121, "8.4")).trend is None
    assert judge(situation(*entries), found(121, None)).trend is None


def test_earlier_differences_are_read_on_their_own_cycle() -> None:
    entries = (
        filled(0),
        programmed(1, "100"),
        found(61, "9.5"),
        found(121, None),
        found(181, "8", expected="7"),
        found(190, "25"),  # cannot be judged, so it is left out
        found(300, "9"),
    )
    facts = pump(*entries)
    seen = discrepancies(facts, at(300))
    assert [(one.expected_ml, one.difference_ml) for one in seen] == [(8, d("1.5")), (7, 1)]
    assert discrepancies(facts, at(61)) == ()
    assert len(discrepancies(facts, at(61) + timedelta(minutes=1))) == 1
    first = pump(filled(0, aspirated_ml=d(18)), programmed(1, "100"))
    assert discrepancies(first, at(300)) == ()  # what came out at the implant belongs to no cycle


def test_without_a_program_nothing_is_expected() -> None:
    basis = situation(filled(0))
    advice = judge(basis, filled(61, aspirated_ml=d(8)))
    assert advice.expected_ml is None
    assert (advice.discrepancy, advice.program) == (None, None)
    assert advice.work_up is False
    started = judge(basis, found(61, "8"))
    assert started.program is not None
    assert (started.program.old_mcg_per_day, started.program.step) == (None, None)


def test_a_measured_volume_corrects_what_is_expected() -> None:
    basis = situation(filled(0), programmed(1, "100"), Measured(at(31), d(10)))
    assert judge(basis, found(61, "4")).computed_ml == 4


def test_a_pump_that_was_off_delivered_nothing_and_restarts_with_two_people() -> None:
    basis = situation(filled(0), programmed(1, "100"), Stopped(at(31)))
    advice = judge(basis, found(61, "14"))
    assert advice.computed_ml == 14
    assert codes(advice.findings) == ("restart",)
    assert codes(advice.asks(Severity.NEEDS_SECOND)) == ("restart",)


def test_3_2_a_refill_is_where_maintenance_steps_belong() -> None:
    basis = situation(phase=Phase.MAINTENANCE)
    assert codes(judge(basis, found(61, "8", dose="140")).findings) == ()
    assert codes(judge(basis, found(61, "8", dose="141")).findings) == ("over_limit",)
    assert codes(judge(situation(), found(61, "8", dose="140")).findings) == ("over_limit",)


def test_another_strength_at_a_refill_takes_a_decision_and_two_people() -> None:
    undecided = judge(situation(), found(61, "8", strength=1000))
    assert codes(undecided.findings) == ("concentration_change", "bridge_undecided")
    bridged = judge(situation(), found(61, "8", strength=1000, bridged=True), BridgeDecision.DONE)
    assert codes(bridged.findings) == ("concentration_change",)
    assert isinstance(bridged.runway, Runway)
    assert bridged.runway.volume_ml == 20 - d("0.4014")


def test_a_dose_below_the_least_flow_refuses_the_refill() -> None:
    result = judge_refill(situation(), found(61, "8", strength=2000, dose="90"))
    assert result == refusal(
        "dose_mcg_per_day",
        "90 mcg in 24 h at 2000 mcg/mL is 0.045 mL/day, below the least flow of SynchroMed II, 0.048 mL/day: "
        "give at least 96 mcg in that time or choose a weaker concentration.",
    )


def test_a_late_refill_moves_the_dates_of_what_came_after() -> None:
    basis = situation(filled(0), programmed(1, "100"), programmed(70, "120"))
    advice = judge(basis, found(61, "8"))
    assert isinstance(advice.runway, Runway)
    assert (advice.runway.fill_at, advice.runway.flow_ml_per_day) == (at(61), d("0.24"))


def test_the_alarm_set_at_this_refill_counts_in_its_dates() -> None:
    advice = judge(situation(), found(61, "8", alarm_ml=d(4)))
    assert isinstance(advice.runway, Runway)
    assert (advice.runway.alarm_ml, advice.runway.alarm_at) == (4, at(61 + 80))


def test_a_pump_of_unknown_accuracy_is_judged_by_volume_alone() -> None:
    facts = pump(model=SYNCHROMED_III)
    advice = judge(situation(facts=facts), found(61, "9.9"))
    assert codes(advice.findings) == ("accuracy_unknown",)
    assert advice.work_up is False
    assert judge(situation(facts=facts), found(61, "10.1")).work_up is True


def test_the_discrepancy_may_be_incomputable_and_is_then_no_alarm() -> None:
    negative = replace(found(61, "8"), aspirated_ml=d("-1"))
    advice = judge(situation(), negative)
    assert advice.discrepancy == refusal("aspirated_ml", "A volume cannot be negative.")
    assert (advice.trend, advice.work_up) == (None, False)
