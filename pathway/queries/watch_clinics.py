"""Checks of the two promises in every clinic: nobody waits on nothing, and no pump runs dry unnoticed.

Each is one statement that stops after `AT_MOST` rows; none writes, and none names a person. Rules about every case or
every pump read a window at a time, so that a look costs the same in a programme of any size.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pathway.models import Clinic
from pathway.protocol.roles import CARE_ROLES, PHYSICIANS, Role
from pathway.queries.cover import Gap, cover_gaps
from pathway.queries.findings import AT_MOST, FIRST, LAST, Finding, Window, rows_of

WINDOW = 10_000
"""So many cases, or pumps, one look reads (P): all of them in most programmes, 100,000 within ten minutes."""

_END = {
    name: f"SELECT id FROM {name} WHERE id > %(low)s ORDER BY id OFFSET %(size)s LIMIT 1"
    for name in ("pathway_case", "pathway_pump")
}
_INSIDE = "({0}.id > %(low)s AND {0}.id <= %(high)s OR {0}.id = ANY(%(known)s))"
_NO_DUTY = f"""
SELECT c.id, c.clinic_id FROM pathway_case c
WHERE {_INSIDE.format("c")} AND c.stage <> 'closed' AND (c.next_key = '' OR NOT EXISTS (
  SELECT 1 FROM pathway_todo t WHERE t.case_id = c.id AND t.state = 'open'))
ORDER BY c.id LIMIT %(most)s
"""


def window_of(table: str, mark: str) -> Window:
    """The next stretch of cases or pumps, after the id that `mark` names ("": from the beginning)."""
    low = UUID(mark) if mark else FIRST
    end = rows_of(_END[table], low=low, size=WINDOW - 1)
    return Window(low, end[0][0] if end else LAST)


def case_without_duty(window: Window) -> list[Finding]:
    """Open cases that ask nothing of anybody."""
    return [
        Finding("case_without_duty", clinic_id, str(case_id), {"case": str(case_id)})
        for case_id, clinic_id in rows_of(_NO_DUTY, **_asked(window))
    ]


def _asked(window: Window) -> dict[str, Any]:
    return {"low": window.low, "high": window.high, "known": list(window.known)}


# The newest occurrence alone can be open; a closed case has given its pump's care away.
_PUMPS = """
SELECT p.id, p.case_id, c.clinic_id, d.due_on, p.refill_by
FROM pathway_pump p JOIN pathway_case c ON c.id = p.case_id
LEFT JOIN LATERAL (SELECT t.state, t.due_on FROM pathway_todo t
  WHERE t.case_id = p.case_id AND t.key = 'refill' ORDER BY t.occurrence DESC LIMIT 1) d ON true
WHERE {inside} AND p.explanted_on IS NULL AND p.filled_at IS NOT NULL AND c.stage <> 'closed' AND ({wrong})
ORDER BY p.id LIMIT %(most)s
"""
_UNWATCHED = _PUMPS.format(
    inside=_INSIDE.format("p"), wrong="p.refill_by IS NULL OR d.state IS DISTINCT FROM 'open'"
)
_TOO_LATE = _PUMPS.format(inside=_INSIDE.format("p"), wrong="d.state = 'open' AND d.due_on > p.refill_by")


def pump_without_refill(window: Window) -> list[Finding]:
    """Filled pumps in place for which nobody has an open refill duty, or that have no date to refill by."""
    return [
        Finding("pump_without_refill", clinic_id, str(pump_id), {"case": str(case_id)})
        for pump_id, case_id, clinic_id, _, _ in rows_of(_UNWATCHED, **_asked(window))
    ]


def refill_after_refill_by(window: Window) -> list[Finding]:
    """Refill duties dated after the day by which the pump must be refilled."""
    return [
        Finding(
            "refill_after_refill_by",
            clinic_id,
            str(pump_id),
            {"case": str(case_id), "due_on": due_on.isoformat(), "refill_by_on": refill_by.isoformat()},
        )
        for pump_id, case_id, clinic_id, due_on, refill_by in rows_of(_TOO_LATE, **_asked(window))
    ]


# Asked clinic by role, each answered by the front of an index: never a walk over all open duties.
_NOBODY = """
SELECT k.id, r.role FROM pathway_clinic k CROSS JOIN unnest(%(roles)s::text[]) r (role)
WHERE (r.role = ANY(%(always)s) AND EXISTS (
    SELECT 1 FROM pathway_case c WHERE c.clinic_id = k.id AND c.stage <> 'closed')
  OR EXISTS (SELECT 1 FROM pathway_todo t
    WHERE t.clinic_id = k.id AND t.role = r.role AND t.state = 'open' AND t.owner_id IS NULL))
AND NOT EXISTS (SELECT 1 FROM pathway_membership m JOIN pathway_clinician p ON p.id = m.clinician_id
  WHERE m.clinic_id = k.id AND m.role = r.role AND p.is_active)
