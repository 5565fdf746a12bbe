"""Reminders of refill appointments to a patient or caregiver who agreed: consent recorded, withdrawn, notices queued.

The history of a case names a contact by id and never holds its address: history cannot be changed, consent can end.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet

from pathway.engine.action import Action, Outcome, action
from pathway.engine.errors import Invalid, NotFound, Refused
from pathway.engine.permissions import require_role
from pathway.models import Clinician, Notice, ReminderContact
from pathway.models.base import new_id
from pathway.models.contact import HOW, WHO
from pathway.protocol.appointment import reminder_days, reminder_id, standing_appointment
from pathway.protocol.attention import urgency_of
from pathway.protocol.roles import CARE_ROLES, Role
from pathway.protocol.verdict import refused
from pathway.queries.reminders import case_of_contact

KIND = "appointment"
OWN_LINK = UUID(int=0)
"""Who withdrew where the person's own link did."""
LONGEST_ADDRESS = 254


def record_consent(
    *,
    case_id: UUID,
    who: str,
    email: str,
    consent_on: date | None,
    consent_how: str,
    by: Clinician,
    at: datetime,
) -> Outcome:
    """Record that a patient or caregiver agreed to be reminded of refill appointments by mail. Any care role may.

    `who` and `consent_how` are keys of `models.contact`; `consent_on` is a date of the clinic. Another address of the
    same `who` withdraws the one before, which stays as history. An appointment that stands is reminded of from now on.
    Sending the same again changes nothing. Raises Invalid by field, Refused, NotFound.
    """
    with action(case_id=case_id, by=by, at=at) as act:
        require_role(act.actor, frozenset(CARE_ROLES), "record this consent")
        if not act.case.is_open:
            raise Refused(refused("case_closed", "The case is closed; reopen it first.", Role.COORDINATOR))
        agreed_on = _require_sound(act, who, email, consent_on, consent_how)
        contact = ReminderContact(
            id=new_id(),
            patient_id=act.case.patient_id,
            who=who,
            email=email.strip(" "),
            consent_on=agreed_on,
            consent_how=consent_how,
            recorded_at=at,
            recorded_by_id=by.id,
        )
        before = _standing(act).filter(who=who).first()
        if before is not None and _says_the_same(before, contact):
            return Outcome(act.case.id, act.case.event_seq, repeated=True)
        data = {"contact": str(contact.id), "who": who}
        if before is not None:
            _end(act, before, by.id)
            act.changes.flush()  # one address each: the old one must have ended before the new one is written
            data["replaced"] = str(before.id)
        act.changes.add(contact)
        queue_reminders(act, [contact.id])
        return act.commit("remind_consent", act.actor.acting_as(Role.COORDINATOR), **data)


def withdraw_consent(*, contact_id: UUID, by: Clinician | None, at: datetime) -> Outcome:
    """Send this contact no more reminders. `by` None: the person pressed the link in a mail, which always works.

    What was queued is dropped when it would be sent. Repeating it changes nothing. Raises NotFound.
    """
    case_id = case_of_contact(contact_id)
    if case_id is None:
        raise NotFound("There is no such contact for you.")
    with action(case_id=case_id, by=by, at=at) as act:
        contact = ReminderContact.objects.get(pk=contact_id)
        if contact.withdrawn_at is not None:
            return Outcome(act.case.id, act.case.event_seq, repeated=True)
        _end(act, contact, by.id if by else OWN_LINK)
        data = {"contact": str(contact.id), "who": contact.who, "own_link": by is None}
        return act.commit("remind_withdraw", act.actor.acting_as(Role.COORDINATOR), **data)


def remind_of_booking(act: Action) -> None:
    """A refill was booked in this action: whoever agreed is reminded of it. One query."""
    queue_reminders(act, _standing(act).values_list("id", flat=True))


def queue_reminders(act: Action, contacts: Iterable[UUID]) -> None:
    """Queue the reminders of the appointment that stands, at the clinic's opening on each day of the policy.

    A day that is over is left out; today's leaves at once where the clinic has opened. Whether a reminder still says
    the truth is looked at when it is sent (`queries.reminders.still_true`): nothing has to be called back.
    """
    appointment = standing_appointment(act.protocol, act.facts)
    if appointment is None:
        return
    days = reminder_days(act.protocol.policy, appointment.on, act.facts.today)
    for contact_id in contacts:
        for count, day in days:
            act.changes.put(
                Notice,
                id=reminder_id(contact_id, appointment, count),
                case_id=act.case.id,
                clinic_id=act.case.clinic_id,
                todo_id=appointment.todo_id,
                contact_id=contact_id,
                kind=KIND,
                urgency=str(urgency_of(KIND, safety=False)),
                data={"date": appointment.on.isoformat(), "days": count},
                created_at=act.at,
                due_at=max(act.calendar.at_opening(day), act.at),
            )


def address_problem(email: str) -> str:
    """Why mail cannot be sent to this address, as a sentence; empty where it can."""
    if not email.strip():
        return "Write the e-mail address."
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") for sign in email):
        return "A line break or another hidden character stands in the address: type it anew."
    if len(email) > LONGEST_ADDRESS:
        return f"An e-mail address has at most {LONGEST_ADDRESS} characters."
    try:
        validate_email(email.strip(" "))
    except ValidationError:
        return "This is no e-mail address; write one like name@example.org."
    return ""


def _require_sound(act: Action, who: str, email: str, consent_on: date | None, consent_how: str) -> date:
    """The day of the consent. Raises Invalid with everything that is wrong, by field."""
    errors: dict[str, list[str]] = {}
    if who not in dict(WHO):
        errors["who"] = ["Say whether the patient or a caregiver is reminded."]
    if problem := address_problem(email):
        errors["email"] = [problem]
    if problem := _day_problem(act, consent_on):
        errors["consent_on"] = [problem]
    if consent_how not in dict(HOW):
        errors["consent_how"] = ["Say how they agreed."]
    if errors or consent_on is None:
        raise Invalid(errors)
    return consent_on


def _day_problem(act: Action, consent_on: date | None) -> str:
    if consent_on is None:
        return "Give the day on which they agreed."
    if consent_on > act.facts.today:
        return "This day is in the future: nobody has agreed yet."
    if consent_on < act.snapshot.birth_date:
        return "This day is before the patient's birth."
    return ""


def _standing(act: Action) -> QuerySet[ReminderContact]:
    return ReminderContact.objects.filter(patient_id=act.case.patient_id, withdrawn_at__isnull=True)


def _says_the_same(before: ReminderContact, now: ReminderContact) -> bool:
    known = (before.email.lower(), before.consent_on, before.consent_how)
    return known == (now.email.lower(), now.consent_on, now.consent_how)


def _end(act: Action, contact: ReminderContact, ended_by: UUID) -> None:
    act.changes.update(ReminderContact, contact.id, withdrawn_at=act.at, withdrawn_by_id=ended_by)
