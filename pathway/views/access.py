"""The reader of a page: their clinics and roles, asked once a request and shared with the page's frame."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from pathway.queries.access import Access, ClinicAccess, access_of


def access_for(request: HttpRequest) -> Access:
    """What the signed-in person may see. One query a request; the frame then shows the same clinic."""
    kept: Any = request
    if not hasattr(kept, "access"):
        assert request.user.pk is not None  # every page but sign-in asks for a signed-in person
        kept.access = access_of(request.user.pk)
        kept.clinic = kept.access.clinics[0] if kept.access.clinics else None
    access: Access = kept.access
    return access


def clinic_for(request: HttpRequest, access: Access) -> ClinicAccess:
    """The clinic that the page is about: the one its address or form names by id, else the reader's first.

    Raises Http404 for a clinic where they hold no role, and where they have none at all.
    """
    wanted = request.POST.get("clinic") or request.GET.get("clinic") or ""
    try:
        chosen = access.by_id.get(UUID(wanted)) if wanted else next(iter(access.clinics), None)
    except ValueError:
        chosen = None
    if chosen is None:
        raise Http404("There is no such clinic for you.")
    request.clinic = chosen  # type: ignore[attr-defined]  # the frame shows it, see views.context
    return chosen
