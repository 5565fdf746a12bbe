"""What a program means for this patient before it is saved: limits, flow, bridge, start, runway.

Puts the rules of the other modules together; every figure is advice that a named clinician confirms. Saves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from pathway.clinical.catheter import Bridge, bridge
from pathway.clinical.dosing import Origin, StartDose, dose_review, start_dose, tolerance_check
from pathway.clinical.program import min_dose_mcg_per_day, program_problems
from pathway.clinical.pump_log import Programmed, PumpLog, PumpState
from pathway.clinical.results import CannotCompute, Finding, Reason, Severity, cannot, plain
from pathway.clinical.runway import SENSITIVE_ALARM_ML, Runway, runway_of
from pathway.clinical.situation import PumpFacts, Situation, planning_alarm_ml
from pathway.clinical.sources import Sourced, Tag
from pathway.clinical.steps import (
    BridgeDecision,
    DoseChange,
    StepCheck,
    check_step,
    concentration_findings,
)

OVER_START = Sourced(
    True,
    "",
    Tag.VERIFIED,
    ("S4", "S14"),
    rule="3.1 start",
    note="a start above the label's rule needs a reason",
)


@dataclass(frozen=True, slots=True)
class ProgramAdvice:
    """One program judged: the step from `old_mcg_per_day` (None: the first), findings, and the dates that follow.

    `step` carries percent and limit, `start` the label's starting dose for a first program, `least_mcg_per_day` what
    this pump can run at this strength. `bridge` is None where the strength stays.
    """

    old_mcg_per_day: Decimal | None
    new_mcg_per_day: Decimal
    old_mcg_per_ml: Decimal | None
    new_mcg_per_ml: Decimal
    step: StepCheck | CannotCompute | None
    start: StartDose | CannotCompute | None
    least_mcg_per_day: Decimal
    bridge: Bridge | CannotCompute | None
    findings: tuple[Finding, ...]
    runway: Runway | CannotCompute

    def asks(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings that ask exactly this of the people."""
        return tuple(finding for finding in self.findings if finding.severity is severity)


def runway_in(situation: Situation, log: PumpLog) -> Runway | CannotCompute:
    """The safety dates after this log; a stop never moves a date later, withdrawal risk only ever moves one earlier.

    Alarm and dry date are those of the pump as it is set; refill-by is planned from 4 mL at least for a patient for
    whom withdrawal is more dangerous (4.5).
    """
    pump = situation.pump
    if pump is None:
        return cannot("pump_model", "No pump is on record: record the operation first.")
    state = log.state()
    alarm_ml = pump.alarm_ml if state.alarm_ml is None else state.alarm_ml
    own = _runway_from(pump, situation, state, alarm_ml)
    planned_from = planning_alarm_ml(alarm_ml, situation.withdrawal_risk)
    if isinstance(own, CannotCompute) or planned_from <= alarm_ml:
        return own
    planned = _runway_from(pump, situation, state, planned_from)
    if isinstance(planned, CannotCompute):
        return planned
    text = f"Planned from {plain(planned_from)} mL, because withdrawal is more dangerous for this patient."
    return replace(
        own,
        refill_by=min(own.refill_by, planned.refill_by),
        book_from=min(own.book_from, planned.book_from),
        notes=(*own.notes, Reason("planned_from", text)),
        constants=(*own.constants, SENSITIVE_ALARM_ML),
    )


def _runway_from(
    pump: PumpFacts, situation: Situation, state: PumpState, alarm_ml: Decimal
) -> Runway | CannotCompute:
    return runway_of(
        state.planning_events,
        pump=pump.model,
        reservoir_ml=pump.reservoir_ml,
        time_zone=situation.time_zone,
        alarm_ml=None
        if alarm_ml == pump.model.alarm_ml.value
        else alarm_ml,  # the maker's own has its source
    )


def judge_program(
    situation: Situation, entry: Programmed, decision: BridgeDecision | None = None
) -> ProgramAdvice | CannotCompute:
    """Judge a program that was set, or is about to be, at its own instant: what ran right before is what it changes.

    Refuses (with reasons at fields) a missing pump, a time before the first fill, and what the pump cannot run.
    """
    pump = situation.pump
    if pump is None:
        return cannot("", "No pump is on record: record the operation first.")
    before = pump.running_before(entry.at)
    if before.fill is None:
        return cannot("effective_at", "At this time no fill of this pump is on record yet.")
    if pump.log.has(Programmed, entry.at):
        return cannot("effective_at", "A program of this very minute is on record already: correct that one.")
    return program_advice(situation, pump, before, entry, decision, pump.log.with_entries([entry]))


