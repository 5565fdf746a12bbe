"""The plot of a reservoir: the expected volume, what was measured at each refill, the alarm, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pathway.views.charts.drawing import LINE, Drawing, Words
from pathway.views.charts.panel import Moment, Panel, Paper, clip, stacked
from pathway.views.charts.scale import Scale, TimeSpan, date_ticks, number_ticks


@dataclass(frozen=True, slots=True)
class Measured:
    """What was aspirated at a refill, mL. `label`: the difference, where it asks for a look."""

    at: datetime
    ml: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Reservoir:
    """What the plot shows. `levels` are words at volumes, `moments` at instants, each with the kind of its line."""

    span: TimeSpan
    capacity_ml: float
    past: tuple[tuple[datetime, float], ...]
    ahead: tuple[tuple[datetime, float], ...]
    measured: tuple[Measured, ...]
    levels: tuple[tuple[str, float, str], ...]
    moments: tuple[tuple[str, datetime, str], ...]


def draw_reservoir(reservoir: Reservoir, paper: Paper) -> Drawing:
    """One panel with the words of its moments above it."""
    span = reservoir.span
    moments = [Moment(at.timestamp(), kind, text) for kind, at, text in reservoir.moments if span.holds(at)]
    rows = len(moments)
    sheet, (box,) = stacked(paper.width, (230,), left=40, right=46, top=32 + LINE * rows, gap=0, below=40)
    numbers = number_ticks(0, reservoir.capacity_ml)
    panel = Panel(
        sheet,
        box,
        Scale(span.low, span.high, box.left, box.right),
        Scale(0, numbers[-1].at, box.bottom, box.top),
    )
    panel.axes("Volume, mL", date_ticks(span, paper.dates), numbers, rows=rows)
    past, ahead = _inside(reservoir.past, span), _inside(reservoir.ahead, span)
    panel.area("volume-area", past)
    for kind, ml, text in reservoir.levels:
        panel.across(kind, ml, text)
    panel.moments(moments)
    panel.path("volume", past)
    panel.path("volume-ahead", ahead)
    _draw_measured(panel, reservoir)
    return sheet.done()


def _inside(points: tuple[tuple[datetime, float], ...], span: TimeSpan) -> list[tuple[float, float]]:
    return clip([(at.timestamp(), ml) for at, ml in points], span.low, span.high)


def _draw_measured(panel: Panel, reservoir: Reservoir) -> None:
    seen = [one for one in reservoir.measured if reservoir.span.holds(one.at)]
    fine = [(one.at.timestamp(), one.ml) for one in seen if not one.label]
    off = [one for one in seen if one.label]
    panel.mark("measured", "circle", fine, 4)
    panel.mark("measured-off", "diamond", [(one.at.timestamp(), one.ml) for one in off], 4.5)
    labels = []
    for one in off:
        across, height = panel.place(one.at.timestamp(), one.ml)
        labels.append(Words("measured-off-text", across + 8, height - 6, one.label))
    panel.sheet.write_apart(labels)
