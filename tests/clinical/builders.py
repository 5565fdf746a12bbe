"""Small builders for tests of the clinical layer: decimals, instants and the usual pump."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

from pathway.clinical.card import CardFacts
from pathway.clinical.results import CannotCompute, Finding, Reason

NOON = datetime(2026, 11, 22, 18, tzinfo=UTC)
BORN_1980 = datetime(1980, 5, 1, tzinfo=UTC).date()


def d(number: str | int) -> Decimal:
    """A Decimal out of its usual spelling."""
    return Decimal(str(number))


def loaded_anew(name: str) -> ModuleType:
    """The module once more, beside the one in use: how a table is written is tested while it is being built."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def card_facts(**changes: Any) -> CardFacts:
    """An emergency card with every field known."""
    known = CardFacts(
        name="Sample Person",
        born=date(1984, 5, 17),
        contact="Maria Person, +1 555 0142",
        diagnosis="Multiple sclerosis",
        pump_model="synchromed-ii",
        pump_serial="SYN-004711",
        implanted_on=date(2026, 4, 14),
        implanted_by="Nora Olsen",
        reservoir_ml=20,
        concentration_mcg_per_ml=500,
        daily_dose_mcg_per_day=Decimal("180.00"),
        mode="simple continuous",
        filled_on=date(2026, 7, 1),
        fill_ml=Decimal("20.0"),
        alarm_on=date(2026, 8, 20),
        refill_by=date(2026, 8, 13),
        end_of_service_on=date(2033, 4, 14),
        replacement_indicator_on=None,
        catheter_model="ascenda",
        tip_level="T9",
        prescriber="P. Hartmann",
        phone_24h="+1 555 0100",
        hospital="Riverside Hospital",
        risks=("cannot tell symptoms", "lives alone"),
        allergies="penicillin: rash",
        oral_rescue="Tablets in the bag with this card, as in the letter of 15 April",
    )
    return replace(known, **changes)
