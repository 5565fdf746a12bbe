"""A drawing: strokes and words at places on the paper, each with a kind that the style sheet knows how to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Place = tuple[float, float]
LETTER = 6.6
"""The width of a letter on the paper, a little more than the usual one: labels are kept apart by it."""
LINE = 15.0
"""The height of a line of words."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A path. Shapes are paths too, so that one rule of the style sheet serves lines and marks."""

    kind: str
    d: str


@dataclass(frozen=True, slots=True)
class Words:
    """A label. `anchor`: start, middle or end, where (x, y) stands on its baseline."""

    kind: str
    x: float
    y: float
    text: str
    anchor: str = "start"

    @property
    def across(self) -> str:
        """x as an attribute."""
        return number(self.x)

    @property
    def down(self) -> str:
        """y as an attribute."""
        return number(self.y)

    @property
    def extent(self) -> tuple[float, float]:
        """From where to where it reaches, left to right."""
        width = len(self.text) * LETTER
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, left + width


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything on one sheet, in the order of painting; words come last, on top."""

    width: float
    height: float
    strokes: tuple[Stroke, ...]
    words: tuple[Words, ...]

    @property
    def view_box(self) -> str:
        """The paper as an attribute."""
        return f"0 0 {number(self.width)} {number(self.height)}"


def number(value: float) -> str:
    """A coordinate: two decimals are finer than any screen.

    >>> number(12.3456), number(12.0)
    ('12.35', '12')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")


def line(places: Iterable[Place]) -> str:
    """A path through the places, in order; empty for none.

    >>> line([(0, 1), (2, 3)])
    'M0 1L2 3'
    """
    return "".join(f"{'L' if index else 'M'}{number(x)} {number(y)}" for index, (x, y) in enumerate(places))


def shape(name: str, x: float, y: float, size: float = 4) -> str:
    """A closed mark around a place: circle, square, diamond or triangle."""
    if name == "circle":
        r, across = number(size), number(2 * size)
        return f"M{number(x - size)} {number(y)}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0 -{across} 0Z"
    corners = {
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        "diamond": ((0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)),
        "triangle": ((0.0, -1.3), (1.25, 0.9), (-1.25, 0.9)),
    }[name]
    return line((x + dx * size, y + dy * size) for dx, dy in corners) + "Z"


def apart(labels: Sequence[Words], gap: float = 4) -> tuple[Words, ...]:
    """The labels of one row that do not run into each other: the last and the first stay, then those that fit."""
    kept: list[Words] = []
    for label in (labels[-1:], labels[:1], labels[1:-1]):
        for one in label:
            left, right = one.extent
            near = (other for other in kept if abs(other.y - one.y) < LINE)
            if all(right + gap <= other.extent[0] or left - gap >= other.extent[1] for other in near):
                kept.append(one)
    return tuple(kept)


def inside(words: Words, left: float, right: float) -> Words:
    """The same label, moved sideways until it lies between two edges."""
    start, end = words.extent
    shift = max(left - start, 0.0) or min(right - end, 0.0)
    return Words(words.kind, words.x + shift, words.y, words.text, words.anchor)
