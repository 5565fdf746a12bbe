"""The pump's log: any order of entering, any program, against a pump simulated half hour by half hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.clinical.program import DailyBolus, DoseStep, Mode, Program, schedule_problems, simple_program
from pathway.clinical.pump_log import (
    Entry,
    Filled,
    Measured,
    Programmed,
    PumpLog,
    PumpState,
    Removed,
    Stopped,
    scaled,
)
from pathway.clinical.reservoir import Correction, Fill, ProgramChange, Purpose, Removal
from pathway.clinical.results import CannotCompute
from tests.clinical.builders import NOON, d
from tests.clinical.pump_days import DAY, DOSES, histories, programs, simulate

ZONE = ZoneInfo("America/Chicago")
PATH = d("0.4014")


def at(days: float) -> datetime:
    return NOON + days * DAY


def on(days: float) -> date:
    return at(days).date()


def filled(
    days: float, volume: str = "20", strength: int = 500, dose: str | None = None, **more: object
) -> Filled:
    return Filled(at(days), on(days), d(volume), d(strength), d(dose) if dose else None, **more)  # type: ignore[arg-type]


def programmed(days: float, dose: str, strength: int = 500, *, bridged: bool = False) -> Programmed:
    return Programmed(at(days), on(days), simple_program(d(strength), d(dose)), None, bridged)


FIRST = (filled(0), programmed(1, "100"))


def left(entries: list[Entry] | tuple[Entry, ...], days: float, path: Decimal | None = PATH) -> Decimal:
    result = PumpLog(tuple(entries), path).state().residual_ml(at(days))
    assert isinstance(result, Decimal), result
    return result


@pytest.mark.parametrize(
    ("more", "days", "ml"),
    [
        ([], 0, "20"),
        ([], 1, "20"),  # nothing runs before the first program
        ([], 11, "18"),
        ([filled(11)], 21, "18"),  # a fill without a dose: what ran goes on
        ([filled(11, strength=1000)], 21, "19"),  # at the strength of the fill
        ([filled(11, dose="200")], 21, "16"),
        ([filled(11, prime_ml=d("0.5"))], 11, "19.5"),
        ([filled(11, strength=1000, bridged=True)], 11, "19.5986"),
        ([programmed(11, "100", 1000, bridged=True)], 11, "17.5986"),
        ([programmed(11, "200")], 21, "14"),
        ([Removed(at(11), Purpose.BOLUS, d(3))], 11, "15"),
        ([Removed(at(11), Purpose.BOLUS, None, d(250))], 11, "17.5"),
        ([Removed(at(12), Purpose.BOLUS, None, d(250)), filled(11, strength=1000)], 12, "19.65"),
        ([Measured(at(11), d(10))], 21, "8"),
        ([filled(11, prime_ml=d("0.5")), Measured(at(11), d(10))], 11, "9.5"),  # the smaller amount counts
        ([Stopped(at(11))], 90, "18"),
        ([Stopped(at(11)), programmed(21, "100")], 31, "16"),
        ([Stopped(at(11)), filled(21)], 31, "20"),  # filled but still off
        ([Stopped(at(11)), filled(21, dose="100")], 31, "18"),  # a dose restarts it
    ],
)
def test_what_is_left(more: list[Entry], days: float, ml: str) -> None:
    assert left([*FIRST, *more], days) == d(ml)


def test_a_bridge_needs_a_known_path() -> None:
    entries = [*FIRST, filled(11, strength=1000, bridged=True)]
    assert left(entries, 11, None) == 20
    assert left([*FIRST, programmed(11, "100", 1000, bridged=True)], 11, None) == 18


def test_a_bridge_leaves_before_the_program_that_follows_it() -> None:
    state = PumpLog((FIRST[0], programmed(1, "100", 1000, bridged=True)), PATH).state()
    assert state.events[1:] == (
        Removal(at(1), PATH, Purpose.BRIDGE),
        ProgramChange(at(1), simple_program(d(1000), d(100))),
    )
    filled_anew = PumpLog((*FIRST, filled(2, strength=1000, bridged=True)), PATH).state()
    assert filled_anew.events[3] == Removal(at(2), PATH, Purpose.BRIDGE)


def test_an_empty_log_knows_nothing() -> None:
    assert PumpLog().state() == PumpState()
    state = PumpLog((Removed(at(0), Purpose.BOLUS, None, d(50)),)).state()
    assert (state.dose_mcg_per_day, state.cycle_volume_ml, state.stopped_at) == (None, None, None)
    assert state.events == (Removal(at(0), d(0), Purpose.BOLUS),)
    assert isinstance(state.residual_ml(at(1)), CannotCompute)


def test_the_state_after_everything() -> None:
    log = PumpLog(
        (filled(0, prime_ml=d("0.3")), programmed(1, "100"), programmed(3, "120"), programmed(5, "120"))
    )
    state = log.state()
    assert state.fill == filled(0, prime_ml=d("0.3"))
    assert (state.dose_mcg_per_day, state.concentration_mcg_per_ml) == (120, 500)
    assert (state.started_at, state.changed_at, state.dose_since) == (at(1), at(3), on(3))
    assert (state.cycle_volume_ml, state.stopped_at, state.midnight) == (d("19.7"), None, None)
    assert state.events == (
        Fill(at(0), d(20)),
        Removal(at(0), d("0.3"), Purpose.PRIME),
        ProgramChange(at(1), simple_program(d(500), d(100))),
        ProgramChange(at(3), simple_program(d(500), d(120))),
        ProgramChange(at(5), simple_program(d(500), d(120))),
    )


def test_before_and_until_an_instant() -> None:
    log = PumpLog((*FIRST, filled(5, strength=1000, dose="110"), programmed(5, "120", 1000)))
    assert log.before(at(5)).dose_mcg_per_day == 100
    after_fill = log.before(at(5), after_fill=True)
    assert (after_fill.dose_mcg_per_day, after_fill.concentration_mcg_per_ml) == (110, 1000)
    assert log.until(at(5)).dose_mcg_per_day == 120
    assert log.until(at(4)) == log.before(at(5))
    assert log.before(at(0)) == PumpState()
    assert log.before(at(0), after_fill=True).fill == FIRST[0]
    assert log.before(at(1), after_fill=True).program is None


def test_fills_and_doses_in_order() -> None:
    log = PumpLog((programmed(9, "130"), filled(5, dose="120"), *FIRST, filled(7), Stopped(at(8))), PATH)
    assert [fill.at for fill in log.fills] == [at(0), at(5), at(7)]
    assert log.doses == ((on(1), 100), (on(5), 120), (on(9), 130))


def test_whether_an_instant_is_taken() -> None:
    log = PumpLog(FIRST)
    assert log.has(Filled, at(0))
    assert not log.has(Programmed, at(0))
    assert not log.has(Filled, at(1))


def test_more_entries_keep_the_path() -> None:
    log = PumpLog(FIRST[:1], PATH).with_entries([FIRST[1]])
    assert log == PumpLog(FIRST, PATH)


def test_a_fill_with_a_dose_starts_a_pump_that_never_ran() -> None:
    state = PumpLog((filled(0, dose="90", strength=1000),)).state()
    assert (state.program, state.started_at, state.dose_since) == (
        simple_program(d(1000), d(90)),
        at(0),
        on(0),
    )


def test_the_alarm_and_the_indicator_are_the_newest_and_the_first() -> None:
    log = PumpLog(
        (
            filled(9, eri_seen=True),
            filled(7, alarm_ml=d(3), eri_seen=True),
            filled(5, alarm_ml=d(4)),
            *FIRST,
        )
    )
    assert (log.state().alarm_ml, log.state().eri_seen_on) == (3, on(7))
    assert (log.until(at(6)).alarm_ml, log.until(at(6)).eri_seen_on) == (4, None)
    assert log.until(at(1)).alarm_ml is None


def test_while_it_is_off() -> None:
    log = PumpLog((*FIRST, Stopped(at(3))))
    assert log.state().stopped_at == at(3)
    assert log.state().dose_mcg_per_day == 100
    assert log.with_entries([programmed(4, "100")]).state().stopped_at is None
    assert log.with_entries([filled(4, dose="100")]).state().stopped_at is None
    assert log.with_entries([filled(4)]).state().stopped_at == at(3)
    assert log.with_entries([filled(4)]).state().dose_since == on(1)


def test_dates_are_planned_as_if_it_had_never_stopped() -> None:
    off = PumpLog((*FIRST, Stopped(at(3)), filled(4, strength=2000))).state()
    running = PumpLog((*FIRST, filled(4, strength=2000))).state()
    assert off.planning_events == running.events
    assert off.events[-1] == ProgramChange(at(4), None)
    measured = PumpLog((*FIRST, Measured(at(3), d(7)))).state()
    assert measured.planning_events == measured.events == (*running.events[:2], Correction(at(3), d(7)))


FLEX = Program(d(500), (DoseStep(d(0), d(60)), DoseStep(d(12), d(40))))
BOLUSES = Program(d(500), (DoseStep(d(0), d(0)),), (DailyBolus(d(6), d(50)), DailyBolus(d(18), d(49))))
THIRDS = replace(BOLUSES, boluses=tuple(DailyBolus(d(hour), d(1)) for hour in (6, 12, 18)))
ASKED = replace(FLEX, patient_bolus_mcg=d(10), patient_boluses_per_day=2)
EVEN_ASKED = replace(simple_program(d(500), d(100)), patient_bolus_mcg=d(10), patient_boluses_per_day=2)


@pytest.mark.parametrize(
    ("program", "dose", "steps", "boluses", "patient"),
    [
        (simple_program(d(500), d(100)), "120", ["120"], [], 0),
        (FLEX, "200", ["120", "80"], [], 0),
        (FLEX, "100.01", ["60.006", "40.004"], [], 0),
        (FLEX, "0.000001", ["0.000001", "0"], [], 0),
        (BOLUSES, "198", ["0"], ["100", "98"], 0),
        (BOLUSES, "100", ["0"], ["50.505051", "49.494949"], 0),
        (
            THIRDS,
            "100",
            ["0"],
            ["33.333334", "33.333333", "33.333333"],
            0,
        ),  # rounding goes to the largest part
        (ASKED, "220", ["120", "80"], [], 20),
        (ASKED, "20", ["20"], [], 0),  # what patients may ask for does not fit any more
        (ASKED, "21", ["0.6", "0.4"], [], 20),
        (EVEN_ASKED, "140", ["120"], [], 20),
        (replace(EVEN_ASKED, steps=(DoseStep(d(0), d(0)),)), "140", ["120"], [], 20),
        (replace(ASKED, steps=(DoseStep(d(0), d(0)), DoseStep(d(12), d(0)))), "140", ["120"], [], 20),
    ],
)
def test_another_total_keeps_the_pattern(
    program: Program, dose: str, steps: list[str], boluses: list[str], patient: int
) -> None:
    result = scaled(program, d(dose))
    assert [step.dose_mcg for step in result.steps] == [d(step) for step in steps]
    assert [bolus.dose_mcg for bolus in result.boluses] == [d(bolus) for bolus in boluses]
    assert (result.patient_mcg_per_day, result.dose_mcg_per_day) == (patient, d(dose))
    assert result.concentration_mcg_per_ml == 500


@given(program=programs(), cents=st.integers(1, 200_000))
def test_a_scaled_program_has_exactly_the_dose_and_no_part_below_nothing(
    program: Program, cents: int
) -> None:
    dose = Decimal(cents) / 100
    result = scaled(program, dose)
    assert result.dose_mcg_per_day == dose
    assert schedule_problems(result) == []
    if program.mode is not Mode.SIMPLE and dose > program.patient_mcg_per_day:
        assert [step.start_h for step in result.steps] == [step.start_h for step in program.steps]
        assert [bolus.at_h for bolus in result.boluses] == [bolus.at_h for bolus in program.boluses]


@settings(deadline=None)
@given(data=st.data(), ahead=st.integers(0, 60 * 24 * 20))
def test_what_is_left_equals_the_bench(data: st.DataObject, ahead: int) -> None:
    """Show 2: fills, programs of every mode, boluses, purges, corrections and stops, entered in any order."""
    entries = data.draw(histories(ZONE))
    state = PumpLog(tuple(entries), PATH).state()
    when = max(entry.at for entry in entries) + timedelta(minutes=ahead)
    computed = state.residual_ml(when)
    if state.program is None:
        stopped_or_young = isinstance(computed, Decimal)
        assert stopped_or_young == (ahead == 0 or state.stopped_at is not None)
        return
    assert isinstance(computed, Decimal)
    assert abs(Fraction(computed) - simulate(entries, PATH, when)) < Fraction(1, 10_000)


@settings(deadline=None)
@given(data=st.data())
def test_what_was_left_at_any_time_equals_the_bench(data: st.DataObject) -> None:
    """A refill is judged on the state right before it, whatever was entered later."""
    entries = data.draw(histories(ZONE))
    entry = data.draw(st.sampled_from(entries))
    before = PumpLog(tuple(entries), PATH).before(entry.at)
    earlier = [one for one in entries if one.at < entry.at]
    assert before == PumpLog(tuple(earlier), PATH).state()
    if before.program is not None:
        computed = before.residual_ml(entry.at)
        assert isinstance(computed, Decimal)
        assert abs(Fraction(computed) - simulate(earlier, PATH, entry.at)) < Fraction(1, 10_000)


@given(data=st.data())
def test_a_record_entered_late_gives_the_state_of_one_entered_in_time(data: st.DataObject) -> None:
    entries = data.draw(histories(ZONE))
    in_time = PumpLog((), PATH)
    for entry in sorted(entries, key=lambda one: one.at):
        in_time = in_time.with_entries([entry])
    late = PumpLog((), PATH)
    for entry in data.draw(st.permutations(entries)):
        late = late.with_entries([entry])
    assert late.state() == in_time.state()
    assert (late.fills, late.doses) == (in_time.fills, in_time.doses)


@given(data=st.data(), dose=DOSES)
def test_a_fill_with_a_dose_sets_exactly_that_dose(data: st.DataObject, dose: Decimal) -> None:
    entries = data.draw(histories(ZONE))
    last = max(entry.at for entry in entries) + DAY
    fill = Filled(last, last.date(), d(20), d(1000), dose)
    state = PumpLog((*entries, fill), PATH).state()
    assert (state.dose_mcg_per_day, state.concentration_mcg_per_ml, state.stopped_at) == (dose, 1000, None)
