"""What a program or a refill means, in lines for a screen: dose, limit, flow, bridge, residual, and what follows.

Words and order only; every figure comes from the clinical layer with its source, and a clinician confirms it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pathway.clinical.advice import ProgramAdvice
from pathway.clinical.catheter import Bridge
from pathway.clinical.device import PumpModel
from pathway.clinical.dosing import NEGATIVE_REACTION_MULTIPLIER, Population, StartDose
from pathway.clinical.program import min_dose_mcg_per_day
from pathway.clinical.pump_log import PumpState
from pathway.clinical.refill_advice import RefillAdvice
from pathway.clinical.residual import ABSOLUTE_ML, Discrepancy
from pathway.clinical.results import CannotCompute, plain
from pathway.clinical.runway import SENSITIVE_ALARM_ML, Runway
from pathway.clinical.situation import PumpFacts, Situation
from pathway.clinical.sources import Sourced
from pathway.clinical.steps import STEP_PCT, Phase, StepCheck
from pathway.models import ProgramRecord, Refill
from pathway.views.panel import Line, Panel, brackets, day_text, findings_of

GROUPS = {
    Population.SPINAL_ADULT: "adult, spinal origin",
    Population.CEREBRAL_ADULT: "adult, cerebral origin",
    Population.PAEDIATRIC: "under 18 years",
}
PHASES = {Phase.TITRATION: "titration", Phase.MAINTENANCE: "long-term care"}


def advice_panel(record: ProgramRecord | Refill, situation: Situation, *, typed: bool) -> Panel | None:
    """The panel of a program or refill, blank or typed into; None without a pump."""
    if situation.pump is None:
        return None
    advice = record.advice(situation) if typed else None
    if advice is None:
        return _standing(situation, situation.pump, refill=isinstance(record, Refill))
    if isinstance(advice, CannotCompute):
        return Panel(findings=tuple(("danger", reason.text) for reason in advice.reasons))
    if isinstance(advice, RefillAdvice):
        return _refill_panel(advice, situation, situation.pump)
    return Panel(
        tuple(_program_lines(advice, situation)),
        tuple(_dates(advice.runway, situation.pump.model)),
        findings_of(advice.findings),
    )


def _standing(situation: Situation, pump: PumpFacts, *, refill: bool) -> Panel:
    """Before anything is typed: what runs, what this patient's limits are, and what should be in the reservoir."""
    state = pump.log.state()
    lines = [*_running(state), *_limit_lines(situation), *_least(pump.model, state.concentration_mcg_per_ml)]
    if refill and situation.now is not None:
        left = state.residual_ml(situation.now)
        if isinstance(left, Decimal):
            lines.append(
                Line("Expected in the reservoir now", f"{plain(round(left, 1))} mL by the records here")
            )
    what = "time, volumes, strength and dose" if refill else "time, strength and dose"
    return Panel(tuple(lines), hint=f"Enter {what}: what they mean stands here before you save.")


def _running(state: PumpState) -> Iterator[Line]:
    dose, strength = state.dose_mcg_per_day, state.concentration_mcg_per_ml
    if dose is None:
        yield Line("Runs now", "no program yet")
    elif strength is not None:
        since = f" since {day_text(state.dose_since)}" if state.dose_since else ""
        yield Line("Runs now", f"{plain(dose)} mcg/day at {plain(strength)} mcg/mL{since}")
    if state.stopped_at is not None:
        yield Line("Stopped", "the infusion is off")


def _limit_lines(situation: Situation) -> Iterator[Line]:
    """The step limit of this patient, where origin and age are known."""
    group = situation.population
    if isinstance(group, Population):
        limit = STEP_PCT[group, situation.phase]
        yield Line("Step limit for this patient", _limit_words(limit, group, situation.phase), limit.bracket)
    else:
        yield Line("Step limit for this patient", group.text)


def _limit_words(limit: Sourced[tuple[Decimal, Decimal]], group: Population, phase: Phase) -> str:
    low, high = limit.value
    return f"usually {plain(low)} to {plain(high)} %, not above {plain(high)} % ({GROUPS[group]}, {PHASES[phase]})"


def _least(model: PumpModel, strength: Decimal | None) -> Iterator[Line]:
    if strength is None:
        return
    least, flow = min_dose_mcg_per_day(model, strength), model.min_flow_ml_per_day
    text = f"{plain(least)} mcg/day at {plain(strength)} mcg/mL ({plain(flow.value)} mL/day)"
    yield Line(f"Least dose of {model.name}", text, flow.bracket)


