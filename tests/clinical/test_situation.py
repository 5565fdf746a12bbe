"""The facts a record is judged on: what ran before, the path, the volume that dates are planned from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pathway.clinical.catheter import PathVolume
from pathway.clinical.device import CATHETER_MODELS, PROMETRA_II, PUMP_MODELS, SYNCHROMED_II
from pathway.clinical.dosing import Population
from pathway.clinical.pump_log import PumpLog
from pathway.clinical.situation import Situation, path_of, planning_alarm_ml
from pathway.clinical.steps import Phase
from tests.clinical.builders import d, refusal
from tests.clinical.pumps import PATH_ML, at, filled, on, programmed, pump, situation

UNKNOWN = refusal("origin", "The origin of the spasticity is not recorded, so no step limit is known.")


def test_what_ran_before_counts_the_fill_of_that_minute() -> None:
    facts = pump(filled(0), programmed(1, "100"), filled(5, strength=1000, dose="110"))
    assert facts.running_before(at(5)).dose_mcg_per_day == 110
    assert facts.running_before(at(4)).dose_mcg_per_day == 100
    assert facts.running_before(at(0)).program is None


def test_a_new_pump_goes_on_from_the_one_it_replaced() -> None:
    old = PumpLog((filled(-300), programmed(-299, "250"))).state()
    facts = replace(pump(filled(0)), carried=old)
    state = facts.running_before(at(1))
    assert (state.program, state.started_at, state.changed_at) == (old.program, at(-299), at(-299))
    assert state.fill == filled(0)
    started = replace(pump(filled(0), programmed(1, "240")), carried=old)
    assert started.running_before(at(2)).dose_mcg_per_day == 240
    assert started.running_before(at(1)).dose_mcg_per_day == 250


def test_the_path_or_why_not() -> None:
    path = pump().path
    assert isinstance(path, PathVolume)
    assert path.total_ml == PATH_ML == d("0.4014")
    assert path_of(SYNCHROMED_II, None, d(92)) == refusal("catheter", "The catheter is not on record.")
    missing = refusal("implanted_cm", "The catheter length is missing: take it from the operation note.")
    assert pump(implanted_cm=None).path == missing
    assert path_of(PROMETRA_II, CATHETER_MODELS["prometra"], d(80)) == refusal(
        "pump_model", "The internal path volume of Prometra II is not known: see its manual."
    )


@pytest.mark.parametrize(
    ("alarm", "risks", "planned"),
    [
        ("2", (), "2"),
        ("2", ("earlier_withdrawal",), "4"),
        ("3.9", ("cannot_communicate",), "4"),
        ("5", ("earlier_withdrawal",), "5"),
        ("5", (), "5"),
    ],
)
def test_4_5_dates_are_planned_from_4_ml_for_a_withdrawal_prone_patient(
    alarm: str, risks: tuple[str, ...], planned: str
) -> None:
    assert planning_alarm_ml(d(alarm), risks) == d(planned)


def test_a_situation_knows_little_by_itself() -> None:
    basis = Situation(today=on(0))
    assert (basis.now, basis.time_zone, basis.birth_date, basis.origin) == (None, "UTC", None, "")
    assert (basis.phase, basis.cautious, basis.pump, basis.trial) == (Phase.TITRATION, False, None, None)
    assert (basis.withdrawal_risk, basis.injections) == ((), ())
    assert basis.pump_models is PUMP_MODELS


@pytest.mark.parametrize(
    ("patient", "whose"),
    [
        ({}, Population.SPINAL_ADULT),
        ({"origin": "cerebral"}, Population.CEREBRAL_ADULT),
        ({"birth_date": on(0).replace(year=on(0).year - 17)}, Population.PAEDIATRIC),
        ({"origin": ""}, UNKNOWN),
        ({"birth_date": None}, UNKNOWN),
    ],
)
def test_whose_limits_apply(patient: dict[str, object], whose: object) -> None:
    assert situation(**patient).population == whose
