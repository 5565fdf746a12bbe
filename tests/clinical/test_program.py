"""A pump program: daily totals, delivery over any interval, and what a pump cannot run (clinical.md 4.4,
13.8).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pathway.clinical.device import PROMETRA_II, SYNCHROMED_II
from pathway.clinical.program import (
    DailyBolus,
    DoseStep,
    Mode,
    Program,
    delivered_ml,
    max_concentration_mcg_per_ml,
    microseconds,
    min_dose_mcg_per_day,
    program_problems,
    simple_program,
)
from pathway.clinical.results import Reason
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.builders import d

MIDNIGHT = datetime(2026, 11, 22, 6, tzinfo=UTC)
FLEX = Program(d(500), (DoseStep(d(0), d(40)), DoseStep(d(8), d(160))))
BOLUSES = Program(d(500), (DoseStep(d(0), d(100)),), (DailyBolus(d(6), d(50)), DailyBolus(d(22), d(25))))


def test_modes_and_daily_totals() -> None:
    simple = simple_program(d(500), d(100))
    patient = replace(simple, patient_bolus_mcg=d(10), patient_boluses_per_day=3)
    assert (simple.mode, FLEX.mode, BOLUSES.mode) == (Mode.SIMPLE, Mode.FLEX, Mode.SCHEDULED)
    assert simple.dose_mcg_per_day == 100
    assert simple.flow_ml_per_day == d("0.2")
    assert FLEX.dose_mcg_per_day == 200
    assert BOLUSES.dose_mcg_per_day == 175
    assert BOLUSES.flow_ml_per_day == d("0.35")
    assert patient.dose_mcg_per_day == 130
    assert FLEX.step_spans() == ((FLEX.steps[0], d(8)), (FLEX.steps[1], d(16)))


@pytest.mark.parametrize(("concentration", "least"), [(500, 24), (1000, 48), (2000, 96)])
def test_min_dose_synchromed_ii(concentration: int, least: int) -> None:
    assert min_dose_mcg_per_day(SYNCHROMED_II, d(concentration)) == least


@pytest.mark.parametrize(
    ("dose", "strongest"),
    [("96", "2000"), ("95.9", "1000"), ("48", "1000"), ("47", "500"), ("24", "500"), ("23", None)],
)
def test_max_concentration_for_dose(dose: str, strongest: str | None) -> None:
    expected = d(strongest) if strongest else None
    assert max_concentration_mcg_per_ml(SYNCHROMED_II, d(dose)) == expected


@pytest.mark.parametrize(
    ("from_h", "to_h", "mcg"),
    [
        (0, 8, "40"),
        (8, 24, "160"),
        (0, 24, "200"),
        (4, 12, "60"),
        (20, 28, "60"),  # over the pump's midnight
        (-4, 0, "40"),  # before the anchor
        (-28, 20, "400"),
        (0, 0, "0"),
    ],
)
def test_flex_delivery(from_h: int, to_h: int, mcg: str) -> None:
    start, end = (MIDNIGHT + timedelta(hours=hours) for hours in (from_h, to_h))
    assert delivered_ml(FLEX, start, end, MIDNIGHT) == d(mcg) / 500


@pytest.mark.parametrize(
    ("from_h", "to_h", "mcg"),
    [
        (0, 24, "175"),
        (0, 6, "25"),  # a bolus counts right after its minute
        (6, 7, "54.1666666666666666666666667"),
        (21, 24, "37.5"),
        (22, 46, "175"),
        (-2, 22, "175"),
        (0, 72, "525"),
    ],
)
def test_scheduled_boluses(from_h: int, to_h: int, mcg: str) -> None:
    start, end = (MIDNIGHT + timedelta(hours=hours) for hours in (from_h, to_h))
    assert delivered_ml(BOLUSES, start, end, MIDNIGHT) == pytest.approx(d(mcg) / 500, abs=d("1e-20"))


def test_patient_boluses_are_spread_over_the_day() -> None:
    program = replace(FLEX, patient_bolus_mcg=d(12), patient_boluses_per_day=2)
    assert delivered_ml(program, MIDNIGHT, MIDNIGHT + timedelta(hours=8), MIDNIGHT) == d(48) / 500


def test_without_a_clock_the_interval_starts_the_day() -> None:
    assert delivered_ml(FLEX, MIDNIGHT, MIDNIGHT + timedelta(hours=8), None) == d(40) / 500


def test_elapsed_time_is_exact() -> None:
    assert microseconds(timedelta(hours=1, microseconds=1)) == d(3_600_000_001)
    assert microseconds(timedelta(days=400_000, microseconds=1)) == d(34_560_000_000_000_001)


NO_PRODUCT = "No approved product has {} mcg/mL; use 500, 1000 or 2000 mcg/mL."


@pytest.mark.parametrize(
    ("program", "reasons"),
    [
        (simple_program(d(500), d(100)), ()),
        (simple_program(d(2000), d(96)), ()),
        (
            simple_program(d(2000), d(90)),
            (
                Reason(
                    "dose_mcg_per_day",
                    "90 mcg in 24 h at 2000 mcg/mL is 0.045 mL/day, below the least flow of SynchroMed II, "
                    "0.048 mL/day: give at least 96 mcg in that time or choose a weaker concentration.",
                ),
            ),
        ),
        (
            simple_program(d(50), d(100)),
            (
                Reason(
                    "concentration_mcg_per_ml",
                    "50 mcg/mL is the screening strength; a pump is filled with 500, 1000 or 2000 mcg/mL.",
                ),
            ),
        ),
        (simple_program(d(4000), d(100)), (Reason("concentration_mcg_per_ml", NO_PRODUCT.format(4000)),)),
        (
            simple_program(d(0), d(100)),
            (
                Reason("concentration_mcg_per_ml", NO_PRODUCT.format(0)),
                Reason("concentration_mcg_per_ml", "A concentration is above 0 mcg/mL."),
            ),
        ),
        (
            simple_program(d(500), d(0)),
            (Reason("dose_mcg_per_day", "A dose of 0 is a stop, not a program: plan for withdrawal first."),),
        ),
        (simple_program(d(500), d(12000)), ()),
        (
            simple_program(d(500), d(12001)),
            (
                Reason(
                    "dose_mcg_per_day",
                    "24.002 mL/day is above the most SynchroMed II can deliver, 24 mL/day.",
                ),
            ),
        ),
        (simple_program(d(500), d(-1)), (Reason("dose_mcg_per_day", "A dose cannot be negative."),)),
        (
            Program(d(500), (DoseStep(d(0), d(4)), DoseStep(d(8), d(160)))),
            (
                Reason(
                    "dose_mcg_per_day",
                    "4 mcg in 8 h at 500 mcg/mL is 0.024 mL/day, below the least flow of SynchroMed II, "
                    "0.048 mL/day: give at least 8 mcg in that time or choose a weaker concentration.",
                ),
            ),
        ),
    ],
)
def test_what_synchromed_ii_cannot_run(program: Program, reasons: tuple[Reason, ...]) -> None:
    assert program_problems(program, SYNCHROMED_II) == reasons


STEPS = Reason("steps", "Steps start at 0 h, rise, and stay below 24 h.")
BOLUS = Reason("boluses", "A bolus is given between 0 h and 24 h.")
NEGATIVE = Reason("dose_mcg_per_day", "A dose cannot be negative.")


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (Program(d(500), ()), STEPS),
        (Program(d(500), (DoseStep(d(1), d(100)),)), STEPS),
        (Program(d(500), (DoseStep(d(0), d(100)), DoseStep(d(0), d(100)))), STEPS),
        (Program(d(500), (DoseStep(d(0), d(100)), DoseStep(d(9), d(50)), DoseStep(d(8), d(50)))), STEPS),
        (Program(d(500), (DoseStep(d(0), d(100)), DoseStep(d(24), d(50)))), STEPS),
        (replace(BOLUSES, boluses=(DailyBolus(d(24), d(5)),)), BOLUS),
        (replace(BOLUSES, boluses=(DailyBolus(d(-1), d(5)),)), BOLUS),
        (replace(BOLUSES, boluses=(DailyBolus(d(1), d(-5)),)), NEGATIVE),
        (replace(FLEX, patient_bolus_mcg=d(-1)), NEGATIVE),
        (replace(FLEX, patient_boluses_per_day=-1), NEGATIVE),
    ],
)
def test_impossible_schedules(program: Program, reason: Reason) -> None:
    assert program_problems(program, SYNCHROMED_II) == (reason,)


def test_edges_of_a_schedule_are_allowed() -> None:
    edges = Program(d(500), (DoseStep(d(0), d(240)), DoseStep(d("23.5"), d(5))), (DailyBolus(d(0), d(0)),))
    assert program_problems(edges, SYNCHROMED_II) == ()


def test_sel_06_a_pump_may_take_fewer_concentrations() -> None:
    narrow = replace(
        PROMETRA_II,
        concentration_range_mcg_per_ml=Sourced((d(600), d(1500)), "mcg/mL", Tag.POLICY),
    )
    said = (Reason("concentration_mcg_per_ml", "Prometra II takes 600 to 1500 mcg/mL."),)
    assert program_problems(simple_program(d(500), d(100)), narrow) == said
    assert program_problems(simple_program(d(2000), d(100)), narrow) == said
    assert program_problems(simple_program(d(1000), d(100)), narrow) == ()
    assert program_problems(simple_program(d(500), d(1)), PROMETRA_II) == ()
