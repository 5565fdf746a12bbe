"""A program judged on one patient's situation: step, start, strength, bridge, flow and the dates that follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.clinical.advice import ProgramAdvice, judge_program, runway_in, second_look
from pathway.clinical.catheter import Bridge
from pathway.clinical.device import PROMETRA_II, SYNCHROMED_II, SYNCHROMED_III
from pathway.clinical.dosing import StartDose
from pathway.clinical.program import DoseStep, Mode, Program, simple_program
from pathway.clinical.pump_log import Entry, Measured, Programmed, PumpLog, Removed, Stopped
from pathway.clinical.reservoir import Purpose
from pathway.clinical.results import CannotCompute, Finding, Severity
from pathway.clinical.runway import SENSITIVE_ALARM_ML, Runway
from pathway.clinical.situation import Situation, TrialResponse
from pathway.clinical.steps import BridgeDecision, Phase, StepCheck
from tests.clinical.builders import codes, d, fields_of, refusal, text_of
from tests.clinical.pump_days import DAY, histories
from tests.clinical.pumps import PATH_ML, at, filled, on, programmed, pump, situation

ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("posix"))
DST_ZONES = ["America/Chicago", "Australia/Lord_Howe", "Europe/London", "Pacific/Apia", "Africa/Casablanca"]
LONG = "sci_t6_or_above"


def judge(basis: Situation, entry: Programmed, decision: BridgeDecision | None = None) -> ProgramAdvice:
    advice = judge_program(basis, entry, decision)
    assert isinstance(advice, ProgramAdvice), advice
    return advice


def runway(basis: Situation) -> Runway:
    assert basis.pump is not None
    result = runway_in(basis, basis.pump.log)
    assert isinstance(result, Runway), result
    return result


# --- the step ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "dose", "found"),
    [
        ({}, "130", ()),
        ({}, "130.1", ("over_limit",)),
        ({}, "105", ("small_step",)),
        ({}, "70", ("large_decrease",)),
        ({"origin": "cerebral"}, "115", ()),
        ({"origin": "cerebral"}, "130", ("over_limit",)),  # spinal limits would have let it pass
        ({"birth_date": date(2015, 1, 1)}, "130", ("over_limit",)),  # so would an adult's
        ({"birth_date": date(2015, 1, 1)}, "115", ()),
        ({"phase": Phase.MAINTENANCE}, "140", ("not_at_refill",)),
        ({"phase": Phase.MAINTENANCE}, "141", ("over_limit", "not_at_refill")),
    ],
)
def test_3_2_the_step_of_this_patient(patient: dict[str, object], dose: str, found: tuple[str, ...]) -> None:
    advice = judge(situation(**patient), programmed(10, dose))
    assert codes(advice.findings) == found
    assert (advice.old_mcg_per_day, advice.new_mcg_per_day) == (100, d(dose))
    assert isinstance(advice.step, StepCheck)
    assert advice.start is None


def test_a_late_record_is_judged_on_the_age_of_its_day() -> None:
    """Born 18 years before day 20: a child's limits on day 10, an adult's on day 30, whenever it is typed."""
    eighteen = situation(day=60, birth_date=on(20).replace(year=on(20).year - 18))
    assert codes(judge(eighteen, programmed(10, "125")).findings) == ("over_limit",)
    assert codes(judge(eighteen, programmed(30, "125")).findings) == ()
    first = replace(eighteen, pump=pump(filled(0)))
    young = situation(day=5000, facts=first.pump, birth_date=on(10).replace(year=on(10).year - 11))
    assert codes(judge(young, programmed(10, "1199.5")).findings) == (
        "limited_experience",
        "observed_maximum",
    )
    assert codes(judge(young, programmed(800, "1199.5")).findings) == ("limited_experience",)


def test_a_late_record_changes_what_ran_at_its_time() -> None:
    basis = situation(filled(0), programmed(1, "100"), programmed(30, "150"), filled(60, dose="180"))
    advice = judge(basis, programmed(20, "120"))
    assert (advice.old_mcg_per_day, advice.new_mcg_per_day) == (100, 120)
    assert isinstance(advice.runway, Runway)
    assert advice.runway.fill_at == at(60)
    assert advice.runway.flow_ml_per_day == d("0.36")


@pytest.mark.parametrize("patient", [{"origin": ""}, {"birth_date": None}])
def test_without_origin_or_age_no_limit_is_known(patient: dict[str, object]) -> None:
    advice = judge(situation(**patient), programmed(10, "130"))
    assert advice.step == refusal(
        "origin", "The origin of the spasticity is not recorded, so no step limit is known."
    )
    assert advice.findings == ()
    first = judge(situation(filled(0), **patient), programmed(10, "5000"))
    assert first.findings == ()


def test_no_increase_within_a_day_of_the_last_change_and_none_on_the_first() -> None:
    basis = situation(filled(0), programmed(1, "100"), programmed(5, "110"))
    assert codes(judge(basis, programmed(5.9, "121")).findings) == ("short_interval",)
    assert codes(judge(basis, programmed(6, "121")).findings) == ()
    assert codes(judge(situation(), programmed(1.5, "110")).findings) == ("first_day",)


def test_restart_after_48_h_takes_two() -> None:
    basis = situation(filled(0), programmed(1, "100"), Stopped(at(5)))
    advice = judge(basis, programmed(8, "100"))
    assert codes(advice.findings) == ("restart",)
    assert codes(advice.asks(Severity.NEEDS_SECOND)) == ("restart",)
    assert advice.asks(Severity.NEEDS_REASON) == ()
    assert second_look(advice.findings) == advice.findings
    assert codes(judge(basis, programmed(7, "100")).findings) == ()


def test_the_findings_for_two_people() -> None:
    found = (Finding("a", Severity.NEEDS_SECOND, "A."), Finding("b", Severity.REFUSED, "B."))
    assert codes(second_look(found)) == ("a",)
    assert second_look(()) == ()


# --- the first program ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("over_8h", "negative", "dose", "found"),
    [
        (False, False, "100", ()),
        (False, False, "101", ("over_start",)),
        (True, False, "50", ()),
        (True, False, "51", ("over_start",)),
        (False, True, "51", ("over_start",)),
    ],
)
def test_3_1_a_first_program_against_the_start_rule(
    over_8h: bool, negative: bool, dose: str, found: tuple[str, ...]
) -> None:
    trial = TrialResponse(d(50), over_8h, negative)
    advice = judge(situation(filled(0), trial=trial), programmed(1, dose))
    assert codes(advice.findings) == found
    assert (advice.old_mcg_per_day, advice.step) == (None, None)
    assert isinstance(advice.start, StartDose)
    assert advice.start.dose_mcg_per_day == (50 if over_8h or negative else 100)


def test_a_start_above_the_rule_says_by_what() -> None:
    trial = TrialResponse(d(50), over_8h=False, negative_reaction=False)
    [found] = judge(situation(filled(0), trial=trial), programmed(1, "150")).findings
    assert found.text == "150 mcg/day is above the label's start: 2 x 50 mcg = 100 mcg over 24 h."
    assert (found.severity, found.field) == (Severity.NEEDS_REASON, "dose_mcg_per_day")
    assert [limit.rule for limit in found.limits] == ["3.1 start", "3.1 start"]


def test_a_first_program_without_a_trial() -> None:
    advice = judge(situation(filled(0)), programmed(1, "1500"))
    assert advice.start == refusal("effective_bolus_mcg", "No effective screening dose is on record.")
    assert codes(advice.findings) == ("limited_experience",)
    assert isinstance(advice.runway, Runway)


def test_a_first_program_at_another_strength_than_the_fill() -> None:
    advice = judge(situation(filled(0)), programmed(1, "200", 2000))
    assert codes(advice.findings) == ("concentration_change", "bridge_undecided")
    assert (advice.old_mcg_per_ml, advice.new_mcg_per_ml) == (500, 2000)
    decided = judge(situation(filled(0)), programmed(1, "200", 2000), BridgeDecision.NOT_NEEDED)
    assert codes(decided.findings) == ("concentration_change", "bridge_skipped")


def test_the_program_of_a_replaced_pump_is_what_a_first_one_changes() -> None:
    old = PumpLog((filled(-300), programmed(-299, "250"))).state()
    basis = situation(facts=replace(pump(filled(0)), carried=old))
    advice = judge(basis, programmed(1, "400"))
    assert (advice.old_mcg_per_day, codes(advice.findings)) == (250, ("over_limit",))


# --- strength, bridge, flow -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "found"),
    [
        (None, ("concentration_change", "bridge_undecided")),
        (BridgeDecision.DONE, ("concentration_change",)),
        (BridgeDecision.NOT_NEEDED, ("concentration_change", "bridge_skipped")),
    ],
)
def test_a_new_strength_takes_a_decision(decision: BridgeDecision | None, found: tuple[str, ...]) -> None:
    advice = judge(situation(), programmed(10, "100", 1000), decision)
    assert codes(advice.findings) == found
    assert isinstance(advice.bridge, Bridge)
    assert advice.bridge.programmed_mcg == PATH_ML * 1000
    assert advice.bridge.hours == PATH_ML * 500 / 100 * 24
    assert advice.least_mcg_per_day == 48


def test_no_bridge_where_the_strength_stays_or_the_length_is_missing() -> None:
    assert judge(situation(), programmed(10, "110")).bridge is None
    unknown = situation(facts=pump(implanted_cm=None))
    advice = judge(unknown, programmed(10, "100", 1000), BridgeDecision.NOT_NEEDED)
    assert fields_of(advice.bridge) == ("implanted_cm",)
    assert isinstance(advice.runway, Runway)  # it can be saved all the same


@pytest.mark.parametrize(
    ("entry", "field", "words"),
    [
        (programmed(10, "23"), "dose_mcg_per_day", "below the least flow of SynchroMed II, 0.048 mL/day"),
        (programmed(10, "0.2"), "dose_mcg_per_day", "give at least 24 mcg"),  # a flow typed for a dose
        (programmed(10, "100", 50), "concentration_mcg_per_ml", "50 mcg/mL is the screening strength"),
        (programmed(10, "100", 4000), "concentration_mcg_per_ml", "No approved product has 4000 mcg/mL"),
        (programmed(10, "0"), "dose_mcg_per_day", "A dose of 0 is a stop, not a program"),
    ],
)
def test_what_a_pump_cannot_run(entry: Programmed, field: str, words: str) -> None:
    result = judge_program(situation(), entry)
    assert fields_of(result) == (field,)
    assert words in text_of(result)


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (-1, "At this time no fill of this pump is on record yet."),
        (1, "A program of this very minute is on record already: correct that one."),
    ],
)
def test_a_time_that_cannot_be(days: int, text: str) -> None:
    assert judge_program(situation(), programmed(days, "110")) == refusal("effective_at", text)


def test_without_a_pump_nothing_is_judged() -> None:
    nobody = Situation(today=on(0))
    assert judge_program(nobody, programmed(1, "100")) == refusal(
        "", "No pump is on record: record the operation first."
    )
    assert runway_in(nobody, PumpLog()) == refusal(
        "pump_model", "No pump is on record: record the operation first."
    )


def test_3_5_a_rise_over_a_year_asks_for_pump_and_catheter() -> None:
    basis = situation(filled(0), programmed(1, "100"), filled(170, dose="200"), day=700)
    advice = judge(basis, programmed(690, "301"))
    assert codes(advice.findings) == ("over_limit", "dose_rise")
    assert "dose_rise" not in codes(judge(basis, programmed(690, "300")).findings)


# --- dates ------------------------------------------------------------------------------------------------------------


def test_the_dates_of_a_pump() -> None:
    dates = runway(situation())
    assert (dates.alarm_at, dates.refill_by) == (at(91), on(84))
    assert (dates.alarm_ml, dates.constants[0]) == (2, SYNCHROMED_II.alarm_ml)
    assert [note.field for note in dates.notes] == []


def test_dates_are_planned_earlier_for_a_withdrawal_prone_patient() -> None:
    usual, prone = runway(situation()), runway(situation(withdrawal_risk=(LONG,)))
    assert (prone.refill_by, prone.book_from) == (on(74), usual.book_from - timedelta(days=10))
    assert (prone.alarm_at, prone.alarm_date, prone.dry_at) == (
        usual.alarm_at,
        usual.alarm_date,
        usual.dry_at,
    )
    assert prone.notes[-1].text == (
        "Planned from 4 mL, because withdrawal is more dangerous for this patient."
    )
    assert prone.notes[-1].field == "planned_from"
    assert prone.constants == (*usual.constants, SENSITIVE_ALARM_ML)


def test_an_alarm_set_to_4_ml_counts_from_its_fill_on() -> None:
    facts = pump(filled(0), programmed(1, "100"), filled(50, alarm_ml=d(4)))
    assert runway(situation(facts=facts)).alarm_ml == 4
    assert runway(situation(facts=facts)).alarm_at == at(130)
    prone = runway(situation(facts=facts, withdrawal_risk=(LONG,)))
    assert (prone.refill_by, prone.notes) == (on(123), ())
    set_on_the_row = situation(facts=pump(alarm_ml=d(5)))
    assert runway(set_on_the_row).alarm_at == at(76)


def test_stability_ends_long_cycles() -> None:
    dates = runway(situation(filled(0, strength=2000), programmed(1, "100", 2000)))
    assert dates.refill_by == on(180) - timedelta(days=7)


def test_dates_that_cannot_be_worked_out() -> None:
    basis = situation(withdrawal_risk=(LONG,))
    assert basis.pump is not None
    unfilled = runway_in(basis, PumpLog())
    assert "No fill is recorded" in text_of(unfilled)
    tiny = replace(basis.pump, reservoir_ml=d(3))
    assert "has a reservoir of 20 or 40 mL" in text_of(runway_in(replace(basis, pump=tiny), tiny.log))


def test_a_reservoir_too_small_to_plan_from_4_ml_is_refused() -> None:
    """A site's own pump with 3.5 mL: its own alarm fits, the earlier one does not; no date is guessed."""
    small = replace(
        SYNCHROMED_II, reservoir_sizes_ml=replace(SYNCHROMED_II.reservoir_sizes_ml, value=(d("3.5"),))
    )
    facts = replace(pump(filled(0, "3.5"), programmed(1, "100"), model=small), reservoir_ml=d("3.5"))
    assert isinstance(runway_in(situation(facts=facts), facts.log), Runway)
    planned = runway_in(situation(facts=facts, withdrawal_risk=(LONG,)), facts.log)
    assert fields_of(planned) == ("alarm_ml",)


