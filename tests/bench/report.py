"""The table at the end: what was measured, its ratio, the bar it must hold and the stretch behind it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """One measurement. `at_least` where more is better; a line without a bar is for reading only."""

    what: str
    value: float
    unit: str = "×"
    bar: float | None = None
    stretch: float | None = None
    at_least: bool = False
    note: str = ""

    def holds(self, limit: float | None) -> bool:
        """Whether the value, as it is printed, keeps this limit."""
        if limit is None:
            return True
        value = float(self.shown)
        return value >= limit if self.at_least else value <= limit

    @property
    def shown(self) -> str:
        """The value as printed."""
        return f"{self.value:.2f}" if self.value < 10 else f"{self.value:.0f}"


@dataclass
class Report:
    """Collects lines and notes, prints them as one table."""

    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Add a line and say it at once, so that a long run can be followed."""
        self.lines.append(line)
        print(f"  {line.what}: {line.shown} {line.unit}  {line.note}", flush=True)

    def note(self, text: str) -> None:
        """A sentence below the table."""
        self.notes.append(text)
        print(f"  {text}", flush=True)

    def print(self) -> None:
        """The table."""
        width = max(len(line.what) for line in self.lines)
        print(f"\n{'what':<{width}}  {'value':>8}       {'bar':>7} {'stretch':>8}  holds")
        for line in self.lines:
            sign = "≥" if line.at_least else "≤"
            bar = f"{sign} {line.bar:g}" if line.bar is not None else ""
            stretch = f"{sign} {line.stretch:g}" if line.stretch is not None else ""
            print(
                f"{line.what:<{width}}  {line.shown:>8} {line.unit:<5} {bar:>7} {stretch:>8}"
                f"  {self._verdict(line):<9} {line.note}".rstrip()
            )
        for text in self.notes:
            print(f"- {text}")

    @staticmethod
    def _verdict(line: Line) -> str:
        if line.bar is None:
            return ""
        if not line.holds(line.bar):
            return "NO"
        return "stretch" if line.stretch is not None and line.holds(line.stretch) else "yes"
