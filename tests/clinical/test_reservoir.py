"""Expected residual through any history, against a brute-force hour-by-hour simulation (clinical.md 4.4,
4.6).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.clinical.program import DailyBolus, DoseStep, Program, simple_program
from pathway.clinical.reservoir import (
    Correction,
    Fill,
    ProgramChange,
    Purpose,
    Removal,
    ReservoirEvent,
    Stretch,
    check_events,
    expected_residual_ml,
    first_reach,
    since_measured,
    stretches,
)
from pathway.clinical.results import Reason
from tests.clinical.builders import NOON, d, refusal

DAY = timedelta(days=1)
SLOW = ProgramChange(NOON, simple_program(d(500), d(100)))  # 0.2 mL/day
FILL = Fill(NOON, d(20))


def after(days: float) -> datetime:
    return NOON + days * DAY


def test_residual_vector_60_days() -> None:
    assert expected_residual_ml([FILL, SLOW], after(60)) == 8


@pytest.mark.parametrize(
    ("events", "day", "ml"),
    [
        ([FILL, SLOW], 0, "20"),
        ([FILL, SLOW], 100, "0"),
        ([FILL, SLOW], 101, "0"),  # empty delivers nothing more
        ([FILL, SLOW, replace(SLOW, at=after(10), program=simple_program(d(500), d(200)))], 20, "14"),
        ([FILL, SLOW, Removal(after(5), d(3), Purpose.BOLUS)], 10, "15"),
        ([FILL, SLOW, Removal(NOON, d("0.375"), Purpose.PRIME)], 10, "17.625"),
        ([FILL, SLOW, Removal(after(5), d(30), Purpose.PURGE)], 10, "0"),
        ([FILL, SLOW, Correction(after(5), d(12))], 10, "11"),
        ([FILL, SLOW, Fill(after(50), d(40))], 60, "38"),
        ([FILL, SLOW, ProgramChange(after(10), None)], 30, "18"),
        ([FILL, SLOW, ProgramChange(after(10), None, idle_ml_per_day=d("0.006"))], 20, "17.94"),
        ([SLOW, replace(FILL, at=after(5))], 10, "19"),  # running before the fill
        ([FILL, replace(SLOW, at=after(2))], 12, "18"),  # filled two days before the start
        ([FILL, SLOW, replace(SLOW, at=after(40), program=simple_program(d(500), d(500)))], 10, "18"),
        ([Removal(NOON, d(1), Purpose.PRIME), SLOW, FILL], 0, "19"),  # the order of one instant is fixed
        ([Correction(NOON, d(15)), FILL, SLOW], 0, "15"),
        ([Correction(NOON - DAY, d(15)), FILL, SLOW], 10, "18"),  # older than the fill
    ],
)
def test_expected_residual(events: list[ReservoirEvent], day: int, ml: str) -> None:
    assert expected_residual_ml(events, after(day)) == d(ml)


def test_a_late_entry_is_put_in_its_place() -> None:
    change = ProgramChange(after(10), simple_program(d(500), d(200)))
    assert expected_residual_ml([change, SLOW, FILL], after(20)) == expected_residual_ml(
        [FILL, SLOW, change], after(20)
    )


def test_nothing_is_guessed() -> None:
    naive = datetime(2026, 11, 22)
    zone = "Every time needs its time zone."
    assert expected_residual_ml([FILL, SLOW], naive) == refusal("at", zone)
    assert expected_residual_ml([replace(FILL, at=naive)], NOON) == refusal("at", zone)
    assert expected_residual_ml([SLOW], after(1)) == refusal(
        "fill", "No fill is recorded, so the volume is unknown."
    )
    assert expected_residual_ml([FILL, SLOW], after(-1)) == refusal(
        "fill", "No fill is recorded before this time, so the volume is unknown."
    )
    assert expected_residual_ml([FILL], after(1)) == refusal(
        "program", "No program is recorded, so nobody knows what the pump delivered."
    )
    assert expected_residual_ml([FILL], NOON) == 20


FLEX = Program(d(500), (DoseStep(d(0), d(40)), DoseStep(d(8), d(160))))


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Fill(NOON, d(-1)), Reason("volume_ml", "A volume cannot be negative.")),
        (Correction(NOON, d(-1)), Reason("volume_ml", "A volume cannot be negative.")),
        (Removal(NOON, d(-1), Purpose.BOLUS), Reason("volume_ml", "A volume cannot be negative.")),
        (
            ProgramChange(NOON, FLEX),
            Reason("pump_midnight", "A dose that varies over the day needs the pump's clock."),
        ),
        (
            ProgramChange(NOON, None, idle_ml_per_day=d(-1)),
            Reason("idle_ml_per_day", "A flow cannot be negative."),
        ),
        (
            ProgramChange(NOON, simple_program(d(0), d(1))),
            Reason("concentration_mcg_per_ml", "A concentration is above 0 mcg/mL."),
        ),
    ],
)
def test_an_unusable_event_is_named(event: ReservoirEvent, reason: Reason) -> None:
    assert check_events([Fill(NOON, d(0)), event]) == (reason,)


def test_every_problem_is_kept() -> None:
    bad = ProgramChange(NOON, None, idle_ml_per_day=d(-1))
    assert [reason.field for reason in check_events([Fill(NOON, d(-1)), bad])] == [
        "volume_ml",
        "idle_ml_per_day",
    ]


def test_usable_events_have_no_problem() -> None:
    assert check_events([Fill(NOON, d(0)), ProgramChange(NOON, simple_program(d("0.5"), d(1)))]) == ()
    events = [Fill(NOON, d(0)), Correction(NOON, d(0)), Removal(NOON, d(0), Purpose.BOLUS), SLOW]
    assert check_events([*events, ProgramChange(NOON, FLEX, NOON), ProgramChange(NOON, None)]) == ()


def reach(level: str, *events: ReservoirEvent, factor: str = "1") -> datetime | None:
    return first_reach(since_measured(stretches(events, d(factor))), d(level))


def test_first_reach() -> None:
    stop = ProgramChange(after(10), None)
    faster = ProgramChange(after(10), simple_program(d(500), d(200)))
    assert reach("2", FILL, SLOW) == after(90)
    assert reach("2", FILL, SLOW, factor="2") == after(45)
    assert reach("2", FILL, SLOW, replace(SLOW, at=after(10)), factor="2") == after(45)
    assert reach("20", FILL, SLOW) == reach("20", FILL) == NOON
    assert reach("2", FILL, SLOW, Correction(after(95), d(12))) == after(
        145
    )  # the past alarm is corrected away
    assert reach("18", FILL, SLOW, faster) == after(10)
    assert reach("17", FILL, SLOW, faster) == after(12.5)
    assert reach("18", FILL, SLOW, stop) == after(10)
    assert reach("17.9", FILL, SLOW, stop) is None
    assert reach("10", FILL, SLOW, Correction(after(20), d(12))) == after(30)
    assert reach("19", FILL, SLOW, Removal(after(1), d(5), Purpose.BOLUS)) == after(1)
    assert reach("2", FILL) is None


def test_first_reach_is_rounded_earlier() -> None:
    third = ProgramChange(NOON, simple_program(d(500), d(150)))  # 0.3 mL/day: a third of a day's microseconds
    instant = reach("19.9", FILL, third)
    assert instant == NOON + timedelta(hours=8) - timedelta(microseconds=1) or instant == NOON + timedelta(
        hours=8
    )
    seventh = ProgramChange(NOON, simple_program(d(500), d(350)))
    assert reach("19", FILL, seventh) == NOON + timedelta(
        microseconds=int(Decimal(86_400_000_000) / Decimal("0.7"))
    )


def test_a_varying_dose_counts_whole_days() -> None:
    change = ProgramChange(NOON, FLEX, NOON)  # 0.4 mL/day
    assert reach("2", FILL, change) == after(45)
    assert reach("2.1", FILL, change) == after(44)


def test_a_flow_too_slow_for_the_calendar_is_capped() -> None:
    crawl = ProgramChange(NOON, None, idle_ml_per_day=d("0.0000001"))
    assert reach("2", FILL, crawl) == NOON + timedelta(days=36_500)


def test_stretch_keeps_the_time_between_events() -> None:
    first, second = stretches([FILL, SLOW])
    assert first == Stretch(NOON, NOON, d(20), None, measured=True)
    assert second == Stretch(NOON, None, d(20), SLOW, measured=False)


# --- against a simulation ---


def hourly_ml(change: ProgramChange | None, hour_of_pump: int) -> Fraction:
    """Volume delivered in one whole hour of the pump's clock."""
    if change is None:
        return Fraction(0)
    if change.program is None:
        return Fraction(change.idle_ml_per_day) / 24
    program = change.program
    mcg = Fraction(program.patient_bolus_mcg) * program.patient_boluses_per_day / 24
    for index, step in enumerate(program.steps):
        end = int(program.steps[index + 1].start_h) if index + 1 < len(program.steps) else 24
        if step.start_h <= hour_of_pump < end:
            mcg += Fraction(step.dose_mcg) / (end - int(step.start_h))
    mcg += sum(Fraction(bolus.dose_mcg) for bolus in program.boluses if bolus.at_h == hour_of_pump)
    return mcg / Fraction(program.concentration_mcg_per_ml)


