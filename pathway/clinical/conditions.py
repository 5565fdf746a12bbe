"""The suspected complications of an ITB pump as data: signs' causes, steps in order with role and time
(section 8).

Reference texts carry no order and no dose to give; levels and time targets are local policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pathway.clinical.sources import Sourced, Tag


class TriageLevel(StrEnum):
    """Red: emergency now; orange: same day; yellow: within three days; green: routine."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"

    @property
    def urgency(self) -> int:
        """Higher is more urgent."""
        return len(TriageLevel) - 1 - list(TriageLevel).index(self)


class Condition(StrEnum):
    """Every row of clinical.md section 8; end of service is apart from its warning. Unclear: nothing suspected yet."""

    WITHDRAWAL = "withdrawal"
    OVERDOSE = "overdose"
    INFECTION = "infection"
    CSF_LEAK = "csf_leak"
    CATHETER = "catheter"
    MOTOR_STALL = "motor_stall"
    SEROMA = "seroma"
    POCKET_FILL = "pocket_fill"
    LOW_RESERVOIR = "low_reservoir"
    REPLACEMENT_DUE = "replacement_due"
    END_OF_SERVICE = "end_of_service"
    UNCLEAR = "unclear"


class Lead(StrEnum):
    """Who takes a step; the same names as the pathway's roles."""

    PHYSIATRIST = "physiatrist"
    NEUROSURGEON = "neurosurgeon"
    ANESTHESIOLOGIST = "anesthesiologist"
    COORDINATOR = "coordinator"


