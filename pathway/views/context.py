"""What every page's frame needs: navigation, the clinic and its date.

Knows the request and asks the database at most once, and only when a page shows the answer.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

NAV: tuple[tuple[str, str, str], ...] = (
    ("My work", "/", "inbox"),
    ("Board", "/board/", "columns-3"),
    ("Cases", "/cases/", "folder-open"),
    ("Refills", "/refills/", "droplet"),
    ("Incidents", "/incidents/", "siren"),
    ("Refer a patient", "/cases/new/", "user-plus"),
)
DEMO_NAV = ("Demo inbox", "/demo/mail/", "mail")


def is_demo() -> bool:
    """Whether this is the demonstration, with invented people and an inbox to look into."""
    return bool(getattr(settings, "DEMO", False))


def navigation(path: str, demo: bool) -> list[dict[str, Any]]:
    """The main navigation, with the entry that `path` lies under marked as current."""
    entries = (*NAV, DEMO_NAV) if demo else NAV
    under = [url for _, url, _ in entries if path == url or (url != "/" and path.startswith(url))]
    here = max(under, key=len, default="")
    return [
        {"label": label, "url": url, "icon": icon, "current": url == here, "count": None}
        for label, url, icon in entries
    ]


def clinic_of(request: HttpRequest) -> Any:
    """The page's clinic: the one a view has put on the request, else the clinician's first. One query."""
    chosen = getattr(request, "clinic", None)
    return chosen or request.user.clinics.order_by("name").first()  # type: ignore[union-attr]


def today_of(clinic: Any) -> dt.date:
    """The clinic's date now; the server's time zone where there is no clinic."""
    return timezone.localdate(timezone=ZoneInfo(clinic.time_zone) if clinic else None)


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor of `base.html`. `today` is a callable, so that a page without dates does not ask."""
    user = getattr(request, "user", None)
    demo = is_demo()
    frame: dict[str, Any] = {
        "demo": demo,
        "nav": [],
        "clinic": None,
        "system_warnings": getattr(request, "system_warnings", ()),
    }
    if user is None or not user.is_authenticated:
        return frame
    clinic = SimpleLazyObject(lambda: clinic_of(request))
    return frame | {
        "nav": navigation(request.path, demo),
        "clinic": clinic,
        "today": cache(lambda: today_of(clinic)),
    }
