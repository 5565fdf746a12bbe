"""Who answers for whom on one day: deputies, clinic days, leads. Pure: it knows no database and moves no duty.

A duty keeps its owner while the owner is away; only who is told of it, and who else may do it, follows from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
        """Who answers for these people, each once, in their order. `safety`: a day off is as good as an absence."""
        found: dict[UUID, None] = {}
        for person in people:
            there = self.answering(person)
            if there is not None and not (safety and (there, role) in self.off):
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
