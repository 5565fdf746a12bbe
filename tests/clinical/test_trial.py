"""The screening trial: doses, gaps, clearance and states (clinical.md section 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pathway.clinical.results import Reason
from pathway.clinical.trial import (
    EU_SMPC,
    MAX_DOSE_MCG,
    MIN_GAP_H,
    TRIAL_PACKS,
    US_LABEL,
    Clearance,
    Injection,
    Response,
    TrialState,
    TrialStatus,
    clearance_missing,
    continuous_day,
    continuous_problems,
    dose_volume_ml,
    injection_problems,
    trial_status,
)
from tests.clinical.builders import NOON, d, refusal

CLEAR = Clearance(True, True, True)
DAY = timedelta(hours=24)


def course(*steps: tuple[int, Response | None]) -> list[Injection]:
    return [
        Injection(d(dose), d(50), NOON + number * DAY, response)
        for number, (dose, response) in enumerate(steps)
    ]


NO = Response.INADEQUATE
STOP = Response.ADVERSE
YES = Response.POSITIVE


@pytest.mark.parametrize(("dose", "volume"), [("25", "0.5"), ("50", "1.0"), ("75", "1.5"), ("100", "2.0")])
def test_volumes_at_50_mcg_per_ml_2_1(dose: str, volume: str) -> None:
    assert dose_volume_ml(d(dose)) == d(volume)


@pytest.mark.parametrize(
    ("given", "cautious", "state", "due", "effective"),
    [
        (course(), False, TrialState.CLEARED, 50, None),
        (course(), True, TrialState.CLEARED, 25, None),
        (course((50, None)), False, TrialState.OBSERVING, None, None),
        (course((50, NO)), False, TrialState.WAITING, 75, None),
        (course((50, NO), (75, NO)), False, TrialState.WAITING, 100, None),
        (course((50, NO), (75, NO), (100, NO)), False, TrialState.NON_RESPONDER, None, None),
        (course((50, NO), (75, YES)), False, TrialState.POSITIVE, None, 75),
        (course((50, STOP)), False, TrialState.ADVERSE, None, None),
        (course((25, NO)), True, TrialState.WAITING, 50, None),
        (course((25, NO), (50, NO), (75, NO)), True, TrialState.WAITING, 100, None),  # four doses, not three
        (course((25, NO), (50, NO), (75, NO), (100, NO)), True, TrialState.NON_RESPONDER, None, None),
        (course((100, YES)), False, TrialState.POSITIVE, None, 100),
    ],
)
def test_states_2_3(
    given: list[Injection], cautious: bool, state: TrialState, due: int | None, effective: int | None
) -> None:
    status = trial_status(CLEAR, given, cautious=cautious)
    assert status.state is state
    assert status.next_dose_mcg == due
    assert status.effective_dose_mcg == effective
    assert status.missing == ()


def test_the_next_dose_waits_24_hours() -> None:
    assert trial_status(CLEAR, course((50, NO))) == TrialStatus(
        state=TrialState.WAITING,
        next_dose_mcg=d(75),
        next_volume_ml=d("1.5"),
        next_from=NOON + DAY,
        effective_dose_mcg=None,
        missing=(),
        limits=(US_LABEL.doses_mcg, MIN_GAP_H, MAX_DOSE_MCG),
    )


def test_a_trial_waits_for_its_clearance() -> None:
    nothing = trial_status(Clearance(None, None, None), [], cautious=True)
    assert nothing.state is TrialState.PLANNED
    assert nothing.next_dose_mcg == 25
    assert nothing.next_volume_ml == d("0.5")
    assert nothing.next_from is None
    assert nothing.limits[0] is US_LABEL.cautious_doses_mcg
    assert [reason.field for reason in nothing.missing] == [
        "infection_free",
        "anticoagulants_held",
        "consent",
    ]
    assert trial_status(Clearance(False, None, None), course((50, None))).missing == ()


def test_clearance_names_what_is_missing_or_refused() -> None:
    assert clearance_missing(CLEAR) == ()
    assert clearance_missing(Clearance(False, None, False)) == (
        Reason("infection_free", "The patient must be free of infection before a trial dose."),
        Reason(
            "anticoagulants_held",
            "The anticoagulant plan must be carried out, with the prescriber's agreement.",
        ),
        Reason("consent", "The patient's consent to the trial must be on file."),
    )


GAP = Reason("at", "The last dose is less than 24 h ago.")
OPEN = Reason("response", "The response to the last dose is not recorded.")


def due(text: str) -> Reason:
    return Reason("dose_mcg", text)


@pytest.mark.parametrize(
    ("dose", "strength", "hours", "given", "reasons"),
    [
        (50, 50, 0, course(), ()),
        (75, 50, 24, course((50, NO)), ()),
        (100, 50, 48, course((50, NO), (75, NO)), ()),
        (75, 50, 24, course((50, STOP)), ()),  # a clinician may go on after an adverse event
        (
            50,
            500,
            0,
            course(),
            (Reason("concentration_mcg_per_ml", "Screening uses 50 mcg/mL only; 500 mcg/mL is refused."),),
        ),
        (125, 50, 0, course(), (due("125 mcg is above the largest dose, 100 mcg."),)),
        (75, 50, 0, course(), (due("The next dose of this course is 50 mcg."),)),
        (50, 50, 24, course((50, NO)), (due("The next dose of this course is 75 mcg."),)),
        (100, 50, 24, course((50, NO)), (due("The next dose of this course is 75 mcg."),)),
        (75, 50, 23.9, course((50, NO)), (GAP,)),
        (75, 50, 24, course((50, None)), (OPEN,)),
        (75, 50, 1, course((50, None)), (GAP, OPEN)),
        (75, 50, 24, course((50, YES)), (due("This trial has no further dose."),)),
        (100, 50, 72, course((50, NO), (75, NO), (100, NO)), (due("This trial has no further dose."),)),
    ],
)
def test_hard_stops_2_1(
    dose: int, strength: int, hours: float, given: list[Injection], reasons: tuple[Reason, ...]
) -> None:
    injection = Injection(d(dose), d(strength), NOON + timedelta(hours=hours))
    assert injection_problems(injection, given, US_LABEL) == reasons


def test_a_cautious_course_starts_at_25() -> None:
    first = Injection(d(25), d(50), NOON)
    assert injection_problems(first, [], US_LABEL, cautious=True) == ()
    assert injection_problems(first, [], US_LABEL) == (due("The next dose of this course is 50 mcg."),)
    assert injection_problems(replace(first, dose_mcg=d(50)), [], US_LABEL, cautious=True) == (
        due("The next dose of this course is 25 mcg."),
    )


def test_packs_are_data_with_their_own_tags() -> None:
    assert {"us-label": US_LABEL, "eu-smpc": EU_SMPC} == TRIAL_PACKS
    assert US_LABEL.doses_mcg.value == (50, 75, 100)
    assert US_LABEL.cautious_doses_mcg.value == (25, 50, 75, 100)
    assert (US_LABEL.doses_mcg.tag, EU_SMPC.doses_mcg.tag) == ("V", "M")
    assert trial_status(CLEAR, [], EU_SMPC, cautious=True).limits[0] is EU_SMPC.cautious_doses_mcg


def test_a_catheter_trial_lasts_seven_days_at_most_2_2() -> None:
    late = (Reason("at", "A catheter trial lasts 7 days at most."),)
    assert continuous_problems(NOON, NOON + timedelta(days=7)) == ()
    assert continuous_problems(NOON, NOON + timedelta(days=7, seconds=1)) == late
    assert continuous_day(NOON, NOON) == 1
    assert continuous_day(NOON, NOON + timedelta(hours=25)) == 2
    assert continuous_day(NOON, NOON - timedelta(seconds=1)) == refusal(
        "at", "This lies before the start of the trial."
    )
