"""Refills: every pump in place by the day it must be filled, and an alarm for any that nobody watches."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pathway.queries.inbox import read_cursor
from pathway.queries.refills import PumpPage, Soon, pumps_of, unwatched
from pathway.views.access import access_for


@require_safe
def refills(request: HttpRequest) -> HttpResponse:
    """GET a page of pumps in place."""
    access = access_for(request)
    if not access.clinics:
        return render(request, "work/no_clinic.html", {"heading": "Refills"})
    now = timezone.now()
    after = read_cursor(request.GET.get("after", ""))
    page = pumps_of(access, at=now, after=after)
    context = {
        "access": access,
        "page": page,
        "groups": groups(page),
        "unwatched": unwatched(access, at=now),
        "after": after,
    }
    return render(request, "refills/refills.html", context)


def groups(page: PumpPage) -> list[dict[str, Any]]:
    """The page's pumps under their groups, empty groups left out."""
    by_group = {soon: [row for row in page.rows if row.soon is soon] for soon in Soon}
    return [{"soon": soon, "rows": rows} for soon, rows in by_group.items() if rows]
