"""What a person does about mail that did not arrive: send it again, let it go, correct the address. Knows no SMTP."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused
from pathway.engine.permissions import Actor, require_role
from pathway.models import ClinicEvent, Clinician, Mail, Membership
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.protocol.verdict import refused

KEEPERS = frozenset({Role.COORDINATOR})


def resend(*, mail_id: UUID, by: Clinician, at: datetime) -> Mail:
    """Offer a dead letter to the mail server again, under the same Message-ID. Pressed twice, it leaves once.

    Raises NotFound, NotAllowed, Refused while its address is still one that mail servers refuse.
    """
    with transaction.atomic():
        mail, actor = _enter(mail_id, by, "send mail again")
        if mail.state != "dead":
            return mail
        if mail.contact is not None and (mail.contact.withdrawn_at or mail.contact.refused_at):
            text = "Mail servers refuse this address, or the person no longer wants mail: record a new one first."
            raise Refused(refused("address_refused", text, Role.COORDINATOR))
        if mail.recipient is not None:
            _require_reachable(mail.recipient)
        mail.state, mail.attempts, mail.error, mail.due_at = "pending", 0, "", at
        mail.save(update_fields=["state", "attempts", "error", "due_at"])
        _event(mail.clinic_id, actor, "resend_mail", at, mail=str(mail.id))
        return mail


def let_go(*, mail_id: UUID, by: Clinician, at: datetime) -> Mail:
    """Say that a dead letter is not needed any more. Its notices stay in the inbox. Raises NotFound, NotAllowed."""
    with transaction.atomic():
        mail, actor = _enter(mail_id, by, "let mail go")
        if mail.state == "dead":
            mail.state = "dropped"
            mail.save(update_fields=["state"])
            _event(mail.clinic_id, actor, "let_mail_go", at, mail=str(mail.id))
        return mail


def correct_address(*, clinician_id: UUID, email: str, by: Clinician, at: datetime) -> Clinician:
    """Replace an address that mail servers refuse, or confirm it where the mailbox works again.

    Only a refused address: whoever may write an address could have the password of its owner sent there. The person
    themselves may, or a coordinator of a clinic they share. Raises NotFound, NotAllowed, Refused, Invalid.
    """
    with transaction.atomic():
        person = Clinician.objects.select_for_update().filter(pk=clinician_id).first()
        shared = _shared(by, clinician_id)
        if person is None or not shared:
            raise NotFound("There is no such person for you.")
        actors = {
            clinic_id: Actor(by.id, roles)
            for clinic_id, roles in shared.items()
            if by.id == person.id or roles & KEEPERS
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
            _event(clinic_id, actor, "correct_address", at, clinician=str(person.id))
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


def _enter(mail_id: UUID, by: Clinician, action: str) -> tuple[Mail, Actor]:
    """Lock a message of a clinic the person coordinates. Raises NotFound, NotAllowed."""
    mail = (
        Mail.objects.select_for_update(of=("self",))
        .select_related("recipient", "contact")
        .filter(pk=mail_id)
        .first()
    )
    roles = _roles(by, mail.clinic_id) if mail else frozenset()
    if mail is None or not roles:
        raise NotFound("There is no such message for you.")
    actor = Actor(by.id, roles)
    require_role(actor, KEEPERS, action)
    return mail, actor


def _roles(by: Clinician, clinic_id: UUID) -> frozenset[Role]:
    held = Membership.objects.filter(clinic_id=clinic_id, clinician_id=by.id).values_list("role", flat=True)
    return frozenset(Role(role) for role in held)


def _shared(by: Clinician, clinician_id: UUID) -> dict[UUID, frozenset[Role]]:
    """The clinics that both belong to, with the roles `by` holds in each."""
    theirs = Membership.objects.filter(clinician_id=clinician_id).values("clinic_id")
    rows = Membership.objects.filter(clinician_id=by.id, clinic_id__in=theirs).values_list(
        "clinic_id", "role"
    )
    found: dict[UUID, set[Role]] = {}
    for clinic_id, role in rows:
        found.setdefault(clinic_id, set()).add(Role(role))
    return {clinic_id: frozenset(roles) for clinic_id, roles in found.items()}


def _event(clinic_id: UUID, actor: Actor, verb: str, at: datetime, **data: str) -> None:
    ClinicEvent.objects.create(
        id=new_id(),
        clinic_id=clinic_id,
        at=at,
        actor_id=actor.id,
        role=str(actor.acting_as(Role.COORDINATOR)),
        verb=verb,
        data=data,
    )