def later(log: PumpLog, dates: Runway, zone: str) -> Decimal | None:
    """What is left at the end of the refill-by day where that day comes after everything on record."""
    end = datetime.combine(dates.refill_by + timedelta(days=1), time.min, ZoneInfo(zone))
    if end <= max(entry.at for entry in log.entries):
        return None
    left = log.state().residual_ml(end)
    assert isinstance(left, Decimal)
    return left


@settings(deadline=None)
@given(data=st.data(), zone=st.sampled_from(ZONES) | st.sampled_from(DST_ZONES))
def test_refill_by_is_never_later_than_alarm_or_stability_anywhere(data: st.DataObject, zone: str) -> None:
    """Show 2, second half: any IANA zone, across every change of the clocks, for every kind of history."""
    model = data.draw(st.sampled_from([SYNCHROMED_II, SYNCHROMED_III, PROMETRA_II]))
    entries = data.draw(histories(ZoneInfo(zone)))
    facts = replace(pump(*entries, model=model), reservoir_ml=d(40))
    basis = situation(facts=facts, time_zone=zone)
    dates = runway_in(basis, facts.log)
    if isinstance(
        dates, CannotCompute
    ):  # no program, or one that this pump cannot run: then no date stands at all
        return
    assert dates.refill_by <= dates.alarm_date
    assert dates.refill_by <= dates.stability_date
    assert dates.alarm_date <= dates.alarm_at.astimezone(ZoneInfo(zone)).date()
    assert dates.stability_date == (dates.fill_at + timedelta(days=180)).astimezone(ZoneInfo(zone)).date()
    left = later(facts.log, dates, zone)
    assert left is None or left > dates.alarm_ml
    prone = runway_in(replace(basis, withdrawal_risk=(LONG,)), facts.log)
    assert isinstance(prone, Runway)
    assert prone.refill_by <= dates.refill_by
    assert (prone.alarm_at, prone.dry_at) == (dates.alarm_at, dates.dry_at)
    left = later(facts.log, prone, zone)
    assert left is None or left > max(dates.alarm_ml, d(4))


