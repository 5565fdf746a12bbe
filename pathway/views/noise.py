"""Who is told how much in a clinic, and which rule makes most noise: for its coordinators and leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pathway.models import Clinic
from pathway.queries.noise import Noise, led_by, noise_of
from pathway.views.access import access_for
from pathway.views.act import person

DAYS = 30
"""How far back the page looks (P)."""


@require_safe
def noise(request: HttpRequest) -> HttpResponse:
    """GET the last days of a clinic: `clinic` is its id where the person keeps several. 403 for everybody else."""
    access_for(request)  # the frame shows the same clinic as every other page
    clinics = led_by(person(request))
    if not clinics:
        return render(request, "attention/may_not.html", status=403)
    asked = request.GET.get("clinic", "")
    clinic = next((one for one in clinics if str(one.id) == asked), clinics[0])
    found = noise_of(clinic.id, since=timezone.now() - timedelta(days=DAYS))
    context = {
        "days": DAYS,
        "clinic_shown": clinic,
        "tabs": tabs(clinics, clinic) if len(clinics) > 1 else [],
        "noise": found,
        "loudest": loudest(found),
        "rules": [{"rule": rule, "percent": round(100 * rule.share)} for rule in found.rules],
    }
    return render(request, "attention/noise.html", context)


def loudest(found: Noise) -> int:
    """What the person who was told most was told: the full length of everybody's bar."""
    return max((one.told for one in found.people), default=0) or 1


def tabs(clinics: list[Clinic], chosen: Clinic) -> list[dict[str, Any]]:
    """One tab for each clinic that the person keeps."""
    return [
        {"label": one.name, "url": f"?clinic={one.id}", "current": one.id == chosen.id, "count": None}
        for one in clinics
    ]
