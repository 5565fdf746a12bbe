"""What the case page shows of appointment reminders: who agreed, when and how, the next reminder, and two forms.

Addresses are shown here, inside the clinic, and nowhere else.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pathway.models import ReminderContact
from pathway.protocol.appointment import Appointment, standing_appointment
from pathway.protocol.roles import Role
from pathway.queries.case import CaseRead
from pathway.queries.people import Staff
from pathway.queries.reminders import contacts_of, next_reminders
from pathway.views.forms.case_actions import ConsentForm, WithdrawForm

CONSENT = "consent"
"""The name of the action, by which its form comes back when it was refused."""


class ReminderPanel:
    """The reminders of one case. Two queries; one where nobody is reminded of an appointment that stands."""

    def __init__(self, read: CaseRead) -> None:
        self.read, self.contacts = read, contacts_of(read.case.patient_id)
        self.appointment: Appointment | None = standing_appointment(read.protocol, read.facts)
        policy = read.protocol.policy
        self.next = next_reminders(self.contacts, self.appointment, policy) if self.appointment else {}

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
            "next_on": self._next_on(contact),
            "form": WithdrawForm(initial={"contact": contact.id}, key=contact.id) if roles else None,
        }

    def _next_on(self, contact: ReminderContact) -> date | None:
        due_at = self.next.get(contact.id)
        return self.read.calendar.local_date(due_at) if due_at else None

    def _ended(self, contact: ReminderContact, staff: Staff) -> dict[str, Any]:
        by = contact.withdrawn_by_id
        return {
            "contact": contact,
            "recorded_by": staff.name(contact.recorded_by_id),
            "ended_by": staff.name(by) if by and by.int else "the link in a mail",
        }
