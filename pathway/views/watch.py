"""The watch: what is wrong with the system and in the reader's clinics, who was told, what to do; mail that failed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pathway.engine.clinic_action import COORDINATOR
from pathway.engine.mails import correct_address, let_go, resend
from pathway.queries.access import Access
from pathway.queries.alarms import dead_letters, mended, refused_addresses, standing
from pathway.queries.signs import BEAT, BROKER, CHAIN_ROUND, SWEEP, WATCH, WORKER, heartbeats
from pathway.tasks import nudge
from pathway.views.access import access_for
from pathway.views.act import Answer, alert_of, attempt, show_errors
from pathway.views.forms.watch import AddressForm

PARTS = (
    (WATCH, "The watch itself, every minute"),
    (WORKER, "Worker, every 15 s"),
    (BEAT, "Scheduler (beat), every 15 s"),
    (BROKER, "Broker, asked every minute"),
    (SWEEP, "Stand-in (sweep --every)"),
    (CHAIN_ROUND, "Every history read through"),
)


@require_safe
def watch(request: HttpRequest) -> HttpResponse:
    """GET alarms, dead letters and refused addresses of the reader's clinics."""
    return _show(request, Answer())


@require_POST
def resend_mail(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    """POST sends a dead letter again."""
    sent = attempt(request, resend, mail_id=mail_id)
    if isinstance(sent, Answer):
        return _show(request, sent)
    nudge()
    return _done(request, "It is on its way again.")


@require_POST
def let_mail_go(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    """POST says that a dead letter is not needed any more."""
    gone = attempt(request, let_go, mail_id=mail_id)
    if isinstance(gone, Answer):
        return _show(request, gone)
    return _done(request, "It is off the list. What it said stands in the person's notices.")


@require_POST
def address(request: HttpRequest, clinician_id: UUID) -> HttpResponse:
    """POST puts in the right address of a colleague."""
    form = AddressForm(request.POST, person=clinician_id)
    if not form.is_valid():
        return _show(request, Answer(422), {clinician_id: form})
    corrected = attempt(request, correct_address, clinician_id=clinician_id, email=form.cleaned_data["email"])
    if isinstance(corrected, Answer):
        show_errors(form, corrected)
        return _show(request, corrected, {clinician_id: form})
    return _done(request, "The address is corrected. Send again what could not be delivered.")


def _done(request: HttpRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return HttpResponseRedirect(reverse("watch"), status=303)


def _show(request: HttpRequest, answer: Answer, forms: dict[UUID, AddressForm] | None = None) -> HttpResponse:
    access, now = access_for(request), timezone.now()
    if not access.clinics:
        return render(request, "work/no_clinic.html", {"heading": "System watch"}, status=answer.status)
    context = {
        "access": access,
        "standing": standing(access),
        "mended": mended(access, now),
        "signs": _signs(now),
        "letters": [_letter(row, access) for row in dead_letters(access)],
        "addresses": [_address(row, forms or {}) for row in refused_addresses(access)],
        "alert": alert_of(answer, {}),
        "zone": access.clinics[0].time_zone,
    }
    return render(request, "watch/watch.html", context, status=answer.status)


def _signs(now: datetime) -> list[dict[str, Any]]:
    """Each part with its last sign of life; one that never gave any is said so."""
    found = heartbeats()
    return [{"label": label, "at": found.get(name)} for name, label in PARTS]


def _letter(row: Any, access: Access) -> dict[str, Any]:
    keeps = any(access.holds(row.clinic_id, str(role)) for role in COORDINATOR)
    return {"row": row, "keeps": keeps}


def _address(row: Any, forms: dict[UUID, AddressForm]) -> dict[str, Any]:
    form = forms.get(row.id) or AddressForm(initial={"email": row.email}, person=row.id)
    return {"row": row, "form": form if row.corrects else None}
