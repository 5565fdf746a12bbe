"""What stands around every page for its reader: unread notices, and what is wrong with the system. One statement.

Knows no request. Bounded: a person with ten thousand unread notices costs what one with a hundred costs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from pathway.queries.notices import UNREAD

UNREAD_LIMIT = 100
"""Unread notices are counted up to here; a screen then says "99+"."""
ALARMS_LIMIT = 20

_FRAME = f"""
SELECT
  (SELECT count(*) FROM (
     SELECT 1 FROM pathway_notice n
     WHERE n.recipient_id = %(person)s AND {UNREAD} LIMIT {UNREAD_LIMIT}) u),
  (SELECT json_agg(json_build_array(a.id, a.rule, a.subject, a.clinic_id, a.detail, a.raised_at)
                   ORDER BY a.raised_at, a.id) FROM (
     SELECT * FROM pathway_alarm
     WHERE cleared_at IS NULL AND (clinic_id IS NULL OR clinic_id IN (
       SELECT m.clinic_id FROM pathway_membership m WHERE m.clinician_id = %(person)s))
     ORDER BY clinic_id IS NOT NULL, raised_at, id LIMIT {ALARMS_LIMIT}) a),
  (SELECT json_object_agg(h.name, h.at) FROM pathway_heartbeat h)
"""


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """Something that is wrong and not yet mended. `clinic_id` None: it concerns every clinic."""

    id: UUID
    rule: str
    subject: str
    clinic_id: UUID | None
    detail: Mapping[str, Any]
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Frame:
    """Unread notices up to UNREAD_LIMIT, the oldest open alarms that concern the reader, and signs of life by part."""

    unread: int
    alarms: tuple[OpenAlarm, ...]
    beats: dict[str, datetime]


def frame_of(person_id: UUID) -> Frame:
    """What stands around a page of this person. One statement, whatever there is."""
    with connection.cursor() as cursor:
        cursor.execute(_FRAME, {"person": person_id})
        unread, alarms, beats = cursor.fetchone()
    return Frame(
        unread,
        tuple(_alarm(*row) for row in _read(alarms) or ()),
        {name: datetime.fromisoformat(at) for name, at in (_read(beats) or {}).items()},
    )


def _alarm(key: str, rule: str, subject: str, clinic: str | None, detail: Any, raised_at: str) -> OpenAlarm:
    return OpenAlarm(
        UUID(key), rule, subject, UUID(clinic) if clinic else None, detail, datetime.fromisoformat(raised_at)
    )


def _read(value: Any) -> Any:
    """A JSON column, whether or not the driver has read it already."""
    return json.loads(value) if isinstance(value, str) else value
