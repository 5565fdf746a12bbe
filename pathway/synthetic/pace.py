"""When people do their duties: how far into a stay, or how near to a due date, each is done.

Pure: dates in, instants out. All numbers are local choices [P] that make a plausible week; they promise nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from pathway.calendars import WorkCalendar


class Anchor(StrEnum):
    """What a moment is counted from."""

    STAY = "stay"  # a share of the stay
    OPENED = "opened"  # days after the duty opened
    DUE = "due"  # days from its due date
    TRIAL = "trial"  # days from the trial date
    OPERATION = "operation"  # days from the operation date
    LEAVE = "leave"  # days from the planned end of the stay


@dataclass(frozen=True, slots=True)
class Pace:
    """Somewhere between `low` and `high` from the anchor. `at`: this clock time on that day, working day or not."""

    anchor: Anchor
    low: float
    high: float
    at: time | None = None
    exact: bool = False


def _on(anchor: Anchor, day: float, hour: int, minute: int = 0) -> Pace:
    return Pace(anchor, day, day, time(hour, minute))


_EVALUATION = Pace(Anchor.STAY, 0.08, 0.8)
_SIGN = Pace(Anchor.OPENED, 0.6, 5)
_SIGN_TRIAL = Pace(Anchor.OPENED, 0.3, 2.4)
_EDGE = Pace(Anchor.LEAVE, 0, 0.5)
PACES: dict[str, Pace] = {
    "baseline_spasticity": Pace(Anchor.STAY, 0.05, 0.4),
    "medication_history": _EVALUATION,
    "neuro_history": _EVALUATION,
    "goals": _EVALUATION,
    "surgical_review": Pace(Anchor.STAY, 0.2, 0.9),
    "anesthesia_review": Pace(Anchor.STAY, 0.3, 0.95),
    "social_checklist": _EVALUATION,
    "education_first": _EVALUATION,
    "eligibility": Pace(Anchor.STAY, 0.1, 0.3),
    "candidacy_neurosurgeon": _SIGN,
    "candidacy_physiatrist": _SIGN,
    "candidacy_anesthesiologist": _SIGN,
    "mdt_minute": Pace(Anchor.OPENED, 0.5, 4),
    "trial_booking": Pace(Anchor.OPENED, 0.3, 3),
    "trial_plan": Pace(Anchor.TRIAL, -9, -6),
    "trial_dose": _on(Anchor.DUE, 0, 9, 20),
    "trial_readings": Pace(Anchor.OPENED, 0.34, 0.35, exact=True),
    "call_day1": Pace(Anchor.DUE, 0, 0),
    "call_day2": Pace(Anchor.DUE, 0, 0),
    "trial_result_neurosurgeon": _SIGN_TRIAL,
    "trial_result_physiatrist": _SIGN_TRIAL,
    "trial_result_anesthesiologist": _SIGN_TRIAL,
    "trial_failed_review": Pace(Anchor.OPENED, 1, 4),
    "theatre_booking": Pace(Anchor.OPENED, 0.5, 3),
    "surgical_plan": Pace(Anchor.OPERATION, -18, -14),
    "anesthesia_plan": Pace(Anchor.OPERATION, -18, -14),
    "operation": _on(Anchor.OPERATION, 0, 13),
    "first_program": Pace(Anchor.OPENED, 0.05, 0.1, exact=True),
    "device_registration": _on(Anchor.OPERATION, 2, 11),
    "education_second": _on(Anchor.OPERATION, 2, 14),
    "postop_d1_neurosurgeon": _on(Anchor.OPERATION, 1, 8, 20),
    "postop_d1_anesthesiologist": _on(Anchor.OPERATION, 1, 9, 10),
    "postop_d3_neurosurgeon": _on(Anchor.OPERATION, 3, 8, 30),
    "postop_d3_anesthesiologist": _on(Anchor.OPERATION, 3, 9, 30),
    "titration_review": Pace(Anchor.DUE, 0, 0),
    "weekly_call": Pace(Anchor.DUE, 0, 1),
    "rehab_plan": Pace(Anchor.DUE, -2, 0),
    "taper_plan": Pace(Anchor.DUE, -3, 0),
    "goals_review": Pace(Anchor.DUE, -6, 0),
    "refill": Pace(Anchor.DUE, -5, 0),
    "book_refill": Pace(Anchor.DUE, -7, 0),
    "emergency_plan": Pace(Anchor.OPENED, 0.5, 2),
    "emergency_card": Pace(Anchor.OPENED, 0.5, 3),
    "second_check": Pace(Anchor.OPENED, 0.05, 0.2),
    "service_life": Pace(Anchor.OPENED, 1, 6),
    "mdt_dissent": Pace(Anchor.OPENED, 2, 5),
    "incident_physiatrist": Pace(Anchor.OPENED, 0.03, 0.08, exact=True),
    "incident_neurosurgeon": Pace(Anchor.OPENED, 0.05, 0.3, exact=True),
    "incident_anesthesiologist": Pace(Anchor.OPENED, 0.02, 0.06, exact=True),
    "incident_coordinator": Pace(Anchor.OPENED, 0.02, 0.2, exact=True),
    "incident_closure": Pace(Anchor.OPENED, 0.5, 2),
    "next_step": Pace(Anchor.OPENED, 0.5, 2),
    "edge_reopen": Pace(Anchor.OPENED, 0.5, 2),
    "edge_settle": Pace(Anchor.OPENED, 0.2, 2),
    "edge_accept": _EDGE,
    "edge_start_trial": _EDGE,
    "edge_waive_trial": _EDGE,
    "edge_pass_trial": _EDGE,
    "edge_start_titration": Pace(Anchor.OPENED, 0.1, 1),
}
USUAL = Pace(Anchor.DUE, -4, 0)


@dataclass(frozen=True, slots=True)
class Stay:
    """The present stay in a stage: its beginning, its planned end, and the dates of its procedures."""

    entered_at: datetime
    leaves_at: datetime
    trial_on: date
    operation_on: date


def planned(
    pace: Pace, *, opened_at: datetime, due_on: date, stay: Stay, share: float, calendar: WorkCalendar
) -> datetime:
    """The instant (UTC) at which a duty is done, never before it opened. `share`: from 0 to 1, this duty's luck."""
    offset = pace.low + share * (pace.high - pace.low)
    span = timedelta(days=offset)
    if pace.anchor is Anchor.STAY:
        moment = stay.entered_at + (stay.leaves_at - stay.entered_at) * offset
    elif pace.anchor is Anchor.OPENED:
        moment = opened_at + span
    elif pace.anchor is Anchor.LEAVE:
        moment = stay.leaves_at + span
    else:
        day = {Anchor.DUE: due_on, Anchor.TRIAL: stay.trial_on, Anchor.OPERATION: stay.operation_on}[
            pace.anchor
        ]
        moment = calendar.start_of_day(day + timedelta(days=round(offset))) + timedelta(hours=8 + 8 * share)
        if pace.at is not None:
            moment = datetime.combine(day + span, pace.at, calendar.zone)
    moment = max(moment, opened_at + timedelta(minutes=20 + 90 * share))
    return moment if pace.exact or pace.at is not None else in_hours(moment, calendar, share)


def in_hours(moment: datetime, calendar: WorkCalendar, share: float) -> datetime:
    """The same moment, or the next one at which the clinic works."""
    if calendar.is_open_at(moment):
        return moment
    local = moment.astimezone(calendar.zone)
    after_hours = local.time() >= calendar.hours_on(local.date())[1]
    day = calendar.next_working_day_on_or_after(local.date() + timedelta(days=1 if after_hours else 0))
    return calendar.at_opening(day) + timedelta(minutes=10 + 420 * share)


def before_in_hours(moment: datetime, calendar: WorkCalendar, share: float) -> datetime:
    """The same moment, or an earlier one at which the clinic works."""
    if calendar.is_open_at(moment):
        return moment
    local = moment.astimezone(calendar.zone)
    too_early = local.time() < calendar.hours_on(local.date())[0]
    day = calendar.last_working_day_on_or_before(local.date() - timedelta(days=1 if too_early else 0))
    return calendar.at_opening(day) + timedelta(minutes=10 + 420 * share)
