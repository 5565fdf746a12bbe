"""Protocols and clinic calendars as values, cached: both are frozen once they have their id and version."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from pathway.calendars import WorkCalendar
from pathway.models import Clinic, ProtocolVersion
from pathway.protocol.loader import complete, from_canonical
from pathway.protocol.schema import Protocol


@lru_cache(maxsize=64)
def protocol_of(protocol_id: UUID) -> Protocol:
    """The protocol of a published version; safe to cache because a published version never changes.

    A version published before incidents were known has their duties all the same, see `complete`.
    """
    source = ProtocolVersion.objects.values_list("source", flat=True).get(pk=protocol_id)
    return complete(from_canonical(source))


@lru_cache(maxsize=512)
def calendar_of(clinic_id: UUID, version: int) -> WorkCalendar:
    """The clinic's working calendar in one version; whoever edits the calendar raises the version."""
    clinic = Clinic.objects.get(pk=clinic_id)
    return WorkCalendar(
        time_zone=clinic.time_zone,
        working_weekdays=frozenset(clinic.working_weekdays),
        country=clinic.country,
        subdivision=clinic.subdivision,
        closed_days=frozenset(clinic.closed_days.values_list("on", flat=True)),
        opens=clinic.opens,
        closes=clinic.closes,
        version=version,
    )


def protocol_in_force() -> Protocol | None:
    """The protocol that new cases follow: the one published last and not retired."""
    published = ProtocolVersion.objects.filter(retired_at__isnull=True).order_by("-published_at")
    newest = published.values_list("id", flat=True).first()
    return protocol_of(newest) if newest else None


def title_of(protocol_id: UUID, key: str) -> str:
    """A duty's title in a protocol version; the key itself where the version does not know it."""
    definition = protocol_of(protocol_id).todos.get(key)
    return definition.title if definition else key
