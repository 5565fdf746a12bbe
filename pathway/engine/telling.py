"""Who is told: the owner or the role, through deputies; where nobody answers, whoever comes next. It writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from pathway.protocol.cover import People, Roster
from pathway.protocol.roles import Role

Told = list[tuple[UUID, Role, str]]
"""Who is told, the role they are told in, and the kind of notice."""


def recipients(role: Role, kind: str, team: People, roster: Roster, *, safety: bool) -> Told:
    """Whoever answers for the care team's holders of the role, else for the clinic's, else the keepers, with an alarm.

    Empty only where a clinic has nobody at all.
    """
    people = roster.on_duty(team.get(role, ()), role, safety=safety) or roster.holders(role, safety=safety)
    if people:
        return [(person, role, kind) for person in people]
    return [(person, told_as, "unowned") for person, told_as in keepers(team, roster, safety=safety)]


def owner_or_role(
    owner: UUID | None, role: Role, kind: str, team: People, roster: Roster, *, safety: bool
) -> Told:
    """Whoever answers for the owner; where there is none, or nobody does, as `recipients`."""
    there = roster.on_duty((owner,), role, safety=safety) if owner else ()
    return [(there[0], role, kind)] if there else recipients(role, kind, team, roster, safety=safety)


def keepers(team: People, roster: Roster, *, safety: bool) -> list[tuple[UUID, Role]]:
    """Who finds somebody: the coordinators at work, else the clinic's lead, else every coordinator, away or not.

    An alarm that waits in the inbox of somebody on holiday is better than one that nobody has.
    """
    keeper = Role.COORDINATOR
    people = roster.on_duty(team.get(keeper, ()), keeper, safety=safety) or roster.holders(
        keeper, safety=safety
    )
    people = people or clinic_lead(roster) or tuple(roster.members.get(keeper, ()))
    return [(person, keeper) for person in people]


def clinic_lead(roster: Roster) -> tuple[UUID, ...]:
    """Who answers for the clinic's lead; nobody where none is named."""
    there = roster.answering(roster.clinic_lead) if roster.clinic_lead else None
    return (there,) if there else ()


def merged(*groups: Iterable[tuple[UUID, Role, str]]) -> Told:
    """The groups one after the other, each person once, as they were told first."""
    found: dict[UUID, tuple[Role, str]] = {}
    for group in groups:
        for person, role, kind in group:
            found.setdefault(person, (role, kind))
    return [(person, role, kind) for person, (role, kind) in found.items()]
