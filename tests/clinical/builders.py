"""Small builders for tests of the clinical layer: decimals, instants and the usual pump."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from pathway.clinical.results import CannotCompute, Finding, Reason

NOON = datetime(2026, 11, 22, 18, tzinfo=UTC)
BORN_1980 = datetime(1980, 5, 1, tzinfo=UTC).date()


def d(number: str | int) -> Decimal:
    """A Decimal out of its usual spelling."""
    return Decimal(str(number))


def fields_of(result: object) -> tuple[str, ...]:
    """The fields a refusal names; fails on anything that is not a refusal."""
    assert isinstance(result, CannotCompute), result
    return tuple(reason.field for reason in result.reasons)


def text_of(result: object) -> str:
    """The sentences of a refusal; fails on anything that is not a refusal."""
    assert isinstance(result, CannotCompute), result
    return result.text


def codes(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """The codes of findings, in order."""
    return tuple(finding.code for finding in findings)


def refusal(field: str, text: str) -> CannotCompute:
    """A refusal with one reason, to compare with."""
    return CannotCompute((Reason(field, text),))
