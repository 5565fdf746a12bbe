"""The board: where every open case stands and whose turn it is, with a fragment that refreshes itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pathway.protocol.roles import CARE_ROLES
from pathway.queries.board import board_of
from pathway.queries.incidents import open_levels
from pathway.views.access import access_for
from pathway.views.stale import name_of

TURNS = [("", "Anybody’s turn"), *((str(role), role.label) for role in CARE_ROLES)]
STATES = [("", "All open cases"), ("overdue", "Overdue"), ("hold", "On hold")]


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """GET the page, or with `part=columns` its fragment: 204 where nothing differs from what `seen` names."""
    access = access_for(request)
    if not access.clinics:
        return render(request, "work/no_clinic.html", {"heading": "Board"})
    turn = one_of(request.GET.get("turn", ""), TURNS)
    state = one_of(request.GET.get("state", ""), STATES)
    columns = board_of(access, at=timezone.now(), turn=turn, state=state)
    incidents = open_levels(access)
    seen = name_of([*columns, *sorted(incidents.items())])
    polled = request.GET.get("part") == "columns"
    if polled and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {
        "access": access,
        "columns": columns,
        "in_red": {case_id for case_id, level in incidents.items() if level == "red"},
        "in_incident": set(incidents),
        "turn": turn,
        "state": state,
        "turns": TURNS,
        "states": STATES,
        "filtered": bool(turn or state),
        "shown": sum(len(column.cards) for column in columns),
        "cases": sum(column.count for column in columns),
        "seen": seen,
    }
    return render(request, "board/columns.html" if polled else "board/board.html", context)


def one_of(value: str, options: list[tuple[str, str]]) -> str:
    """A filter's value; empty for one that the filter does not offer."""
    return value if value in dict(options) else ""
