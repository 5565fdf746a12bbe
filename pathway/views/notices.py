"""The inbox: what the signed-in person was told, what it was about, and how it reached them.

To open a notice marks it read and leads to its page. That is the one address in Pathway whose GET writes something:
it keeps a trace of reading, which is what the reader asks for by following the link.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST, require_safe

from pathway.engine.notices import mark_read, open_notice
from pathway.models import Notice
from pathway.queries.noise import led_by
from pathway.queries.notices import NoticePage, Show, notices_of, read_cursor
from pathway.views.access import access_for
from pathway.views.act import Answer, attempt, person
from pathway.views.context import unread_text
from pathway.views.notice_words import shown

ABSENCES, ALARMS = "/cover/", "/watch/"


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """GET a page of the person's notices; `show` is one of unread (as long as nothing else is asked), all, safety."""
    access_for(request)  # the frame shows the same clinic as every other page
    now = timezone.now()
    chosen = request.GET.get("show", "")
    show = Show(chosen) if chosen in set(Show) else Show.UNREAD
    after = read_cursor(request.GET.get("after", ""))
    page = notices_of(person(request), at=now, show=show, after=after)
    context = {
        "tabs": tabs(show, unread_text(request)),
        "show": show,
        "after": after,
        "page": page,
        "lines": lines(page, now),
        "until": now.isoformat(),
        "unread": unread_text(request),
        "noise": bool(led_by(person(request))),
    }
    return render(request, "notices/notices.html", context)


@require_GET
def notice(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """GET marks the notice read and leads to what it is about; without such a page, back to the inbox."""
    found = attempt(request, open_notice, notice_id=notice_id)
    if isinstance(found, Answer):
        raise Http404("There is no such notice for you.")
    return HttpResponseRedirect(place_of(found))


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """POST marks one notice read (`notice`), or everything told until the page was drawn (`until`)."""
    one, until = _uuid(request.POST.get("notice", "")), _moment(request.POST.get("until", ""))
    if one is None and until is None:
        raise Http404("Nothing was named.")
    count = attempt(request, mark_read, ids=None if one is None else [one], told_until=until)
    messages.success(request, "Marked as read." if count else "Nothing was unread.")
    show = request.POST.get("show", "")
    return HttpResponseRedirect(
        f"{reverse('notices')}?show={show}" if show in set(Show) else reverse("notices"), status=303
    )


def place_of(notice: Notice) -> str:
    """The page that a notice is about."""
    if notice.todo_id:
        return reverse("todo", args=[notice.todo_id])
    if notice.incident_id:
        return reverse("incident", args=[notice.incident_id])
    if notice.absence_id:
        return ABSENCES
    return ALARMS if notice.alarm_id else reverse("notices")


def tabs(chosen: Show, unread: str) -> list[dict[str, Any]]:
    """One tab for each choice; only what is unread is counted."""
    return [
        {
            "label": show.label,
            "url": f"?show={show}",
            "current": show is chosen,
            "count": (unread or 0) if show is Show.UNREAD else None,
        }
        for show in Show
    ]


def lines(page: NoticePage, now: datetime) -> list[dict[str, Any]]:
    """The page's notices in words."""
    return [shown(row, now) for row in page.rows]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
