"""What a refill means for this patient before it is saved: what was expected, what was found, and the program after it.

Puts the rules of the other modules together; every figure is advice that a named clinician confirms. Saves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pathway.clinical.advice import ProgramAdvice, program_advice, runway_in
from pathway.clinical.pump_log import Filled, Programmed, PumpState
from pathway.clinical.residual import Discrepancy, discrepancy_trend, residual_discrepancy
from pathway.clinical.results import CannotCompute, Finding, Reason, Severity, cannot, plain
from pathway.clinical.runway import Runway
from pathway.clinical.situation import PumpFacts, Situation
from pathway.clinical.sources import Sourced, Tag
from pathway.clinical.steps import BridgeDecision

RESIDUAL_GAP_ML = Sourced(
    Decimal(2), "mL", Tag.POLICY, ("S57",), rule="4.5", note="programmer against what the records give"
)


@dataclass(frozen=True, slots=True)
class RefillAdvice:
    """A refill judged: what was expected and found, the trend over cycles, and the program that goes on."""

    computed_ml: Decimal | CannotCompute
    expected_ml: Decimal | None
    discrepancy: Discrepancy | CannotCompute | None
    trend: Finding | None
    program: ProgramAdvice | None
    findings: tuple[Finding, ...]
    runway: Runway | CannotCompute

    @property
    def work_up(self) -> bool:
        """Whether pump and catheter have to be looked into: the difference, or its trend, is over a limit."""
        over = isinstance(self.discrepancy, Discrepancy) and self.discrepancy.alert
        return over or self.trend is not None

    def asks(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings that ask exactly this of the people."""
        return tuple(finding for finding in self.findings if finding.severity is severity)


def judge_refill(
    situation: Situation,
    fill: Filled,
    decision: BridgeDecision | None = None,
) -> RefillAdvice | CannotCompute:
    """Judge a refill at its own instant. `fill.expected_ml`: as the programmer shows; else the records' figure counts.

    Refuses a missing pump, a time before the first fill, and volumes that this reservoir cannot have held.
    """
    pump = situation.pump
    if pump is None:
        return cannot("", "No pump is on record: record the operation first.")
    before = pump.log.before(fill.at)
    if before.fill is None:
        return cannot("refilled_at", "This is before the first fill of this pump.")
    if pump.log.has(Filled, fill.at):
        return cannot("refilled_at", "A fill of this very minute is on record already: correct that one.")
    problems = _fill_problems(pump, before, fill)
    if problems:
        return CannotCompute(tuple(problems))
    computed = before.residual_ml(fill.at)
    expected = fill.expected_ml if fill.expected_ml is not None else _known(computed)
    discrepancy = _discrepancy(pump, before, expected, fill.aspirated_ml)
    trend = _trend(pump, fill.at, discrepancy)
    program = _refill_program(situation, pump, before, fill, decision)
    if isinstance(program, CannotCompute):
        return program
    findings = [*_residual_findings(computed, fill.expected_ml), *(program.findings if program else ())]
    if isinstance(discrepancy, Discrepancy):
        findings += discrepancy.findings
    if trend is not None:
        findings.append(trend)
    return RefillAdvice(
        computed_ml=computed,
        expected_ml=expected,
        discrepancy=discrepancy,
        trend=trend,
        program=program,
        findings=tuple(findings),
        runway=program.runway if program else runway_in(situation, pump.log.with_entries([fill])),
    )


def _known(value: Decimal | CannotCompute) -> Decimal | None:
    return None if isinstance(value, CannotCompute) else value


def _fill_problems(pump: PumpFacts, before: PumpState, fill: Filled) -> list[Reason]:
    """A volume that this reservoir cannot hold, or that cannot have been left in it."""
    reasons = []
    if fill.volume_ml > pump.reservoir_ml:
        text = f"{plain(fill.volume_ml)} mL do not fit into this pump's reservoir of {plain(pump.reservoir_ml)} mL."
        reasons.append(Reason("filled_ml", text))
    held = before.cycle_volume_ml
    for name, amount in (("aspirated_ml", fill.aspirated_ml), ("expected_residual_ml", fill.expected_ml)):
        if amount is not None and held is not None and amount > held:
            text = f"{plain(amount)} mL is more than the {plain(held)} mL that were in the pump after its last fill."
            reasons.append(Reason(name, text))
    return reasons


def _discrepancy(
    pump: PumpFacts, before: PumpState, expected: Decimal | None, aspirated: Decimal | None
) -> Discrepancy | CannotCompute | None:
    held = before.cycle_volume_ml
    if expected is None or aspirated is None or held is None:
        return None
    return residual_discrepancy(fill_ml=held, expected_ml=expected, aspirated_ml=aspirated, pump=pump.model)


def discrepancies(pump: PumpFacts, until: datetime) -> tuple[Discrepancy, ...]:
    """What every earlier refill of this pump gave, oldest first; cycles that cannot be judged are left out."""
    found = []
    for fill in pump.log.fills:
        if fill.at >= until or fill.aspirated_ml is None:
            continue
        before = pump.log.before(fill.at)
        expected = fill.expected_ml
        if expected is None and before.fill is not None:
            expected = _known(before.residual_ml(fill.at))
        one = _discrepancy(pump, before, expected, fill.aspirated_ml)
        if isinstance(one, Discrepancy):
            found.append(one)
    return tuple(found)


def _trend(pump: PumpFacts, at: datetime, now: Discrepancy | CannotCompute | None) -> Finding | None:
    if not isinstance(now, Discrepancy):
        return None
    return discrepancy_trend([*discrepancies(pump, at), now])


def _residual_findings(computed: Decimal | CannotCompute, shown: Decimal | None) -> list[Finding]:
    """The programmer's figure against what the records give: a gap means that something is not on record."""
    if shown is None or isinstance(computed, CannotCompute) or abs(shown - computed) <= RESIDUAL_GAP_ML.value:
        return []
    text = (
        f"The programmer shows {plain(shown)} mL, the records here give {plain(round(computed, 1))} mL: a program, "
        "bolus or fill may be missing here, or entered wrongly."
    )
    return [Finding("records_differ", Severity.WARNING, text, (RESIDUAL_GAP_ML,), "expected_residual_ml")]


def _refill_program(
    situation: Situation,
    pump: PumpFacts,
    before: PumpState,
    fill: Filled,
    decision: BridgeDecision | None,
) -> ProgramAdvice | CannotCompute | None:
    """The program that goes on after the fill, judged as a change at a refill."""
    log = pump.log.with_entries([fill])
    after = log.until(fill.at)
    if after.program is None:
        return None
    entry = Programmed(fill.at, fill.on, after.program)
    return program_advice(situation, pump, before, entry, decision, log, at_refill=True)