def simulate(events: list[ReservoirEvent], hours: int) -> Fraction:
    """The reservoir hour by hour: the pump's midnight is NOON, and every event falls on a whole hour."""
    volume, running = Fraction(0), None
    order = (Fill, Correction, Removal, ProgramChange)
    for hour in range(hours + 1):
        due = [event for event in events if event.at == NOON + timedelta(hours=hour)]
        for event in sorted(due, key=lambda one: order.index(type(one))):
            if isinstance(event, ProgramChange):
                running = event
            elif isinstance(event, Removal):
                volume = max(Fraction(0), volume - Fraction(event.volume_ml))
            else:
                volume = Fraction(event.volume_ml)
        if hour < hours:
            volume = max(Fraction(0), volume - hourly_ml(running, hour % 24))
    return volume


CONCENTRATIONS = st.sampled_from([d(500), d(1000), d(2000)])
DOSES = st.integers(0, 2000).map(Decimal)
HOURS = st.integers(1, 24 * 25).map(lambda hour: NOON + timedelta(hours=hour))
VOLUMES = st.decimals(0, 40, places=2)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    starts = sorted(draw(st.sets(st.integers(1, 23), max_size=3)))
    steps = tuple(DoseStep(d(start), draw(DOSES)) for start in (0, *starts))
    boluses = draw(st.lists(st.builds(DailyBolus, st.integers(0, 23).map(Decimal), DOSES), max_size=3))
    return Program(draw(CONCENTRATIONS), steps, tuple(boluses), draw(DOSES), draw(st.integers(0, 4)))


