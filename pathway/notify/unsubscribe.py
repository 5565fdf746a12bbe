"""The link in a mail by which its reader says "no more of this": signed, for one person, without sign-in.

It can mute what may be muted and nothing else. It never expires: a mail from last year is still a mail.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.core import signing

_SALT = "pathway.unsubscribe"


class Whose(StrEnum):
    """Whose link it is: the two kinds of recipients are told different things and stop different things."""

    CLINICIAN = "clinician"
    CONTACT = "contact"


def token_for(whose: Whose, person_id: UUID) -> str:
    """The signed token of one recipient: letters, digits, dots, dashes and underscores."""
    return _signer().sign(f"{whose}.{person_id.hex}")


def read_token(token: str, whose: Whose) -> UUID | None:
    """Whom a token stands for; None where it is not ours, was changed, or belongs to the other kind."""
    try:
        kind, _, key = _signer().unsign(token).partition(".")
        return UUID(hex=key) if kind == whose else None
    except (signing.BadSignature, ValueError):
        return None


def mute_link(clinician_id: UUID) -> str:
    """The address at which a clinician mutes their news."""
    return f"{settings.SITE_URL}/notices/mute/{token_for(Whose.CLINICIAN, clinician_id)}/"


def headers_for(clinician_id: UUID) -> dict[str, str]:
    """The headers of a mail that carries nothing but news: a mail program shows its own button (RFC 2369, RFC 8058)."""
    return headers(mute_link(clinician_id))


def headers(link: str) -> dict[str, str]:
    """The two headers for a link that answers a POST of `List-Unsubscribe=One-Click` without sign-in."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _signer() -> signing.Signer:
    return signing.Signer(salt=_SALT, sep=".")
