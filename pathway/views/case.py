"""The page of one case and what can be done with the whole case. Views only call verbs; GET never changes anything."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pathway.engine import cases
from pathway.engine.advance import advance as engine_advance
from pathway.protocol.roles import CARE_ROLES, EDGE, Role
from pathway.views.act import Answer, finish, perform, show_errors
from pathway.views.case_page import CasePage, Forms
from pathway.views.forms.case_actions import HoldForm, MoveForm, ReopenCaseForm, ResumeForm


@require_safe
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The case as it stands. `?before=` pages through the history, `?done=all` lists every finished to-do."""
    return show(request, CasePage(request, case_id))


@require_POST
def advance(request: HttpRequest, case_id: UUID, edge: str) -> HttpResponse:
    """Move the case along an edge of its protocol."""
    page = CasePage(request, case_id)
    declared = EDGE.get(edge)
    if declared is None or declared.target is None:
        raise Http404("There is no such move.")
    form = MoveForm(request.POST, edge=edge, needs_reason=declared.needs_reason)
    if not form.is_valid():
        return show(request, page, {f"advance-{edge}": form}, Answer(422))
    values = form.cleaned_data
    answer = perform(
        request,
        engine_advance,
        case_id=case_id,
        edge=edge,
        reason=values.get("reason", ""),
        version=values["version"],
    )
    show_errors(form, answer)
    return _after(request, case_id, answer, {f"advance-{edge}": form}, f"{declared.label}: done.")


@require_POST
def hold(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Pause the case with a reason and a day to look again."""
    page, form = CasePage(request, case_id), HoldForm(request.POST)
    if not form.is_valid():
        return show(request, page, {"hold": form}, Answer(422))
    answer = perform(request, cases.hold, case_id=case_id, **form.cleaned_data)
    show_errors(form, answer)
    return _after(request, case_id, answer, {"hold": form}, "The case is on hold. Pump safety goes on.")


@require_POST
def resume(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Go on after a hold."""
    page, form = CasePage(request, case_id), ResumeForm(request.POST)
    if not form.is_valid():
        return show(request, page, {"resume": form}, Answer(422))
    answer = perform(request, cases.resume, case_id=case_id, **form.cleaned_data)
    return _after(request, case_id, answer, {"resume": form}, "The case goes on.")


@require_POST
def close(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """End the passage, with the evidence its reason needs."""
    page = CasePage(request, case_id)
    form = page.close_form(request.POST)
    if not form.is_valid():
        return show(request, page, {"close": form}, Answer(422))
    values = form.cleaned_data
    answer = perform(
        request,
        cases.close,
        case_id=case_id,
        reason=values["reason"],
        evidence=form.evidence(),
        version=values["version"],
    )
    show_errors(form, answer)
    return _after(request, case_id, answer, {"close": form}, "The case is closed.")


@require_POST
def reopen(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Ask for a closed case to be reopened, or agree to it."""
    page, form = CasePage(request, case_id), ReopenCaseForm(request.POST)
    if not form.is_valid():
        return show(request, page, {"reopen": form}, Answer(422))
    answer = perform(request, cases.reopen_case, case_id=case_id, reason=form.cleaned_data["reason"])
    show_errors(form, answer)
    asked = answer.outcome is not None and "edge_reopen" in answer.outcome.opened
    said = "You asked to reopen the case; the other side is told." if asked else "The case is open again."
    return _after(request, case_id, answer, {"reopen": form}, said)


@require_POST
def team(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Name who holds a role on this case."""
    page = CasePage(request, case_id)
    if request.POST.get("role") not in CARE_ROLES:
        raise Http404("There is no such role.")
    role = Role(request.POST["role"])
    form = page.team_form(role, [], request.POST)
    if not form.is_valid():
        return show(request, page, {f"team-{role}": form}, Answer(422))
    answer = perform(request, cases.name_team, case_id=case_id, role=role, clinicians=form.chosen())
    return _after(request, case_id, answer, {f"team-{role}": form}, f"Care team: {role.label.lower()} saved.")


def _after(request: HttpRequest, case_id: UUID, answer: Answer, forms: Forms, said: str) -> HttpResponse:
    if answer.done:
        return finish(request, answer, said, reverse("case", args=[case_id]))
    return show(request, CasePage(request, case_id), forms, answer)


def show(
    request: HttpRequest, page: CasePage, forms: Forms | None = None, answer: Answer | None = None
) -> HttpResponse:
    """The page of a case. `forms` are bound forms that were refused, by action; `answer` is what the verb said."""
    before = request.GET.get("before", "")
    context = page.context(
        forms,
        answer,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None,
        every=request.GET.get("done") == "all",
    )
    with timezone.override(page.clinic.time_zone):
        return render(request, "case/case.html", context, status=answer.status if answer else 200)
