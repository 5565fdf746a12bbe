"""The plot of dose and spasticity: two panels on one time axis, the dose as steps above, the scales below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pathway.views.charts.drawing import LINE, Drawing, Words
from pathway.views.charts.panel import Moment, Panel, Paper, stacked
from pathway.views.charts.scale import Scale, TimeSpan, date_ticks, number_ticks

END_LABELS = 74
"""Room at the right for the words at the ends of the lines."""

HEADROOM = 1.14
"""Above the highest dose, for its number."""


@dataclass(frozen=True, slots=True)
class Dose:
    """A daily dose from an instant on, mcg/day."""

    at: datetime
    mcg_per_day: float


@dataclass(frozen=True, slots=True)
class Score:
    """Spasticity at an instant. `joined`: comparable with its neighbours, so that a line may lead to it."""

    at: datetime
    mas: float | None
    penn: float | None
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """What the plot shows. `notes` are words at moments of the dose (a new strength), `moments` of the whole case."""

    span: TimeSpan
    doses: tuple[Dose, ...]
    doses_end: datetime
    scores: tuple[Score, ...]
    scale_top: float = 4
    baseline: float | None = None
    notes: tuple[tuple[datetime, str], ...] = ()
    moments: tuple[tuple[datetime, str], ...] = ()


def draw_course(course: Course, paper: Paper) -> Drawing:
    """Both panels on one sheet of paper; a panel without data is left out."""
    has = [bool(course.doses), bool(course.scores)]
    moments = [Moment(at.timestamp(), "moment", text) for at, text in course.moments if course.span.holds(at)]
    rows = len(moments) if course.doses else 0
    heights = [150.0 for there in has if there]
    sheet, boxes = stacked(
        paper.width, heights, left=40, right=END_LABELS, top=32 + LINE * rows, gap=44, below=40
    )
    span = course.span
    x = Scale(span.low, span.high, boxes[0].left, boxes[0].right)
    dates = date_ticks(span, paper.dates)
    if course.doses:
        highest = max(dose.mcg_per_day for dose in course.doses)
        numbers = number_ticks(0, highest)
        ceiling = max(numbers[-1].at, highest * HEADROOM)
        doses = Panel(sheet, boxes[0], x, Scale(0, ceiling, boxes[0].bottom, boxes[0].top))
        doses.axes("Dose, mcg/day", dates, numbers, named=not course.scores, rows=rows)
        doses.moments(moments)
        notes = [Moment(at.timestamp(), "note", text) for at, text in course.notes if span.holds(at)]
        doses.noted(notes)
        _draw_doses(doses, course)
    if course.scores:
        grades = number_ticks(0, course.scale_top)
        scales = Panel(sheet, boxes[-1], x, Scale(0, grades[-1].at, boxes[-1].bottom, boxes[-1].top))
        scales.axes("Mean MAS and Penn", dates, grades)
        _draw_scores(scales, course)
    return sheet.done()


def steps(doses: tuple[Dose, ...], end: datetime, span: TimeSpan) -> list[tuple[float, float]]:
    """The corners of the dose inside the span: each dose runs until the next one, the last until the end."""
    corners: list[tuple[float, float]] = []
    for index, dose in enumerate(doses):
        until = doses[index + 1].at if index + 1 < len(doses) else max(end, dose.at)
        start, stop = max(dose.at, span.first), min(until, span.last)
        if start <= stop:
            corners += [(start.timestamp(), dose.mcg_per_day), (stop.timestamp(), dose.mcg_per_day)]
    return corners


def _draw_doses(panel: Panel, course: Course) -> None:
    corners = steps(course.doses, course.doses_end, course.span)
    panel.area("dose-area", corners)
    panel.path("dose", corners)
    shown = [dose for dose in course.doses if course.span.holds(dose.at)]
    changes = [dose for dose, before in zip(shown, (None, *shown), strict=False) if _differs(dose, before)]
    panel.mark("dose-mark", "diamond", [(dose.at.timestamp(), dose.mcg_per_day) for dose in changes], 3)
    labels = []
    for dose in changes:
        across, height = panel.place(dose.at.timestamp(), dose.mcg_per_day)
        labels.append(Words("dose-text", across, height - 9, f"{dose.mcg_per_day:g}", "middle"))
    panel.sheet.write_apart(labels)
    if corners:
        panel.sheet.words.append(
            Words(
                "dose-text",
                panel.place(*corners[-1])[0] + 5,
                panel.place(*corners[-1])[1] + 4,
                f"{corners[-1][1]:g}",
            )
        )


def _differs(dose: Dose, before: Dose | None) -> bool:
    return before is None or dose.mcg_per_day != before.mcg_per_day


def _draw_scores(panel: Panel, course: Course) -> None:
    if course.baseline is not None:
        panel.across("baseline", course.baseline)
    seen = [score for score in course.scores if course.span.holds(score.at)]
    mas = [(s.at.timestamp(), s.mas) for s in seen if s.mas is not None and s.joined]
    penn = [(s.at.timestamp(), s.penn) for s in seen if s.penn is not None and s.joined]
    panel.path("penn", penn)
    panel.mark("penn-mark", "square", penn, 4.5)
    panel.path("mas", mas)
    panel.mark("mas-mark", "circle", mas)
    apart = [s for s in seen if not s.joined]
    panel.mark("penn-mark", "triangle", [(s.at.timestamp(), s.penn) for s in apart if s.penn is not None])
    panel.mark("mas-mark", "triangle", [(s.at.timestamp(), s.mas) for s in apart if s.mas is not None], 3.5)
    ends = [("mas", "MAS", mas[-1:]), ("penn", "Penn", penn[-1:])]
    if course.baseline is not None:
        ends.append(("baseline", "before", [(panel.x.high, course.baseline)]))
    _name_ends(panel, ends)


def _name_ends(panel: Panel, ends: list[tuple[str, str, list[tuple[float, float]]]]) -> None:
    """The name and last value of each line at its end, kept a line apart from each other."""
    floor = float("-inf")
    for kind, name, points in sorted(ends, key=lambda each: -each[2][0][1] if each[2] else 0):
        for x, y in points:
            across, height = panel.place(x, y)
            height = max(height + 4, floor)
            floor = height + LINE - 1
            panel.sheet.words.append(Words(f"{kind}-text", across + 8, height, f"{name} {y:.3g}"))
