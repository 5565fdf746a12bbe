"""Words for an owner who is away: until when, and who answers. Shared by the pages that name owners."""

from __future__ import annotations

from uuid import UUID

from pathway.queries.people import Staff


def away_words(staff: Staff, person_id: UUID | None, me: UUID) -> str:
    """ "away until 9 Mar, Pia Stone answers"; empty for somebody who is there."""
    found = staff.away.get(person_id) if person_id else None
    if found is None:
        return ""
    until = f"away until {found.until.day} {found.until:%b}"
    if found.answers_id is None:
        return f"{until}, nobody answers for them"
    return (
        f"{until}, you answer"
        if found.answers_id == me
        else f"{until}, {staff.name(found.answers_id)} answers"
    )
