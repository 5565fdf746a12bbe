"""Expected against aspirated volume: is the discrepancy, or its trend, a reason to look at pump and catheter
(4.5)?

Knows volumes and the pump's data; opens no work-up itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pathway.clinical.device import PumpModel
from pathway.clinical.results import CannotCompute, Finding, Reason, Severity, cannot, plain
from pathway.clinical.sources import Sourced, Tag

ABSOLUTE_ML = Sourced(Decimal("2.0"), "mL", Tag.VERIFIED, ("S57",), rule="4.5 routine refill")
SMALL_CYCLE_ML = Sourced(Decimal(5), "mL", Tag.POLICY, rule="4.5 small cycles")
TREND_PCT = Sourced(Decimal(10), "%", Tag.POLICY, rule="4.5 trend")
TREND_REFILLS = 2
POST_REFILL_ML = Sourced(
    {Decimal(20): Decimal(1), Decimal(40): Decimal(2)},
    "mL",
    Tag.VERIFIED,
    ("S58",),
    rule="4.5 just after refill",
)
PREP_EMPTYING_PCT = Sourced(
    Decimal(20), "%", Tag.VERIFIED, ("S59",), rule="4.5 implant prep", note="pain text"
)


class Direction(StrEnum):
    """More drug left than expected means too little was delivered."""

    AS_EXPECTED = "as_expected"
    UNDER_DELIVERED = "under_delivered"
    OVER_DELIVERED = "over_delivered"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """aspirated - expected, mL (+ = under-delivered); `error_pct` of the delivered volume, None for small
    cycles.
    """

    expected_ml: Decimal
    aspirated_ml: Decimal
    difference_ml: Decimal
    error_pct: Decimal | None
    direction: Direction
    findings: tuple[Finding, ...]

    @property
    def alert(self) -> bool:
        """Whether to evaluate: aspirate again, check program and log, check symptoms."""
        return any(finding.severity is Severity.WARNING for finding in self.findings)


def residual_discrepancy(
    *, fill_ml: Decimal, expected_ml: Decimal, aspirated_ml: Decimal, pump: PumpModel
) -> Discrepancy | CannotCompute:
    """Judge a routine refill: abs(difference) > 2 mL, or abs(error) > the pump's specification, unless the
    cycle is small.

    `fill_ml`: volume at the start of the cycle, `expected_ml`: the expected residual, `aspirated_ml`: what
    came out.
    """
    reasons = _volume_problems(fill_ml, expected_ml, aspirated_ml)
    if reasons:
        return CannotCompute(tuple(reasons))
    difference, delivered = aspirated_ml - expected_ml, fill_ml - expected_ml
    small = delivered < SMALL_CYCLE_ML.value
    error = None if small else -difference / delivered * 100
    return Discrepancy(
        expected_ml=expected_ml,
        aspirated_ml=aspirated_ml,
        difference_ml=difference,
        error_pct=error,
        direction=_direction(difference),
        findings=tuple(_findings(difference, error, pump)),
    )


def _volume_problems(fill_ml: Decimal, expected_ml: Decimal, aspirated_ml: Decimal) -> list[Reason]:
    reasons = []
    if not 0 <= expected_ml <= fill_ml:
        reasons.append(Reason("expected_ml", "The expected volume lies between 0 and the filled volume."))
    if aspirated_ml < 0:
        reasons.append(Reason("aspirated_ml", "A volume cannot be negative."))
    if aspirated_ml > fill_ml:
        text = f"{plain(aspirated_ml)} mL is more than the {plain(fill_ml)} mL filled: check both entries."
        reasons.append(Reason("aspirated_ml", text))
    return reasons


def _direction(difference_ml: Decimal) -> Direction:
    if difference_ml == 0:
        return Direction.AS_EXPECTED
    return Direction.UNDER_DELIVERED if difference_ml > 0 else Direction.OVER_DELIVERED


def _findings(difference: Decimal, error: Decimal | None, pump: PumpModel) -> list[Finding]:
    found = []
    if abs(difference) > ABSOLUTE_ML.value:
        off = plain(round(abs(difference), 2))
        text = f"{off} mL off the expected volume; the limit is {plain(ABSOLUTE_ML.value)} mL."
        found.append(Finding("discrepancy_ml", Severity.WARNING, text, (ABSOLUTE_ML,), "aspirated_ml"))
    if error is None:
        text = "Little was delivered, so only the volume rule counts, not the percentage."
        found.append(Finding("small_cycle", Severity.INFO, text, (SMALL_CYCLE_ML,), "aspirated_ml"))
    elif pump.accuracy_pct is None:
        text = f"The accuracy of {pump.name} is not known, so only the volume rule counts."
        found.append(Finding("accuracy_unknown", Severity.INFO, text, (), "aspirated_ml"))
    elif abs(error) > pump.accuracy_pct.value:
        text = f"{plain(round(error, 1))} % delivery error; the pump's limit is {plain(pump.accuracy_pct.value)} %."
        found.append(Finding("discrepancy_pct", Severity.WARNING, text, (pump.accuracy_pct,), "aspirated_ml"))
    return found


def discrepancy_trend(history: Sequence[Discrepancy]) -> Finding | None:
    """A device query when the last two refills erred by 10 % or more in the same direction; oldest first."""
    errors = [one.error_pct for one in history[-TREND_REFILLS:] if one.error_pct is not None]
    if len(errors) < TREND_REFILLS or min(abs(error) for error in errors) < TREND_PCT.value:
        return None
    if errors[0] * errors[1] < 0:
        return None
    shown = " and ".join(f"{plain(round(error, 1))} %" for error in errors)
    return Finding(
        "discrepancy_trend", Severity.WARNING, f"Two refills in a row erred alike: {shown}.", (TREND_PCT,)
    )


def pocket_fill_suspected(
    *, injected_ml: Decimal, measured_ml: Decimal, reservoir_ml: Decimal
) -> Finding | CannotCompute | None:
    """Just after a refill: measured against injected by more than 1 mL (20 mL pump) or 2 mL (40 mL pump)."""
    if reservoir_ml not in POST_REFILL_ML.value:
        return cannot("reservoir_ml", "The limit just after a refill is known for 20 and 40 mL pumps only.")
    gap, limit = abs(measured_ml - injected_ml), POST_REFILL_ML.value[reservoir_ml]
    if gap <= limit:
        return None
    text = f"{plain(gap)} mL between injected and measured, limit {plain(limit)}: possibly a pocket fill."
    return Finding("pocket_fill", Severity.WARNING, text, (POST_REFILL_ML,), "measured_ml")


def prep_emptying_suspect(*, labelled_ml: Decimal, emptied_ml: Decimal) -> Finding | CannotCompute | None:
    """Emptying a new pump in theatre: off by more than 20 % of the volume it should hold makes the pump
    suspect.
    """
    if labelled_ml <= 0:
        return cannot("labelled_ml", "The volume the pump should hold is above 0 mL.")
    off = abs(emptied_ml - labelled_ml) / labelled_ml * 100
    if off <= PREP_EMPTYING_PCT.value:
        return None
    return Finding(
        "prep_emptying",
        Severity.WARNING,
        f"{plain(off)} % off: the pump is suspect.",
        (PREP_EMPTYING_PCT,),
        "emptied_ml",
    )
