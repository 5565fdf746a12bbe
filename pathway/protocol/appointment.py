"""The appointment for a refill that stands, and the days on which a patient or caregiver is reminded of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid5

from pathway.protocol.conditions import refill_not_booked
from pathway.protocol.facts import CaseFacts
from pathway.protocol.schema import Policy, Protocol

BOOKING = "book_refill"
"""The duty whose newest record says for when the refill is booked."""
REMINDER_SPACE = UUID("7d0f6a52-3c1e-4b58-9a40-6f2f5f0f1c93")


@dataclass(frozen=True, slots=True)
class Appointment:
    """A refill that is booked: the to-do that says so, and the clinic's local date."""

    todo_id: UUID
    on: date


def standing_appointment(protocol: Protocol, facts: CaseFacts) -> Appointment | None:
    """The appointment that protects the pump now; None where none does, or where it is today or over."""
    booking, on = facts.todos.get(BOOKING), facts.day(f"{BOOKING}.date")
    if facts.pump is None or booking is None or on is None or refill_not_booked(protocol, facts):
        return None
    return Appointment(booking.id, on) if on > facts.today else None


def reminder_days(policy: Policy, on: date, today: date) -> list[tuple[int, date]]:
    """(days before the appointment, which date that is) of each reminder still to come, the earliest first."""
    days = [(count, on - timedelta(days=count)) for count in policy.appointment_reminder_days]
    return [pair for pair in days if pair[1] >= today]


def reminder_id(contact_id: UUID, appointment: Appointment, days: int) -> UUID:
    """The id of the one notice that reminds this contact of this appointment so many days before."""
    return uuid5(REMINDER_SPACE, f"{contact_id}:{appointment.todo_id}:{appointment.on.isoformat()}:{days}")
