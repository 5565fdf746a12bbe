"""The plot of a screening trial: a row for each dose, mean MAS at the left and Penn at the right, by hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pathway.views.charts.drawing import Drawing, Words
from pathway.views.charts.panel import Box, Panel, Paper, Sheet
from pathway.views.charts.scale import Scale, Tick, number_ticks

HEIGHT, HEADING, BELOW = 120.0, 44.0, 34.0
LEFT, BETWEEN, RIGHT = 30.0, 34.0, 14.0
SCALE_TOP = 4.0
USUAL_HOURS = (0, 1, 2, 4, 6, 8)


@dataclass(frozen=True, slots=True)
class Response:
    """One dose: what it was and how it ended in words, and the points (hours, score) of both scales."""

    heading: str
    mas: tuple[tuple[float, float], ...]
    penn: tuple[tuple[float, float], ...]


def draw_trial(responses: Sequence[Response], fall: float, fall_words: str, paper: Paper) -> Drawing:
    """All doses on one sheet. `fall`: the change that usually counts, drawn below each baseline with its words."""
    row_height = HEADING + HEIGHT + BELOW
    sheet = Sheet(paper.width, row_height * max(len(responses), 1))
    width = (paper.width - LEFT - BETWEEN - RIGHT) / 2
    hours = _hours(responses)
    for row, response in enumerate(responses):
        top = row * row_height + HEADING
        sheet.write("head", 2, top - 28, response.heading)
        for column, (kind, title, points) in enumerate(
            (("mas", "Mean MAS", response.mas), ("penn", "Penn", response.penn))
        ):
            left = LEFT + column * (width + BETWEEN)
            panel = Panel(
                sheet,
                box := Box(left, top, left + width, top + HEIGHT),
                Scale(0, hours[-1].at, box.left, box.right),
                Scale(0, SCALE_TOP, box.bottom, box.top),
            )
            _draw_panel(panel, kind, title, sorted(points), hours, (fall, fall_words))
    return sheet.done()


def _hours(responses: Sequence[Response]) -> tuple[Tick, ...]:
    """The hours at which a trial is usually read, and further ones where somebody read on."""
    last = max((x for one in responses for x, _ in (*one.mas, *one.penn)), default=0.0)
    later = (
        [tick for tick in number_ticks(0, last) if tick.at > USUAL_HOURS[-1]]
        if last > USUAL_HOURS[-1]
        else []
    )
    return (*(Tick(hour, str(hour)) for hour in USUAL_HOURS), *later)


def _draw_panel(
    panel: Panel,
    kind: str,
    title: str,
    points: Sequence[tuple[float, float]],
    hours: Sequence[Tick],
    fall: tuple[float, str],
) -> None:
    box, sheet = panel.box, panel.sheet
    panel.axes("", hours, number_ticks(0, SCALE_TOP))
    sheet.write("tick", box.left, box.top - 8, f"{title}, hours after the dose")
    if not points:
        sheet.write("tick", (box.left + box.right) / 2, (box.top + box.bottom) / 2, "not scored", "middle")
        return
    before = next((y for x, y in points if x == 0), None)
    if before is not None:
        panel.across("baseline", before, "")
        if before >= fall[0]:
            panel.across("threshold", before - fall[0], fall[1])
    panel.path(kind, points)
    panel.mark(f"{kind}-mark", "circle" if kind == "mas" else "square", points)
    _name_lowest(panel, kind, points)


def _name_lowest(panel: Panel, kind: str, points: Sequence[tuple[float, float]]) -> None:
    """The values that matter: before the dose, and the lowest after it."""
    lowest = min(points[1:], key=lambda point: (point[1], point[0]), default=None)
    labels = []
    for x, y in (points[0], *([lowest] if lowest else [])):
        across, height = panel.place(x, y)
        below = height + 17 if height + 17 < panel.box.bottom else height - 9
        labels.append(
            Words(f"{kind}-text", across, below if x else height - 9, f"{y:.3g}", "middle" if x else "start")
        )
    panel.sheet.words += labels
