"""What every page's frame needs: navigation, the clinic and its date.

Knows the request. It asks the database at most twice, and only when a page shows the answer: for the reader's clinic
where no view has put one on the request, and for what stands around the page (`queries.frame`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from pathway.queries.frame import UNREAD_LIMIT, Frame, frame_of
from pathway.views.banner import warnings_of

NOTICES = "/notices/"
NAV: tuple[tuple[str, str, str], ...] = (
    ("My work", "/", "inbox"),
    ("Notices", NOTICES, "bell"),
    ("Board", "/board/", "columns-3"),
    ("Cases", "/cases/", "folder-open"),
    ("Refills", "/refills/", "droplet"),
    ("Incidents", "/incidents/", "siren"),
    ("Cover", "/cover/", "users"),
    ("Refer", "/cases/new/", "user-plus"),
)
DEMO_NAV = ("Demo inbox", "/demo/mail/", "mail")


def is_demo() -> bool:
    """Whether this is the demonstration, with invented people and an inbox to look into."""
    return bool(getattr(settings, "DEMO", False))


def navigation(path: str, demo: bool, unread: Callable[[], str] | None = None) -> list[dict[str, Any]]:
    """The main navigation, with the entry that `path` lies under marked as current.

    `unread` is asked only where the navigation is drawn: a fragment that a page polls pays nothing for it.
    """
    entries = (*NAV, DEMO_NAV) if demo else NAV
    under = [url for _, url, _ in entries if path == url or (url != "/" and path.startswith(url))]
    here = max(under, key=len, default="")
    return [
        {
            "label": label,
            "url": url,
            "icon": icon,
            "current": url == here,
            "count": unread if url == NOTICES else None,
        }
        for label, url, icon in entries
    ]


def clinic_of(request: HttpRequest) -> Any:
    """The page's clinic: the one a view has put on the request, else the clinician's first. One query."""
    chosen = getattr(request, "clinic", None)
    return chosen or request.user.clinics.order_by("name").first()  # type: ignore[union-attr]


def frame_for(request: HttpRequest) -> Frame:
    """What stands around the signed-in person's page. One query a request, shared by navigation and banner."""
    kept: Any = request
    if not hasattr(kept, "frame"):
        assert request.user.pk is not None  # only asked for a signed-in person
        kept.frame = frame_of(request.user.pk)
    frame: Frame = kept.frame
    return frame


def unread_text(request: HttpRequest) -> str:
    """How many notices the person has not read: "" for none, "99+" past the limit."""
    unread = frame_for(request).unread
    return f"{UNREAD_LIMIT - 1}+" if unread >= UNREAD_LIMIT else str(unread or "")


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
        "system_warnings": (),
    }
    if user is None or not user.is_authenticated:
        return frame
    clinic = SimpleLazyObject(lambda: clinic_of(request))
    return frame | {
        "nav": navigation(request.path, demo, lambda: unread_text(request)),
        "system_warnings": cache(lambda: warnings_of(frame_for(request), timezone.now())),
        "clinic": clinic,
        "today": cache(lambda: today_of(clinic)),
    }
