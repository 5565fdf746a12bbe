"""A panel: a box with an axis at its left and one below, into which series are drawn. Nothing is drawn outside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pathway.views.charts.drawing import LINE, Drawing, Place, Stroke, Words, apart, inside, line, shape
from pathway.views.charts.scale import Scale, Tick

HEAD = 8.0
"""Between a box and the words of its moments right above it."""
TITLE = 16.0
"""Between a box, or its moments, and its title: the topmost number of the axis reaches into it."""


@dataclass(frozen=True, slots=True)
class Paper:
    """How wide a drawing is, how many dates fit below it, and how many panels side by side."""

    width: float
    dates: int
    columns: int


WIDE, NARROW = Paper(760, 9, 2), Paper(330, 4, 1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A place on the x axis that is marked from floor to ceiling, with its words."""

    x: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """The inside of a panel on the paper; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(slots=True)
class Sheet:
    """The paper while it is drawn on."""

    width: float
    height: float
    strokes: list[Stroke] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def stroke(self, kind: str, d: str) -> None:
        """Put a path on the paper; an empty one is left out."""
        if d:
            self.strokes.append(Stroke(kind, d))

    def write(self, kind: str, x: float, y: float, text: str, anchor: str = "start") -> None:
        """Put words on the paper, moved sideways where they would leave it."""
        self.words.append(inside(Words(kind, x, y, text, anchor), 2, self.width - 2))

    def write_apart(self, labels: Sequence[Words]) -> None:
        """Put those labels of a row on the paper that do not run into each other."""
        self.words += apart([inside(one, 2, self.width - 2) for one in labels])

    def done(self) -> Drawing:
        """The finished drawing."""
        return Drawing(self.width, self.height, tuple(self.strokes), tuple(self.words))


@dataclass(frozen=True, slots=True)
class Panel:
    """A box with its two scales."""

    sheet: Sheet
    box: Box
    x: Scale
    y: Scale

    def place(self, x: float, y: float) -> Place:
        """Where a point stands; never outside the box."""
        return self.x.place(x), self.y.place(y)

    def axes(
        self,
        title: str,
        x_ticks: Sequence[Tick],
        y_ticks: Sequence[Tick],
        *,
        named: bool = True,
        rows: int = 0,
    ) -> None:
        """Grid, numbers at the left, words below (where `named`), and the title above `rows` of moments."""
        sheet, box = self.sheet, self.box
        for tick in y_ticks:
            height = self.y.place(tick.at)
            sheet.stroke("grid", line([(box.left, height), (box.right, height)]))
            sheet.write("tick", box.left - 6, height + 4, tick.text, "end")
        for tick in x_ticks:
            across = self.x.place(tick.at)
            sheet.stroke("axis", line([(across, box.bottom), (across, box.bottom + 4)]))
        if named:
            below = box.bottom + 17
            sheet.write_apart([Words("tick", self.x.place(t.at), below, t.text, "middle") for t in x_ticks])
            years = [
                Words("tick", self.x.place(t.at), below + 15, t.below, "middle") for t in x_ticks if t.below
            ]
            sheet.write_apart(years)
        sheet.stroke("axis", line([(box.left, box.bottom), (box.right, box.bottom)]))
        if title:
            sheet.write("head", 2, box.top - TITLE - LINE * rows, title)

    def path(self, kind: str, points: Sequence[tuple[float, float]]) -> None:
        """A line through the points."""
        if len(points) > 1:
            self.sheet.stroke(kind, line(self.place(x, y) for x, y in points))

    def area(self, kind: str, points: Sequence[tuple[float, float]]) -> None:
        """The ground between the points and the floor."""
        if len(points) > 1:
            floor = [(points[-1][0], self.y.low), (points[0][0], self.y.low)]
            self.sheet.stroke(kind, line(self.place(x, y) for x, y in [*points, *floor]) + "Z")

    def mark(self, kind: str, name: str, points: Sequence[tuple[float, float]], size: float = 4) -> None:
        """The same shape at each point."""
        self.sheet.stroke(kind, "".join(shape(name, *self.place(x, y), size) for x, y in points))

    def across(self, kind: str, y: float, text: str = "") -> None:
        """A level from edge to edge with its words beyond the right end, where no data are."""
        height = self.y.place(y)
        self.sheet.stroke(kind, line([(self.box.left, height), (self.box.right, height)]))
        if text:
            self.sheet.write(f"{kind}-text", self.box.right + 9, height + 4, text)

    def moments(self, moments: Sequence[Moment]) -> None:
        """Uprights with their words above the box, one row each, so that no word lies on a line.

        Where they stand on the right, words go left and the earliest lowest; on the left, the other way round.
        """
        if not moments:
            return
        ordered = sorted(moments, key=lambda moment: moment.x)
        on_right = self.x.place(ordered[0].x) > (self.box.left + self.box.right) / 2
        for index, moment in enumerate(ordered):
            row = index if on_right else len(ordered) - 1 - index
            across, foot = self.x.place(moment.x), self.box.top - HEAD - LINE * row
            self.sheet.stroke(moment.kind, line([(across, foot + 4), (across, self.box.bottom)]))
            beside, anchor = (across + 3, "end") if on_right else (across - 3, "start")
            self.sheet.write(f"{moment.kind}-text", beside, foot, moment.text, anchor)

    def noted(self, moments: Sequence[Moment]) -> None:
        """Uprights inside the box with their words at its floor, as far as they do not run into each other."""
        for moment in moments:
            across = self.x.place(moment.x)
            self.sheet.stroke(moment.kind, line([(across, self.box.top), (across, self.box.bottom)]))
        foot = self.box.bottom - 6
        self.sheet.write_apart(
            [Words(f"{one.kind}-text", self.x.place(one.x) + 4, foot, one.text) for one in moments]
        )


def clip(points: Sequence[tuple[float, float]], low: float, high: float) -> list[tuple[float, float]]:
    """The part of a line between two places of the x axis, cut where it crosses them.

    >>> clip([(0, 0), (10, 10)], 5, 20)
    [(5, 5.0), (10, 10)]
    """
    kept: list[tuple[float, float]] = []
    for index, (x, y) in enumerate(points):
        if index:
            before = points[index - 1]
            cuts = [edge for edge in (low, high) if before[0] < edge < x]
            kept += [
                (edge, before[1] + (y - before[1]) * (edge - before[0]) / (x - before[0])) for edge in cuts
            ]
        if low <= x <= high:
            kept.append((x, y))
    return kept


def stacked(
    width: float, heights: Sequence[float], *, left: float, right: float, top: float, gap: float, below: float
) -> tuple[Sheet, tuple[Box, ...]]:
    """A sheet with boxes one under the other, as high as asked for, with room between and below them."""
    boxes = []
    y = top
    for height in heights:
        boxes.append(Box(left, y, width - right, y + height))
        y += height + gap
    return Sheet(width, y - gap + below), tuple(boxes)
