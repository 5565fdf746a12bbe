"""When the people of a run are away, entered through the verb, and who does their duties meanwhile."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from pathway.engine.absences import plan_absence
from pathway.engine.errors import EngineError
from pathway.models import Absence, Clinician
from pathway.protocol.roles import Role
from pathway.synthetic.staff import Staff

#: Days between two absences on average, their shortest and longest, and how often a deputy is named (P).
APART, SHORTEST, LONGEST, NAMED = 110, 2, 18, 0.7


@dataclass(frozen=True, slots=True)
class Leave:
    """Everybody's absences: person, first and last day, deputy."""

    absences: tuple[tuple[UUID, date, date, UUID | None], ...]

    def in_place_of(self, person: Clinician, holders: tuple[Clinician, ...], on: date) -> Clinician:
        """Who acts: the person, the deputy, or else the first colleague of the role who is there."""
        if not self._is_away(person.id, on):
            return person
        there = [one for one in holders if not self._is_away(one.id, on)]
        return next(
            (one for one in there if self.is_deputy(one.id, person.id, on)), there[0] if there else person
        )

    def is_deputy(self, person: UUID, absent: UUID, on: date) -> bool:
        """Whether this person is named to answer for another who is away."""
        return any(
            who == absent and deputy == person and first <= on <= last
            for who, first, last, deputy in self.absences
        )

    def _is_away(self, person: UUID, on: date) -> bool:
        return any(who == person and first <= on <= last for who, first, last, _ in self.absences)


def plan_leave(staff: Staff, rng: random.Random, start: datetime, end: datetime) -> Leave:
    """Enter everybody's absences of the whole run."""
    for role, holders in staff.people.items():
        for person in holders:
            _plan(staff, rng, role, person, start, end)
    rows = Absence.objects.values_list("clinician_id", "first_day", "last_day", "deputy_id")
    return Leave(tuple(rows))


def _plan(
    staff: Staff, rng: random.Random, role: Role, person: Clinician, start: datetime, end: datetime
) -> None:
    day = start.date() + timedelta(days=round(rng.expovariate(1 / APART)) + 1)
    while day < end.date():
        last = day + timedelta(days=rng.randint(SHORTEST, LONGEST))
        others = [one for one in staff.people[role] if one.id != person.id]
        deputy = rng.choice(others).id if others and rng.random() < NAMED else None
        for asked in (deputy, None):
            try:
                plan_absence(
                    clinic_id=staff.clinic.id,
                    clinician_id=person.id,
                    deputy_id=asked,
                    first_day=day,
                    last_day=last,
                    by=person,
                    at=start,
                )
            except EngineError:  # the deputy is away, or a ring of deputies: without one then
                continue
            break
        day = last + timedelta(days=round(rng.expovariate(1 / APART)) + 2)
