"""The private address at which a calendar program reads one person's duties: made, replaced, revoked by that person.

The rows are the trace: a revoked address stays as history. The key itself is shown once and kept nowhere.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from pathway.engine.errors import NotFound
from pathway.models import CalendarFeed, Clinician
from pathway.models.base import new_id
from pathway.queries.feeds import key_hash

READ_EVERY = timedelta(hours=1)
"""How exactly it is kept when a calendar last asked: programs ask often, and nobody needs the minute."""


def create_feed(*, by: Clinician, at: datetime) -> str:
    """Give the person a private address; one they had is revoked with it. Returns the key, which nobody can read again.

    Raises NotFound for a closed account.
    """
    key = secrets.token_urlsafe(32)
    with transaction.atomic():
        _lock(by)
        _revoke(by, at)
        CalendarFeed.objects.create(id=new_id(), clinician=by, key_hash=key_hash(key), created_at=at)
    return key


def revoke_feed(*, by: Clinician, at: datetime) -> bool:
    """Close the person's private address. Returns whether there was one: pressed twice it changes nothing."""
    with transaction.atomic():
        _lock(by)
        return _revoke(by, at) > 0


def feed_was_read(*, feed_id: UUID, at: datetime) -> None:
    """Keep that a calendar asked, to the hour: at most one write an hour however often it asks."""
    before = Q(read_at__isnull=True) | Q(read_at__lte=at - READ_EVERY)
    CalendarFeed.objects.filter(before, pk=feed_id).update(read_at=at)


def _lock(by: Clinician) -> None:
    """One change at a time: the person is locked. Raises NotFound for a closed account."""
    if not Clinician.objects.select_for_update(no_key=True).filter(pk=by.id, is_active=True).exists():
        raise NotFound("There is no such person.")


def _revoke(by: Clinician, at: datetime) -> int:
    return CalendarFeed.objects.filter(clinician=by, revoked_at__isnull=True).update(revoked_at=at)
