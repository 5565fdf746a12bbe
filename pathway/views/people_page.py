"""The pages of a clinic's people: the list, and one person with roles, absences and what stands in their name."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from pathway.engine.clinic_proposal import WEEKDAYS
from pathway.notify.compose_joining import DAYS
from pathway.protocol.roles import Role
from pathway.queries.absences import absences_of
from pathway.queries.access import ClinicAccess
from pathway.queries.colleagues import (
    Colleague,
    InTheirName,
    Place,
    colleagues_of,
    former_colleague,
    in_their_name,
    lead_of,
)
from pathway.queries.people import staff_of
from pathway.views.access import access_for
from pathway.views.act import Answer, alert_of, person
from pathway.views.forms.absence import ClinicDaysForm, ClinicLeadForm, LeaveForm
from pathway.views.forms.joining import EndRoleForm, JoinForm, RoleForm

Forms = dict[str, Any]
"""Forms that were refused, by name: they stay open and keep what was typed."""
Successors = list[tuple[Role, list[tuple[str, str]]]]
"""By role, the people whom a form offers to take over: id and name."""


def url_of(name: str, clinic: ClinicAccess, *args: UUID) -> str:
    """The address of a page about this clinic, among those where the reader works."""
    return f"{reverse(name, args=args)}?clinic={clinic.id}"


def _keeps(clinic: ClinicAccess) -> bool:
    return Role.COORDINATOR in clinic.roles


# --- everybody ---


def show_all(request: HttpRequest, clinic: ClinicAccess, given: Forms, answer: Answer) -> HttpResponse:
    """The list; `given` are bound forms that were refused."""
    colleagues = colleagues_of(clinic.id)
    away = staff_of(clinic.id, clinic.today(timezone.now())).away
    leader = lead_of(clinic.id)
    context = {
        "people": [
            {
                "one": colleague,
                "url": url_of("person", clinic, colleague.id),
                "places": [_place_line(place) for place in colleague.places],
                "away": away.get(colleague.id),
                "answers": _name(colleagues, away[colleague.id].answers_id) if colleague.id in away else "",
                "leads_clinic": colleague.id == leader,
            }
            for colleague in colleagues.values()
        ],
        "clinics": access_for(request).clinics,
        "chosen": clinic,
        "form": given.get("lead") or lead_form(clinic, colleagues) if _keeps(clinic) else None,
        "join_form": given.get("join") or JoinForm(initial={"clinic": clinic.id}) if _keeps(clinic) else None,
        "join_open": "join" in given,
        "alert": alert_of(answer, {}),
    }
    return render(request, "people/people.html", context, status=answer.status)


def lead_form(clinic: ClinicAccess, colleagues: dict[UUID, Colleague], data: Any = None) -> ClinicLeadForm:
    choices = [(str(each.id), each.name) for each in colleagues.values() if each.is_active]
    initial = {"clinic": clinic.id, "lead": str(lead_of(clinic.id) or "")}
    return ClinicLeadForm(data, people=choices, initial=initial)


def _place_line(place: Place) -> dict[str, Any]:
    return {"role": place.role, "is_lead": place.is_lead, "days": days_text(place.weekdays)}


def days_text(weekdays: frozenset[int]) -> str:
    """Clinic days in words: "Every day", "Mon, Wed"."""
    if len(weekdays) == len(WEEKDAYS):
        return "Every day"
    return ", ".join(WEEKDAYS[number][:3] for number in sorted(weekdays))


def _name(colleagues: dict[UUID, Colleague], person_id: UUID | None) -> str:
    return colleagues[person_id].name if person_id in colleagues and person_id else ""


# --- one person ---


def show_one(
    request: HttpRequest, clinic: ClinicAccess, clinician_id: UUID, given: Forms, answer: Answer
) -> HttpResponse:
    """The page of one person; `given` are bound forms that were refused. Raises Http404 for a stranger.

    Who holds no role any more has a page while something stands in their name: there it is handed over.
    """
    colleagues = colleagues_of(clinic.id)
    theirs = in_their_name(clinic.id, clinician_id)
    found = colleagues.get(clinician_id) or (former_colleague(clinician_id) if theirs.roles else None)
    if found is None:
        raise Http404("There is no such person for you.")
    today = clinic.today(timezone.now())
    keeps, several = _keeps(clinic), len(found.places) > 1
    successors = successors_of(clinician_id, colleagues, theirs)
    away = staff_of(clinic.id, today).away.get(clinician_id)
    context = {
        "one": found,
        "chosen": clinic,
        "today": today,
        "crumbs": [("Cover", url_of("cover", clinic)), ("People", url_of("people", clinic))],
        "keeps": keeps,
        "me": clinician_id == person(request),
        "places": [
            _place_forms(place, given, keeps)
            | {"end": _ending(clinic, place.role, successors, given) if keeps and several else None}
            for place in found.places
        ],
        "role_form": given.get("role") or RoleForm(held=found.roles, initial={"clinic": clinic.id})
        if keeps and found.places and found.is_active
        else None,
        "role_open": "role" in given,
        "link_days": DAYS,
        "theirs": theirs,
        "counts": [(role, theirs.owned.get(role, 0), theirs.places.get(role, 0)) for role in theirs.roles],
        "away": away,
        "answers": _name(colleagues, away.answers_id) if away else "",
        "absences": [_absence_line(row, clinician_id, today) for row in absences_of(clinic.id, clinician_id)],
        "plan_url": f"{url_of('cover', clinic)}&clinician={clinician_id}#enter",
        "leave_form": given.get("leave") or leave_form(clinic, successors) if keeps else None,
        "leave_open": "leave" in given,
        "leave_url": reverse("person-leave", args=[clinician_id]),
        "alert": alert_of(answer, {}),
    }
    return render(request, "people/person.html", context, status=answer.status)


def _place_forms(place: Place, given: Forms, keeps: bool) -> dict[str, Any]:
    """One role with the forms that a coordinator may send about it."""
    key = f"days-{place.membership_id}"
    form = given.get(key) or ClinicDaysForm(
        membership_id=place.membership_id, initial={"weekdays": sorted(place.weekdays)}
    )
    return {
        **_place_line(place),
        "id": place.membership_id,
        "form": form if keeps else None,
        "open": key in given,
    }


def _ending(clinic: ClinicAccess, role: Role, successors: Successors, given: Forms) -> dict[str, Any]:
    """How one of several roles ends; of the only one there is no end: whoever gives that up leaves the clinic."""
    key = f"end-{role}"
    return {"form": given.get(key) or end_form(clinic, role, successors), "open": key in given}


def _absence_line(row: Any, person_id: UUID, today: date) -> dict[str, Any]:
    """An absence of the person, or one in which they are the deputy."""
    own = row.clinician_id == person_id
    if row.cancelled_at is not None:
        state = ("neutral", "Cancelled", "circle-x")
    elif row.last_day < today:
        state = ("neutral", "Over", "check")
    elif row.first_day <= today:
        state = ("warning", "Now", "clock")
    else:
        state = ("info", "Coming", "calendar")
    other = row.deputy if own else row.clinician
    return {"row": row, "own": own, "other": str(other) if other else "", "state": state}


def successors_of(clinician_id: UUID, colleagues: dict[UUID, Colleague], theirs: InTheirName) -> Successors:
    """For every role in which something stands in the person's name: who else holds it and signs in."""
    others = [each for each in colleagues.values() if each.is_active and each.id != clinician_id]
    return [
        (role, [(str(each.id), each.name) for each in others if role in each.roles]) for role in theirs.roles
    ]


def successors_for(clinic: ClinicAccess, clinician_id: UUID) -> Successors:
    """The same, read anew for a form that was sent."""
    theirs = in_their_name(clinic.id, clinician_id)
    return successors_of(clinician_id, colleagues_of(clinic.id), theirs)


def leave_form(clinic: ClinicAccess, successors: Successors, data: Any = None) -> LeaveForm:
    """Who takes over in each role, and why the person leaves."""
    return LeaveForm(data, successors=successors, initial={"clinic": clinic.id})


def end_form(clinic: ClinicAccess, role: Role, successors: Successors, data: Any = None) -> EndRoleForm:
    """Who takes over in this role, where there is something to take over, and why it ends."""
    here = [one for one in successors if one[0] is role]
    return EndRoleForm(data, role=role, successors=here, initial={"clinic": clinic.id})
