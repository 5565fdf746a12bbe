"""The people of a clinic: roles, clinic days, leads, who is away; one person's duties, and leaving the clinic."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pathway.engine.clinic_proposal import WEEKDAYS
from pathway.engine.leaving import leave
from pathway.engine.staff import set_clinic_days, set_clinic_lead, set_lead
from pathway.models import Membership
from pathway.protocol.roles import Role
from pathway.queries.absences import absences_of
from pathway.queries.access import ClinicAccess
from pathway.queries.colleagues import (
    Colleague,
    InTheirName,
    Place,
    colleagues_of,
    find_place,
    former_colleague,
    in_their_name,
    lead_of,
)
from pathway.queries.people import staff_of
from pathway.tasks import nudge
from pathway.views.access import access_for, clinic_for
from pathway.views.act import Answer, alert_of, attempt, person, show_errors
from pathway.views.forms.absence import ClinicDaysForm, ClinicLeadForm, LeaveForm

Forms = dict[str, Any]


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """GET lists everybody with a role in the clinic."""
    access = access_for(request)
    if not access.clinics:
        return render(request, "work/no_clinic.html", {"heading": "People"})
    return _show_all(request, clinic_for(request, access), None, Answer())


@require_POST
def clinic_lead(request: HttpRequest) -> HttpResponse:
    """POST names who leads the clinic."""
    access = access_for(request)
    clinic = clinic_for(request, access)
    form = _lead_form(clinic, colleagues_of(clinic.id), request.POST)
    if not form.is_valid():
        return _show_all(request, clinic, form, Answer(422))
    named = attempt(request, set_clinic_lead, clinic_id=clinic.id, clinician_id=form.chosen())
    if isinstance(named, Answer):
        show_errors(form, named)
        return _show_all(request, clinic, form, named)
    messages.success(request, "The lead of the clinic is named.")
    return HttpResponseRedirect(_url("people", clinic), status=303)


@require_safe
def one(request: HttpRequest, clinician_id: UUID) -> HttpResponse:
    """GET shows one person of the clinic."""
    return _show_one(request, clinic_for(request, access_for(request)), clinician_id, {}, Answer())


@require_POST
def leaves(request: HttpRequest, clinician_id: UUID) -> HttpResponse:
    """POST takes a person out of the clinic and hands everything over."""
    clinic = clinic_for(request, access_for(request))
    theirs = in_their_name(clinic.id, clinician_id)
    form = _leave_form(clinic, clinician_id, colleagues_of(clinic.id), theirs, request.POST)
    if not form.is_valid():
        return _show_one(request, clinic, clinician_id, {"leave": form}, Answer(422))
    left = attempt(
        request,
        leave,
        clinic_id=clinic.id,
        clinician_id=clinician_id,
        successors=form.successors(),
        reason=form.cleaned_data["reason"],
    )
    if isinstance(left, Answer):
        show_errors(form, left)
        return _show_one(request, clinic, clinician_id, {"leave": form}, left)
    nudge()
    moved = f"{left.todos} to-dos and {left.places} care-team places were handed over"
    closed = " Their account is closed." if left.deactivated else ""
    messages.success(request, f"They have left the clinic; {moved}.{closed}")
    return HttpResponseRedirect(_url("people", clinic), status=303)


@require_POST
def days(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """POST sets on which weekdays a person comes in one role."""
    clinic, member = _place(request, membership_id)
    form = ClinicDaysForm(request.POST, membership_id=membership_id)
    given = {f"days-{membership_id}": form}
    if not form.is_valid():
        return _show_one(request, clinic, member.clinician_id, given, Answer(422))
    kept = attempt(
        request, set_clinic_days, membership_id=membership_id, weekdays=form.cleaned_data["weekdays"]
    )
    if isinstance(kept, Answer):
        show_errors(form, kept)
        return _show_one(request, clinic, member.clinician_id, given, kept)
    messages.success(request, "The clinic days are set.")
    return HttpResponseRedirect(_url("person", clinic, member.clinician_id), status=303)


@require_POST
def lead(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """POST makes a person the lead of a role (`lead` is 1), or no longer."""
    clinic, member = _place(request, membership_id)
    kept = attempt(request, set_lead, membership_id=membership_id, is_lead=request.POST.get("lead") == "1")
    if isinstance(kept, Answer):
        return _show_one(request, clinic, member.clinician_id, {}, kept)
    said = "leads" if kept.is_lead else "no longer leads"
    messages.success(request, f"This person {said} the role.")
    return HttpResponseRedirect(_url("person", clinic, member.clinician_id), status=303)


def _place(request: HttpRequest, membership_id: UUID) -> tuple[ClinicAccess, Membership]:
    """The membership and its clinic. Raises Http404 for one of a clinic where the reader does not work."""
    access = access_for(request)
    found = find_place(membership_id, access.clinic_ids)
    if found is None:
        raise Http404("There is no such person for you.")
    clinic = access.by_id[found.clinic_id]
    request.clinic = clinic  # type: ignore[attr-defined]  # the frame shows it, see views.context
    return clinic, found


def _url(name: str, clinic: ClinicAccess, *args: UUID) -> str:
    return f"{reverse(name, args=args)}?clinic={clinic.id}"


def _keeps(clinic: ClinicAccess) -> bool:
    return Role.COORDINATOR in clinic.roles


# --- everybody ---


def _show_all(
    request: HttpRequest, clinic: ClinicAccess, form: ClinicLeadForm | None, answer: Answer
) -> HttpResponse:
    colleagues = colleagues_of(clinic.id)
    away = staff_of(clinic.id, clinic.today(timezone.now())).away
    leader = lead_of(clinic.id)
    context = {
        "people": [
            {
                "one": colleague,
                "url": _url("person", clinic, colleague.id),
                "places": [_place_line(place) for place in colleague.places],
                "away": away.get(colleague.id),
                "answers": _name(colleagues, away[colleague.id].answers_id) if colleague.id in away else "",
                "leads_clinic": colleague.id == leader,
            }
            for colleague in colleagues.values()
        ],
        "clinics": access_for(request).clinics,
        "chosen": clinic,
        "form": (form or _lead_form(clinic, colleagues)) if _keeps(clinic) else None,
        "form_open": form is not None,
        "alert": alert_of(answer, {}),
    }
    return render(request, "people/people.html", context, status=answer.status)


def _lead_form(clinic: ClinicAccess, colleagues: dict[UUID, Colleague], data: Any = None) -> ClinicLeadForm:
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


def _show_one(
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
    keeps = _keeps(clinic)
    away = staff_of(clinic.id, today).away.get(clinician_id)
    context = {
        "one": found,
        "chosen": clinic,
        "today": today,
        "crumbs": [("Cover", _url("cover", clinic)), ("People", _url("people", clinic))],
        "keeps": keeps,
        "me": clinician_id == person(request),
        "places": [_place_forms(place, given, keeps) for place in found.places],
        "theirs": theirs,
        "counts": [(role, theirs.owned.get(role, 0), theirs.places.get(role, 0)) for role in theirs.roles],
        "away": away,
        "answers": _name(colleagues, away.answers_id) if away else "",
        "absences": [_absence_line(row, clinician_id, today) for row in absences_of(clinic.id, clinician_id)],
        "plan_url": f"{_url('cover', clinic)}&clinician={clinician_id}#enter",
        "leave_form": given.get("leave") or _leave_form(clinic, clinician_id, colleagues, theirs)
        if keeps
        else None,
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


def _leave_form(
    clinic: ClinicAccess,
    clinician_id: UUID,
    colleagues: dict[UUID, Colleague],
    theirs: InTheirName,
    data: Any = None,
) -> LeaveForm:
    """Successors for every role in which something stands in the person's name."""
    others = [each for each in colleagues.values() if each.is_active and each.id != clinician_id]
    successors = [
        (role, [(str(each.id), each.name) for each in others if role in each.roles]) for role in theirs.roles
    ]
    return LeaveForm(data, successors=successors, initial={"clinic": clinic.id})
