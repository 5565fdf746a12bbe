"""Care teams and who answers in a clinic today, for many cases at once; active people only. It decides nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from pathway.models import CareTeamMember
from pathway.protocol.cover import Roster
from pathway.protocol.roles import Role

#: A clinic's own date at the parameter `at`; `cl` is the clinic.
LOCAL_DATE = "(%(at)s::timestamptz AT TIME ZONE cl.time_zone)::date"

#: Whether the day is none of the member's clinic days. ISO counts Monday as 1.
OFF_TODAY = f"NOT ((EXTRACT(ISODOW FROM {LOCAL_DATE})::int - 1) = ANY(m.weekdays))"

#: Absences that last today, with a deputy who can still sign in, or none.
AWAY_TODAY = f"""
pathway_absence a LEFT JOIN pathway_clinician d ON d.id = a.deputy_id AND d.is_active
WHERE a.clinic_id = cl.id AND a.cancelled_at IS NULL AND {LOCAL_DATE} BETWEEN a.first_day AND a.last_day
"""

_ROSTERS = f"""
SELECT cl.id, l.id,
  (SELECT json_agg(json_build_array(m.role, m.clinician_id, m.is_lead, {OFF_TODAY})) FROM pathway_membership m
     JOIN pathway_clinician u ON u.id = m.clinician_id AND u.is_active WHERE m.clinic_id = cl.id),
  (SELECT json_agg(json_build_array(a.clinician_id, d.id)) FROM {AWAY_TODAY})
FROM pathway_clinic cl LEFT JOIN pathway_clinician l ON l.id = cl.lead_id AND l.is_active
WHERE cl.id = ANY(%(clinics)s)
"""

Group = dict[Role, tuple[UUID, ...]]


def teams_of(cases: Iterable[UUID]) -> dict[UUID, Group]:
    """Care teams by case, in one statement; a case without one is empty."""
    rows = CareTeamMember.objects.filter(case_id__in=set(cases), clinician__is_active=True)
    found: dict[UUID, list[tuple[Role, UUID]]] = defaultdict(list)
    for case_id, role, person in rows.values_list("case_id", "role", "clinician_id"):
        found[case_id].append((Role(role), person))
    teams: dict[UUID, Group] = defaultdict(dict)
    teams.update({case_id: grouped(people) for case_id, people in found.items()})
    return teams


def rosters_of(clinics: Iterable[UUID], at: datetime) -> dict[UUID, Roster]:
    """Each clinic's roster on its own date at `at`. One statement, whatever the number of clinics."""
    with connection.cursor() as cursor:
        cursor.execute(_ROSTERS, {"clinics": list(set(clinics)), "at": at})
        rows = cursor.fetchall()
    return {clinic: roster_from(members, away, lead) for clinic, lead, members, away in rows}


def roster_from(members: Any, away: Any, lead: UUID | None) -> Roster:
    """A roster from JSON rows: members [role, person, is lead, is off today], away [person, deputy or null]."""
    rows = [(Role(role), UUID(person), leads, off) for role, person, leads, off in _read(members)]
    return Roster(
        members=grouped((role, person) for role, person, _, _ in rows),
        away={UUID(person): UUID(deputy) if deputy else None for person, deputy in _read(away)},
        off=frozenset((person, role) for role, person, _, off in rows if off),
        leads=grouped((role, person) for role, person, leads, _ in rows if leads),
        clinic_lead=lead,
    )


def grouped(people: Iterable[tuple[Role, UUID]]) -> Group:
    """People by role, in a fixed order."""
    groups: dict[Role, set[UUID]] = {}
    for role, person in people:
        groups.setdefault(role, set()).add(person)
    return {role: tuple(sorted(ids)) for role, ids in groups.items()}


def _read(value: Any) -> list[list[Any]]:
    """Django's cursor hands JSON over as text, and an empty aggregate as None."""
    rows: list[list[Any]] = (json.loads(value) if isinstance(value, str) else value) or []
    return rows
