"""What the trial day shows: the clock, which observation is due, the change against the reading before the dose, the
trial's arithmetic, and what comes next.

Reads and puts into words; the clinical layer computes, the engine decides what is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from pathway.calendars import WorkCalendar
from pathway.clinical.observation import (
    GRACE_MINUTES,
    MAS_FALL,
    OBSERVE_H,
    PENN_FALL,
    VITALS_MINUTES,
    Check,
    Observation,
    observation_schedule,
    observation_to_take,
    trial_verdict,
)
from pathway.clinical.results import CannotCompute, plain
from pathway.clinical.scales import ashworth_mean
from pathway.clinical.trial import MAX_DOSE_MCG, MIN_GAP_H, Injection, Response, TrialState, trial_status
from pathway.models import Assessment, Todo, TrialObservation
from pathway.models.observation import PLACE_NAMES
from pathway.models.trial import ADVERSE_EVENTS, SEDATION
from pathway.queries.observations import (
    TrialCourse,
    baseline_of,
    course_of,
    observations_of,
    readings_of,
    variant_of,
)
from pathway.queries.people import Staff
from pathway.views.forms.observation import ObservationForm, at_minute, known_readings
from pathway.views.trial_words import span


@dataclass(frozen=True)
class TrialDay:
    """One dose and what was observed after it, read at one instant for one to-do that reads the trial."""

    todo: Todo
    calendar: WorkCalendar
    course: TrialCourse
    injection: Injection
    observations: list[TrialObservation]
    baseline: Assessment | None
    now: datetime

    @cached_property
    def by_minute(self) -> dict[int, TrialObservation]:
        """The live observations by minute."""
        return {row.minute: row for row in self.observations}

    @cached_property
    def means(self) -> dict[int, Decimal]:
        """The mean Ashworth grade of each observation that scored tone."""
        found = {
            row.minute: ashworth_mean(row.grades(), variant_of(self.baseline)) for row in self.observations
        }
        return {minute: mean for minute, mean in found.items() if isinstance(mean, Decimal)}

    def clock(self, moment: datetime) -> str:
        """An instant on the clinic's wall clock, with its day where that is another."""
        local = moment.astimezone(self.calendar.zone)
        same = local.date() == self.calendar.local_date(self.now)
        return f"{local:%H:%M}" if same else f"{local:%H:%M} on {local.day} {local:%b}"

    def compared_with(self, minute: int) -> tuple[dict[str, str], str]:
        """The grades that a reading at this minute is compared with, and when they were scored."""
        for row in self.observations:
            if row.minute != minute and row.grades():
                return row.grades(), f"at {span(row.minute)}" if row.minute else "before"
        return (self.baseline.grades(), "baseline") if self.baseline else ({}, "")

    def to_take(self) -> int:
        """The minute of the observation to offer; the last one once the day is complete."""
        due = observation_to_take(self.injection.at, set(self.by_minute), self.now)
        return due.minute if due else VITALS_MINUTES.value[-1]

    def form(self, minute: int, data: Any = None) -> ObservationForm:
        """The form of one observation, with what is recorded already."""
        recorded = self.by_minute.get(minute)
        scored, scored_when = self.compared_with(minute)
        initial = recorded.content() if recorded else self._initial(minute)
        return ObservationForm(
            data,
            minute=minute,
            zone=self.calendar.zone,
            scored=scored,
            scored_when=scored_when,
            variant=variant_of(self.baseline),
            correcting=recorded is not None,
            initial=initial,
        )

    def _initial(self, minute: int) -> dict[str, Any]:
        """A reading is taken now, except the one before the dose."""
        return {"observed_at": at_minute(self.now)} if minute else {}

    def known(self) -> dict[str, Any]:
        """What the trial-readings record starts with, from the observations of the day."""
        known: dict[str, Any] = {"dose_mcg": int(self.injection.dose_mcg)}
        if not self.means:
            return known
        scored = next(row.grades() for row in self.observations if row.minute in self.means)
        muscles = list(dict.fromkeys(PLACE_NAMES[place].rpartition(",")[0] for place in sorted(scored)))
        seen = {event for row in self.observations for event in row.adverse_events}
        return known | {
            "read_on": self.calendar.local_date(self.injection.at),
            "readings": known_readings(self.observations, self.means),
            "target_muscles": ", ".join(muscles)[:160],
            "adverse_events": [code for code, _ in ADVERSE_EVENTS if code in seen],
        }


