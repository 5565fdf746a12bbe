"""The people of a clinic: roles, clinic days, leads, who is away; one person's duties, and leaving the clinic."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from pathway.engine.leaving import leave
from pathway.engine.staff import set_clinic_days, set_clinic_lead, set_lead
from pathway.models import Membership
from pathway.queries.access import ClinicAccess
from pathway.queries.colleagues import colleagues_of, find_place
from pathway.tasks import nudge
from pathway.views.access import access_for, clinic_for
from pathway.views.act import Answer, attempt, show_errors
from pathway.views.forms.absence import ClinicDaysForm
from pathway.views.people_page import lead_form, leave_form, show_all, show_one, successors_for, url_of


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """GET lists everybody with a role in the clinic."""
    access = access_for(request)
    if not access.clinics:
        return render(request, "work/no_clinic.html", {"heading": "People"})
    return show_all(request, clinic_for(request, access), {}, Answer())


@require_POST
def clinic_lead(request: HttpRequest) -> HttpResponse:
    """POST names who leads the clinic."""
    access = access_for(request)
    clinic = clinic_for(request, access)
    form = lead_form(clinic, colleagues_of(clinic.id), request.POST)
    if not form.is_valid():
        return show_all(request, clinic, {"lead": form}, Answer(422))
    named = attempt(request, set_clinic_lead, clinic_id=clinic.id, clinician_id=form.chosen())
    if isinstance(named, Answer):
        show_errors(form, named)
        return show_all(request, clinic, {"lead": form}, named)
    messages.success(request, "The lead of the clinic is named.")
    return HttpResponseRedirect(url_of("people", clinic), status=303)


@require_safe
def one(request: HttpRequest, clinician_id: UUID) -> HttpResponse:
    """GET shows one person of the clinic."""
    return show_one(request, clinic_for(request, access_for(request)), clinician_id, {}, Answer())


@require_POST
def leaves(request: HttpRequest, clinician_id: UUID) -> HttpResponse:
    """POST takes a person out of the clinic and hands everything over."""
    clinic = clinic_for(request, access_for(request))
    form = leave_form(clinic, successors_for(clinic, clinician_id), request.POST)
    if not form.is_valid():
        return show_one(request, clinic, clinician_id, {"leave": form}, Answer(422))
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
        return show_one(request, clinic, clinician_id, {"leave": form}, left)
    nudge()
    moved = f"{left.todos} to-dos and {left.places} care-team places were handed over"
    closed = " Their account is closed." if left.deactivated else ""
    messages.success(request, f"They have left the clinic; {moved}.{closed}")
    return HttpResponseRedirect(url_of("people", clinic), status=303)


@require_POST
def days(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """POST sets on which weekdays a person comes in one role."""
    clinic, member = _place(request, membership_id)
    form = ClinicDaysForm(request.POST, membership_id=membership_id)
    given = {f"days-{membership_id}": form}
    if not form.is_valid():
        return show_one(request, clinic, member.clinician_id, given, Answer(422))
    kept = attempt(
        request, set_clinic_days, membership_id=membership_id, weekdays=form.cleaned_data["weekdays"]
    )
    if isinstance(kept, Answer):
        show_errors(form, kept)
        return show_one(request, clinic, member.clinician_id, given, kept)
    messages.success(request, "The clinic days are set.")
    return HttpResponseRedirect(url_of("person", clinic, member.clinician_id), status=303)


@require_POST
def lead(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """POST makes a person the lead of a role (`lead` is 1), or no longer."""
    clinic, member = _place(request, membership_id)
    kept = attempt(request, set_lead, membership_id=membership_id, is_lead=request.POST.get("lead") == "1")
    if isinstance(kept, Answer):
        return show_one(request, clinic, member.clinician_id, {}, kept)
    said = "leads" if kept.is_lead else "no longer leads"
    messages.success(request, f"This person {said} the role.")
    return HttpResponseRedirect(url_of("person", clinic, member.clinician_id), status=303)


def _place(request: HttpRequest, membership_id: UUID) -> tuple[ClinicAccess, Membership]:
    """The membership and its clinic. Raises Http404 for one of a clinic where the reader does not work."""
    access = access_for(request)
    found = find_place(membership_id, access.clinic_ids)
    if found is None:
        raise Http404("There is no such person for you.")
    clinic = access.by_id[found.clinic_id]
    request.clinic = clinic  # type: ignore[attr-defined]  # the frame shows it, see views.context
    return clinic, found
