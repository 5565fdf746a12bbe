"""When an anticoagulant or antiplatelet would be held around pump surgery (clinical.md 1.7): a question,
never an order.

Every plan waits for the drug's prescriber; nothing here tells a patient to stop anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pathway.clinical.results import CannotCompute, cannot
from pathway.clinical.sources import Sourced, Tag


class ProcedureClass(StrEnum):
    """Bleeding risk: pump or catheter work is high; a site may class a single lumbar puncture lower."""

    HIGH = "high"
    LOWER_BY_SITE = "lower_by_site"


@dataclass(frozen=True, slots=True)
class HoldRule:
    """Hours before and after; `stop_h` None: shared decision. A range counts as its longer end."""

    drug: str
    name: str
    stop_h: Sourced[int] | None
    restart_h: Sourced[int]
    condition: str = ""
    renal_stop_h: Sourced[int] | None = None


def _rule(
    drug: str,
    name: str,
    stop_h: int | None,
    *,
    restart_h: int = 24,
    renal_h: int | None = None,
    tag: Tag = Tag.MEMORY,
    note: str = "",
    condition: str = "",
) -> HoldRule:
    def hours(value: int) -> Sourced[int]:
        return Sourced(value, "h", tag, ("S36",), rule="1.7", note=note)

    return HoldRule(
        drug,
        name,
        None if stop_h is None else hours(stop_h),
        hours(restart_h),
        condition,
        None if renal_h is None else hours(renal_h),
    )


_NSAID = "5 half-lives"
_RULES = (
    _rule("aspirin_primary", "aspirin, primary prevention", 6 * 24),
    _rule("aspirin_secondary", "aspirin, secondary prevention", None, condition="shared decision"),
    _rule("ibuprofen", "ibuprofen", 24, note=_NSAID),
    _rule("diclofenac", "diclofenac", 24, note=_NSAID),
    _rule("ketorolac", "ketorolac", 24, note=_NSAID),
    _rule("indomethacin", "indomethacin", 2 * 24, note=_NSAID),
    _rule("naproxen", "naproxen", 4 * 24, note=_NSAID),
    _rule("meloxicam", "meloxicam", 4 * 24, note=_NSAID),
    _rule("nabumetone", "nabumetone", 6 * 24, note=_NSAID),
    _rule("piroxicam", "piroxicam", 10 * 24, note=_NSAID),
    _rule("oxaprozin", "oxaprozin", 10 * 24, note=_NSAID),
    _rule("clopidogrel", "clopidogrel", 7 * 24, note="restart 12-24 h"),
    _rule("prasugrel", "prasugrel", 10 * 24, note="7-10 days"),
    _rule("ticagrelor", "ticagrelor", 5 * 24),
    _rule(
        "warfarin", "warfarin", 5 * 24, tag=Tag.UNCERTAIN, note="restart 6-24 h", condition="INR 1.2 or less"
    ),
    _rule("heparin_iv", "heparin IV", 6),
    _rule("heparin_sc", "heparin SC", 24, restart_h=8, tag=Tag.UNCERTAIN, note="restart 6-8 h"),
    _rule("lmwh_prophylactic", "low-molecular-weight heparin, prophylactic", 12, note="restart 12-24 h"),
    _rule("lmwh_therapeutic", "low-molecular-weight heparin, therapeutic", 24, note="restart 12-24 h"),
    _rule("fondaparinux", "fondaparinux", 4 * 24),
    _rule("apixaban", "apixaban", 3 * 24),
    _rule("rivaroxaban", "rivaroxaban", 3 * 24),
    _rule("edoxaban", "edoxaban", 3 * 24),
    _rule("dabigatran", "dabigatran", 4 * 24, renal_h=6 * 24),
)
HOLD_RULES: dict[str, HoldRule] = {rule.drug: rule for rule in _RULES}
TASK_FOR = ("anesthesiologist", "prescriber")


@dataclass(frozen=True, slots=True)
class HoldPlan:
    """A proposed hold. `stop_at` None: no time follows from the rule. Always requires the prescriber's
    agreement.
    """

    rule: HoldRule
    stop_at: datetime | None
    restart_from: datetime
    limit: Sourced[int] | None
    procedure_class: ProcedureClass
    ask: tuple[str, ...] = TASK_FOR
    requires_prescriber_ok: bool = True


def hold_plan(
    drug: str,
    procedure_at: datetime,
    *,
    renal_impairment: bool = False,
    procedure_class: ProcedureClass = ProcedureClass.HIGH,
) -> HoldPlan | CannotCompute:
    """hold_start = procedure start - hold; refuses an unknown drug and a class without a stored table."""
    if drug not in HOLD_RULES:
        return cannot(
            "drug", f"No hold time is stored for {drug!r}: ask the anesthesiologist and the prescriber."
        )
    if procedure_class is not ProcedureClass.HIGH:
        return cannot(
            "procedure_class", "Only the high-risk table is stored: use the site's own for a single puncture."
        )
    rule = HOLD_RULES[drug]
    limit = rule.renal_stop_h if renal_impairment and rule.renal_stop_h else rule.stop_h
    return HoldPlan(
        rule=rule,
        stop_at=procedure_at - timedelta(hours=limit.value) if limit else None,
        restart_from=procedure_at + timedelta(hours=rule.restart_h.value),
        limit=limit,
        procedure_class=procedure_class,
    )
