"""The link in a mail by which a clinician says "no more mail about news": signed, for one person, without sign-in.

It can mute what may be muted and nothing else. It never expires: a mail from last year is still a mail. Patients and
caregivers have a link of their own, see `stop_link`; neither kind opens the other's page.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer

PURPOSE = "pathway.news.mute"
SEPARATOR = "."


def headers_for(clinician_id: UUID) -> dict[str, str]:
    """The headers of a mail that carries nothing but news: a mail program shows its own button (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{mute_link(clinician_id)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def mute_link(clinician_id: UUID) -> str:
    """The address of the page that mutes this clinician's news; it answers a one-click POST too."""
    return f"{settings.SITE_URL}/notices/mute/{mute_token(clinician_id)}/"


def mute_token(clinician_id: UUID) -> str:
    """The clinician's id, signed: letters, digits, dots, dashes and underscores."""
    return _signer().sign(clinician_id.hex)


def clinician_of(token: str) -> UUID | None:
    """The clinician behind a token; None where we did not sign it."""
    try:
        return UUID(_signer().unsign(token))
    except (BadSignature, ValueError):
        return None


def _signer() -> Signer:
    return Signer(salt=PURPOSE, sep=SEPARATOR)