def read_day(todo: Todo, form: str | None, calendar: WorkCalendar, now: datetime) -> TrialDay | None:
    """The trial day of a to-do that reads a dose; None where there is none. Three queries."""
    if form != "trial_readings":
        return None
    course = course_of(todo.case_id)
    injection = course.read_in(todo.id)
    if injection is None:
        return None
    return TrialDay(
        todo, calendar, course, injection, observations_of(todo.id), baseline_of(todo.case_id), now
    )


def clock_context(day: TrialDay, staff: Staff, *, may_record: bool) -> dict[str, Any]:
    """The panel that refreshes itself: the clock, and each observation with its state."""
    elapsed = int((day.now - day.injection.at) / timedelta(minutes=1))
    volume = trial_volume(day.injection)
    return {
        "todo": day.todo,
        "injected": day.clock(day.injection.at),
        "injected_at": day.injection.at,
        "dose": f"{plain(day.injection.dose_mcg)} mcg in {volume} mL",
        "elapsed": span(elapsed) if elapsed >= 0 else "not yet",
        "next": _next(day),
        "rows": [_row(day, due, staff) for due in observation_schedule(day.injection.at)],
        "may_record": may_record,
        "schedule_mark": VITALS_MINUTES.bracket,
        "grace": f"{GRACE_MINUTES.value} min {GRACE_MINUTES.bracket}",
    }


def trial_volume(injection: Injection) -> str:
    """The injected volume in mL."""
    return plain(injection.dose_mcg / injection.concentration_mcg_per_ml)


def _row(day: TrialDay, due: Observation, staff: Staff) -> dict[str, Any]:
    row = day.by_minute.get(due.minute)
    tone = Check.TONE in due.checks
    return {
        "minute": due.minute,
        "name": span(due.minute) if due.minute else "Before",
        "due": day.clock(due.at) if due.minute else f"before {day.clock(due.at)}",
        "asks": "Vital signs, tone" if tone else "Vital signs",
        "state": _state(day, due, row, tone),
        "seen": _seen(day, row) if row else "",
        "by": staff.name(row.recorded_by_id) if row else "",
        "taken": day.clock(row.observed_at) if row else "",
    }


def _next(day: TrialDay) -> dict[str, Any] | None:
    """The observation to take now, in large; None once the day is complete."""
    due = observation_to_take(day.injection.at, set(day.by_minute), day.now)
    if due is None:
        return None
    variant, words, _ = _state(day, due, None, tone=False)
    name = span(due.minute) if due.minute else "Before"
    return {"minute": due.minute, "name": name, "variant": variant, "note": f"{words}, {day.clock(due.at)}"}


def _state(day: TrialDay, due: Observation, row: TrialObservation | None, tone: bool) -> tuple[str, str, str]:
    """(variant, words, icon): done, due now, late, later."""
    late = int((day.now - due.at) / timedelta(minutes=1))
    if row is not None:
        missing = tone and not row.grades()
        return ("info", "Tone is missing", "clock") if missing else ("success", "Done", "circle-check")
    if day.now < due.at:
        return ("neutral", "Later", "clock")
    if late < GRACE_MINUTES.value:
        return ("warning", "Due now", "clock-alert")
    return ("danger", f"Late by {span(late)}", "circle-alert")


