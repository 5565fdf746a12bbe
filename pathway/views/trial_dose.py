"""What the page of a screening dose says before it is given: which dose, how much, from when, and what clears it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pathway.calendars import WorkCalendar
from pathway.clinical.results import plain
from pathway.clinical.trial import (
    CONCENTRATION_MCG_PER_ML,
    INJECT_MIN_MINUTES,
    MIN_GAP_H,
    Injection,
    Response,
    TrialState,
    trial_status,
)
from pathway.models import Todo
from pathway.queries.observations import TrialCourse

CONSENT = {True: "On file", False: "Not on file", None: "Not recorded at the booking"}
STATES = {
    TrialState.OBSERVING: "The response to the last dose is not recorded yet.",
    TrialState.POSITIVE: "The last dose had a positive response: no further dose.",
    TrialState.ADVERSE: "An adverse event decided after the last dose: a clinician decides what comes next.",
    TrialState.NON_RESPONDER: "The highest dose had no sufficient response: no further dose.",
}


def known_dose(course: TrialCourse, todo: Todo) -> dict[str, Any]:
    """What the record of a dose starts with: the dose that the course asks for. The strength is read from the label."""
    status = trial_status(course.clearance, course.before(todo.id), cautious=course.cautious)
    return {"dose_mcg": int(status.next_dose_mcg)} if status.next_dose_mcg else {}


def dose_context(course: TrialCourse, todo: Todo, calendar: WorkCalendar) -> dict[str, Any]:
    """The card above the record."""
    given = course.before(todo.id)
    status = trial_status(course.clearance, given, cautious=course.cautious)
    strength = f"{plain(CONCENTRATION_MCG_PER_ML.value)} mcg/mL {CONCENTRATION_MCG_PER_ML.bracket}"
    facts: list[tuple[str, str]] = []
    if status.next_dose_mcg is not None and status.next_volume_ml is not None:
        dose = f"{plain(status.next_dose_mcg)} mcg {status.limits[0].bracket}"
        facts += [
            ("Next dose", dose),
            ("Volume", f"{plain(status.next_volume_ml)} mL of {strength}"),
            ("Not before", _from(status.next_from, calendar)),
            ("Barbotage", f"over at least {INJECT_MIN_MINUTES.value} min {INJECT_MIN_MINUTES.bracket}"),
        ]
    facts += [("Blood thinner", _hold(course)), ("Consent", CONSENT[course.consent])]
    return {
        "facts": facts,
        "state": STATES.get(status.state, ""),
        "given": [_line(one, calendar) for one in given],
        "missing": [{"text": reason.text} for reason in status.missing],
    }


def _from(moment: datetime | None, calendar: WorkCalendar) -> str:
    if moment is None:
        return "Once infection, blood thinner and consent are clear"
    return f"{_clock(moment, calendar)}, {MIN_GAP_H.value} h after the last dose {MIN_GAP_H.bracket}"


def _clock(moment: datetime, calendar: WorkCalendar) -> str:
    local = moment.astimezone(calendar.zone)
    return f"{local:%H:%M} on {local.day} {local:%b %Y}"


def _hold(course: TrialCourse) -> str:
    if course.hold == "confirmed" and course.hold_from:
        day = date.fromisoformat(course.hold_from)
        return f"Held from {day.day} {day:%b %Y}, confirmed by the prescriber"
    return "None taken" if course.hold == "not_applicable" else "The plan of the trial day is not on record"


def _line(injection: Injection, calendar: WorkCalendar) -> str:
    answer = f"{injection.response} response" if injection.response else "response not recorded"
    if injection.response is Response.ADVERSE:
        answer = "adverse event"
    return f"{plain(injection.dose_mcg)} mcg at {_clock(injection.at, calendar)}: {answer}"
