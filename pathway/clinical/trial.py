"""The screening trial: which dose may be given when, its states, and the verdict with its arithmetic (section
2).

A protocol pack is data. A met threshold is not a positive trial: a clinician says so as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pathway.clinical.results import CannotCompute, Reason, cannot, plain
from pathway.clinical.sources import Sourced, Tag

CONCENTRATION_MCG_PER_ML = Sourced(Decimal(50), "mcg/mL", Tag.VERIFIED, ("S3", "S5"), rule="2.1 strength")
MAX_DOSE_MCG = Sourced(Decimal(100), "mcg", Tag.VERIFIED, ("S4", "S6b"), rule="2.1 step 3")
MIN_GAP_H = Sourced(24, "h", Tag.VERIFIED, ("S4", "S5", "S9"), rule="2.1 gap")
INJECT_MIN_MINUTES = Sourced(
    1,
    "minutes",
    Tag.VERIFIED,
    ("S5",),
    rule="2.1 step 1",
    note="barbotage; one site misprints it as less (S6b)",
)
CONTINUOUS_MAX_DAYS = Sourced(7, "days", Tag.POLICY, rule="2.2")


@dataclass(frozen=True, slots=True)
class TrialPack:
    """One protocol of screening doses, mcg: a normal course, and one with a smaller first dose."""

    code: str
    name: str
    doses_mcg: Sourced[tuple[Decimal, ...]]
    cautious_doses_mcg: Sourced[tuple[Decimal, ...]]


_ALL_DOSES = (Decimal(25), Decimal(50), Decimal(75), Decimal(100))
US_LABEL = TrialPack(
    "us-label",
    "US label",
    Sourced(_ALL_DOSES[1:], "mcg", Tag.VERIFIED, ("S4", "S5"), rule="2.1 steps"),
    Sourced(
        _ALL_DOSES,
        "mcg",
        Tag.VERIFIED,
        ("S9",),
        rule="2.1 small child",
        note="or tone needed to walk: 25 mcg first",
    ),
)
EU_SMPC = TrialPack(
    "eu-smpc",
    "EU SmPC",
    Sourced(_ALL_DOSES[1:], "mcg", Tag.MEMORY, ("SMPC",), rule="2.1 EU variant"),
    Sourced(
        _ALL_DOSES, "mcg", Tag.MEMORY, ("SMPC",), rule="2.1 EU variant", note="25 mcg first, steps of 25 mcg"
    ),
)
TRIAL_PACKS = {pack.code: pack for pack in (US_LABEL, EU_SMPC)}


class TrialType(StrEnum):
    """A bolus through a lumbar puncture, or days through a temporary catheter (its dose rules are local)."""

    BOLUS = "bolus"
    CONTINUOUS = "continuous"


class TrialState(StrEnum):
    """Where a trial is; the last four end it or hand it to people."""

    PLANNED = "planned"
    CLEARED = "cleared"
    OBSERVING = "observing"
    WAITING = "waiting"
    POSITIVE = "positive"
    ADVERSE = "adverse"
    NON_RESPONDER = "non_responder"


class Response(StrEnum):
    """What a clinician records after one dose."""

    POSITIVE = "positive"
    INADEQUATE = "inadequate"
    ADVERSE = "adverse"


@dataclass(frozen=True, slots=True)
class Injection:
    """One screening dose: mcg, strength in mcg/mL, instant, and the response once a clinician recorded it."""

    dose_mcg: Decimal
    concentration_mcg_per_ml: Decimal
    at: datetime
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Clearance:
    """What must be true before the first dose; None means not recorded."""

    infection_free: bool | None
    anticoagulants_held: bool | None
    consent: bool | None


@dataclass(frozen=True, slots=True)
class TrialStatus:
    """The state, the next dose with its volume and earliest instant (None when there is none), and what is
    missing.
    """

    state: TrialState
    next_dose_mcg: Decimal | None
    next_volume_ml: Decimal | None
    next_from: datetime | None
    effective_dose_mcg: Decimal | None
    missing: tuple[Reason, ...]
    limits: tuple[Sourced[Any], ...]


def dose_volume_ml(dose_mcg: Decimal) -> Decimal:
    """Volume of a screening dose at 50 mcg/mL: 50, 75, 100 mcg are 1.0, 1.5, 2.0 mL."""
    return dose_mcg / CONCENTRATION_MCG_PER_ML.value


def clearance_missing(clearance: Clearance) -> tuple[Reason, ...]:
    """Which clearance is missing or refused."""
    asked = {
        "infection_free": "The patient must be free of infection before a trial dose.",
        "anticoagulants_held": "The anticoagulant plan must be carried out, with the prescriber's agreement.",
        "consent": "The patient's consent to the trial must be on file.",
    }
    return tuple(
        Reason(field, text) for field, text in asked.items() if getattr(clearance, field) is not True
    )


def injection_problems(
    injection: Injection, given: Sequence[Injection], pack: TrialPack, *, cautious: bool = False
) -> tuple[Reason, ...]:
    """The hard stops of 2.1 for the next dose: strength, dose, course order, 24 h gap, an open or ended
    trial.
    """
    reasons = []
    if injection.concentration_mcg_per_ml != CONCENTRATION_MCG_PER_ML.value:
        strength = plain(injection.concentration_mcg_per_ml)
        text = f"Screening uses 50 mcg/mL only; {strength} mcg/mL is refused."
        reasons.append(Reason("concentration_mcg_per_ml", text))
    if injection.dose_mcg > MAX_DOSE_MCG.value:
        reasons.append(
            Reason("dose_mcg", f"{plain(injection.dose_mcg)} mcg is above the largest dose, 100 mcg.")
        )
    elif injection.dose_mcg != _next_dose(given, pack, cautious):
        reasons.append(_wrong_dose(given, pack, cautious))
    if given and injection.at - given[-1].at < timedelta(hours=MIN_GAP_H.value):
        reasons.append(Reason("at", "The last dose is less than 24 h ago."))
    if given and given[-1].response is None:
        reasons.append(Reason("response", "The response to the last dose is not recorded."))
    return tuple(reasons)


def _course(pack: TrialPack, cautious: bool) -> tuple[Decimal, ...]:
    return (pack.cautious_doses_mcg if cautious else pack.doses_mcg).value


def _next_dose(given: Sequence[Injection], pack: TrialPack, cautious: bool) -> Decimal | None:
    """The dose above the last one: doses are counted, not attempts, as a course may start at 25."""
    last = given[-1].dose_mcg if given else Decimal(0)
    if given and given[-1].response is Response.POSITIVE:
        return None
    return next((dose for dose in _course(pack, cautious) if dose > last), None)


def _wrong_dose(given: Sequence[Injection], pack: TrialPack, cautious: bool) -> Reason:
    due = _next_dose(given, pack, cautious)
    text = f"The next dose of this course is {plain(due)} mcg." if due else "This trial has no further dose."
    return Reason("dose_mcg", text)


def trial_status(
    clearance: Clearance, given: Sequence[Injection], pack: TrialPack = US_LABEL, *, cautious: bool = False
) -> TrialStatus:
    """The state machine of 2.3 over the doses given so far, oldest first."""
    missing = () if given else clearance_missing(clearance)
    state = _state(given, missing)
    due = _next_dose(given, pack, cautious) if state in _MAY_GO_ON else None
    last = given[-1] if given else None
    positive = last.dose_mcg if last and state is TrialState.POSITIVE else None
    return TrialStatus(
        state=state,
        next_dose_mcg=due,
        next_volume_ml=dose_volume_ml(due) if due else None,
        next_from=last.at + timedelta(hours=MIN_GAP_H.value) if last and due else None,
        effective_dose_mcg=positive,
        missing=missing,
        limits=(pack.cautious_doses_mcg if cautious else pack.doses_mcg, MIN_GAP_H, MAX_DOSE_MCG),
    )


_AFTER_RESPONSE = {
    None: TrialState.OBSERVING,
    Response.POSITIVE: TrialState.POSITIVE,
    Response.ADVERSE: TrialState.ADVERSE,
}
_MAY_GO_ON = (TrialState.PLANNED, TrialState.CLEARED, TrialState.WAITING)


def _state(given: Sequence[Injection], missing: tuple[Reason, ...]) -> TrialState:
    if not given:
        return TrialState.PLANNED if missing else TrialState.CLEARED
    if given[-1].response is Response.INADEQUATE:
        at_top = given[-1].dose_mcg >= MAX_DOSE_MCG.value
        return TrialState.NON_RESPONDER if at_top else TrialState.WAITING
    return _AFTER_RESPONSE[given[-1].response]


def continuous_problems(started_at: datetime, at: datetime) -> tuple[Reason, ...]:
    """A catheter trial: daily tone and infection check, at most 7 days."""
    if at - started_at > timedelta(days=CONTINUOUS_MAX_DAYS.value):
        return (Reason("at", "A catheter trial lasts 7 days at most."),)
    return ()


def continuous_day(started_at: datetime, at: datetime) -> int | CannotCompute:
    """Which day of a catheter trial it is, from 1."""
    if at < started_at:
        return cannot("at", "This lies before the start of the trial.")
    return (at - started_at).days + 1