def _program_lines(advice: ProgramAdvice, situation: Situation) -> Iterator[Line]:
    assert situation.pump is not None  # the advice is about one
    new = plain(advice.new_mcg_per_day)
    if advice.old_mcg_per_day is None:
        yield Line("Dose", f"{new} mcg/day, the first program")
        yield from _start_lines(advice)
    else:
        pct = f", {advice.step.pct:+.1f} %" if isinstance(advice.step, StepCheck) else ""
        changed = f"{plain(advice.old_mcg_per_day)} → {new} mcg/day{pct}"
        same = advice.old_mcg_per_day == advice.new_mcg_per_day
        yield Line("Dose", f"{new} mcg/day, as before" if same else changed)
        yield from _limit_lines(situation)
    flow = advice.new_mcg_per_day / advice.new_mcg_per_ml
    yield Line("Flow", f"{plain(flow)} mL/day at {plain(advice.new_mcg_per_ml)} mcg/mL")
    yield from _least(situation.pump.model, advice.new_mcg_per_ml)
    yield from _bridge_lines(advice.bridge)


def _start_lines(advice: ProgramAdvice) -> Iterator[Line]:
    if isinstance(advice.start, StartDose):
        yield Line("Label's start", advice.start.text, advice.start.multiplier.bracket)
    elif isinstance(advice.start, CannotCompute):
        yield Line("Label's start", advice.start.text, NEGATIVE_REACTION_MULTIPLIER.bracket)


def _bridge_lines(found: Bridge | CannotCompute | None) -> Iterator[Line]:
    if isinstance(found, CannotCompute):
        yield Line("Bridge bolus", f"Cannot be worked out: {found.text}")
    elif found is not None:
        hours, rate = plain(round(found.hours, 1)), plain(found.flow_ml_per_day)
        shown, real = plain(found.programmed_mcg), plain(found.delivered_mcg)
        text = (
            f"{hours} h at {rate} mL/day; the programmer shows {shown} mcg, {real} mcg really flow. Without it "
            f"{plain(round(found.unbridged_mcg_per_day, 1))} mcg/day for {plain(round(found.unbridged_hours, 1))} h"
        )
        yield Line("Bridge bolus", text, found.limit.bracket)


def _refill_panel(advice: RefillAdvice, situation: Situation, pump: PumpFacts) -> Panel:
    lines = [*_residual_lines(advice, pump)]
    if advice.program is not None:
        lines += _program_lines(advice.program, situation)
    return Panel(tuple(lines), tuple(_dates(advice.runway, pump.model)), findings_of(advice.findings))


def _residual_lines(advice: RefillAdvice, pump: PumpFacts) -> Iterator[Line]:
    if isinstance(advice.computed_ml, Decimal):
        yield Line("Expected by the records", f"{plain(round(advice.computed_ml, 1))} mL")
    else:
        yield Line("Expected by the records", f"Cannot be worked out: {advice.computed_ml.text}")
    found = advice.discrepancy
    if isinstance(found, CannotCompute):
        yield Line("Difference", f"Cannot be judged: {found.text}")
    elif found is not None:
        yield Line("Difference", _difference(found), brackets((ABSOLUTE_ML, pump.model.accuracy_pct)))


def _difference(found: Discrepancy) -> str:
    error = f", delivery {found.error_pct:+.1f} %" if found.error_pct is not None else ""
    words = {"as_expected": "as expected", "under_delivered": "less was delivered than programmed"}
    meaning = words.get(str(found.direction), "more was delivered than programmed")
    aspirated, expected = plain(found.aspirated_ml), plain(round(found.expected_ml, 1))
    if not round(found.difference_ml, 1):
        return f"{aspirated} - {expected} = 0 mL: as expected"
    return f"{aspirated} - {expected} = {found.difference_ml:+.1f} mL{error}: {meaning}"


def _dates(runway: Runway | CannotCompute, model: PumpModel) -> Iterator[Line]:
    """Every safety date after this, with what it stands on. `model`: the pump's, whose numbers these are."""
    if isinstance(runway, CannotCompute):
        yield Line("Refill by", f"Cannot be worked out: {runway.text}")
        return
    alarm, lead, stability, *_ = runway.constants
    yield Line(
        "Refill by", f"{day_text(runway.refill_by)}, {lead.value} days before the earlier limit", lead.bracket
    )
    yield Line(
        "Low-reservoir alarm", f"{day_text(runway.alarm_date)}, at {plain(runway.alarm_ml)} mL", alarm.bracket
    )
    yield Line(
        "Drug stable until", f"{day_text(runway.stability_date)}, {stability.value} days", stability.bracket
    )
    if runway.worst_alarm_date is not None and (over := model.accuracy_pct) is not None:
        text = f"{day_text(runway.worst_alarm_date)}, if the pump gives {plain(over.value)} % too much"
        yield Line("Alarm at worst", text, over.bracket)
    if runway.dry_date is not None and (unusable := model.unusable_ml) is not None:
        text = f"{day_text(runway.dry_date)}, with {plain(unusable.value)} mL that cannot be used"
        yield Line("Empty", text, unusable.bracket)
    for note in runway.notes:
        yield Line("Note", note.text, SENSITIVE_ALARM_ML.bracket if note.field == "planned_from" else "")
