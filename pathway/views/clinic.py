"""Clinic settings: when it works, its holidays and closed days, what its cards print. A change of the calendar is shown
first, with every date it moves, and saved only then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from pathway.calendars import countries, public_holidays, subdivisions
from pathway.engine.clinic_calendar import Preview, change_calendar, preview_calendar
from pathway.engine.clinic_proposal import WEEKDAYS
from pathway.engine.clinics import name_clinic
from pathway.protocol.roles import Role
from pathway.queries.access import ClinicAccess
from pathway.queries.clinics import ClinicSettings, labels_of, settings_of
from pathway.queries.definitions import title_of
from pathway.queries.people import Staff, staff_of
from pathway.tasks import nudge
from pathway.views.access import access_for, clinic_for
from pathway.views.act import Answer, alert_of, attempt, person, show_errors
from pathway.views.forms.clinic import CalendarForm, NamesForm

SHOWN = 500
"""So many moved dates are listed; of more, only the numbers are told beside them."""


@require_http_methods(["GET", "HEAD", "POST"])
def clinic(request: HttpRequest) -> HttpResponse:
    """GET shows the settings; POST previews a calendar, saves it, goes back to it, or names the clinic."""
    access = access_for(request)
    if request.method != "POST" and not access.clinics:
        return render(request, "work/no_clinic.html", {"heading": "Clinic settings"})
    page = _Page(request, clinic_for(request, access))
    if request.method != "POST":
        return page.show()
    if not page.may_change:
        return page.show(Answer(403))
    steps: dict[str, Callable[[], HttpResponse]] = {
        "save": page.save,
        "edit": page.go_on,
        "country": page.go_on,
        "name": page.name,
    }
    return steps.get(request.POST.get("do", ""), page.preview)()


class _Page:
    """One clinic's settings for one request."""

    def __init__(self, request: HttpRequest, chosen: ClinicAccess) -> None:
        self.request, self.chosen = request, chosen
        self.settings: ClinicSettings = settings_of(chosen.id)
        self.staff: Staff = staff_of(chosen.id)

    @property
    def may_change(self) -> bool:
        """Whether this person is offered the forms; the engine asks again."""
        leads = self.settings.clinic.lead_id == person(self.request)
        return leads or str(Role.COORDINATOR) in self.chosen.roles

    def preview(self, form: CalendarForm | None = None, refused: Answer | None = None) -> HttpResponse:
        """Show what the typed calendar moves, or what is wrong with it."""
        form = form or CalendarForm(self.request.POST)
        if not form.is_valid():
            return self.show(Answer(422), calendar=form)
        ask = {"clinic_id": self.chosen.id, "proposal": form.proposal()}
        preview = attempt(self.request, preview_calendar, **ask)
        if isinstance(preview, Answer):
            return self._refused(form, preview)
        context = {
            "chosen": self.chosen,
            "typed": form.to_send_again(),
            "preview": preview,
            "moved": len(preview.moves),
            "roles": preview.by_role.items(),
            "later": len(preview.moves) - preview.earlier,
            "rows": _rows(preview),
            "left_out": max(len(preview.moves) - SHOWN, 0),
            "alert": alert_of(refused, {}),
            "again": reverse("clinic"),
        }
        return render(self.request, "clinic/preview.html", context, status=refused.status if refused else 200)

    def save(self) -> HttpResponse:
        """Change the calendar and move the dates that were shown; where others would move, show those."""
        form = CalendarForm(self.request.POST)
        if not form.is_valid():
            return self.show(Answer(422), calendar=form)
        agreed = self.request.POST.get("agreed", "")
        ask = {"clinic_id": self.chosen.id, "proposal": form.proposal(), "agreed": agreed}
        done = attempt(self.request, change_calendar, **ask)
        if isinstance(done, Answer):
            return self.preview(form, done) if done.status == 409 else self._refused(form, done)
        nudge()
        dates = f"{done.moved} date{'' if done.moved == 1 else 's'}"
        cases = f"{done.cases} case{'' if done.cases == 1 else 's'}"
        moved = f"{dates} moved on {cases}." if done.moved else "No date moved."
        return self._saved(
            "It had been saved before." if done.repeated else f"The calendar is saved. {moved}"
        )

    def go_on(self) -> HttpResponse:
        """Back to the form with everything typed, with the regions of the chosen country."""
        return self.show(calendar=CalendarForm.typed(self.request.POST))

    def name(self) -> HttpResponse:
        """Set what the cards print."""
        form = NamesForm(self.request.POST)
        if not form.is_valid():
            return self.show(Answer(422), names=form)
        done = attempt(self.request, name_clinic, clinic_id=self.chosen.id, values=form.cleaned_data)
        if isinstance(done, Answer):
            show_errors(form, done)
            return self.show(done, names=form)
        nudge()
        if done.repeated:
            return self._saved("Nothing was to change.")
        cards = f" {done.cards} emergency card{' reads' if done.cards == 1 else 's read'} otherwise now."
        return self._saved(f"Saved.{cards if done.cards else ''}")

    def _refused(self, form: CalendarForm, answer: Answer) -> HttpResponse:
        at_fields = {("hours" if name == "week" else name): texts for name, texts in answer.errors.items()}
        show_errors(form, Answer(answer.status, errors=at_fields))
        return self.show(answer, calendar=form)

    def _saved(self, said: str) -> HttpResponse:
        messages.success(self.request, said)
        return HttpResponseRedirect(f"{reverse('clinic')}?clinic={self.chosen.id}", status=303)

    def show(
        self,
        answer: Answer | None = None,
        *,
        calendar: CalendarForm | None = None,
        names: NamesForm | None = None,
    ) -> HttpResponse:
        """The settings: forms for who may change them, the same as text for everybody else."""
        answer = answer or Answer()
        row = self.settings.clinic
        context: dict[str, Any] = {
            "chosen": self.chosen,
            "clinics": access_for(self.request).clinics,
            "row": row,
            "alert": alert_of(answer, {}),
            "may_not": answer.status == 403,
            "may_change": self.may_change,
            "lead": self.staff.name(row.lead_id) if row.lead_id else "Nobody",
            "people_url": f"{reverse('people')}?clinic={row.id}",
            "hours": _hours(row.week),
            "region": subdivisions(row.country).get(row.subdivision, row.subdivision),
            "country": countries().get(row.country, row.country),
            "closed_days": self.settings.closed_days,
            "years": self._holidays(),
        }
        if self.may_change:
            context["calendar"] = calendar or CalendarForm.of(self.settings)
            context["names"] = names or NamesForm.of(row)
        return render(self.request, "clinic/clinic.html", context, status=answer.status)

    def _holidays(self) -> list[tuple[int, list[tuple[Any, str]]]]:
        """This year's and next year's public holidays as the saved calendar has them."""
        row, year = self.settings.clinic, self.chosen.today(timezone.now()).year
        return [(one, public_holidays(row.country, row.subdivision, one)) for one in (year, year + 1)]


def _hours(week: list[list[str] | None]) -> list[tuple[str, str]]:
    """A line for each weekday."""
    return [
        (name, f"{hours[0]} to {hours[1]}" if hours else "closed")
        for name, hours in zip(WEEKDAYS, week, strict=True)
    ]


def _rows(preview: Preview) -> list[dict[str, Any]]:
    """The moved dates as lines, by patient and new date."""
    labels = labels_of(case.case_id for case in preview.cases)
    rows = [
        {
            "patient": labels[case.case_id].patient,
            "case_url": reverse("case", args=[case.case_id]),
            "title": title_of(labels[case.case_id].protocol_id, move.key),
            "role": str(move.role),
            "safety": move.safety,
            "was_due_on": move.was_due_on,
            "due_on": move.due_on,
            "by": _by(move.due_on - move.was_due_on),
            "earlier": move.is_earlier,
        }
        for case in preview.cases
        for move in case.moves
    ]
    rows.sort(key=lambda row: (row["patient"], row["case_url"], row["due_on"]))
    return rows[:SHOWN]


def _by(span: timedelta) -> str:
    days = abs(span.days)
    return f"{days} day{'' if days == 1 else 's'} {'earlier' if span < timedelta(0) else 'later'}"
