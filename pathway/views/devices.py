"""Pumps and catheters: every model with every number and its source, and the form by which a clinic adds one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from pathway.clinical.device import CATHETER_MODELS, PUMP_MODELS
from pathway.engine.devices import MODEL_KEEPERS, add_pump_model, retire_pump_model
from pathway.queries.access import Access, ClinicAccess
from pathway.queries.devices import SiteModel, site_models
from pathway.views.access import access_for
from pathway.views.act import Answer, alert_of, attempt, show_errors
from pathway.views.forms.device import PumpModelForm
from pathway.views.numbers import device_lines


@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: HttpRequest) -> HttpResponse:
    """GET lists the models; POST adds one to a clinic in which the person may."""
    access = access_for(request)
    keeps = [(str(clinic.id), clinic.name) for clinic in access.clinics if may_keep(clinic)]
    if request.method != "POST":
        return _show(request, access, PumpModelForm(clinics=keeps) if keeps else None, Answer())
    if not keeps:
        return _show(request, access, None, Answer(403))
    form = PumpModelForm(request.POST, clinics=keeps)
    if not form.is_valid():
        return _show(request, access, form, Answer(422))
    clinic_id = UUID(form.cleaned_data["clinic"])
    added = attempt(request, add_pump_model, clinic_id=clinic_id, new=form.model())
    if isinstance(added, Answer):
        show_errors(form, added)
        return _show(request, access, form, added)
    messages.success(request, f"{added.name} can be chosen from now on.")
    return HttpResponseRedirect(reverse("devices"), status=303)


@require_POST
def retire(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """POST takes a clinic's own model out of what can be chosen."""
    retired = attempt(request, retire_pump_model, model_id=model_id)
    if isinstance(retired, Answer):
        access = access_for(request)
        return _show(request, access, None, retired)
    messages.success(request, f"{retired.name} can no longer be chosen.")
    return HttpResponseRedirect(reverse("devices"), status=303)


def may_keep(clinic: ClinicAccess) -> bool:
    """Whether the person may add and retire models in this clinic."""
    return bool(clinic.roles & {str(role) for role in MODEL_KEEPERS})


def _show(request: HttpRequest, access: Access, form: PumpModelForm | None, answer: Answer) -> HttpResponse:
    context = {
        "shipped": [device_lines(model) for model in PUMP_MODELS.values()],
        "catheters": [device_lines(model) for model in CATHETER_MODELS.values()],
        "clinics": [
            {
                "id": clinic.id,
                "name": clinic.name,
                "models": [_site(model, clinic) for model in site_models(clinic.id)],
            }
            for clinic in access.clinics
        ],
        "form": form,
        "alert": alert_of(answer, {}),
        "may_not": answer.status == 403,
    }
    return render(request, "devices/devices.html", context, status=answer.status)


def _site(found: SiteModel, clinic: ClinicAccess) -> dict[str, Any]:
    retire_url = reverse("device-retire", args=[found.row.id]) if may_keep(clinic) else ""
    return {
        "device": device_lines(found.model),
        "row": found.row,
        "added_by": found.added_by,
        "retired_by": found.retired_by,
        "in_use": found.in_use,
        "retire_url": "" if found.row.retired_at else retire_url,
    }
