"""People join a clinic: an account of their own where they have none, roles, and a mail that says so.

Nobody signs up: a coordinator makes the account, and the person sets the password behind the link in their mail. How a
role ends stands in `engine.leaving`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from pathway.engine.action import NOTICE_SPACE
from pathway.engine.clinic_action import clinic_action
from pathway.engine.errors import Invalid, Refused
from pathway.models import Clinic, Clinician, Membership, Notice
from pathway.protocol.attention import urgency_of
from pathway.protocol.roles import CARE_ROLES, Role
from pathway.protocol.verdict import refused

TAKEN = (
    "This user name is taken. For somebody who has an account already, write the address of that account too."
)
_FIELDS = {"first_name": "given_name", "last_name": "family_name"}


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who joins: the name they sign in with, their own name, and the address at which they are told."""

    username: str
    given_name: str
    family_name: str
    email: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Who joined. `invited`: they have no password yet, and a link to set one is on its way to them."""

    clinician_id: UUID
    invited: bool
    repeated: bool = False


def invite(
    *, clinic_id: UUID, newcomer: Newcomer, roles: Collection[Role], by: Clinician, at: datetime
) -> Joined:
    """Give a person roles in the clinic, and an account where they have none. Repeating it changes nothing.

    An account is theirs where both user name and address are the same: it may be of another clinic, or of somebody who
    left and is back. Raises NotFound, NotAllowed, Invalid by field (username, given_name, family_name, email, roles).
    """
    with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
        act.require_coordinator("add somebody to the clinic")
        person, fresh = account_of(newcomer, roles)
        missing = [role for role in sorted(roles) if role not in act.roles.get(person.id, ())]
        if not missing:
            return Joined(person.id, invited=False, repeated=True)
        join(act.clinic, person, missing)
        act.record("join", clinician=person.id, roles=[str(role) for role in missing], account=fresh)
        return Joined(person.id, invited=tell_joined(act.clinic, person, missing, at))


def give_role(*, clinic_id: UUID, clinician_id: UUID, role: Role, by: Clinician, at: datetime) -> Joined:
    """Give somebody of the clinic one more role. Repeating it changes nothing. Raises NotFound, NotAllowed, Invalid."""
    with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
        act.require_coordinator("give somebody a role")
        person = act.colleague(clinician_id)
        if role not in CARE_ROLES:
            raise Invalid({"role": ["Choose a role."]})
        if role in act.roles[clinician_id]:
            return Joined(clinician_id, invited=False, repeated=True)
        if not person.is_active:
            raise Invalid({"role": [f"{person} cannot sign in, so cannot do the duties of a role."]})
        join(act.clinic, person, [role])
        act.record("give_role", clinician=clinician_id, of=role)
        return Joined(clinician_id, invited=tell_joined(act.clinic, person, [role], at))


def invite_again(*, clinic_id: UUID, clinician_id: UUID, by: Clinician, at: datetime) -> Joined:
    """Send the link to set a password once more: the earlier one has expired or was lost.

    Raises NotFound, NotAllowed, Refused for somebody who has a password: who forgot it asks for a new one at sign-in.
    """
    with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
        act.require_coordinator("invite somebody again")
        person = act.colleague(clinician_id)
        if person.has_usable_password():
            text = (
                f"{person} has set a password already; whoever forgot theirs asks for a new one at sign-in."
            )
            raise Refused(refused("has_password", text))
        act.record("invite_again", clinician=clinician_id)
        tell_joined(act.clinic, person, sorted(act.roles[clinician_id]), at)
        return Joined(clinician_id, invited=True)


# --- rows, also for whoever opens a clinic ---


def join(clinic: Clinic, person: Clinician, roles: Collection[Role]) -> None:
    """Write the memberships; whoever left every clinic before can sign in again, with a new password."""
    if not person.is_active:
        person.is_active, person.password = True, make_password(None)
        person.save(update_fields=["is_active", "password"])
    Membership.objects.bulk_create(
        [Membership(clinic=clinic, clinician=person, role=str(role)) for role in roles]
    )


def tell_joined(clinic: Clinic, person: Clinician, roles: Collection[Role], at: datetime) -> bool:
    """Queue the mail that says which roles a person has now. True where it brings the link to set a password."""
    invited = not person.has_usable_password()
    kind = "invited" if invited else "joined"
    Notice.objects.create(
        id=uuid5(NOTICE_SPACE, f"{kind}:{clinic.id}:{person.id}:{at.isoformat()}"),
        clinic_id=clinic.id,
        recipient_id=person.id,
        role=str(min(roles)),
        kind=kind,
        urgency=str(urgency_of(kind)),
        data={"roles": [str(role) for role in sorted(roles)]},
        created_at=at,
        due_at=at,
    )
    return invited


def make_account(newcomer: Newcomer) -> Clinician:
    """An account without a password. Raises Invalid by field."""
    person = Clinician(
        username=Clinician.normalize_username(newcomer.username.strip()),
        first_name=newcomer.given_name.strip(),
        last_name=newcomer.family_name.strip(),
        email=Clinician.objects.normalize_email(newcomer.email.strip()),
        password=make_password(None),
    )
    errors = _missing(newcomer)
    try:
        person.clean_fields(exclude=["password"])
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            errors[_FIELDS.get(name, name)] += texts
    if Clinician.objects.filter(username__iexact=person.username).exists():
        errors["username"].append(TAKEN)
    if person.email and Clinician.objects.filter(email__iexact=person.email).exists():
        errors["email"].append(
            "An account with another user name has this address. Write that user name to add its owner."
        )
    if errors:
        raise Invalid(errors)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:  # another clinic took the name at this moment
        raise Invalid({"username": [TAKEN]}) from error
    return person


def _missing(newcomer: Newcomer) -> dict[str, list[str]]:
    """What was left empty: Django's account would do without a name and an address."""
    errors: dict[str, list[str]] = defaultdict(list)
    for name, what in (("given_name", "given name"), ("family_name", "family name"), ("email", "address")):
        if not getattr(newcomer, name).strip():
            errors[name].append(f"Write the {what}.")
    return errors


def account_of(newcomer: Newcomer, roles: Collection[Role]) -> tuple[Clinician, bool]:
    """The account of a person, and whether it was made now. Raises Invalid by field."""
    if not roles or not set(roles) <= set(CARE_ROLES):
        raise Invalid({"roles": ["Choose at least one role."]})
    person = Clinician.objects.filter(
        username__iexact=newcomer.username.strip(), email__iexact=newcomer.email.strip()
    ).first()
    if person is None or not person.email:
        return make_account(newcomer), True
    kept_shut = person.memberships.exists() or person.is_staff or person.is_superuser
    if kept_shut and not person.is_active:  # leaving a clinic does not close such an account
        text = "This account was closed by whoever administers Pathway, who alone can open it again."
        raise Invalid({"username": [text]})
    return person, False
