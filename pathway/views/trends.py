"""The course of a case in pictures and numbers: dose and spasticity, reservoir, trial. Reads only."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pathway.queries.definitions import protocol_of
from pathway.queries.trends import Trends, read_trends
from pathway.views.act import case_for
from pathway.views.figures.course import course_figure
from pathway.views.figures.figure import Scene, Window
from pathway.views.figures.reservoir import reservoir_figures
from pathway.views.figures.trial import trial_figure

LONG_COURSE = timedelta(days=548)
"""A pump older than this is looked at by its last year first: a longer course would press that year together."""


@require_safe
def trends(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """GET the figures of a case. `?window=year|pump|all` says how far back they look."""
    case = case_for(request, case_id)
    read = read_trends(case, timezone.now())
    windows = windows_of(read)
    asked = request.GET.get("window", "")
    window = Window(asked) if asked in windows else default_window(read)
    scene = Scene(
        read, protocol_of(case.protocol_id), window, ZoneInfo(case.clinic.time_zone), not case.is_open
    )
    # A trial is looked at first as long as there is no pump.
    figures = [course_figure(scene), *reservoir_figures(scene)]
    figures.insert(len(figures) if read.pumps else 0, trial_figure(scene))
    context = {
        "case": case,
        "patient": case.patient,
        "trail": [("Cases", reverse("cases")), (case.patient.display_name, reverse("case", args=[case.id]))],
        "figures": figures,
        "windows": windows if len(windows) > 1 else (),
        "window": window,
    }
    return render(request, "trends/trends.html", context)


def windows_of(read: Trends) -> tuple[Window, ...]:
    """The windows that differ for this case."""
    fills = [pump.first_fill.at for pump in read.pumps]
    if not fills:
        return (Window.ALL,)
    long = read.now - min(fills) > timedelta(days=365)
    return (Window.YEAR, Window.PUMP, Window.ALL) if long else (Window.PUMP, Window.ALL)


def default_window(read: Trends) -> Window:
    """The last year of a long course, a shorter one since the implant, else everything."""
    offered = windows_of(read)
    fills = [pump.first_fill.at for pump in read.pumps]
    if fills and read.now - min(fills) > LONG_COURSE and read.doses_end_at > read.now - timedelta(days=365):
        return Window.YEAR
    return Window.PUMP if Window.PUMP in offered else Window.ALL