def _seen(day: TrialDay, row: TrialObservation) -> str:
    """One observation in a line."""
    parts = [
        f"{row.heart_rate}/min",
        f"{row.systolic}/{row.diastolic} mmHg",
        f"SpO2 {row.spo2} %",
        f"{row.respiratory_rate} breaths",
        dict(SEDATION)[row.sedation].lower(),
    ]
    if row.minute in day.means:
        parts.append(f"mean MAS {plain(day.means[row.minute])}")
    if row.penn is not None:
        parts.append(f"Penn {row.penn}")
    parts += [dict(ADVERSE_EVENTS)[code].lower() for code in row.adverse_events]
    return ", ".join(parts)


def verdict_context(day: TrialDay) -> dict[str, Any]:
    """The arithmetic of the day so far and what would come next. It says no verdict: the physiatrist does."""
    found = trial_verdict(
        readings_of(day.observations), clinician_positive=None, variant=variant_of(day.baseline)
    )
    refused = isinstance(found, CannotCompute)
    return {
        "lines": [] if isinstance(found, CannotCompute) else found.arithmetic,
        "cannot": found.text if isinstance(found, CannotCompute) else "",
        "met": not refused and found.threshold_met,  # type: ignore[union-attr]
        "limits": [
            f"Mean MAS of the same muscles falls by {plain(MAS_FALL.value)} or more {MAS_FALL.bracket}",
            f"or Penn falls by {PENN_FALL.value} or more {PENN_FALL.bracket}, from 1 to 8 h after the dose",
            f"Observe for {OBSERVE_H.value[0]} to {OBSERVE_H.value[1]} h {OBSERVE_H.bracket}",
        ],
        "next": next_after(day),
    }


def next_after(day: TrialDay) -> str:
    """What an inadequate response to this dose would mean."""
    given = list(day.course.before(day.todo.id))
    given[-1] = replace(given[-1], response=Response.INADEQUATE)
    status = trial_status(day.course.clearance, given, cautious=day.course.cautious)
    if status.state is TrialState.NON_RESPONDER or status.next_dose_mcg is None:
        return (
            f"If the response to {plain(MAX_DOSE_MCG.value)} mcg is inadequate, the patient does not respond: not a "
            f"candidate for an implant, and the team meets {MAX_DOSE_MCG.bracket}."
        )
    assert status.next_from is not None
    assert status.next_volume_ml is not None
    return (
        f"If the response is inadequate, the next dose is {plain(status.next_dose_mcg)} mcg "
        f"({plain(status.next_volume_ml)} mL) {status.limits[0].bracket}, from {day.clock(status.next_from)} "
        f"at the earliest: {MIN_GAP_H.value} h after this one {MIN_GAP_H.bracket}."
    )


def baseline_line(day: TrialDay) -> str:
    """Which reading counts as the baseline, said plainly."""
    counts = "The reading at 0 min, before this dose, is the baseline that counts."
    if day.baseline is None:
        return f"{counts} No assessment of the evaluation is on record."
    on = day.baseline.assessed_on
    return f"{counts} The assessment of {on.day} {on:%b %Y} by {day.baseline.rater} only says which muscles are scored."


def day_context(
    day: TrialDay | None, staff: Staff, *, may_record: bool, picked: str, given: Any
) -> dict[str, Any]:
    """The whole trial day for the page of its to-do; empty for other to-dos. `given`: the form that was sent."""
    if day is None:
        return {}
    open_form = may_record and day.todo.is_open
    form = given.get("observation") if open_form else None
    if form is None and open_form:
        form = day.form(_picked(day, picked))
    return {
        "trial": {
            "clock": clock_context(day, staff, may_record=open_form),
            "form": form,
            "minute": form.minute if form else None,
            "name": (span(form.minute) if form.minute else "before the dose") if form else "",
            "change": given.get("change"),
            "verdict": verdict_context(day),
            "baseline": baseline_line(day),
            "live": day.todo.is_open,
        }
    }


def _picked(day: TrialDay, picked: str) -> int:
    """The minute chosen in the address, else the one to take now."""
    known = {str(minute): minute for minute in VITALS_MINUTES.value}
    return known[picked] if picked in known else day.to_take()
