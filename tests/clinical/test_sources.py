"""Constants carry their pedigree, and only verified ones may be shown as verified (clinical.md 13.19)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from decimal import Decimal

import pytest

import pathway.clinical
from pathway.clinical.results import CannotCompute, Finding, Reason, Severity, plain, worst
from pathway.clinical.sources import SOURCES, Sourced, Tag
from tests.clinical.builders import d


def every_constant() -> Iterator[tuple[str, Sourced[object]]]:
    """Every module-level Sourced of the clinical layer, with its name."""
    for info in pkgutil.iter_modules(pathway.clinical.__path__):
        module = importlib.import_module(f"pathway.clinical.{info.name}")
        for name, value in vars(module).items():
            if isinstance(value, Sourced):
                yield f"{info.name}.{name}", value


def test_every_source_of_section_14_is_listed() -> None:
    numbered = {f"S{number}" for number in range(1, 102)}
    lettered = {"S6b", "S7b", "S45b", "S51b", "S68b", "S79b"}
    assert numbered | lettered | {"LIO", "GAB"} <= set(SOURCES)


def test_every_module_constant_names_its_rule() -> None:
    constants = dict(every_constant())
    assert len(constants) > 60
    assert [name for name, constant in constants.items() if not constant.rule] == []


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Unknown source S999, S998\.$"):
        Sourced(1, "mL", Tag.POLICY, ("S999", "LIO", "S998"))


def test_verified_needs_a_source() -> None:
    with pytest.raises(ValueError, match=r"^A verified value names its source\.$"):
        Sourced(1, "mL", Tag.VERIFIED)
    assert Sourced(1, "mL", Tag.POLICY).sources == ()


@pytest.mark.parametrize(
    ("constant", "words"),
    [
        (Sourced(1, "", Tag.POLICY), "local policy"),
        (Sourced(1, "", Tag.UNCERTAIN), "unverified"),
        (
            Sourced(1, "", Tag.MEMORY, ("LIO", "GAB")),
            "Lioresal Intrathecal US label; Gablofen US label (not yet checked against the document)",
        ),
        (
            Sourced(1, "", Tag.VERIFIED, ("S5",)),
            "drugs.com/dosage/baclofen.html (verified in a copy of the source)",
        ),
    ],
)
def test_citation(constant: Sourced[int], words: str) -> None:
    assert constant.citation == words


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("100", "100"),
        ("2.50", "2.5"),
        ("0.045", "0.045"),
        ("1E+3", "1000"),
        ("253.33333", "253.3333"),
        ("-0.5", "-0.5"),
    ],
)
def test_plain(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


def test_a_refusal_says_everything_in_one_line() -> None:
    assert CannotCompute((Reason("a", "One."), Reason("b", "Two."))).text == "One. Two."


def test_the_worst_finding_leads() -> None:
    low, high = (Finding("c", severity, "") for severity in (Severity.WARNING, Severity.NEEDS_SECOND))
    assert worst((low, high, low)) is Severity.NEEDS_SECOND
    assert worst(()) is Severity.INFO
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3, 4]


def test_builders_decimal() -> None:
    assert d("1.5") == Decimal("1.5")
