"""Recording what happened outside every planned duty: a program changed between reviews, a bolus, a stop.

The views only call the engine's verb; whether it may be recorded is the engine's answer.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from pathway.engine.errors import NotAllowed
from pathway.engine.permissions import Actor, require_role
from pathway.engine.todos import record_now
from pathway.models import RECORDS
from pathway.models.base import new_id
from pathway.queries.case import find_case, newest_todos
from pathway.queries.definitions import calendar_of, protocol_of
from pathway.queries.people import staff_of
from pathway.queries.situation import circumstances_of
from pathway.views.act import Answer, alert_of, finish, perform, person, refusal, show_errors, wants_fragment
from pathway.views.forms import FORMS, RecordForm
from pathway.views.panels import panel_of


class RecordPage:
    """One kind of record on one case as one person sees it. Raises Http404 for somebody of another clinic."""

    def __init__(self, request: HttpRequest, case_id: UUID, key: str) -> None:
        self.me = person(request)
        found = find_case(case_id, self.me)
        definition = protocol_of(found.protocol_id).todos.get(key) if found else None
        if found is None or definition is None or not definition.on_demand or definition.form is None:
            raise Http404("There is nothing like this to record.")
        self.case, self.clinic, self.definition = found, found.clinic, definition
        self.kind = definition.form
        request.clinic = self.clinic  # type: ignore[attr-defined]  # the frame shows it, see views.context
        self.staff = staff_of(self.clinic.id)
        calendar = calendar_of(self.clinic.id, self.clinic.calendar_version)
        self.today = calendar.local_date(timezone.now())
        self.request_id = _uuid(request.POST.get("request_id", "")) or new_id()

    @property
    def refused(self) -> NotAllowed | None:
        """Why this person may not record it; None where they may. The engine's own rule, asked early."""
        try:
            actor = Actor(self.me, self.staff.roles_of(self.me))
            require_role(actor, frozenset({self.definition.role}), "record this")
        except NotAllowed as error:
            return error
        return None

    def form(self, data: Any = None) -> RecordForm:
        """The record's form, judged on the case as it stands."""
        circumstances = circumstances_of(
            self.case,
            RECORDS[self.kind],
            todo_id=self.request_id,
            birth_date=self.case.patient.birth_date,
            today=self.today,
            now=timezone.now(),
            time_zone=self.clinic.time_zone,
        )
        colleagues = self.staff.physicians_but(self.me)
        return FORMS[self.kind](data, situation=circumstances.situation, colleagues=colleagues)

    def show(
        self, request: HttpRequest, form: RecordForm | None, answer: Answer | None = None
    ) -> HttpResponse:
        """The page, with the form or with the reason why there is none."""
        key, case_id = self.definition.key, self.case.id
        context = {
            "case": self.case,
            "patient": self.case.patient,
            "definition": self.definition,
            "today": self.today,
            "form": form,
            "panel": panel_of(form) if form else None,
            "request_id": self.request_id,
            "submit": "Save",
            "form_url": reverse("record-now", args=[case_id, key]),
            "check_url": reverse("record-now-check", args=[case_id, key]),
            "cancel_url": reverse("case", args=[case_id]),
            "crumbs": [
                ("Cases", "/cases/"),
                (self.case.patient.display_name, reverse("case", args=[case_id])),
            ],
            "alert": alert_of(answer, newest_todos(case_id) if answer and answer.verdict else {}),
        }
        with timezone.override(self.clinic.time_zone):
            return render(request, "todo/record.html", context, status=answer.status if answer else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, case_id: UUID, key: str) -> HttpResponse:
    """GET shows the form; POST records it."""
    page = RecordPage(request, case_id, key)
    if page.refused is not None:
        return page.show(request, None, refusal(page.refused))
    if request.method != "POST":
        return page.show(request, page.form())
    form = page.form(request.POST)
    if not form.is_valid():
        return page.show(request, form, Answer(422))
    answer = perform(
        request,
        record_now,
        case_id=case_id,
        key=key,
        request_id=page.request_id,
        record=form.record_data(),
        second=form.second,
    )
    show_errors(form, answer)
    if answer.done:
        return finish(request, answer, f"{page.definition.title}: saved.", reverse("case", args=[case_id]))
    return page.show(request, form, answer)


@require_POST
def check(request: HttpRequest, case_id: UUID, key: str) -> HttpResponse:
    """What the typed record means, before it is saved: a fragment for htmx, else the page with it. Saves nothing."""
    page = RecordPage(request, case_id, key)
    if page.refused is not None:
        return page.show(request, None, refusal(page.refused))
    form = page.form(request.POST)
    form.is_valid()
    if wants_fragment(request):
        return render(request, "todo/_advice.html", {"panel": panel_of(form)})
    return page.show(request, form)


def _uuid(text: str) -> UUID | None:
    """The id a page carried, where it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
