"""What every figure is made of, and the words they share. It knows no single figure and asks the database nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.dateformat import format as format_date

from pathway.protocol.schema import Protocol
from pathway.queries.trends import Trends
from pathway.views.charts.drawing import Drawing, Stroke, line, shape
from pathway.views.charts.scale import TimeSpan

SHORTEST = timedelta(days=14)
"""A shorter course is drawn as if it had lasted so long: a day across the whole width would look like a trend."""


class Window(StrEnum):
    """How far back the figures look."""

    YEAR = "year"
    PUMP = "pump"
    ALL = "all"

    @property
    def label(self) -> str:
        """The choice as a person reads it."""
        return {"year": "Last 12 months", "pump": "Since the implant", "all": "Whole course"}[self.value]


@dataclass(frozen=True, slots=True)
class Scene:
    """What each figure is drawn from."""

    trends: Trends
    protocol: Protocol
    window: Window
    zone: ZoneInfo
    ended: bool = False

    @property
    def today(self) -> date:
        """The clinic's date."""
        return self.trends.now.astimezone(self.zone).date()

    def local(self, at: datetime) -> date:
        """The clinic's date of an instant."""
        return at.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: text, with an address where it leads somewhere; `numeric` ones stand at the right."""

    text: str
    url: str = ""
    numeric: bool = False
    head: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of numbers: its name, its headings (a heading and whether its column is numeric), its rows."""

    label: str
    heads: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]


def grid(label: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], numeric: str = "") -> Grid:
    """A table. `numeric` marks the columns of numbers: "-nn-" are the second and third of four."""
    marks = [mark == "n" for mark in numeric.ljust(len(heads), "-")]
    finished = tuple(
        tuple(
            replace(cell, head=head, numeric=mark) for cell, head, mark in zip(row, heads, marks, strict=True)
        )
        for row in rows
    )
    return Grid(label, tuple(zip(heads, marks, strict=True)), finished)


@dataclass(frozen=True, slots=True)
class Sample:
    """A line of the legend: what is drawn, and what it means."""

    strokes: tuple[Stroke, ...]
    words: str


def sample(words: str, kind: str = "", mark: tuple[str, str] | None = None) -> Sample:
    """A legend's line: a line of this kind, a mark (its kind and its shape), or both. Drawn on 36 by 16."""
    strokes = [Stroke(kind, line([(2, 8), (34, 8)]))] if kind else []
    if mark:
        strokes.append(Stroke(mark[0], shape(mark[1], 18, 8)))
    return Sample(tuple(strokes), words)


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is nothing to draw, and which to-do brings it."""

    title: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the page; `drawings` are the wide and the narrow one, `summary` says the course in a sentence."""

    key: str
    title: str
    icon: str
    summary: str = ""
    drawings: tuple[tuple[str, Drawing], ...] = ()
    legend: tuple[Sample, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Grid, ...] = ()
    missing: Missing | None = None
    described: str = ""


def awaited(scene: Scene, key: str, title: str, what: str) -> Missing:
    """The empty state of a figure: the to-do that brings `what`, open now or named with its stage."""
    definition, open_id = scene.protocol.todos.get(key), scene.trends.open_todos.get(key)
    if scene.ended:
        return Missing(title.removesuffix(" yet"), "None came on record before the case ended.")
    if definition is None:
        return Missing(title, "")
    if open_id is not None:
        return Missing(
            title,
            f"{what} with the to-do “{definition.title}”, which is open now.",
            reverse("todo", args=[open_id]),
        )
    home = scene.protocol.home.get(key)
    where = f" of the stage {home.label}" if home else ""
    return Missing(title, f"{what} with the to-do “{definition.title}”{where}.")


def span_of(scene: Scene, earliest: datetime, last: datetime, margin: float = 0.03) -> TimeSpan:
    """The time axis from the window's start, not before `earliest`, with a little room in front of the first mark."""
    first = min(max(earliest, window_start(scene)), last - SHORTEST)
    return TimeSpan(first - (last - first) * margin, last, scene.zone)


def window_start(scene: Scene) -> datetime:
    """From when on the window shows."""
    now, pumps = scene.trends.now, scene.trends.pumps
    beginning = datetime.min.replace(tzinfo=now.tzinfo)
    if scene.window is Window.YEAR:
        return now - timedelta(days=365)
    fills = [pump.first_fill.at for pump in pumps]
    return min(fills) if fills and scene.window is Window.PUMP else beginning


def day(on: date | None) -> str:
    """A day with its year; a dash for none."""
    return format_date(on, "j M Y") if on else "–"


def moment(scene: Scene, at: datetime) -> str:
    """An instant by the clinic's clock."""
    return format_date(at.astimezone(scene.zone), "j M Y, H:i")


def short_day(scene: Scene, on: date) -> str:
    """A day for a label on the paper: the year only where it is another than today's."""
    return format_date(on, "j M" if on.year == scene.today.year else "j M Y")


def amount(value: Decimal | int | None, places: int = 1) -> str:
    """A number as it is read: rounded, without needless zeros; a dash for none."""
    if value is None:
        return "–"
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: Decimal, places: int = 1) -> str:
    """A change with its sign; the minus is a minus, not a hyphen."""
    text = amount(abs(value), places)
    return text if text == "0" else f"{'+' if value > 0 else '−'}{text}"


def lasting(length: timedelta) -> str:
    """A length of time in the unit a person would use."""
    days = round(length.total_seconds() / 86400)
    for least, unit, size in ((730, "year", 365.25), (92, "month", 30.44), (14, "week", 7)):
        if days >= least:
            return f"{round(days / size)} {unit}s"
    return f"{days} day{'' if days == 1 else 's'}"


def todo_link(todo_id: UUID) -> str:
    """The page of a to-do and its record."""
    return reverse("todo", args=[todo_id])


def went(name: str, first: Decimal | int, last: Decimal | int, unit: str = "", places: int = 1) -> str:
    """How a number went: "mean MAS fell from 3.2 to 1.9"."""
    start, end = amount(first, places), amount(last, places)
    if start == end:
        return f"{name} stayed at {end}{unit}"
    return f"{name} {'rose' if last > first else 'fell'} from {start} to {end}{unit}"


def sentence(parts: Iterable[str]) -> str:
    """Clauses as one sentence."""
    clauses = [part for part in parts if part]
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}." if text else ""