ORDER BY k.id, r.role LIMIT %(most)s
"""


def role_with_nobody(at: datetime) -> list[Finding]:
    """Roles that open duties name, or that every clinic with an open case needs, and that no active person holds."""
    always = [str(role) for role in (*PHYSICIANS, Role.COORDINATOR)]
    found = rows_of(_NOBODY, roles=[str(role) for role in CARE_ROLES], always=always)
    return [
        Finding("role_with_nobody", clinic_id, f"{role}:{clinic_id}", {"role": role})
        for clinic_id, role in found
    ]


_LEFT = """
SELECT t.clinic_id, p.id, count(*) FROM pathway_clinician p
JOIN pathway_todo t ON t.owner_id = p.id AND t.state = 'open'
WHERE NOT p.is_active OR NOT EXISTS (
  SELECT 1 FROM pathway_membership m WHERE m.clinician_id = p.id AND m.clinic_id = t.clinic_id)
GROUP BY 1, 2 ORDER BY 1, 2 LIMIT %(most)s
"""


def owner_gone(at: datetime) -> list[Finding]:
    """Open duties of people who cannot sign in any more, or who no longer work in the duty's clinic."""
    return [
        Finding("owner_gone", clinic_id, f"{person}:{clinic_id}", {"clinician": str(person), "count": count})
        for clinic_id, person, count in rows_of(_LEFT)
    ]


_LEAD_LEFT = """
SELECT k.id, k.lead_id FROM pathway_clinic k JOIN pathway_clinician p ON p.id = k.lead_id
WHERE NOT p.is_active OR NOT EXISTS (
  SELECT 1 FROM pathway_membership m WHERE m.clinic_id = k.id AND m.clinician_id = p.id)
ORDER BY k.id LIMIT %(most)s
"""


def nobody_leads(at: datetime) -> list[Finding]:
    """Clinics whose named lead has left."""
    return [
        Finding("nobody_leads", clinic_id, str(clinic_id), {"clinician": str(lead)})
        for clinic_id, lead in rows_of(_LEAD_LEFT)
    ]


GAPS_TOLD = 3
"""So many gaps of one role and clinic are told at once, the nearest (P): the others follow as these pass."""


def cover_gap(at: datetime) -> list[Finding]:
    """Roles that nobody answers in on days on which their safety duties fall: the nearest gaps of each role and clinic.

    A gap is known by the day somebody comes back: as its days pass, and as duties are added to them, it stays the one
    that was told. A role that nobody holds at all is told of by `role_with_nobody`, not a second time here.
    """
    zones = Clinic.objects.values_list("id", "time_zone")
    today = {clinic_id: at.astimezone(ZoneInfo(zone)).date() for clinic_id, zone in zones}
    empty = {finding.subject for finding in role_with_nobody(at)}
    by_role: dict[tuple[UUID, Role], list[Gap]] = defaultdict(list)
    for gap in sorted(cover_gaps(today, today), key=lambda gap: gap.first_day):
        if f"{gap.role}:{gap.clinic_id}" not in empty:
            by_role[gap.clinic_id, gap.role].append(gap)
    told = [gap for gaps in by_role.values() for gap in gaps[:GAPS_TOLD]]
    return [
        Finding(
            "cover_gap", gap.clinic_id, f"{gap.role}:{gap.back_on or 'never'}:{gap.clinic_id}", _days(gap)
        )
        for gap in told[:AT_MOST]
    ]


def _days(gap: Gap) -> dict[str, str | int]:
    days = {"first_on": gap.first_day.isoformat(), "last_on": gap.last_day.isoformat()}
    return {"role": str(gap.role), **days, "count": gap.duties}


_DEAD = """
SELECT clinic_id, count(*) FROM pathway_mail WHERE state = 'dead' GROUP BY clinic_id ORDER BY clinic_id LIMIT %(most)s
"""


def mail_dead(at: datetime) -> list[Finding]:
    """Clinics with messages that could not be delivered and that nobody has looked after."""
    return [
        Finding("mail_dead", clinic_id, str(clinic_id), {"count": count})
        for clinic_id, count in rows_of(_DEAD)
    ]


_REFUSED = """
(SELECT DISTINCT m.clinic_id, p.id, NULL::uuid, 'a colleague' FROM pathway_clinician p
  JOIN pathway_membership m ON m.clinician_id = p.id
  WHERE p.email_refused_at IS NOT NULL AND p.is_active ORDER BY p.id LIMIT %(most)s)
UNION ALL
(SELECT a.clinic_id, NULL, r.id, 'a patient or caregiver' FROM pathway_remindercontact r
  JOIN pathway_patient a ON a.id = r.patient_id
  WHERE r.refused_at IS NOT NULL AND r.withdrawn_at IS NULL ORDER BY r.id LIMIT %(most)s)
"""


def address_refused(at: datetime) -> list[Finding]:
    """People whose address mail servers refuse for good, once in each clinic they belong to."""
    found = []
    for clinic_id, person, contact, whom in rows_of(_REFUSED):
        detail = {"clinician": str(person)} if person else {"contact": str(contact)}
        subject = f"{person or contact}:{clinic_id}"
        found.append(Finding("address_refused", clinic_id, subject, {**detail, "whom": whom}))
    return found
