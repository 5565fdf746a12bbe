"""A trial day that is under way: its observations, as a nurse and the physiatrist record them on a synthetic case.

Knows the schedule of the clinical layer; the engine checks every observation.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from pathway.clinical.observation import observation_schedule
from pathway.engine.trials import observe
from pathway.models import Clinician
from pathway.models.observation import TONE_MINUTES
from pathway.protocol.roles import Role
from pathway.queries.observations import baseline_of
from pathway.synthetic.memory import Memory
from pathway.synthetic.situation import Duty
from pathway.synthetic.staff import Staff

LEFT_OUT = timedelta(minutes=40)
"""What fell due so shortly before the end is not recorded yet: the demonstration shows it late."""
FALLS = {0: 0, 60: 1, 120: 1, 240: 2, 360: 2, 480: 1}
"""By how many grades tone has fallen at each minute that scores it [P]."""
GRADES = ("0", "1", "1+", "2", "3", "4")
Step = tuple[datetime, Callable[[datetime], object]]


class OnTrial(Protocol):
    """The case whose trial day it is."""

    case_id: UUID
    clock: datetime
    end: datetime
    seed: str
    staff: Staff
    memory: Memory

    def person(self, role: Role | str) -> Clinician:
        """Who looks after this patient in a role."""


def observation_steps(walk: OnTrial, todo: Duty) -> list[Step]:
    """The next observation of the dose that was just given, with the moment it is recorded."""
    given_at = walk.memory.given[-1].at
    left = (
        due
        for due in observation_schedule(given_at)
        if due.minute not in walk.memory.observed and due.at <= walk.end - LEFT_OUT
    )
    due = next(left, None)
    if due is None:
        return []
    taken = due.at + timedelta(minutes=3) if due.minute else given_at - timedelta(minutes=8)
    moment = max(taken + timedelta(minutes=2), walk.clock + timedelta(minutes=1))
    return [(moment, lambda at: _observe(walk, todo, due.minute, taken, at))]


def _observe(walk: OnTrial, todo: Duty, minute: int, taken: datetime, at: datetime) -> None:
    role = Role.PHYSIATRIST if minute in TONE_MINUTES or Role.NURSE not in walk.staff.people else Role.NURSE
    observe(
        todo_id=todo.id,
        by=walk.person(role),
        at=at,
        minute=minute,
        values=_values(walk, minute, taken.replace(second=0, microsecond=0)),
    )
    walk.memory.observed.add(minute)


def _values(walk: OnTrial, minute: int, taken: datetime) -> dict[str, Any]:
    rng, tone = random.Random(f"{walk.seed}:observation:{minute}"), minute in TONE_MINUTES
    fall = FALLS.get(minute, 0)
    return {
        "observed_at": taken,
        "heart_rate": rng.randint(62, 92),
        "systolic": rng.randint(106, 132),
        "diastolic": rng.randint(60, 82),
        "spo2": rng.randint(95, 99),
        "respiratory_rate": rng.randint(12, 18),
        "sedation": "drowsy" if minute == 180 else "awake",
        "tone": _tone(walk.case_id, fall) if tone else [],
        "penn": max(0, walk.memory.profile.penn - (fall > 0)) if tone else None,
        "adverse_events": ["nausea"] if minute == 90 else [],
    }


def _tone(case_id: UUID, fall: int) -> list[dict[str, Any]]:
    """The grades of the baseline, so many steps lower."""
    baseline = baseline_of(case_id)
    assert baseline is not None, "a trial follows an evaluation"
    return [
        {name: cell if name == "muscle" else _lower(cell, fall) for name, cell in row.items() if cell}
        for row in baseline.mas
    ]


def _lower(grade: str, fall: int) -> str:
    return GRADES[max(0, GRADES.index(grade) - fall)]
