"""The cover screen: the calendar of the coming weeks, and absences entered, changed and ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from pathway.engine.absences import cancel_absence, change_absence, plan_absence
from pathway.models import Absence
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.queries.absences import find_absence
from pathway.queries.colleagues import colleagues_of
from pathway.tasks import nudge
from pathway.views.access import access_for, clinic_for
from pathway.views.act import Answer, alert_of, attempt, person, show_errors
from pathway.views.cover_page import CoverPage, options, read_cover
from pathway.views.forms.absence import AbsenceForm, ChangeAbsenceForm


@require_http_methods(["GET", "HEAD", "POST"])
def cover(request: HttpRequest) -> HttpResponse:
    """GET shows the calendar; POST enters an absence: one's own or, as a coordinator, anybody's."""
    access = access_for(request)
    if not access.clinics and request.method != "POST":
        return render(request, "work/no_clinic.html", {"heading": "Cover"})
    clinic = clinic_for(request, access)
    page = read_cover(clinic, clinic.today(timezone.now()), person(request))
    if request.method != "POST":
        return _show(request, page, _form(page, request), Answer())
    form = _form(page, request, request.POST)
    if not form.is_valid():
        return _show(request, page, form, Answer(422))
    planned = attempt(
        request,
        plan_absence,
        clinic_id=clinic.id,
        clinician_id=UUID(form.cleaned_data.get("clinician") or str(page.me)),
        request_id=form.cleaned_data["request_id"],
        **form.wish(),
    )
    if isinstance(planned, Answer):
        show_errors(form, planned)
        return _show(request, page, form, planned)
    nudge()
    messages.success(
        request,
        "The absence is entered. Nothing changed its owner; the deputy has been told."
        if planned.deputy_id
        else "The absence is entered. It has no deputy: the others with the same role are told meanwhile.",
    )
    return HttpResponseRedirect(f"{reverse('cover')}?clinic={clinic.id}#absences", status=303)


def _form(page: CoverPage, request: HttpRequest, data: Any = None) -> AbsenceForm:
    """The empty form, with the person and days that a link names, or what was sent."""
    people = options(page.colleagues.values()) if page.keeps else []
    given = {name: request.GET.get(name, "") for name in ("clinician", "first_day", "last_day")}
    initial = {"clinic": page.clinic.id, "request_id": new_id(), "clinician": str(page.me)}
    initial |= {name: value for name, value in given.items() if value}
    return AbsenceForm(
        data,
        people=people,
        deputies=options(page.colleagues.values(), but=None if people else page.me),
        initial=initial,
    )


def _show(request: HttpRequest, page: CoverPage, form: AbsenceForm, answer: Answer) -> HttpResponse:
    context = {
        **page.context(),
        "form": form,
        "clinics": access_for(request).clinics,
        "chosen": page.clinic,
        "today": page.today,
        "keeps": page.keeps,
        "alert": alert_of(answer, {}),
    }
    return render(request, "cover/cover.html", context, status=answer.status)


@require_http_methods(["GET", "HEAD", "POST"])
def absence(request: HttpRequest, absence_id: UUID) -> HttpResponse:
    """GET shows one absence; POST changes its days, deputy or note."""
    found = _find(request, absence_id)
    form = _change_form(found, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _show_one(request, found, form, Answer())
    if not form.is_valid():
        return _show_one(request, found, form, Answer(422))
    changed = attempt(request, change_absence, absence_id=absence_id, **form.wish())
    if isinstance(changed, Answer):
        show_errors(form, changed)
        return _show_one(request, found, form, changed)
    nudge()
    messages.success(request, "The absence is changed; whoever it concerns has been told.")
    return HttpResponseRedirect(_back(found), status=303)


@require_POST
def cancel(request: HttpRequest, absence_id: UUID) -> HttpResponse:
    """POST cancels an absence that has not begun, or ends it early."""
    found = _find(request, absence_id)
    ended = attempt(request, cancel_absence, absence_id=absence_id)
    if isinstance(ended, Answer):
        return _show_one(request, found, _change_form(found), ended)
    nudge()
    said = "cancelled" if ended.cancelled_at else "over since yesterday"
    messages.success(request, f"The absence of {found.clinician} is {said}; both have been told.")
    return HttpResponseRedirect(_back(found), status=303)


def _find(request: HttpRequest, absence_id: UUID) -> Absence:
    found = find_absence(absence_id, access_for(request).clinic_ids)
    if found is None:
        raise Http404("There is no such absence for you.")
    request.clinic = access_for(request).by_id[found.clinic_id]  # type: ignore[attr-defined]  # for the frame
    return found


def _back(found: Absence) -> str:
    return f"{reverse('cover')}?clinic={found.clinic_id}#absences"


def _change_form(found: Absence, data: Any = None) -> ChangeAbsenceForm:
    """The form with what stands; deputies are those who hold every role of the person."""
    colleagues = colleagues_of(found.clinic_id)
    needed = colleagues[found.clinician_id].roles if found.clinician_id in colleagues else frozenset()
    able = [one for one in colleagues.values() if one.roles >= needed or one.id == found.deputy_id]
    initial = {
        "first_day": found.first_day,
        "last_day": found.last_day,
        "deputy": str(found.deputy_id or ""),
        "note": found.note,
    }
    return ChangeAbsenceForm(data, deputies=options(able, but=found.clinician_id), initial=initial)


def _show_one(request: HttpRequest, found: Absence, form: forms.Form, answer: Answer) -> HttpResponse:
    clinic = access_for(request).by_id[found.clinic_id]
    today = clinic.today(timezone.now())
    over = found.cancelled_at is not None or found.last_day < today
    may = found.clinician_id == person(request) or Role.COORDINATOR in clinic.roles
    context = {
        "absence": found,
        "today": today,
        "crumbs": [("Cover", _back(found))],
        "begun": found.first_day < today,
        "over": over,
        "form": form if may and not over else None,
        "alert": alert_of(answer, {}),
    }
    return render(request, "cover/absence.html", context, status=answer.status)
