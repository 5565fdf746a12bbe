"""When a clinic would like to work, as somebody typed it, and whether that can be a calendar. It writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pathway.calendars import DAYS_A_WEEK, ONE_DAY, Week, WorkCalendar, check_region, check_time_zone
from pathway.engine.errors import Invalid
from pathway.models import Clinic, ClosedDay
from pathway.queries.definitions import source_of

YEARS_BACK, YEARS_AHEAD = 1, 5
"""How far from today a new closed day may lie (P)."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class ClosedOn:
    """A day on which the clinic does not work, and why."""

    on: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A whole calendar: `week` Monday first, None where closed; `subdivision` "" for the whole country."""

    time_zone: str
    week: Week
    country: str
    subdivision: str
    closed_days: tuple[ClosedOn, ...] = ()


def source_of_proposal(proposal: Proposal) -> dict[str, Any]:
    """The calendar as JSON values, as it is kept by version (see `queries.definitions.source_of`)."""
    return {
        "time_zone": proposal.time_zone,
        "week": [
            [clock.strftime("%H:%M") for clock in hours] if hours is not None else None
            for hours in proposal.week
        ],
        "country": proposal.country,
        "subdivision": proposal.subdivision,
        "closed_days": sorted(day.on.isoformat() for day in proposal.closed_days),
    }


def closed_reasons(proposal: Proposal) -> dict[date, str]:
    """The reason of each closed day."""
    return {day.on: day.reason.strip() for day in proposal.closed_days}


def checked(clinic: Clinic, proposal: Proposal, at: datetime) -> WorkCalendar:
    """The proposal as the clinic's next calendar. Raises Invalid with every reason, by field."""
    errors: dict[str, list[str]] = {}
    _try(errors, "time_zone", lambda: check_time_zone(proposal.time_zone))
    _check_region(errors, proposal)
    _check_week(errors, proposal.week)
    if errors:
        raise Invalid(errors)
    calendar = WorkCalendar(
        time_zone=proposal.time_zone,
        week=proposal.week,
        country=proposal.country,
        subdivision=proposal.subdivision,
        closed_days=frozenset(day.on for day in proposal.closed_days),
        version=clinic.calendar_version + 1,
    )
    today = calendar.local_date(at)
    if problems := _closed_problems(clinic, proposal, today):
        raise Invalid({"closed_days": problems})
    if not any(calendar.is_working_day(today + n * ONE_DAY) for n in range(366)):
        text = "Closed days and public holidays leave no working day within a year: leave at least one."
        raise Invalid({"week": [text]})
    return calendar


def _try(errors: dict[str, list[str]], field: str, check: Callable[[], None]) -> None:
    try:
        check()
    except ValueError as error:
        errors.setdefault(field, []).append(str(error))


def _check_region(errors: dict[str, list[str]], proposal: Proposal) -> None:
    _try(errors, "country", lambda: check_region(proposal.country, ""))
    if len(proposal.country) != Clinic._meta.get_field("country").max_length:
        errors.setdefault("country", ["Choose a country by its code of two letters."])
    if "country" in errors:
        return
    _try(errors, "subdivision", lambda: check_region(proposal.country, proposal.subdivision))


def _check_week(errors: dict[str, list[str]], week: Week) -> None:
    problems = []
    if len(week) != DAYS_A_WEEK or not any(week):
        problems.append("Give opening and closing of at least one weekday: a clinic works on some day.")
    for name, hours in zip(WEEKDAYS, week, strict=False):
        if hours is not None and hours[0] >= hours[1]:
            problems.append(f"{name}: a clinic closes after it opens, on the same day.")
    if problems:
        errors["week"] = problems


def _closed_problems(clinic: Clinic, proposal: Proposal, today: date) -> list[str]:
    """What is wrong with the closed days. Those that stand already may be as old as they are."""
    known = set(source_of(clinic)["closed_days"])
    first = date(today.year - YEARS_BACK, 1, 1)
    last = today + timedelta(days=365 * YEARS_AHEAD)
    longest = ClosedDay._meta.get_field("reason").max_length or 0
    problems, seen = [], set()
    for day in proposal.closed_days:
        if day.on in seen:
            problems.append(f"{day.on} stands twice.")
        elif day.on.isoformat() not in known and not first <= day.on <= last:
            problems.append(f"{day.on} is too far away: give a day from {first} to {last}.")
        if len(day.reason.strip()) > longest:
            problems.append(f"{day.on}: write a reason of at most {longest} characters.")
        seen.add(day.on)
    return problems
