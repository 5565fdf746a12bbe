"""What a dose, or the readings of one, must fit: the doses given before on the same case (clinical.md 2.1).

Rules in the words of the fields; the numbers are the clinical layer's. Knows injections, no table and no screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pathway.clinical.observation import OBSERVE_H
from pathway.clinical.results import plain
from pathway.clinical.trial import (
    CONCENTRATION_MCG_PER_ML,
    MIN_GAP_H,
    US_LABEL,
    Injection,
    injection_problems,
)
from pathway.models.checked import Problem

FIELDS = {"at": "given_at", "response": "dose_mcg"}
"""Where the dose's record shows a reason of the clinical layer; other fields have the same name."""


def dose_problems(
    dose_mcg: int, given_at: datetime, given: Sequence[Injection], *, cautious: bool, zone: ZoneInfo
) -> Iterator[Problem]:
    """The hard stops for the next dose of a course. `given`: earlier doses, oldest first, each with its response.

    The strength is checked by the record itself, which also knows the usual mistakes.
    """
    injection = Injection(Decimal(dose_mcg), CONCENTRATION_MCG_PER_ML.value, given_at)
    for reason in injection_problems(injection, given, US_LABEL, cautious=cautious):
        text = _gap(given[-1], given_at, zone) if reason.field == "at" else reason.text
        yield FIELDS.get(reason.field, reason.field), text


def _gap(last: Injection, given_at: datetime, zone: ZoneInfo) -> str:
    if given_at <= last.at:
        return f"The last dose was given later than this, at {_moment(last.at, zone)}."
    earliest = last.at + timedelta(hours=MIN_GAP_H.value)
    return (
        f"The last dose was given at {_moment(last.at, zone)}: the next one is possible from "
        f"{_moment(earliest, zone)}, {MIN_GAP_H.value} h later."
    )


def readings_problems(
    dose_mcg: int | None, read_on: date | None, read: Injection | None, *, zone: ZoneInfo
) -> Iterator[Problem]:
    """The readings are those of the dose that was given. `read`: that dose, None where none is on record."""
    if read is None:
        return
    given_on = read.at.astimezone(zone).date()
    last_on = (read.at + timedelta(hours=OBSERVE_H.value[1])).astimezone(zone).date()
    if dose_mcg is not None and dose_mcg != read.dose_mcg:
        yield (
            "dose_mcg",
            f"The dose given at {_moment(read.at, zone)} was {plain(read.dose_mcg)} mcg, not {dose_mcg} mcg.",
        )
    if read_on is not None and read_on < given_on:
        yield "read_on", f"This is before the dose, which was given on {_day(given_on)}."
    if read_on is not None and read_on > last_on:
        yield "read_on", f"This is after the dose was read: it was given at {_moment(read.at, zone)}."


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%H:%M} on {_day(local.date())}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
