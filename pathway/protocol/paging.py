"""When an incident that nobody acknowledged calls again, and whom: pure instants and rungs. It knows no person.

All numbers are local policy (tag P): the contact targets are the clinical layer's, already halved at high risk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pathway.clinical.conditions import TriageLevel

RED_PARTS = 3
"""A red incident calls again at every third of its contact target (P)."""
OTHER_PARTS = 2
"""Another one once more at half of its target (P), and then a whole target apart."""


class Call(StrEnum):
    """Whom a call goes to: first word and repeats to whoever is asked; a climb also to coordinators and physicians."""

    INCIDENT = "incident"
    PAGE = "page"
    CLIMB = "incident_climb"


@dataclass(frozen=True, slots=True)
class Rung:
    """One call: how long after the start, and to whom."""

    after: timedelta
    call: Call


def rung(level: TriageLevel, target: timedelta, step: int) -> Rung:
    """The call number `step`, counted from 0 at the start. It goes on for ever: only a person ends it."""
    if level is TriageLevel.RED:
        return Rung(target * step / RED_PARTS, Call.CLIMB if step >= RED_PARTS else Call.PAGE)
    if step < OTHER_PARTS:
        return Rung(target * step / OTHER_PARTS, Call.INCIDENT)
    return Rung(target * (step - 1), Call.CLIMB)


def next_rung(
    level: TriageLevel, target: timedelta, started_at: datetime, after: datetime, start: int = 0
) -> tuple[int, datetime]:
    """The first call from `start` on that still lies ahead of an instant, and when it comes."""
    step = start
    moment = started_at + rung(level, target, step).after
    while moment <= after:
        step += 1
        moment = started_at + rung(level, target, step).after
    return step, moment
