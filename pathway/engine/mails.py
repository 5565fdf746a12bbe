"""What a person does about mail that did not arrive: send it again, let it go, correct the address. Knows no SMTP."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from pathway.engine.clinic_action import ClinicAction, action_on, actors_of, note_in_clinic
from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused
from pathway.models import Clinician, Mail
from pathway.protocol.roles import Role
from pathway.protocol.verdict import refused


def resend(*, mail_id: UUID, by: Clinician, at: datetime) -> Mail:
    """Offer a dead letter to the mail server again, under the same Message-ID. Pressed twice, it leaves once.

    Raises NotFound, NotAllowed, Refused while its address is still one that mail servers refuse.
    """
    with _letter(mail_id, by, at) as (act, mail):
        act.require_coordinator("send mail again")
        if mail.state != "dead":
            return mail
        if mail.contact is not None and (mail.contact.withdrawn_at or mail.contact.refused_at):
            text = "Mail servers refuse this address, or the person no longer wants mail: record a new one first."
            raise Refused(refused("address_refused", text, Role.COORDINATOR))
        if mail.recipient is not None:
            _require_reachable(mail.recipient)
        mail.state, mail.attempts, mail.error, mail.due_at = "pending", 0, "", at
        mail.save(update_fields=["state", "attempts", "error", "due_at"])
        act.record("resend_mail", mail=mail.id)
        return mail


def let_go(*, mail_id: UUID, by: Clinician, at: datetime) -> Mail:
    """Say that a dead letter is not needed any more. Its notices stay in the inbox. Raises NotFound, NotAllowed."""
    with _letter(mail_id, by, at) as (act, mail):
        act.require_coordinator("let mail go")
        if mail.state == "dead":
            mail.state = "dropped"
            mail.save(update_fields=["state"])
            act.record("let_mail_go", mail=mail.id)
        return mail


def correct_address(*, clinician_id: UUID, email: str, by: Clinician, at: datetime) -> Clinician:
    """Replace an address that mail servers refuse, or confirm it where the mailbox works again.

    Only a refused address: whoever may write an address could have the password of its owner sent there. The person
    themselves may, or a coordinator of a clinic they share. Raises NotFound, NotAllowed, Refused, Invalid.
    """
    with transaction.atomic():
        person = Clinician.objects.select_for_update().filter(pk=clinician_id).first()
        theirs = actors_of(clinician_id)
        shared = {clinic_id: actor for clinic_id, actor in actors_of(by.id).items() if clinic_id in theirs}
        if person is None or not shared:
            raise NotFound("There is no such person for you.")
        actors = {
            clinic_id: actor
            for clinic_id, actor in shared.items()
            if by.id == person.id or Role.COORDINATOR in actor.roles
        }
        if not actors:
            text = "Only the person themselves or a coordinator of their clinic may correct an address."
            raise NotAllowed(refused("wrong_role", text, Role.COORDINATOR))
        if person.is_superuser and by.id != person.id:
            text = "An administrator's address is corrected in the administration."
            raise NotAllowed(refused("administrator", text))
        address = _valid(email)
        if person.email_refused_at is None:
            if person.email == address:
                return person
            text = "No mail server has refused this person's address. They change it themselves in their account."
            raise Refused(refused("address_not_refused", text))
        person.email, person.email_refused_at = address, None
        person.save(update_fields=["email", "email_refused_at"])
        for clinic_id, actor in actors.items():
            note_in_clinic(clinic_id, actor, at, "correct_address", clinician=person.id)
        return person


def _require_reachable(person: Clinician) -> None:
    if not person.is_active:
        text = "This person cannot sign in any more. Hand their duties over and let the mail go."
        raise Refused(refused("recipient_left", text, Role.COORDINATOR))
    if person.email_refused_at is not None:
        text = "Mail servers refuse this address. Correct it first, then send again."
        raise Refused(refused("address_refused", text, Role.COORDINATOR))


def _valid(email: str) -> str:
    """The address without blanks around it. Raises Invalid, also for a line break, which would end a header."""
    address = email.strip()
    if len(address) > 254:
        raise Invalid({"email": ["An address has at most 254 characters."]})
    try:
        validate_email(address)
    except ValidationError as error:
        raise Invalid({"email": ["Enter one e-mail address, like name@hospital.example."]}) from error
    return address


def _letter(mail_id: UUID, by: Clinician, at: datetime) -> AbstractContextManager[tuple[ClinicAction, Mail]]:
    return action_on(Mail, mail_id, by=by, at=at, missing="There is no such message for you.")
