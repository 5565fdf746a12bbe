"""The reader of a page: their clinics and roles, asked once a request and shared with the page's frame."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from pathway.queries.access import Access, access_of


def access_for(request: HttpRequest) -> Access:
    """What the signed-in person may see. One query a request; the frame then shows the same clinic."""
    kept: Any = request
    if not hasattr(kept, "access"):
        assert request.user.pk is not None  # every page but sign-in asks for a signed-in person
        kept.access = access_of(request.user.pk)
        kept.clinic = kept.access.clinics[0] if kept.access.clinics else None
    access: Access = kept.access
    return access
