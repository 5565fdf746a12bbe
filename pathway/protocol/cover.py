"""Who answers for whom on one day: deputies, clinic days, leads. Pure: it knows no database and moves no duty.

A duty keeps its owner while the owner is away; only who is told of it, and who else may do it, follows from here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from uuid import UUID

from pathway.protocol.roles import Role

People = Mapping[Role, tuple[UUID, ...]]
"""Active people by the role they hold."""


@dataclass(frozen=True)
class Roster:
    """A clinic on one of its days.

    `away`: who is absent, with the deputy or None. `off`: (person, role) where it is none of the person's clinic days;
    that matters to safety only, everything else waits for the next clinic day.
    """

    members: People
    away: Mapping[UUID, UUID | None] = field(default_factory=dict)
    off: frozenset[tuple[UUID, Role]] = frozenset()
    leads: People = field(default_factory=dict)
    clinic_lead: UUID | None = None

    @cached_property
    def people(self) -> frozenset[UUID]:
        """Everybody who holds a role."""
        return frozenset(person for holders in self.members.values() for person in holders)

    def answering(self, person: UUID) -> UUID | None:
        """Who answers for a person: they themselves, or the first deputy who is there; None where nobody is.

        A deputy who is away passes on to their own deputy. A ring of deputies, refused when it is entered, is nobody;
        so is whoever no longer works in the clinic.
        """
        seen: set[UUID] = set()
        at: UUID | None = person
        while at is not None and at in self.away:
            if at in seen:
                return None
            seen.add(at)
            at = self.away[at]
        return at if at in self.people else None

    def on_duty(self, people: Iterable[UUID], role: Role, *, safety: bool) -> tuple[UUID, ...]:
        """Who answers for these people in a role, each once, in their order: only who holds it may do its duties.

        `safety`: a day off is as good as an absence.
        """
        found: dict[UUID, None] = {}
        holders = self.members.get(role, ())
        for person in people:
            there = self.answering(person)
            if there in holders and not (safety and (there, role) in self.off):
                found.setdefault(there)
        return tuple(found)

    def holders(self, role: Role, *, safety: bool) -> tuple[UUID, ...]:
        """Who answers in a role."""
        return self.on_duty(self.members.get(role, ()), role, safety=safety)

    @cached_property
    def covers(self) -> Mapping[UUID, frozenset[UUID]]:
        """For each deputy at work the people they answer for."""
        found: dict[UUID, set[UUID]] = {}
        for person in self.away:
            there = self.answering(person)
            if there is not None:
                found.setdefault(there, set()).add(person)
        return {deputy: frozenset(people) for deputy, people in found.items()}


@dataclass(frozen=True, slots=True)
class Away:
    """One absence: who is away from which local day to which (both included), and who answers meanwhile."""

    person: UUID
    deputy: UUID | None
    first_day: date
    last_day: date

    def on(self, day: date) -> bool:
        """Whether the person is away on this day."""
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True)
class Staffing:
    """A clinic's people over a stretch of days. `clinic_days`: weekdays (Monday is 0) by person and role; who is not
    listed comes every day.
    """

    members: People
    clinic_days: Mapping[tuple[UUID, Role], frozenset[int]] = field(default_factory=dict)
    absences: tuple[Away, ...] = ()
    _rosters: dict[date, Roster] = field(default_factory=dict, init=False, repr=False, compare=False)

    def on(self, day: date) -> Roster:
        """The clinic's roster on one of its days; made once a day, because a calendar asks for each role."""
        if day not in self._rosters:
            self._rosters[day] = self._roster(day)
        return self._rosters[day]

    def _roster(self, day: date) -> Roster:
        off = frozenset(place for place, days in self.clinic_days.items() if day.weekday() not in days)
        away = {absence.person: absence.deputy for absence in self.absences if absence.on(day)}
        return Roster(self.members, away, off)

    def awake(self, role: Role, day: date) -> tuple[UUID, ...]:
        """Who would see to a safety duty of a role on a day."""
        return self.on(day).holders(role, safety=True)

    def back_on(self, role: Role, after: date) -> date | None:
        """The first later day on which somebody is awake in a role; None where nobody comes any more.

        Once the last absence is over, one week is like the next.
        """
        last = max((after, *(absence.last_day for absence in self.absences))) + timedelta(days=7)
        days = (after + timedelta(days=number) for number in range(1, (last - after).days + 1))
        return next((day for day in days if self.awake(role, day)), None)


Load = Mapping[tuple[Role, date], int]
"""How many safety duties fall on each role and day."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of days on which duties of a role fall and nobody is awake: the first such day, the last, how many
    duties. No day within it has anybody.
    """

    role: Role
    first_day: date
    last_day: date
    duties: int


def spans_without_cover(staffing: Staffing, load: Load) -> list[Span]:
    """The gaps in cover, by role and day. Days on which nothing falls are looked at only between two that lack cover:
    whoever comes in between ends the gap.
    """
    days: dict[Role, list[date]] = defaultdict(list)
    for role, day in sorted(load):
        if load[role, day] and not staffing.awake(role, day):
            days[role].append(day)
    return [span for role, missing in days.items() for span in _spans(staffing, role, missing, load)]


def _spans(staffing: Staffing, role: Role, missing: list[date], load: Load) -> Iterator[Span]:
    """Days without cover, in order, joined where nobody comes between two of them."""
    first = last = missing[0]
    duties = load[role, first]
    for day in missing[1:]:
        if any(staffing.awake(role, between) for between in days_between(last, day)):
            yield Span(role, first, last, duties)
            first, duties = day, 0
        last = day
        duties += load[role, day]
    yield Span(role, first, last, duties)


def days_between(first: date, last: date) -> Iterator[date]:
    """The days after `first` and before `last`."""
    return (first + timedelta(days=n) for n in range(1, (last - first).days))


def ring_of(absences: Iterable[Away], new: Away) -> tuple[date, tuple[UUID, ...]] | None:
    """The first day of a new absence on which its deputies lead round to the person, and those people in order.

    `absences`: the others of the clinic. None where no day has such a ring. Only days on which an absence begins need a
    look: a ring that is there on a later day was there when the last of its absences began.
    """
    others = [absence for absence in absences if absence.person != new.person]
    starts = {new.first_day, *(absence.first_day for absence in others if new.on(absence.first_day))}
    for day in sorted(starts):
        deputies = {absence.person: absence.deputy for absence in others if absence.on(day)}
        chain = [new.person]
        at = new.deputy
        while at is not None and at not in chain and at in deputies:
            chain.append(at)
            at = deputies[at]
        if at == new.person:
            return day, tuple(chain)
    return None