CHANGES = st.builds(ProgramChange, HOURS, st.none() | programs(), st.just(NOON), st.just(d("0.006")))
LATER = st.lists(
    st.one_of(
        CHANGES,
        st.builds(Fill, HOURS, VOLUMES),
        st.builds(Correction, HOURS, VOLUMES),
        st.builds(Removal, HOURS, st.decimals(0, 5, places=2), st.sampled_from(Purpose)),
    ),
    max_size=8,
    unique_by=lambda event: (event.at, type(event)),  # two of a kind at one instant have no order
)


@settings(deadline=None, max_examples=60)
@given(programs(), VOLUMES, LATER, st.integers(0, 24 * 45))
def test_expected_residual_equals_the_simulation(
    first: Program, volume: Decimal, later: list[ReservoirEvent], hours: int
) -> None:
    events = [Fill(NOON, volume), ProgramChange(NOON, first, NOON), *later]
    residual = expected_residual_ml(events, NOON + timedelta(hours=hours))
    assert isinstance(residual, Decimal)
    assert abs(Fraction(residual) - simulate(events, hours)) < Fraction(1, 10**12)


@settings(deadline=None, max_examples=60)
@given(programs(), VOLUMES, LATER, st.decimals(0, 10, places=1))
def test_the_volume_is_above_a_level_until_it_is_reached(
    first: Program, volume: Decimal, later: list[ReservoirEvent], level: Decimal
) -> None:
    events = [Fill(NOON, volume), ProgramChange(NOON, first, NOON), *later]
    measured = since_measured(stretches(events))
    reached = first_reach(measured, level)
    hour = measured[0].start
    while hour < (reached or NOON + timedelta(days=30)):
        left = expected_residual_ml(events, hour)
        assert isinstance(left, Decimal)
        assert left > level - Decimal("1e-12")
        hour += timedelta(hours=31)