@settings(deadline=None)
@given(data=st.data(), zone=st.sampled_from(DST_ZONES), minutes=st.integers(0, 50 * 1440))
def test_a_stop_never_moves_a_date_later(data: st.DataObject, zone: str, minutes: int) -> None:
    entries = data.draw(histories(ZoneInfo(zone)))
    facts = replace(pump(*entries), reservoir_ml=d(40))
    start = min(entry.at for entry in entries)
    stopped = facts.log.with_entries([Stopped(start + timedelta(minutes=minutes))])
    basis = situation(facts=facts, time_zone=zone)
    dates, off = runway_in(basis, facts.log), runway_in(basis, stopped)
    if isinstance(dates, CannotCompute):
        assert isinstance(off, CannotCompute)
        return
    assert isinstance(off, Runway)
    assert off.refill_by <= dates.refill_by
    assert off.alarm_at <= dates.alarm_at
    assert off.limit_at <= dates.limit_at
    assert off.critical_at <= dates.critical_at


@settings(deadline=None)
@given(data=st.data(), minutes=st.integers(0, 50 * 1440), tenths=st.integers(1, 50))
def test_what_leaves_the_reservoir_never_moves_a_date_later(
    data: st.DataObject, minutes: int, tenths: int
) -> None:
    entries: list[Entry] = data.draw(histories(ZoneInfo("America/Chicago")))
    facts = replace(pump(*entries), reservoir_ml=d(40))
    moment = min(entry.at for entry in entries) + timedelta(minutes=minutes)
    more = facts.log.with_entries([Removed(moment, Purpose.PURGE, Decimal(tenths) / 10)])
    basis = situation(facts=facts)
    dates, less = runway_in(basis, facts.log), runway_in(basis, more)
    if isinstance(dates, Runway):
        assert isinstance(less, Runway)
        # A program that varies over the day is counted in whole days, which start anew at every event.
        slack = DAY if any(_varies(entry) for entry in entries) else timedelta(0)
        assert less.refill_by <= dates.refill_by + slack
        assert less.alarm_at <= dates.alarm_at + slack


def _varies(entry: Entry) -> bool:
    return isinstance(entry, Programmed) and entry.program.mode is not Mode.SIMPLE


def test_flex_counts_whole_days_and_measures_win() -> None:
    flex = Program(d(500), (DoseStep(d(0), d(60)), DoseStep(d(12), d(40))))
    entries = (filled(0), Programmed(at(1), on(1), flex, at(1)))
    assert runway(situation(*entries)).alarm_at == at(91)
    assert runway(situation(*entries, Measured(at(11), d("10")))).alarm_at == at(51)
    assert simple_program(d(500), d(100)).dose_mcg_per_day == flex.dose_mcg_per_day
