"""My work: the reader's open duties in groups by date, with a fragment that refreshes itself."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pathway.protocol.roles import Role
from pathway.queries.absences import with_covered
from pathway.queries.access import Access
from pathway.queries.frame import Frame
from pathway.queries.inbox import COUNT_LIMIT, When, WorkPage, counts_of, read_cursor, sunday_after, work_of
from pathway.queries.incidents import IncidentFilter, incidents_of
from pathway.views.access import access_for
from pathway.views.context import frame_for
from pathway.views.incident_page import LEVEL_LOOK
from pathway.views.stale import name_of

INCIDENTS_SHOWN = 3
"""So many incidents that nobody acknowledged stand over the list; more are counted."""


@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """GET the page, or with `part=rows` its fragment: 204 where nothing differs from what `seen` names."""
    access = access_for(request)
    if not access.clinics:
        return render(request, "work/no_clinic.html", {"heading": "My work"})
    now = timezone.now()
    access = with_covered(access, at=now)
    chosen = request.GET.get("when", "")
    when = When(chosen) if chosen in set(When) else None
    after = read_cursor(request.GET.get("after", ""))
    page = work_of(access, at=now, when=when, after=after)
    waiting = incidents_of(access, IncidentFilter(state="waiting"), at=now).rows
    gaps = cover_gaps(access, frame_for(request))
    seen = name_of([*waiting, *gaps, *page.rows])
    polled = request.GET.get("part") == "rows"
    if polled and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    counts = counts_of(access, at=now)
    context = {
        "access": access,
        "when": when,
        "after": request.GET.get("after", "") if after else "",
        "page": page,
        "waiting": [{"row": row, "variant": LEVEL_LOOK[row.level][0]} for row in waiting[:INCIDENTS_SHOWN]],
        "waiting_more": max(0, len(waiting) - INCIDENTS_SHOWN),
        "gaps": gaps,
        "groups": groups(page),
        "tabs": tabs(counts.groups, when),
        "paused": bounded(counts.paused),
        "seen": seen,
        "sunday": sunday_after(access.clinics[0].today(now)),
    }
    return render(request, "work/rows.html" if polled else "work/work.html", context)


def cover_gaps(access: Access, frame: Frame) -> list[dict[str, Any]]:
    """The open gaps in cover of the clinics whose coordinator the reader is: each is a to-do of theirs."""
    return [
        {
            "role": Role(alarm.detail["role"]).label,
            "first_on": date.fromisoformat(alarm.detail["first_on"]),
            "last_on": date.fromisoformat(alarm.detail["last_on"]),
            "duties": alarm.detail["count"],
            "clinic": access.by_id[alarm.clinic_id].name,
            "url": f"{reverse('cover')}?clinic={alarm.clinic_id}#gaps",
        }
        for alarm in frame.alarms
        if alarm.rule == "cover_gap" and alarm.clinic_id and access.holds(alarm.clinic_id, Role.COORDINATOR)
    ]


def groups(page: WorkPage) -> list[dict[str, Any]]:
    """The page's rows under their groups, empty groups left out."""
    by_group = {when: [row for row in page.rows if row.when is when] for when in When}
    return [{"when": when, "rows": rows} for when, rows in by_group.items() if rows]


def tabs(counts: dict[When, int], chosen: When | None) -> list[dict[str, Any]]:
    """One tab for everything and one for each group, with bounded counts."""
    everything = {"label": "All", "url": "?", "current": chosen is None, "count": None}
    return [
        everything,
        *(
            {
                "label": when.label,
                "url": f"?when={when}",
                "current": chosen is when,
                "count": bounded(count),
                "variant": "danger" if when is When.OVERDUE and count else "",
            }
            for when, count in counts.items()
        ),
    ]


def bounded(count: int) -> int | str:
    """A count that stops at its limit: "99+"."""
    return f"{COUNT_LIMIT - 1}+" if count >= COUNT_LIMIT else count
