"""The three answers a clinical function gives beside a value: cannot compute, a reason at a field, a finding.

Knows no number and no rule; the modules that do build these.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pathway.clinical.sources import Sourced


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something cannot be computed: the field to correct and a sentence for whoever fills it in."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class CannotCompute:
    """The explicit refusal that stands in place of a guess; always with at least one reason."""

    reasons: tuple[Reason, ...]

    @property
    def text(self) -> str:
        """All sentences in one line."""
        return " ".join(reason.text for reason in self.reasons)


class Severity(StrEnum):
    """What a finding asks of the people, in rising order."""

    INFO = "info"
    WARNING = "warning"
    NEEDS_REASON = "needs_reason"
    NEEDS_SECOND = "needs_second_clinician"
    REFUSED = "refused"

    @property
    def rank(self) -> int:
        """Position in the rising order."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement on facts: a stable code, what it asks, a sentence, and the limits it stands on."""

    code: str
    severity: Severity
    text: str
    limits: tuple[Sourced[Any], ...] = ()
    field: str = ""


def worst(findings: tuple[Finding, ...]) -> Severity:
    """The highest severity among findings; INFO for none."""
    return max(
        (finding.severity for finding in findings), key=lambda found: found.rank, default=Severity.INFO
    )


def cannot(field: str, text: str) -> CannotCompute:
    """A refusal with one reason."""
    return CannotCompute((Reason(field, text),))


def plain(number: Decimal) -> str:
    """A Decimal for a sentence: no exponent, no trailing zeros, at most four decimals."""
    return f"{number:.4f}".rstrip("0").rstrip(".")
