"""Referring one patient: the form that opens a case. Only calls the verb; GET never changes anything."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from pathway.engine.referrals import refer as engine_refer
from pathway.models import Clinic
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.queries.definitions import calendar_of
from pathway.queries.people import clinics_where, staff_of
from pathway.views.act import Answer, alert_of, finish, perform, person, show_errors
from pathway.views.forms.referral import ReferralForm


def referring_clinic(request: HttpRequest) -> tuple[Clinic | None, list[Clinic]]:
    """The clinic this person refers to (`?clinic=` chooses among several), and all of them. None: they may not.

    Raises Http404 for a clinic in which they coordinate nothing.
    """
    clinics = clinics_where(person(request), Role.COORDINATOR)
    wanted = request.GET.get("clinic", "")
    chosen = next((clinic for clinic in clinics if not wanted or clinic.slug == wanted), None)
    if wanted and chosen is None:
        raise Http404("There is no such clinic for you.")
    if chosen is not None:
        request.clinic = chosen  # type: ignore[attr-defined]  # the frame shows it, see views.context
    return chosen, clinics


def may_not(request: HttpRequest) -> HttpResponse:
    """The page for people of other roles: who refers, instead of a form that would be refused."""
    return render(request, "referral/may_not.html", status=403)


@require_http_methods(["GET", "HEAD", "POST"])
def refer(request: HttpRequest) -> HttpResponse:
    """GET shows the form; POST opens the case and leads to it. Sending the same form twice opens one case."""
    clinic, clinics = referring_clinic(request)
    if clinic is None:
        return may_not(request)
    today = calendar_of(clinic.id, clinic.calendar_version).local_date(timezone.now())
    options: dict[str, Any] = {"staff": staff_of(clinic.id), "today": today}
    if request.method != "POST":
        form = ReferralForm(initial={"request_id": new_id()}, **options)
        return _show(request, form, clinic, clinics, Answer())
    form = ReferralForm(request.POST, **options)
    if not form.is_valid():
        return _show(request, form, clinic, clinics, Answer(422))
    answer = perform(request, engine_refer, clinic_id=clinic.id, referral=form.referral())
    if answer.outcome is not None:
        return finish(request, answer, "The case is open.", reverse("case", args=[answer.outcome.case_id]))
    show_errors(form, answer)
    return _show(request, form, clinic, clinics, answer)


def _show(
    request: HttpRequest, form: ReferralForm, clinic: Clinic, clinics: list[Clinic], answer: Answer
) -> HttpResponse:
    context = {
        "form": form,
        "chosen": clinic,
        "clinics": clinics if len(clinics) > 1 else [],
        "alert": alert_of(answer, {}),
    }
    return render(request, "referral/refer.html", context, status=answer.status)
