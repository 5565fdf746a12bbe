"""Selection and contraindication rules, SEL-01 to SEL-06 and CI-01 to CI-13, over recorded facts (clinical.md
1.1-1.3).

A rule says met, not met, or not recorded; it never rejects a patient: people decide, with the reasons in
front of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pathway.clinical.device import PROMETRA_II, PumpModel
from pathway.clinical.dosing import Origin, age_years
from pathway.clinical.service import add_months
from pathway.clinical.sources import Sourced, Tag


class Level(StrEnum):
    """What a rule that is not met means."""

    REQUIRED = "required"
    ABSOLUTE = "absolute"
    DEFER = "defer"
    RELATIVE = "relative"
    CAUTION = "caution"


class Before(StrEnum):
    """The step the rule guards."""

    TRIAL = "trial"
    IMPLANT = "implant"


class Status(StrEnum):
    """The answer of one rule."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_RECORDED = "not_recorded"
    NOT_APPLICABLE = "not_applicable"


AGE_MIN_YEARS = Sourced(4, "years", Tag.VERIFIED, ("S2", "S3"), rule="SEL-02")
TBI_WAIT_DAYS = Sourced(
    365, "days", Tag.VERIFIED, ("S1", "S2"), rule="SEL-04", note="a calendar year, never shorter"
)
MAX_DEPTH_CM = Sourced(Decimal("2.5"), "cm", Tag.VERIFIED, ("S7", "S13"), rule="CI-04")


@dataclass(frozen=True, slots=True)
class EligibilityFacts:
    """What is recorded about a candidate on a day; None means not recorded, never "no"."""

    on: date
    born_on: date
    origin: Origin | None = None
    severe_spasticity: bool | None = None
    oral_baclofen_failed_or_intolerable: bool | None = None
    brain_injury: bool | None = None
    injured_on: date | None = None
    screening_positive: bool | None = None
    pump: PumpModel | None = None
    concentration_mcg_per_ml: Decimal | None = None
    baclofen_hypersensitivity: bool | None = None
    active_infection: bool | None = None
    body_size_accepts_pump: bool | None = None
    pump_depth_cm: Decimal | None = None
    csf_flow_blocked: bool | None = None
    intrathecal_route: bool | None = None
    attends_refills: bool | None = None
    relapse_uti_or_wound: bool | None = None
    goals_psyche_and_payer_ready: bool | None = None
    renal_impairment: bool | None = None
    epilepsy_psychosis_or_dysreflexia: bool | None = None
    pregnancy_lactation_or_tone_needed: bool | None = None
    strong_magnets_or_hyperbaric: bool | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `judge` answers from the facts; True is met (for a contraindication: it is absent)."""

    id: str
    level: Level
    before: Before
    text: str
    limit: Sourced[Any]
    judge: Callable[[EligibilityFacts], Status]


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A rule and its answer."""

    rule: Rule
    status: Status

    @property
    def blocks(self) -> bool:
        """Whether the step waits for this rule: unmet or unrecorded, and not merely for discussion."""
        open_answer = self.status in (Status.NOT_MET, Status.NOT_RECORDED)
        return open_answer and self.rule.level in (Level.REQUIRED, Level.ABSOLUTE, Level.DEFER)


def _status(met: bool | None) -> Status:
    if met is None:
        return Status.NOT_RECORDED
    return Status.MET if met else Status.NOT_MET


def _needs(field: str) -> Callable[[EligibilityFacts], Status]:
    return lambda facts: _status(getattr(facts, field))


def _absent(field: str) -> Callable[[EligibilityFacts], Status]:
    def judge(facts: EligibilityFacts) -> Status:
        present = getattr(facts, field)
        return _status(None if present is None else not present)

    return judge


def _old_enough(facts: EligibilityFacts) -> Status:
    return _status(age_years(facts.born_on, facts.on) >= AGE_MIN_YEARS.value)


def _oral_trial(facts: EligibilityFacts) -> Status:
    if facts.origin is Origin.CEREBRAL:
        return Status.NOT_APPLICABLE
    return _status(facts.oral_baclofen_failed_or_intolerable)


def tbi_eligible_from(injured_on: date) -> date:
    """The first day for long-term ITB after a brain injury: a calendar year, never under 365 days."""
    return add_months(injured_on, 12)


def _year_after_injury(facts: EligibilityFacts) -> Status:
    if facts.brain_injury is False:
        return Status.NOT_APPLICABLE
    if facts.brain_injury is None or facts.injured_on is None:
        return Status.NOT_RECORDED
    return _status(facts.on >= tbi_eligible_from(facts.injured_on))


def _pump_accepts(facts: EligibilityFacts) -> Status:
    if facts.pump is None:
        return Status.NOT_RECORDED
    age, strengths = facts.pump.age_min_years, facts.pump.concentration_range_mcg_per_ml
    if age is None and strengths is None:
        return Status.NOT_APPLICABLE
    if age is not None and age_years(facts.born_on, facts.on) < age.value:
        return Status.NOT_MET
    if strengths is None:
        return Status.MET
    if facts.concentration_mcg_per_ml is None:
        return Status.NOT_RECORDED
    return _status(strengths.value[0] <= facts.concentration_mcg_per_ml <= strengths.value[1])


def _shallow(facts: EligibilityFacts) -> Status:
    return _status(None if facts.pump_depth_cm is None else facts.pump_depth_cm <= MAX_DEPTH_CM.value)


def _away_from_magnets(facts: EligibilityFacts) -> Status:
    if facts.pump is not None and facts.pump.maker != PROMETRA_II.maker:
        return Status.NOT_APPLICABLE
    return _absent("strong_magnets_or_hyperbaric")(facts)


