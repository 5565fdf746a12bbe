"""Incidents: the list, the report that anybody can make in under a minute, and the page of one. GET changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pathway.clinical.conditions import CONDITION_PLANS, TriageLevel
from pathway.clinical.results import CannotCompute
from pathway.clinical.signs import Signs, impossible
from pathway.clinical.triage import leads_of, triage
from pathway.engine import incidents as engine
from pathway.models import Case, Incident
from pathway.models.incident import LEVELS
from pathway.queries.incident_facts import known_signs, merged
from pathway.queries.incidents import IncidentFilter, incidents_of
from pathway.views.access import access_for
from pathway.views.act import Answer, alert_of, case_for, finish, perform, show_errors, wants_fragment
from pathway.views.board import one_of
from pathway.views.forms.signs import ReportForm
from pathway.views.incident_page import LEVEL_LOOK, IncidentPage, in_words

LEVEL_FILTER = [("", "All levels"), *LEVELS]
STATE_FILTER = [
    ("", "Open, then closed"),
    ("waiting", "Not acknowledged"),
    ("open", "Open"),
    ("closed", "Closed"),
]


@require_safe
def incidents(request: HttpRequest) -> HttpResponse:
    """GET a page of the clinic's incidents."""
    access = access_for(request)
    if not access.clinics:
        return render(request, "work/no_clinic.html", {"heading": "Incidents"})
    wanted = IncidentFilter(
        level=one_of(request.GET.get("level", ""), LEVEL_FILTER),
        state=one_of(request.GET.get("state", ""), STATE_FILTER),
    )
    now, after = timezone.now(), request.GET.get("after", "")
    page = incidents_of(access, wanted, at=now, after=after)
    kept = {"level": wanted.level, "state": wanted.state}
    kept = {name: value for name, value in kept.items() if value}
    context = {
        "access": access,
        "rows": [
            {
                "row": row,
                "look": LEVEL_LOOK[row.level],
                "age": in_words((row.closed_at or now) - row.opened_at),
            }
            for row in page.rows
        ],
        "wanted": wanted,
        "filtered": bool(kept),
        "after": after,
        "first": f"?{urlencode(kept)}",
        "next": f"?{urlencode({**kept, 'after': page.cursor})}" if page.cursor else "",
        "levels": LEVEL_FILTER,
        "states": STATE_FILTER,
    }
    return render(request, "incidents/incidents.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """GET the form; POST reports, or adds findings to the open incident."""
    case = case_for(request, case_id)
    if request.method != "POST":
        return _form(request, case, ReportForm(time_zone=case.clinic.time_zone))
    form = ReportForm(request.POST, time_zone=case.clinic.time_zone)
    if not form.is_valid():
        return _form(request, case, form, Answer(422))
    answer = perform(
        request,
        engine.report,
        case_id=case.id,
        request_id=form.cleaned_data["request_id"],
        signs=form.signs(),
        onset_at=form.cleaned_data["onset_at"],
        note=form.cleaned_data["note"],
    )
    show_errors(form, answer)
    if answer.outcome is not None:
        to = reverse("incident", args=[answer.outcome.incident_id])
        return finish(request, answer, "Reported. Everybody who is asked is being told now.", to)
    return _form(request, case, form, answer)


@require_POST
def check(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """What triage says of the form as it stands: a fragment for htmx, else the form with it. Nothing is saved."""
    case = case_for(request, case_id)
    form = ReportForm(request.POST, time_zone=case.clinic.time_zone)
    form.is_valid()
    judged = judgement(case, form.signs())
    if wants_fragment(request):
        return render(request, "incidents/_preview.html", {"preview": judged})
    return _form(request, case, form, preview=judged)


@require_safe
def incident(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The incident as it stands."""
    return _show(request, IncidentPage(request, incident_id))


@require_POST
def acknowledge(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Say that one has it; the calls end."""
    page = IncidentPage(request, incident_id)
    shown = request.POST.get("level", "")
    level = TriageLevel(shown) if shown in set(TriageLevel) else None
    answer = perform(request, engine.acknowledge, incident_id=incident_id, level=level)
    if answer.done:
        to = reverse("incident", args=[incident_id])
        return finish(request, answer, "Acknowledged. The calls have stopped; the steps wait for you.", to)
    return _show(request, IncidentPage(request, page.incident.id), answer)


def judgement(case: Case, signs: Signs) -> dict[str, Any]:
    """Triage of these signs beside what the records know, in words. Two queries, none where nothing was recorded.

    A value that cannot be true is said and left out: it must not hide the danger signs beside it.
    """
    wrong = impossible(signs)
    signs = replace(signs, **{reason.field: None for reason in wrong})
    said = [reason.text for reason in wrong]
    now = timezone.now()
    if isinstance(alone := triage(signs), CannotCompute):
        return {"wrong": said or [alone.text]}
    today = timezone.localdate(now, ZoneInfo(case.clinic.time_zone))
    known = known_signs(case.id, risky=bool(case.withdrawal_risk), today=today, at=now)
    judged = triage(merged(known, signs))
    assert not isinstance(judged, CannotCompute)  # something is recorded
    variant, icon = LEVEL_LOOK[judged.level]
    return {
        "wrong": said,
        "level": (variant, judged.level.capitalize(), icon),
        "urgent": judged.level is TriageLevel.RED,
        "contact": in_words(timedelta(minutes=judged.contact_minutes)) if judged.contact_minutes else "",
        "reasons": judged.reasons,
        "candidates": [
            {
                "name": CONDITION_PLANS[one.condition].name,
                "level": (*LEVEL_LOOK[one.level], one.level.capitalize()),
                "reasons": ", ".join(one.reasons),
            }
            for one in judged.candidates
        ],
        "asked": [str(lead) for lead in leads_of(judged)],
        "missing": [
            reason.text.removeprefix("Not recorded: ").removesuffix(".") for reason in judged.missing
        ],
    }


def _form(
    request: HttpRequest,
    case: Case,
    form: ReportForm,
    answer: Answer | None = None,
    preview: dict[str, Any] | None = None,
) -> HttpResponse:
    joined = Incident.objects.filter(case_id=case.id, closed_at__isnull=True).first()
    context = {
        "case": case,
        "patient": case.patient,
        "form": form,
        "joined": joined,
        "preview": preview,
        "alert": alert_of(answer, {}),
        "crumbs": [
            ("Incidents", reverse("incidents")),
            (case.patient.display_name, reverse("case", args=[case.id])),
        ],
    }
    with timezone.override(case.clinic.time_zone):
        return render(request, "incidents/report.html", context, status=answer.status if answer else 200)


def _show(request: HttpRequest, page: IncidentPage, answer: Answer | None = None) -> HttpResponse:
    context = page.context(answer)
    with timezone.override(page.clinic.time_zone):
        return render(request, "incidents/incident.html", context, status=answer.status if answer else 200)
