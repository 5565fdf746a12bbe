"""How the people of a demonstration clinic live with it: who leads, who is away and who answers, who is reminded.

Everything goes through the same verbs as on the screens.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from pathway.engine.absences import plan_absence
from pathway.engine.reminders import record_consent
from pathway.engine.staff import set_clinic_days, set_clinic_lead, set_lead
from pathway.models import Clinician, Membership
from pathway.protocol.roles import Role
from pathway.synthetic.staff import Staff

#: Absences by role: who (0: the usual person), days from now to the first and the last day, whether a deputy is named.
#: The second physiatrist is away over a time in which the first one is not there either: a gap in cover to be closed.
AWAY = (
    (Role.ANESTHESIOLOGIST, 1, -2, 5, True, "Annual leave"),
    (Role.PHYSIATRIST, 1, 6, 20, False, "Annual leave"),
    (Role.PHYSIATRIST, 0, 7, 16, False, "Congress"),
    (Role.NEUROSURGEON, 0, 30, 44, True, "Parental leave"),
)
REMINDED = 6
"""So many patients with a pump have somebody who agreed to be reminded."""


def settle_in(staff: Staff, cases: Iterable[UUID], at: datetime) -> None:
    """Name leads and clinic days, enter absences, record consents. A clinic with one person a role has no leave."""
    keeper = staff.people[Role.COORDINATOR][-1]
    _lead(staff, keeper, at)
    if all(len(people) > 1 for role, people in staff.people.items() if role in _WITH_LEAVE):
        _go_away(staff, keeper, at)
    for number, case_id in enumerate(list(cases)[:REMINDED]):
        who = "caregiver" if number % 2 else "patient"
        record_consent(
            case_id=case_id,
            who=who,
            email=f"{who}{number + 1}@home.example",
            consent_on=staff.calendar.local_date(at),
            consent_how="in_person",
            by=keeper,
            at=at,
        )


_WITH_LEAVE = frozenset(role for role, *_ in AWAY)


def _lead(staff: Staff, keeper: Clinician, at: datetime) -> None:
    """The usual person leads each role, the first physiatrist the clinic; the nurse is there on three days a week."""
    for role, people in staff.people.items():
        member = Membership.objects.get(clinic=staff.clinic, clinician=people[0], role=str(role))
        set_lead(membership_id=member.id, is_lead=True, by=keeper, at=at)
        if role is Role.NURSE:
            set_clinic_days(membership_id=member.id, weekdays=[0, 2, 4], by=keeper, at=at)
    set_clinic_lead(
        clinic_id=staff.clinic.id, clinician_id=staff.people[Role.PHYSIATRIST][0].id, by=keeper, at=at
    )


def _go_away(staff: Staff, keeper: Clinician, at: datetime) -> None:
    today = staff.calendar.local_date(at)
    for role, who, first, last, covered, note in AWAY:
        people = staff.people[role]
        plan_absence(
            clinic_id=staff.clinic.id,
            clinician_id=people[who].id,
            deputy_id=people[1 - who].id if covered else None,
            first_day=today + timedelta(days=first),
            last_day=today + timedelta(days=last),
            note=note,
            by=keeper,
            at=at,
        )
