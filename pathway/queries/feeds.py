"""Private calendar addresses: whose is it, and has a person one. A key is known by its hash alone. Reads only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from pathway.models import CalendarFeed

KEY_LENGTH = 43
"""Characters of a key: 32 random bytes in URL-safe base64."""


@dataclass(frozen=True, slots=True)
class FeedOwner:
    """A live feed and whose duties it shows."""

    feed_id: UUID
    person_id: UUID


def key_hash(key: str) -> bytes:
    """SHA-256 of a key. A key is 256 random bits, so that a plain hash cannot be searched."""
    return hashlib.sha256(key.encode()).digest()


def owner_of_key(key: str) -> FeedOwner | None:
    """Whose feed a key opens; None for an unknown or revoked key, and for a closed account. At most one query."""
    if len(key) != KEY_LENGTH:
        return None
    found = CalendarFeed.objects.filter(
        key_hash=key_hash(key), revoked_at__isnull=True, clinician__is_active=True
    ).values_list("id", "clinician_id")
    return next((FeedOwner(*row) for row in found), None)


def feed_of(person_id: UUID) -> CalendarFeed | None:
    """The person's live feed. One query."""
    return CalendarFeed.objects.filter(clinician_id=person_id, revoked_at__isnull=True).first()
