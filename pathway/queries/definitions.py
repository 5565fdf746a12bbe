"""Protocols and clinic calendars as values, cached: both are frozen once they have their id and version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from functools import lru_cache
from typing import Any
from uuid import UUID

from pathway.calendars import WorkCalendar
from pathway.models import CalendarVersion, Clinic, ProtocolVersion
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
    """The clinic's working calendar in one version; safe to cache because a kept version never changes.

    The version a clinic was made with is not kept until it first changes: until then the clinic's own columns say it.
    """
    # The columns first: were the versions read before them, a change between the two would hand its columns
    # to the version before it.
    columns = source_of(Clinic.objects.get(pk=clinic_id))
    kept = CalendarVersion.objects.filter(clinic_id=clinic_id, version=version).values_list(
        "source", flat=True
    )
    return calendar_from(kept.first() or columns, version)


def source_of(clinic: Clinic) -> dict[str, Any]:
    """A clinic's calendar as JSON values, the text that is kept by version."""
    closed = clinic.closed_days.order_by("on").values_list("on", flat=True)
    return {
        "time_zone": clinic.time_zone,
        "week": clinic.week,
        "country": clinic.country,
        "subdivision": clinic.subdivision,
        "closed_days": [day.isoformat() for day in closed],
    }


def calendar_from(source: Mapping[str, Any], version: int) -> WorkCalendar:
    """The calendar behind JSON values. Raises ValueError, with a sentence, where it could not answer."""
    return WorkCalendar(
        time_zone=source["time_zone"],
        week=tuple(
            (time.fromisoformat(hours[0]), time.fromisoformat(hours[1])) if hours else None
            for hours in source["week"]
        ),
        country=source["country"],
        subdivision=source["subdivision"],
        closed_days=frozenset(date.fromisoformat(day) for day in source["closed_days"]),
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