CONTACT_MINUTES = Sourced(
    {TriageLevel.RED: 15, TriageLevel.ORANGE: 4 * 60, TriageLevel.YELLOW: 72 * 60, TriageLevel.GREEN: None},
    "minutes",
    Tag.POLICY,
    rule="section 8 levels",
)
HIGH_RISK_DIVISOR = Sourced(
    2, "", Tag.POLICY, ("S2", "S7"), rule="3.6", note="all times are shortened at high withdrawal risk"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what, who, and a time of its own where the source gives one (minutes from recognition)."""

    text: str
    lead: Lead
    minutes: Sourced[int] | None = None


@dataclass(frozen=True, slots=True)
class ConditionPlan:
    """What a suspected condition asks: steps in order, likely causes, what else to think of, and reference
    texts.
    """

    condition: Condition
    name: str
    causes: tuple[str, ...]
    steps: tuple[Step, ...]
    also_exclude: tuple[str, ...] = ()
    reference: tuple[Sourced[str], ...] = ()


def _policy(minutes: int) -> Sourced[int]:
    return Sourced(minutes, "minutes", Tag.POLICY, rule="section 8")


_PHYS, _NEURO = Lead.PHYSIATRIST, Lead.NEUROSURGEON
_ANES, _COORD = Lead.ANESTHESIOLOGIST, Lead.COORDINATOR
ASK_FIRST = "Reference only: ask the physician or toxicology."

_PLANS = (
    ConditionPlan(
        Condition.WITHDRAWAL,
        "Baclofen withdrawal",
        (
            "empty reservoir or late refill",
            "catheter disconnected or kinked",
            "end of service",
            "programming",
            "pump failure",
        ),
        (
            Step("Airway, breathing, circulation; monitor.", _ANES, _policy(15)),
            Step("Contact the ITB physician, even if it seems mild.", _PHYS, _policy(15)),
            Step("Vitals, CK, renal function, blood gas, cultures.", _ANES),
            Step("Interrogate the pump.", _PHYS),
            Step("Measure the reservoir volume.", _PHYS),
            Step("X-ray of pump and catheter.", _NEURO),
            Step("Restore ITB at or near the prior dose.", _PHYS, _policy(6 * 60)),
            Step(
                "Meanwhile oral baclofen or benzodiazepine by the physician; tablets alone are not enough.",
                _PHYS,
            ),
            Step("Access port aspiration or dye study.", _NEURO),
            Step("Surgery where the fault needs it.", _NEURO),
        ),
        (
            "sepsis",
            "meningitis",
            "autonomic dysreflexia (never told apart by blood pressure alone)",
            "neuroleptic malignant syndrome",
            "malignant hyperthermia",
            "serotonin syndrome",
            "noxious stimulus: urinary infection, bowel, pressure injury",
            "disease progression",
        ),
        (
            Sourced(
                "Adjuncts in the literature: oral baclofen, cyproheptadine, diazepam. " + ASK_FIRST,
                "",
                Tag.VERIFIED,
                ("S77", "S78"),
                rule="section 8 details",
            ),
            Sourced(
                "IV benzodiazepine or propofol in intensive care. " + ASK_FIRST,
                "",
                Tag.VERIFIED,
                ("S79",),
                rule="section 8 details",
            ),
        ),
    ),
    ConditionPlan(
        Condition.OVERDOSE,
        "Baclofen overdose",
        (
            "wrong concentration",
            "bridge or prime error",
            "injection into the access port",
            "pocket fill",
            "steep rise of the dose",
            "drug interactions",
        ),
        (
            Step("Airway, breathing, circulation; ventilate if needed.", _ANES, _policy(15)),
            Step("Stop the pump or set minimum rate, and interrogate.", _PHYS, _policy(15)),
            Step("Empty the reservoir.", _PHYS),
            Step("Remove CSF by lumbar puncture or access port, if a puncture is safe.", _NEURO),
            Step("Intensive care.", _ANES),
            Step("No specific antidote; restart low and watch for rebound withdrawal.", _PHYS),
        ),
        reference=(
            Sourced(
                "Older label text removes 30 to 40 mL of CSF. " + ASK_FIRST,
                "",
                Tag.MEMORY,
                ("LIO",),
                rule="section 8",
            ),
            Sourced(
                "CSF drainage itself is supported. " + ASK_FIRST,
                "",
                Tag.VERIFIED,
                ("S19", "S79b"),
                rule="section 8",
            ),
            Sourced(
                "Physostigmine: anecdotal, can cause seizure or slow pulse; not first line. " + ASK_FIRST,
                "",
                Tag.VERIFIED,
                ("S19", "S81"),
                rule="section 8 details",
            ),
        ),
    ),
    ConditionPlan(
        Condition.INFECTION,
        "Infection or meningitis",
        ("S. aureus is common", "early: up to 90 days after surgery"),
        (
            Step("Vitals, blood count, CRP, culture.", _NEURO),
            Step("Ultrasound or CT of the pocket.", _NEURO),
            Step("CSF culture, never through an infected pocket.", _NEURO),
            Step("Antibiotics, with infectious diseases.", _NEURO),
            Step("Plan the taper of ITB and oral cover before any explant.", _PHYS),
            Step("Explant if needed.", _NEURO),
        ),
        reference=(
            Sourced("Early infection: within 90 days.", "", Tag.VERIFIED, ("S22",), rule="section 6"),
        ),
    ),
    ConditionPlan(
        Condition.CSF_LEAK,
        "CSF leak",
        ("opening of the dura", "high pressure", "revision surgery"),
        (
            Step("Look at the wound; beta-2 transferrin of the fluid.", _NEURO),
            Step("Lie flat, fluids, binder.", _NEURO),
            Step("Blood patch or revision; a patch at a high dose has caused overdose.", _ANES),
        ),
        reference=(
            Sourced(
                "A blood patch after a leak with a high dose has caused overdose.",
                "",
                Tag.VERIFIED,
                ("S19",),
                rule="section 8",
            ),
        ),
    ),
    ConditionPlan(
        Condition.CATHETER,
        "Catheter kink, displacement, occlusion or disconnection",
        ("fracture", "migration", "anchor"),
        (
            Step("Interrogate the pump.", _PHYS),
            Step("Compare the residual volume with the expected one.", _PHYS),
            Step("X-ray of spine and abdomen, two planes.", _NEURO),
            Step("Access port aspiration; a negative result alone proves nothing.", _NEURO),
            Step("Contrast CT or dye study.", _NEURO),
            Step("Indium-111 scan, three days.", _NEURO),
            Step("Surgery.", _NEURO),
        ),
        reference=(
            Sourced(
                "Yield: X-ray 35 %, failed aspiration 24 %, contrast 35 %, indium 5 %.",
                "",
                Tag.VERIFIED,
                ("S75",),
                rule="section 8",
            ),
            Sourced(
                "A negative aspiration alone does not prove occlusion.",
                "",
                Tag.VERIFIED,
                ("S76",),
                rule="section 8",
            ),
        ),
    ),
    ConditionPlan(
        Condition.MOTOR_STALL,
        "Motor stall or pump failure",
        ("MRI", "battery", "off-label drug", "gear wear"),
        (
            Step("Interrogate, read the log, ask about MRI, check that the motor restarted.", _NEURO),
            Step("Rotor study.", _NEURO),
            Step("Oral cover against withdrawal, ordered by the physician.", _PHYS),
            Step("Replace the pump.", _NEURO),
        ),
    ),
    ConditionPlan(
        Condition.SEROMA,
        "Pocket seroma or haematoma",
        ("early after surgery", "trauma"),
        (
            Step("Ultrasound; rule out CSF and infection.", _NEURO),
            Step("Binder; aspiration only by the surgeon, sterile.", _NEURO),
        ),
    ),
    ConditionPlan(
        Condition.POCKET_FILL,
        "Refill into the pocket",
        ("needle not in the septum",),
        (
            Step("Stop, and interrogate the pump.", _PHYS, _policy(15)),
            Step("Aspirate reservoir and pocket.", _PHYS),
            Step("Observe with a monitor for 8 to 12 hours at least.", _ANES, _policy(12 * 60)),
            Step("Sleepy: follow the overdose steps.", _ANES),
            Step("Count the volumes again; withdrawal can follow.", _PHYS),
        ),
    ),
    ConditionPlan(
        Condition.LOW_RESERVOIR,
        "Low reservoir or missed refill",
        ("booking", "transport"),
        (
            Step("Compute the dry date.", _PHYS),
            Step("Book the refill now.", _COORD),
            Step("Refill.", _PHYS),
            Step("Plan oral cover, ordered by the physician.", _PHYS),
        ),
    ),
    ConditionPlan(
        Condition.REPLACEMENT_DUE,
        "Elective replacement indicator",
        ("battery age",),
        (
            Step("Interrogate the pump.", _NEURO),
            Step("Schedule the replacement; never rely on the 90 days.", _NEURO),
        ),
    ),
    ConditionPlan(
        Condition.END_OF_SERVICE,
        "End of service",
        ("battery age",),
        (
            Step("Interrogate the pump.", _NEURO),
            Step("Cover for withdrawal, ordered by the physician.", _PHYS),
            Step("Replace the pump.", _NEURO),
        ),
    ),
    ConditionPlan(
        Condition.UNCLEAR,
        "Not clear yet",
        ("to be found out",),
        (Step("Speak to the patient or caregiver, ask for every danger sign, write what was found.", _PHYS),),
    ),
)
CONDITION_PLANS: dict[Condition, ConditionPlan] = {plan.condition: plan for plan in _PLANS}


@dataclass(frozen=True, slots=True)
class AskedStep:
    """One step that a role is asked for, once however many suspected conditions name it."""

    condition: Condition
    text: str
    minutes: int | None


def shortened(minutes: int | None, *, high_risk: bool) -> int | None:
    """A time target in minutes for this patient: every one is shortened at high risk in withdrawal (3.6)."""
    return minutes // HIGH_RISK_DIVISOR.value if minutes is not None and high_risk else minutes


def minutes_of(step: Step, *, high_risk: bool) -> int | None:
    """The step's own time target for this patient, in minutes from recognition; None where it has none."""
    return shortened(step.minutes.value if step.minutes else None, high_risk=high_risk)


def steps_for(
    lead: Lead, conditions: Sequence[Condition], *, high_risk: bool = False
) -> tuple[AskedStep, ...]:
    """The steps of one role for these conditions, in their order. A condition added later only adds at the end."""
    found: dict[str, AskedStep] = {}
    for condition in conditions:
        for step in CONDITION_PLANS[condition].steps:
            if step.lead is lead:
                minutes = minutes_of(step, high_risk=high_risk)
                found.setdefault(step.text, AskedStep(condition, step.text, minutes))
    return tuple(found.values())