def _source(rule: str, tag: Tag, *sources: str) -> Sourced[Any]:
    return Sourced(None, "", tag, sources, rule=rule)


_V, _M = Tag.VERIFIED, Tag.MEMORY
_PUMP_RULE = PROMETRA_II.age_min_years or _source("SEL-06", _V, "S12", "S13")
RULES: tuple[Rule, ...] = (
    Rule(
        "SEL-01",
        Level.REQUIRED,
        Before.TRIAL,
        "Severe spasticity of spinal or cerebral origin.",
        _source("SEL-01", _V, "S1", "S2"),
        lambda facts: _status(None if facts.origin is None else facts.severe_spasticity),
    ),
    Rule("SEL-02", Level.REQUIRED, Before.TRIAL, "Aged 4 years or more.", AGE_MIN_YEARS, _old_enough),
    Rule(
        "SEL-03",
        Level.REQUIRED,
        Before.TRIAL,
        "Spinal origin: oral baclofen did not work, or its effects on the brain were intolerable.",
        _source("SEL-03", _V, "S1", "S2"),
        _oral_trial,
    ),
    Rule(
        "SEL-04",
        Level.REQUIRED,
        Before.IMPLANT,
        "At least one year since a traumatic brain injury.",
        TBI_WAIT_DAYS,
        _year_after_injury,
    ),
    Rule(
        "SEL-05",
        Level.REQUIRED,
        Before.IMPLANT,
        "A positive response to a screening dose.",
        _source("SEL-05", _V, "S1", "S2"),
        _needs("screening_positive"),
    ),
    Rule(
        "SEL-06",
        Level.REQUIRED,
        Before.IMPLANT,
        "Age and concentration suit the chosen pump.",
        _PUMP_RULE,
        _pump_accepts,
    ),
    Rule(
        "CI-01",
        Level.ABSOLUTE,
        Before.TRIAL,
        "No hypersensitivity to baclofen (oral intolerance is often mislabelled).",
        _source("CI-01", _V, "S1", "S8"),
        _absent("baclofen_hypersensitivity"),
    ),
    Rule(
        "CI-02",
        Level.ABSOLUTE,
        Before.TRIAL,
        "No active infection, systemic or at the site.",
        _source("CI-02", _V, "S7", "S13"),
        _absent("active_infection"),
    ),
    Rule(
        "CI-03",
        Level.ABSOLUTE,
        Before.IMPLANT,
        "Body size accepts the pump; the surgeon confirms.",
        _source("CI-03", _V, "S7"),
        _needs("body_size_accepts_pump"),
    ),
    Rule(
        "CI-04",
        Level.ABSOLUTE,
        Before.IMPLANT,
        "The pump lies no deeper than 2.5 cm.",
        MAX_DEPTH_CM,
        _shallow,
    ),
    Rule(
        "CI-05",
        Level.ABSOLUTE,
        Before.TRIAL,
        "No spinal anomaly blocks catheter or CSF flow.",
        _source("CI-05", _V, "S7", "S13"),
        _absent("csf_flow_blocked"),
    ),
    Rule(
        "CI-06",
        Level.ABSOLUTE,
        Before.TRIAL,
        "The route is intrathecal; never intravenous, intramuscular, subcutaneous or epidural.",
        _source("CI-06", _V, "S1"),
        _needs("intrathecal_route"),
    ),
    Rule(
        "CI-07",
        Level.RELATIVE,
        Before.TRIAL,
        "Refill visits can be attended; otherwise the team decides.",
        _source("CI-07", _V, "S8", "S10"),
        _needs("attends_refills"),
    ),
    Rule(
        "CI-08",
        Level.DEFER,
        Before.TRIAL,
        "No active MS relapse, urinary infection or non-healing wound at the time of the trial.",
        _source("CI-08", _V, "S9"),
        _absent("relapse_uti_or_wound"),
    ),
    Rule(
        "CI-09",
        Level.RELATIVE,
        Before.TRIAL,
        "Goals are realistic, mental illness is managed, cost is covered.",
        _source("CI-09", _V, "S8"),
        _needs("goals_psyche_and_payer_ready"),
    ),
    Rule(
        "CI-10",
        Level.CAUTION,
        Before.TRIAL,
        "Renal impairment: baclofen leaves by the kidney; lower dose.",
        _source("CI-10", _M, "LIO"),
        _absent("renal_impairment"),
    ),
    Rule(
        "CI-11",
        Level.CAUTION,
        Before.TRIAL,
        "Uncontrolled epilepsy, psychosis or confusion, or past autonomic dysreflexia.",
        _source("CI-11", _M, "LIO", "S3"),
        _absent("epilepsy_psychosis_or_dysreflexia"),
    ),
    Rule(
        "CI-12",
        Level.CAUTION,
        Before.TRIAL,
        "Pregnancy or lactation, or spasticity needed for posture or gait.",
        _source("CI-12", _M, "LIO"),
        _absent("pregnancy_lactation_or_tone_needed"),
    ),
    Rule(
        "CI-13",
        Level.ABSOLUTE,
        Before.IMPLANT,
        "Prometra: no work near strong magnets or high current, no hyperbaric exposure.",
        _source("CI-13", _V, "S13"),
        _away_from_magnets,
    ),
)


def check_eligibility(facts: EligibilityFacts, before: Before) -> tuple[RuleResult, ...]:
    """Every rule that guards this step; before the implant all of them, as infection and the rest are asked
    again.
    """
    asked = [rule for rule in RULES if before is Before.IMPLANT or rule.before is Before.TRIAL]
    return tuple(RuleResult(rule, rule.judge(facts)) for rule in asked)
