"""Who agreed to be reminded of appointments, and whether a reminder may still be sent.

Addresses are read for screens inside the clinic and for the mail server alone.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from pathway.models import Case, ReminderContact
from pathway.protocol.appointment import BOOKING
from pathway.protocol.roles import Stage, TodoState

# The newest booking must be done and for that very date, and no fill since then may have used it up: the same rule as
# `refill_not_booked`. Where the mail server was away for days two reminders of one appointment are due at once: the
# nearer one says it all.
STILL_TRUE = f"""
SELECT DISTINCT ON (n.contact_id, n.todo_id, n.data->>'date') n.id
FROM pathway_notice n
JOIN pathway_remindercontact k ON k.id = n.contact_id AND k.withdrawn_at IS NULL
JOIN pathway_case c ON c.id = n.case_id AND c.patient_id = k.patient_id AND c.stage <> '{Stage.CLOSED}'
JOIN pathway_clinic cl ON cl.id = c.clinic_id
JOIN pathway_pump p ON p.case_id = c.id AND p.explanted_on IS NULL
JOIN LATERAL (SELECT t.id, t.state, t.result->>'date' AS booked_for,
    (t.ended_at AT TIME ZONE cl.time_zone)::date AS booked_on FROM pathway_todo t
  WHERE t.case_id = c.id AND t.key = '{BOOKING}' ORDER BY t.occurrence DESC LIMIT 1) b
  ON b.id = n.todo_id AND b.state = '{TodoState.DONE}' AND b.booked_for = n.data->>'date'
WHERE n.id = ANY(%(ids)s) AND n.kind = 'appointment'
  AND p.filled_on < b.booked_for::date AND p.filled_on <= b.booked_on
  AND EXISTS (SELECT 1 FROM pathway_todo r WHERE r.case_id = c.id AND r.key = 'refill' AND r.state = '{TodoState.OPEN}')
  AND (%(at)s::timestamptz IS NULL OR b.booked_for::date >= (%(at)s::timestamptz AT TIME ZONE cl.time_zone)::date)
ORDER BY n.contact_id, n.todo_id, n.data->>'date', (n.data->>'days')::int
"""


def still_true(notice_ids: Collection[UUID], *, at: datetime | None = None) -> set[UUID]:
    """Those of these due reminders that may be sent: consent and appointment stand, the refill is not yet done.

    Of several reminders of one appointment to one contact only the nearest stays. `at`: an appointment before the
    clinic's date at this instant is over; without it the date is not looked at. One statement.
    """
    if not notice_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(STILL_TRUE, {"ids": list(notice_ids), "at": at})
        return {row[0] for row in cursor.fetchall()}


def find_contact(contact_id: UUID) -> ReminderContact | None:
    """The contact with its patient's clinic, for whoever holds its id. One query."""
    return ReminderContact.objects.select_related("patient__clinic").filter(pk=contact_id).first()


def case_of_contact(contact_id: UUID) -> UUID | None:
    """The case in whose history a contact's consent stands: the patient's open one, else the newest. One query."""
    cases = Case.objects.filter(patient__reminder_contacts=contact_id).order_by("-id")
    rows = list(cases.values_list("id", "stage"))
    still_open = [case_id for case_id, stage in rows if stage != Stage.CLOSED]
    return next(iter(still_open or [case_id for case_id, _ in rows]), None)
