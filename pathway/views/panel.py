"""What a form means so far, as values for a screen: named figures with their sources, dates, and findings.

Knows findings and sources of the clinical layer; must not know a form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.dateformat import format as format_date

from pathway.clinical.results import Finding, Severity
from pathway.clinical.sources import Sourced

VARIANTS = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.NEEDS_REASON: "warning",
    Severity.NEEDS_SECOND: "warning",
    Severity.REFUSED: "danger",
}
ASKS = {
    Severity.NEEDS_REASON: "Needs a reason. ",
    Severity.NEEDS_SECOND: "Needs a second clinician. ",
    Severity.REFUSED: "Cannot be saved. ",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One figure with its name and the bracket that names its source."""

    term: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """What a form means so far. `findings` are (variant, sentence with its sources), the gravest first."""

    lines: tuple[Line, ...] = ()
    dates: tuple[Line, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()
    hint: str = ""


def findings_of(found: Iterable[Finding]) -> tuple[tuple[str, str], ...]:
    graded = sorted(found, key=lambda one: -one.severity.rank)
    return tuple((VARIANTS[one.severity], f"{_asking(one)} {brackets(one.limits)}".strip()) for one in graded)


def _asking(finding: Finding) -> str:
    """The sentence, after what it asks for; said once, though the sentence of a field ends with it too."""
    asks = ASKS.get(finding.severity, "")
    return f"{asks}{finding.text.replace(': give a reason.', '.') if asks else finding.text}"


def brackets(constants: Iterable[Sourced[Any] | None]) -> str:
    """The sources of several constants, each once."""
    return " ".join(dict.fromkeys(constant.bracket for constant in constants if constant is not None))


def day_text(day: date) -> str:
    return format_date(day, "j M Y")
