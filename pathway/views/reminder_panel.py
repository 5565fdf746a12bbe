"""What the case page shows of appointment reminders: who agreed, when and how, the next reminder, and two forms.

Addresses are shown here, inside the clinic, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pathway.models import ReminderContact
from pathway.protocol.appointment import Appointment, reminder_days, standing_appointment
from pathway.protocol.roles import Role
from pathway.queries.case import CaseRead
from pathway.queries.people import Staff
from pathway.views.forms.case_actions import ConsentForm, WithdrawForm

CONSENT = "consent"
"""The name of the action, by which its form comes back when it was refused."""


class ReminderPanel:
    """The reminders of one case: whoever agreed, the newest first. Asks nothing of the database."""

    def __init__(self, read: CaseRead, contacts: Sequence[ReminderContact], at: datetime) -> None:
        self.read, self.contacts = read, contacts
        self.appointment: Appointment | None = standing_appointment(read.protocol, read.facts)
        self.next_on = self._next_on(at)

    @property
    def people(self) -> set[UUID]:
        """Whose names the panel shows."""
        ended = {contact.withdrawn_by_id for contact in self.contacts if contact.withdrawn_by_id}
        return ended | {contact.recorded_by_id for contact in self.contacts}

    def context(self, staff: Staff, roles: frozenset[Role], given: Any) -> dict[str, Any]:
        """Everything the template needs. `given` are bound forms that were refused, by action."""
        standing = [contact for contact in self.contacts if contact.withdrawn_at is None]
        may = bool(roles) and self.read.case.is_open
        return {
            "lines": [self._line(contact, staff, roles) for contact in standing],
            "ended": [self._ended(contact, staff) for contact in self.contacts if contact.withdrawn_at],
            "next_on": self.next_on,
            "appointment": self.appointment.on if self.appointment else None,
            "form": (given.get(CONSENT) or self._form()) if may else None,
            "open": CONSENT in given,
            "shown": may or bool(self.contacts),
        }

    def _form(self) -> ConsentForm:
        return ConsentForm(initial={"consent_on": self.read.today}, known=self.read.case.patient.email)

    def _line(self, contact: ReminderContact, staff: Staff, roles: frozenset[Role]) -> dict[str, Any]:
        return {
            "contact": contact,
            "recorded_by": staff.name(contact.recorded_by_id),
            "form": WithdrawForm(initial={"contact": contact.id}, key=contact.id) if roles else None,
        }

    def _next_on(self, at: datetime) -> date | None:
        """The day of the next reminder: whoever agreed has one queued for each day that is still to come."""
        if self.appointment is None:
            return None
        days = reminder_days(self.read.protocol.policy, self.appointment.on, self.read.today)
        return next((day for _, day in days if self.read.calendar.at_opening(day) > at), None)

    def _ended(self, contact: ReminderContact, staff: Staff) -> dict[str, Any]:
        by = contact.withdrawn_by_id
        return {
            "contact": contact,
            "recorded_by": staff.name(contact.recorded_by_id),
            "ended_by": staff.name(by) if by and by.int else "the link in a mail",
        }
