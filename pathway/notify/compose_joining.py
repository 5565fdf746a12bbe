"""The message to somebody who was given a role; the first one brings the link to set a password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from pathway.models import Clinician
from pathway.notify.compose import Message, composed
from pathway.notify.wording import WORDING
from pathway.protocol.roles import Role

DAYS = settings.PASSWORD_RESET_TIMEOUT // 86400
"""How long the link works."""


@dataclass(frozen=True, slots=True)
class JoiningSubject:
    """What was given to whom. `invited`: the person has no password yet."""

    kind: str
    told_as: str
    recipient_id: UUID
    roles: Sequence[str]
    clinic: str


def compose_joining(mail_id: UUID, about: JoiningSubject) -> Message:
    """The message. Its link is made as it leaves and is kept nowhere; of a password set meanwhile it knows nothing."""
    roles = role_words(about.roles)
    names = {"role": roles, "clinic": about.clinic, "days": str(DAYS)}
    facts = [("Role", roles), ("Clinic", about.clinic)]
    link, what = f"{settings.SITE_URL}/", "Open Pathway"
    if about.kind == "invited":
        person = Clinician.objects.get(pk=about.recipient_id)
        facts.insert(0, ("User name", person.username))
        link, what = password_link(person), "Set your password"
    context = {"facts": facts, "link": link, "what": what}
    return composed(mail_id, WORDING[about.kind], names, context, about.told_as)


def role_words(roles: Sequence[str]) -> str:
    """Roles in a sentence: "coordinator and nurse"."""
    return " and ".join(Role(role).label.lower() for role in roles)


def password_link(person: Clinician) -> str:
    """The address at which this person sets a password, once and for some days: the sign-in's own way of a reset."""
    key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    return f"{settings.SITE_URL}{reverse('account_reset_password_from_key', kwargs=key)}"
