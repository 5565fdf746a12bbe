"""Proof of cover: whether each role has somebody awake on every day on which one of its safety duties falls.

Reads counts of duties, people and absences; it knows no case and no patient. What follows from them is pure, see
`protocol.cover`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from pathway.calendars import WorkCalendar
from pathway.models import Absence, Clinic, Membership
from pathway.protocol.cover import Away, Load, Staffing, spans_without_cover
from pathway.protocol.roles import CARE_ROLES, Role
from pathway.queries.absences import deputy_of
from pathway.queries.definitions import calendar_of

HORIZON_DAYS = 90
"""So far ahead cover is proved (P)."""

# What is overdue waits for whoever is awake when the clinic works next, so it counts on that day.
DUTIES = """
SELECT t.clinic_id, t.role, CASE WHEN t.due_on < c.today THEN c.opens ELSE t.due_on END, count(*)
FROM unnest(%s::uuid[], %s::date[], %s::date[]) AS c (id, today, opens)
JOIN pathway_todo t ON t.clinic_id = c.id AND t.state = 'open' AND t.safety AND t.due_on < c.today + %s
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """Days, in the clinic's own dates, on which safety duties of a role fall and nobody who holds it is awake.

    `back_on`: the first day on which somebody is; None where nobody comes any more.
    """

    clinic_id: UUID
    role: Role
    first_day: date
    last_day: date
    duties: int
    back_on: date | None


def cover_gaps(
    clinic_ids: Iterable[UUID], today_by_clinic: Mapping[UUID, date], days: int = HORIZON_DAYS
) -> list[Gap]:
    """The gaps in cover of these clinics, from each one's own today on, for so many days. Four statements, and each
    clinic's calendar once.
    """
    today = {clinic_id: today_by_clinic[clinic_id] for clinic_id in clinic_ids}
    loads = duties_of(today, days)
    staffing = staffing_of(today, days)
    return [gap for clinic_id, load in loads.items() for gap in _gaps(clinic_id, staffing[clinic_id], load)]


def _gaps(clinic_id: UUID, staffing: Staffing, load: Load) -> Iterator[Gap]:
    for span in spans_without_cover(staffing, load):
        back_on = staffing.back_on(span.role, span.last_day)
        yield Gap(clinic_id, span.role, span.first_day, span.last_day, span.duties, back_on)


@dataclass(frozen=True, slots=True)
class Cover:
    """The proof of one clinic: its coming days, its roles, what falls when, who works, and where nobody does."""

    clinic_id: UUID
    calendar: WorkCalendar
    days: tuple[date, ...]
    roles: tuple[Role, ...]
    load: Load
    staffing: Staffing
    gaps: tuple[Gap, ...]

    def away_on(self, day: date) -> list[Away]:
        """Who is away on a day."""
        return [absence for absence in self.staffing.absences if absence.on(day)]


def cover_of(clinic_id: UUID, today: date, days: int = HORIZON_DAYS) -> Cover:
    """Who is awake in each role on each of the coming days of one clinic. Four statements, and the calendar's once."""
    only = {clinic_id: today}
    load, staffing = duties_of(only, days)[clinic_id], staffing_of(only, days)[clinic_id]
    calendar = _calendars([clinic_id])[clinic_id]
    held = {*staffing.members, *(role for role, _ in load)}
    return Cover(
        clinic_id=clinic_id,
        calendar=calendar,
        days=tuple(today + timedelta(days=number) for number in range(days)),
        roles=tuple(role for role in CARE_ROLES if role in held),
        load=load,
        staffing=staffing,
        gaps=tuple(_gaps(clinic_id, staffing, load)),
    )


def duties_of(today: Mapping[UUID, date], days: int) -> dict[UUID, Load]:
    """How many open safety duties fall on each role and day, by clinic. Two statements, and each clinic's calendar
    once.
    """
    calendars = _calendars(today)
    opens = [calendars[clinic_id].next_working_day_on_or_after(day) for clinic_id, day in today.items()]
    with connection.cursor() as cursor:
        cursor.execute(DUTIES, [list(today), list(today.values()), opens, days])
        rows = cursor.fetchall()
    loads: dict[UUID, dict[tuple[Role, date], int]] = {clinic_id: {} for clinic_id in today}
    for clinic_id, role, day, count in rows:
        loads[clinic_id][Role(role), day] = count
    return dict(loads)


def _calendars(clinic_ids: Iterable[UUID]) -> dict[UUID, WorkCalendar]:
    """The calendar each clinic works by now."""
    versions = Clinic.objects.filter(pk__in=list(clinic_ids)).values_list("id", "calendar_version")
    return {clinic_id: calendar_of(clinic_id, version) for clinic_id, version in versions}


def staffing_of(today: Mapping[UUID, date], days: int) -> dict[UUID, Staffing]:
    """Who works in each clinic over the coming days, and who is away. Two statements."""
    members: dict[UUID, dict[Role, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    clinic_days: dict[UUID, dict[tuple[UUID, Role], frozenset[int]]] = defaultdict(dict)
    rows: Iterable[Any] = Membership.objects.filter(
        clinic_id__in=list(today), clinician__is_active=True
    ).values_list("clinic_id", "role", "clinician_id", "weekdays")
    for clinic_id, role, person, weekdays in rows:
        members[clinic_id][Role(role)].append(person)
        clinic_days[clinic_id][person, Role(role)] = frozenset(weekdays)
    away = absences_of(today, days)
    return {
        clinic_id: Staffing(
            {role: tuple(sorted(people)) for role, people in members[clinic_id].items()},
            clinic_days[clinic_id],
            tuple(away[clinic_id]),
        )
        for clinic_id in today
    }


def absences_of(today: Mapping[UUID, date], days: int) -> dict[UUID, list[Away]]:
    """The absences that are not over, by clinic, up to so many days ahead. One statement."""
    found: dict[UUID, list[Away]] = {clinic_id: [] for clinic_id in today}
    if not today:
        return found
    first, last = min(today.values()), max(today.values()) + timedelta(days=days)
    rows = Absence.objects.filter(
        clinic_id__in=list(today), cancelled_at__isnull=True, last_day__gte=first, first_day__lt=last
    ).select_related("deputy")
    for row in rows.order_by("first_day", "id"):
        found[row.clinic_id].append(Away(row.clinician_id, deputy_of(row), row.first_day, row.last_day))
    return found
