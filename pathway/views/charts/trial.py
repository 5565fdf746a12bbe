"""The plot of a screening trial: a row for each dose, mean MAS at the left and Penn at the right, by hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pathway.views.charts.drawing import Drawing, Words
from pathway.views.charts.panel import Box, Panel, Paper, Sheet
from pathway.views.charts.scale import Scale, Tick, number_ticks

HEADING, CAPTION, HEIGHT, BELOW = 26.0, 32.0, 110.0, 32.0
LEFT, RIGHT = 28.0, 104.0
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
    columns = paper.columns
    column_width = paper.width / columns
    panel_height = CAPTION + HEIGHT + BELOW
    dose_height = HEADING + panel_height * (2 // columns)
    sheet = Sheet(paper.width, dose_height * len(responses))
    hours = _hours(responses)
    for row, response in enumerate(responses):
        top = row * dose_height + HEADING
        sheet.write("head", 2, top - 10, response.heading)
        for index, (kind, title, points) in enumerate(
            (("mas", "Mean MAS", response.mas), ("penn", "Penn", response.penn))
        ):
            left, above = index % columns * column_width, top + index // columns * panel_height + CAPTION
            box = Box(left + LEFT, above, left + column_width - RIGHT, above + HEIGHT)
            panel = Panel(
                sheet,
                box,
                Scale(0, hours[-1].at, box.left, box.right),
                Scale(0, SCALE_TOP, box.bottom, box.top),
            )
            sheet.write("tick", box.left, above - 18, f"{title}, by hours after the dose")
            _draw_panel(panel, kind, sorted(points), hours, (fall, fall_words))
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
    points: Sequence[tuple[float, float]],
    hours: Sequence[Tick],
    fall: tuple[float, str],
) -> None:
    box, sheet = panel.box, panel.sheet
    panel.axes("", hours, number_ticks(0, SCALE_TOP))
    if not points:
        sheet.write("tick", (box.left + box.right) / 2, (box.top + box.bottom) / 2, "not scored", "middle")
        return
    before = next((y for x, y in points if x == 0), None)
    if before is not None:
        panel.across("baseline", before, f"before {before:.3g}")
        if before >= fall[0]:
            panel.across("threshold", before - fall[0], fall[1])
    panel.path(kind, points)
    panel.mark(f"{kind}-mark", "circle" if kind == "mas" else "square", points)
    _name_lowest(panel, kind, points)


def _name_lowest(panel: Panel, kind: str, points: Sequence[tuple[float, float]]) -> None:
    """The value that matters most, at its point: the lowest after the dose, where anything fell."""
    later = [point for point in points if point[0] > 0]
    if later and min(y for _, y in later) < points[0][1]:
        x, y = min(later, key=lambda point: (point[1], point[0]))
        across, height = panel.place(x, y)
        below = height + 17 if height + 17 < panel.box.bottom else height - 9
        panel.sheet.words.append(Words(f"{kind}-text", across, below, f"{y:.3g}", "middle"))
