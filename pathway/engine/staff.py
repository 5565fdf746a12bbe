"""Verbs on the people of a clinic: on which weekdays they come, who leads a role, who leads the clinic.

Only a coordinator of the clinic changes them, and each leaves one line in the clinic's history.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from pathway.engine.clinic_action import ClinicAction, action_on, clinic_action
from pathway.engine.errors import Invalid
from pathway.models import Clinic, Clinician, Membership
from pathway.models.people import every_day


def set_clinic_days(
    *, membership_id: UUID, weekdays: Iterable[int], by: Clinician, at: datetime
) -> Membership:
    """On which weekdays (Monday is 0) a person works in a role. It matters to safety: other duties wait for the day.

    Raises NotFound, NotAllowed, Invalid at `weekdays`.
    """
    with _member(membership_id, by, at) as (act, member):
        act.require_coordinator("set clinic days")
        days = sorted(set(weekdays))
        if not days:
            raise Invalid({"weekdays": ["Choose at least one day; who never comes leaves the clinic."]})
        if not set(days) <= set(every_day()):
            raise Invalid({"weekdays": ["Choose days of the week."]})
        if days != sorted(member.weekdays):
            act.record(
                "set_clinic_days",
                clinician=member.clinician_id,
                of=member.role,
                weekdays=days,
                was=sorted(member.weekdays),
            )
            member.weekdays = days
            member.save(update_fields=["weekdays"])
        return member


def set_lead(*, membership_id: UUID, is_lead: bool, by: Clinician, at: datetime) -> Membership:
    """Whether a person leads their role, so is told when the role does not answer. Several may.

    Raises NotFound, NotAllowed.
    """
    with _member(membership_id, by, at) as (act, member):
        act.require_coordinator("name the lead of a role")
        if member.is_lead != is_lead:
            act.record("set_lead", clinician=member.clinician_id, of=member.role, is_lead=is_lead)
            member.is_lead = is_lead
            member.save(update_fields=["is_lead"])
        return member


def set_clinic_lead(*, clinic_id: UUID, clinician_id: UUID | None, by: Clinician, at: datetime) -> Clinic:
    """Who leads the clinic: whom the last rung of every ladder tells; None: nobody does.

    Raises NotFound, NotAllowed, Invalid at `lead`.
    """
    with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
        act.require_coordinator("name the lead of the clinic")
        if clinician_id is not None and not (
            clinician_id in act.people and act.people[clinician_id].is_active
        ):
            raise Invalid({"lead": ["Choose somebody who works in the clinic."]})
        if act.clinic.lead_id != clinician_id:
            was = str(act.clinic.lead_id) if act.clinic.lead_id else None
            act.record("set_clinic_lead", clinician=clinician_id, was=was)
            act.clinic.lead_id = clinician_id
            act.clinic.save(update_fields=["lead"])
        return act.clinic


def _member(
    membership_id: UUID, by: Clinician, at: datetime
) -> AbstractContextManager[tuple[ClinicAction, Membership]]:
    return action_on(Membership, membership_id, by=by, at=at, missing="There is no such person for you.")
