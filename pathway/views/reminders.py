"""Consent to appointment reminders: recorded and withdrawn on the case page, and stopped by the link in a mail.

The page behind the link needs no sign-in and shows nobody's name or address: whoever has the mail may stop the mails.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from pathway.engine.reminders import record_consent, withdraw_consent
from pathway.notify.unsubscribe import Whose, read_token
from pathway.queries.reminders import find_contact
from pathway.views.act import Answer, finish, perform, show_errors
from pathway.views.case import show
from pathway.views.case_page import CasePage
from pathway.views.forms.case_actions import ConsentForm, WithdrawForm
from pathway.views.reminder_panel import CONSENT


@require_POST
def consent(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Record that a patient or caregiver agreed to be reminded."""
    page = CasePage(request, case_id)
    form = ConsentForm(request.POST, known=page.case.patient.email)
    if not form.is_valid():
        return show(request, page, {CONSENT: form}, Answer(422))
    answer = perform(request, record_consent, case_id=case_id, **form.cleaned_data)
    show_errors(form, answer)
    if not answer.done:
        return show(request, CasePage(request, case_id), {CONSENT: form}, answer)
    said = "The consent is on record. Reminders go out before each refill appointment."
    return finish(request, answer, said, _here(case_id))


@require_POST
def withdraw(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Send a patient or caregiver no more reminders, because they said so."""
    page, form = CasePage(request, case_id), WithdrawForm(request.POST)
    contact = find_contact(form.cleaned_data["contact"]) if form.is_valid() else None
    if contact is None or contact.patient_id != page.case.patient_id:
        raise Http404("There is no such contact on this case.")
    answer = perform(request, withdraw_consent, contact_id=contact.id)
    if not answer.done:
        return show(request, CasePage(request, case_id), None, answer)
    return finish(request, answer, "The reminders are stopped.", _here(case_id))


def _here(case_id: UUID) -> str:
    return f"{reverse('case', args=[case_id])}#reminders"


@login_not_required
@csrf_exempt  # a mail program presses this button for the person (RFC 8058); the signed address is what allows it
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, key: str) -> HttpResponse:
    """The page behind the link in a reminder: reading it changes nothing, its button stops the reminders for good."""
    contact_id = read_token(key, Whose.CONTACT)
    contact = find_contact(contact_id) if contact_id else None
    if contact is None:
        raise Http404("There is no such link.")
    if request.method == "POST":
        withdraw_consent(contact_id=contact.id, by=None, at=timezone.now())
    stopped = request.method == "POST" or contact.withdrawn_at is not None
    return render(
        request, "reminders/stop.html", {"stopped": stopped, "at": contact.patient.clinic.outward_name}
    )
