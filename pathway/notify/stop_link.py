"""The link by which a patient or caregiver stops their reminders without signing in: signed, and good for ever.

It holds the contact's id and nothing else. Consent can be withdrawn as easily as it was given, whenever.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer

PURPOSE = "pathway.reminders.stop"
SEPARATOR = "."


def stop_link(contact_id: UUID) -> str:
    """The address of the page that stops this contact's reminders."""
    return f"{settings.SITE_URL}/reminders/stop/{stop_token(contact_id)}/"


def stop_token(contact_id: UUID) -> str:
    """The contact's id, signed."""
    return _signer().sign(contact_id.hex)


def contact_of(token: str) -> UUID | None:
    """The contact behind a token; None where we did not sign it."""
    try:
        return UUID(_signer().unsign(token))
    except (BadSignature, ValueError):
        return None


def _signer() -> Signer:
    return Signer(salt=PURPOSE, sep=SEPARATOR)
