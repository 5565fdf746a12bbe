"""Soft gates beside the eligibility rules: severity, small body, anesthetic risk (clinical.md 1.2, 1.3, 1.8).

Each gives a remark or asks for a second look; none rejects a patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pathway.clinical.results import CannotCompute, Finding, Severity, cannot
from pathway.clinical.scales import AshworthVariant, ashworth_number
from pathway.clinical.sources import Sourced, Tag

SEVERITY = Sourced(
    (3, 2),
    "MAS grade, muscle groups",
    Tag.POLICY,
    ("S20",),
    rule="1.2 severity",
    note="a soft gate; never rejects",
)
WEIGHT_FLAG_KG = Sourced(
    Decimal(15), "kg", Tag.UNCERTAIN, rule="1.3 body size", note="the surgeon confirms body size"
)
ASA_CONSULTANT = Sourced(4, "ASA class", Tag.POLICY, ("ASA",), rule="1.8")


def severity_reached(grades: Mapping[str, str]) -> bool | CannotCompute:
    """MAS >= 3 in >= 2 muscle groups: a soft gate that never rejects. Refuses grades that are not MAS."""
    numbers = [ashworth_number(grade, AshworthVariant.MODIFIED) for grade in grades.values()]
    bad = [number for number in numbers if isinstance(number, CannotCompute)]
    if bad or not numbers:
        return bad[0] if bad else cannot("grades", "No muscle was scored.")
    grade, groups = SEVERITY.value
    return sum(number >= grade for number in numbers if not isinstance(number, CannotCompute)) >= groups


def weight_flag(weight_kg: Decimal, flag_kg: Decimal = WEIGHT_FLAG_KG.value) -> Finding | None:
    """A remark below the site's weight flag; body size itself is confirmed by the surgeon."""
    if weight_kg >= flag_kg:
        return None
    return Finding(
        "low_weight", Severity.INFO, "Small body: the surgeon confirms the pump fits.", (WEIGHT_FLAG_KG,)
    )


def asa_finding(asa_class: int) -> Finding | CannotCompute | None:
    """ASA IV and above needs a named consultant anesthesiologist."""
    if asa_class not in range(1, 7):
        return cannot("asa_class", "The ASA class is I to VI.")
    if asa_class < ASA_CONSULTANT.value:
        return None
    text = "ASA IV or above: a named consultant anesthesiologist approves."
    return Finding("asa_consultant", Severity.NEEDS_SECOND, text, (ASA_CONSULTANT,), "asa_class")
