"""The list of cases: filters in the address, the search kept in the session, because it names a person."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from pathway.protocol.roles import OPEN_STAGES, CloseReason, Stage
from pathway.queries.cases import CaseFilter, cases_of
from pathway.views.access import access_for
from pathway.views.board import TURNS, one_of

STAGES = [("", "All stages"), *((str(stage), stage.label) for stage in OPEN_STAGES)]
STATES = [
    ("", "Open"),
    ("overdue", "Overdue"),
    ("hold", "On hold"),
    ("closed", "Closed"),
    *((str(reason), f"Closed: {reason.label.lower()}") for reason in CloseReason),
]
SEARCH = "case_search"
SEARCH_LENGTH = 120


@require_http_methods(["GET", "HEAD", "POST"])
def cases(request: HttpRequest) -> HttpResponse:
    """GET a page of cases; POST `search` keeps it in the session and shows what it finds."""
    access = access_for(request)
    if not access.clinics:
        return render(request, "work/no_clinic.html", {"heading": "Cases"})
    if request.method == "POST":
        return remember_search(request)
    wanted = filter_of(request)
    after = request.GET.get("after", "")
    page = cases_of(access, wanted, at=timezone.now(), after=after)
    kept = {
        name: value
        for name, value in request.GET.items()
        if name in ("stage", "turn", "state", "found") and value
    }
    context = {
        "access": access,
        "page": page,
        "wanted": wanted,
        "filtered": bool(kept),
        "after": after,
        "first": f"?{urlencode(kept)}",
        "next": f"?{urlencode({**kept, 'after': page.cursor})}" if page.cursor else "",
        "stages": STAGES,
        "turns": TURNS,
        "states": [("", "Open or closed"), *STATES[1:]] if wanted.search else STATES,
    }
    return render(request, "cases/cases.html", context)


def remember_search(request: HttpRequest) -> HttpResponse:
    """Keep the search in the session, out of every address and log, and go to what it finds."""
    text = " ".join(request.POST.get("search", "").replace("\0", "").split())[:SEARCH_LENGTH]
    if not text:
        request.session.pop(SEARCH, None)
        return redirect("cases")
    request.session[SEARCH] = text
    return redirect(f"{request.path}?found=1")


def filter_of(request: HttpRequest) -> CaseFilter:
    """The filters of the address; values that no filter offers count as none."""
    asked = request.GET
    stage = one_of(asked.get("stage", ""), STAGES)
    return CaseFilter(
        stage=Stage(stage) if stage else None,
        turn=one_of(asked.get("turn", ""), TURNS),
        state=one_of(asked.get("state", ""), STATES),
        search=request.session.get(SEARCH, "") if asked.get("found") else "",
    )