def program_advice(
    situation: Situation,
    pump: PumpFacts,
    before: PumpState,
    entry: Programmed,
    decision: BridgeDecision | None,
    log: PumpLog,
    *,
    at_refill: bool = False,
) -> ProgramAdvice | CannotCompute:
    """What `entry` changes against `before`, judged; `log` is everything on record with it."""
    program, old = entry.program, before.dose_mcg_per_day
    problems = program_problems(program, pump.model)
    if problems:
        return CannotCompute(problems)
    new, strength = program.dose_mcg_per_day, program.concentration_mcg_per_ml
    step = None if old is None else _step(situation, before, entry, decision, at_refill=at_refill)
    start = _start(situation) if old is None else None
    judged = step.findings if isinstance(step, StepCheck) else ()
    if not isinstance(step, StepCheck):
        judged = tuple(_first_findings(situation, entry, start, before, decision))
    return ProgramAdvice(
        old_mcg_per_day=old,
        new_mcg_per_day=new,
        old_mcg_per_ml=before.concentration_mcg_per_ml,
        new_mcg_per_ml=strength,
        step=step,
        start=start,
        least_mcg_per_day=min_dose_mcg_per_day(pump.model, strength),
        bridge=_bridge(pump, before.concentration_mcg_per_ml, strength, new),
        findings=(*judged, *_tolerance(situation, pump, entry)),
        runway=runway_in(situation, log),
    )


def _step(
    situation: Situation,
    before: PumpState,
    entry: Programmed,
    decision: BridgeDecision | None,
    *,
    at_refill: bool,
) -> StepCheck | CannotCompute:
    """The dose step against this patient's limits at the age of that day; refused where origin or age is not known."""
    if not situation.origin or situation.birth_date is None:
        return cannot("origin", "The origin of the spasticity is not recorded, so no step limit is known.")
    assert before.dose_mcg_per_day is not None  # a program runs
    assert before.started_at is not None
    change = DoseChange(
        old_mcg_per_day=before.dose_mcg_per_day,
        new_mcg_per_day=entry.program.dose_mcg_per_day,
        at=entry.at,
        infusion_started_at=before.started_at,
        changed_at=before.changed_at,
        origin=Origin(situation.origin),
        born_on=situation.birth_date,
        on=entry.on,
        phase=situation.phase,
        at_refill=at_refill,
        stopped_at=before.stopped_at,
        old_mcg_per_ml=before.concentration_mcg_per_ml,
        new_mcg_per_ml=entry.program.concentration_mcg_per_ml,
        bridge=decision,
    )
    return check_step(change)


def _start(situation: Situation) -> StartDose | CannotCompute:
    """The label's starting dose from the screening dose that worked."""
    trial = situation.trial
    if trial is None:
        return cannot("effective_bolus_mcg", "No effective screening dose is on record.")
    hours = Decimal(9) if trial.over_8h else Decimal(8)  # only "longer than 8 h" is recorded, not how long
    return start_dose(trial.effective_mcg, hours, negative_reaction=trial.negative_reaction)


def _first_findings(
    situation: Situation,
    entry: Programmed,
    start: StartDose | CannotCompute | None,
    before: PumpState,
    decision: BridgeDecision | None,
) -> list[Finding]:
    """What a program without a step to judge asks: the start rule, the observed ranges, the strength."""
    new, found = entry.program.dose_mcg_per_day, []
    if isinstance(start, StartDose) and new > start.dose_mcg_per_day:
        text = f"{plain(new)} mcg/day is above the label's start: {start.text}."
        found.append(
            Finding(
                "over_start", Severity.NEEDS_REASON, text, (OVER_START, start.multiplier), "dose_mcg_per_day"
            )
        )
    if situation.origin and situation.birth_date is not None:
        found += dose_review(new, Origin(situation.origin), situation.birth_date, entry.on)
    old, strength = before.concentration_mcg_per_ml, entry.program.concentration_mcg_per_ml
    return [*found, *concentration_findings(old, strength, decision)]


def _tolerance(situation: Situation, pump: PumpFacts, entry: Programmed) -> list[Finding]:
    doses = [*pump.log.doses, (entry.on, entry.program.dose_mcg_per_day)]
    found = tolerance_check(doses, pump.implanted_on, situation.today)
    return [found] if found else []


def _bridge(
    pump: PumpFacts, old: Decimal | None, new: Decimal, dose_mcg_per_day: Decimal
) -> Bridge | CannotCompute | None:
    """The bridge bolus for a change of strength; refused where path volume or catheter length is not known."""
    if old is None or old == new:
        return None
    path = pump.path
    if isinstance(path, CannotCompute):
        return path
    return bridge(path.total_ml, old, new, dose_mcg_per_day, pump.model)


def second_look(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings for which a second clinician confirms (13.12)."""
    return tuple(finding for finding in findings if finding.severity is Severity.NEEDS_SECOND)
