"""Joining a clinic, one more role, the end of a role, and the link to set a password once more."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from pathway.engine.joining import give_role, invite, invite_again
from pathway.engine.leaving import end_role
from pathway.protocol.roles import CARE_ROLES, Role
from pathway.tasks import nudge
from pathway.views.access import access_for, clinic_for
from pathway.views.act import Answer, attempt, show_errors
from pathway.views.forms.joining import JoinForm, RoleForm
from pathway.views.people_page import end_form, show_all, show_one, successors_for, url_of

INVITED = "They are told by mail how to set a password."


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """POST gives a person roles in the clinic, and an account where they have none."""
    clinic = clinic_for(request, access_for(request))
    form = JoinForm(request.POST)
    if not form.is_valid():
        return show_all(request, clinic, {"join": form}, Answer(422))
    joined = attempt(request, invite, clinic_id=clinic.id, newcomer=form.newcomer(), roles=form.chosen())
    if isinstance(joined, Answer):
        show_errors(form, joined)
        return show_all(request, clinic, {"join": form}, joined)
    nudge()
    said = "They had these roles before." if joined.repeated else "They work here now."
    messages.success(request, f"{said} {INVITED}" if joined.invited else said)
    return HttpResponseRedirect(url_of("person", clinic, joined.clinician_id), status=303)


@require_POST
def role(request: HttpRequest, clinician_id: UUID) -> HttpResponse:
    """POST gives somebody of the clinic one more role."""
    clinic = clinic_for(request, access_for(request))
    form = RoleForm(request.POST, held=frozenset())
    if not form.is_valid():
        return show_one(request, clinic, clinician_id, {"role": form}, Answer(422))
    chosen = Role(form.cleaned_data["role"])
    given = attempt(request, give_role, clinic_id=clinic.id, clinician_id=clinician_id, role=chosen)
    if isinstance(given, Answer):
        show_errors(form, given)
        return show_one(request, clinic, clinician_id, {"role": form}, given)
    nudge()
    messages.success(request, f"They are {chosen.label.lower()} here now.")
    return HttpResponseRedirect(url_of("person", clinic, clinician_id), status=303)


@require_POST
def end(request: HttpRequest, clinician_id: UUID) -> HttpResponse:
    """POST ends one of several roles of a person and hands over what stands in their name in it."""
    clinic = clinic_for(request, access_for(request))
    ending = _role(request.POST.get("role", ""))
    form = end_form(clinic, ending, successors_for(clinic, clinician_id), request.POST)
    given = {f"end-{ending}": form}
    if not form.is_valid():
        return show_one(request, clinic, clinician_id, given, Answer(422))
    left = attempt(
        request,
        end_role,
        clinic_id=clinic.id,
        clinician_id=clinician_id,
        role=ending,
        successor=form.successor(),
        reason=form.cleaned_data["reason"],
    )
    if isinstance(left, Answer):
        show_errors(form, left)
        return show_one(request, clinic, clinician_id, given, left)
    nudge()
    moved = f"{left.todos} to-dos and {left.places} care-team places were handed over."
    messages.success(request, f"They are no longer {ending.label.lower()} here; {moved}")
    return HttpResponseRedirect(url_of("person", clinic, clinician_id), status=303)


@require_POST
def again(request: HttpRequest, clinician_id: UUID) -> HttpResponse:
    """POST sends the link to set a password once more."""
    clinic = clinic_for(request, access_for(request))
    sent = attempt(request, invite_again, clinic_id=clinic.id, clinician_id=clinician_id)
    if isinstance(sent, Answer):
        return show_one(request, clinic, clinician_id, {}, sent)
    nudge()
    messages.success(request, INVITED)
    return HttpResponseRedirect(url_of("person", clinic, clinician_id), status=303)


def _role(text: str) -> Role:
    """The role that a form names. Raises Http404 for what is none."""
    if text not in CARE_ROLES:
        raise Http404("There is no such role.")
    return Role(text)
