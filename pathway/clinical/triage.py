"""From signs to a level, candidate conditions with reasons, what is missing, and the first duties (section
8).

It raises suspicion and never rules anything out: nothing here clears, downgrades or closes, and no single
sign decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from pathway.clinical.conditions import (
    CONDITION_PLANS,
    CONTACT_MINUTES,
    Condition,
    Lead,
    TriageLevel,
    shortened,
)
from pathway.clinical.results import CannotCompute, Reason, cannot
from pathway.clinical.signs import Alarm, Signs, Wound
from pathway.clinical.sources import Sourced, Tag

RED, ORANGE, YELLOW, GREEN = TriageLevel
DRY_RED_DAYS = Sourced(Decimal(3), "days", Tag.POLICY, rule="section 8 low reservoir")
POCKET_FILL_HOURS = Sourced(Decimal(12), "h after a refill", Tag.POLICY, rule="section 8 pocket fill")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A condition to think of, how urgent it would be, and why."""

    condition: Condition
    level: TriageLevel
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FirstDuty:
    """The first step of one role for one condition, with its time from now in minutes (None: routine)."""

    lead: Lead
    condition: Condition
    text: str
    minutes: int | None


@dataclass(frozen=True, slots=True)
class Triage:
    """The level, why, what to think of, what nobody has asked yet, and who starts with what."""

    level: TriageLevel
    reasons: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    missing: tuple[Reason, ...]
    duties: tuple[FirstDuty, ...]
    contact_minutes: int | None


def triage(signs: Signs) -> Triage | CannotCompute:
    """Judge the signs. Refuses an empty record; without every danger sign asked, the level is yellow at
    least.
    """
    if signs == Signs():
        return cannot("signs", "Nothing is recorded yet. In doubt call the emergency number first.")
    flags = _red_flags(signs)
    candidates = _candidates(signs)
    missing = _missing(signs)
    levels = [RED] if flags else [candidate.level for candidate in candidates]
    reasons = list(flags)
    if not levels:
        unasked = [reason.field for reason in missing if reason.field in _DANGER_FIELDS]
        levels = [YELLOW if unasked else GREEN]
        reasons.append("Not every danger sign was asked." if unasked else "No danger sign was found.")
    level = max(levels, key=lambda one: one.urgency)
    minutes = shortened(CONTACT_MINUTES.value[level], high_risk=bool(signs.withdrawal_high_risk))
    return Triage(level, tuple(reasons), candidates, missing, _duties(candidates, level, signs), minutes)


def _red_flags(signs: Signs) -> tuple[str, ...]:
    flags = {
        "Fever, altered mind and rigidity together.": signs.fever and signs.confused and bool(signs.rigidity),
        "Coma.": signs.coma,
        "Slow breathing.": signs.slow_breathing,
        "Seizure.": bool(signs.seizure),
        "Critical (two-tone) alarm.": signs.alarm is Alarm.TWO_TONE,
    }
    return tuple(text for text, present in flags.items() if present)


def _candidates(signs: Signs) -> tuple[Candidate, ...]:
    found = []
    for condition, judge in _JUDGES.items():
        level, reasons = judge(signs)
        if level is not None:
            found.append(Candidate(condition, level, tuple(reasons)))
    return tuple(sorted(found, key=lambda candidate: -candidate.level.urgency))


Judgement = tuple[TriageLevel | None, list[str]]


def _present(marks: dict[str, bool | None]) -> list[str]:
    return [text for text, present in marks.items() if present]


def _interruptions(signs: Signs) -> list[str]:
    return _present(
        {
            "critical alarm": signs.alarm is Alarm.TWO_TONE,
            "reservoir dry or nearly dry": _nearly_dry(signs),
            "alarm date passed": signs.alarm_date_passed,
            "end of service passed": signs.end_of_service_passed,
            "the infusion is off": signs.infusion_off,
            "dose raised without effect": signs.rise_without_effect,
            "residual volume off": signs.residual_alert,
            "MRI not followed by interrogation": signs.mri_since_interrogation,
            "trauma": signs.trauma,
            "operation or procedure": signs.surgery,
            "program or drug strength changed lately": signs.recent_change,
        }
    )


def _nearly_dry(signs: Signs) -> bool:
    return signs.days_to_dry is not None and signs.days_to_dry <= DRY_RED_DAYS.value


def _withdrawal(signs: Signs) -> Judgement:
    marks = _present(
        {
            "itch": signs.itch,
            "tone or spasms back": signs.tone_back,
            "rigidity": signs.rigidity,
            "paraesthesia": signs.paraesthesia,
            "fever": signs.fever,
            "altered mind": signs.confused,
            "seizure": signs.seizure,
        }
    )
    causes = _interruptions(signs)
    if not marks:
        return None, []
    sure = len(marks) > 1 or causes or signs.withdrawal_high_risk
    return (RED if sure else ORANGE), marks + causes


def _overdose(signs: Signs) -> Judgement:
    marks = _present(
        {
            "coma": signs.coma,
            "drowsy": signs.sleepy and not signs.coma,
            "slow breathing": signs.slow_breathing,
            "low tone": signs.low_tone,
        }
    )
    causes = _present(
        {
            "program or drug strength changed lately": signs.recent_change,
            "new drug that may add to it": signs.new_drug,
        }
    )
    if marks:
        return RED, marks + causes
    return (ORANGE, ["weakness", *causes]) if signs.weakness else (None, [])


def _infection(signs: Signs) -> Judgement:
    wounds = _present(
        {
            "wound red or firm": signs.wound is Wound.RED,
            "wound open or with pus": signs.wound is Wound.OPEN_OR_PUS,
        }
    )
    marks = wounds + _present({"fever": signs.fever, "stiff neck": signs.neck_stiff})
    if not marks:
        return None, []
    deep = signs.neck_stiff or signs.wound is Wound.OPEN_OR_PUS or (signs.fever and signs.wound is Wound.RED)
    return (RED if deep else ORANGE), marks


def _csf_leak(signs: Signs) -> Judgement:
    marks = _present(
        {"clear fluid": signs.wound is Wound.CLEAR_FLUID, "headache when upright": signs.headache_upright}
    )
    if not marks:
        return None, []
    return (RED, [*marks, "fever"]) if signs.fever else (ORANGE, marks)


def _catheter(signs: Signs) -> Judgement:
    marks = _present(
        {
            "dose raised without effect": signs.rise_without_effect,
            "residual volume off": signs.residual_alert,
            "tone or spasms back": signs.tone_back,
            "trauma": signs.trauma,
        }
    )
    if not marks:
        return None, []
    return (RED if _withdrawal(signs)[0] is RED else ORANGE), marks


def _motor_stall(signs: Signs) -> Judgement:
    marks = _present(
        {
            "critical alarm": signs.alarm is Alarm.TWO_TONE,
            "MRI not followed by interrogation": signs.mri_since_interrogation,
        }
    )
    return (RED, marks) if marks else (None, [])


def _seroma(signs: Signs) -> Judgement:
    if signs.wound is Wound.SWOLLEN_FAST_OR_RED or (signs.wound is Wound.SWOLLEN and signs.fever):
        return ORANGE, ["pocket swollen, fast, red or with fever"]
    return (YELLOW, ["pocket swollen"]) if signs.wound is Wound.SWOLLEN else (None, [])


def _pocket_fill(signs: Signs) -> Judgement:
    recent = signs.hours_since_refill is not None and signs.hours_since_refill <= POCKET_FILL_HOURS.value
    marks = _present(
        {
            "volumes at the refill do not match": signs.refill_volume_mismatch,
            "pain or swelling at the refill": signs.pain_at_refill,
            "sleepy after the refill": recent and signs.sleepy,
        }
    )
    return (RED, marks) if marks else (None, [])


def _low_reservoir(signs: Signs) -> Judgement:
    if _nearly_dry(signs):
        return RED, ["dry, or three days or less from it"]
    marks = _present(
        {"single tone": signs.alarm is Alarm.SINGLE, "alarm date passed": signs.alarm_date_passed}
    )
    return (ORANGE, marks) if marks else (None, [])


def _replacement(signs: Signs) -> Judgement:
    return (ORANGE, ["replacement alarm"]) if signs.replacement_alarm else (None, [])


def _end_of_service(signs: Signs) -> Judgement:
    return (RED, ["end of service passed"]) if signs.end_of_service_passed else (None, [])


_JUDGES: dict[Condition, Callable[[Signs], Judgement]] = {
    Condition.WITHDRAWAL: _withdrawal,
    Condition.OVERDOSE: _overdose,
    Condition.INFECTION: _infection,
    Condition.CSF_LEAK: _csf_leak,
    Condition.CATHETER: _catheter,
    Condition.MOTOR_STALL: _motor_stall,
    Condition.SEROMA: _seroma,
    Condition.POCKET_FILL: _pocket_fill,
    Condition.LOW_RESERVOIR: _low_reservoir,
    Condition.REPLACEMENT_DUE: _replacement,
    Condition.END_OF_SERVICE: _end_of_service,
}
_ASKED: dict[str, str] = {
    "temp_c": "temperature",
    "breaths_per_min": "breathing rate",
    "gcs": "consciousness (GCS)",
    "altered_mind": "confusion",
    "seizure": "seizure",
    "rigidity": "rigidity",
    "alarm": "alarm sound",
    "heart_rate": "heart rate",
    "systolic_mmhg": "blood pressure",
    "spo2_pct": "oxygen saturation",
    "itch": "itch",
    "tone_back": "tone and spasms",
    "drowsy": "drowsiness",
    "wound": "wound and pocket",
    "headache_upright": "headache when upright",
    "hours_since_refill": "last refill",
    "days_to_dry": "days until the reservoir is dry",
    "mri_since_interrogation": "MRI since the last interrogation",
    "trauma": "fall or trauma",
}
_DANGER_FIELDS = frozenset(
    {"temp_c", "breaths_per_min", "gcs", "altered_mind", "seizure", "rigidity", "alarm"}
)


def _missing(signs: Signs) -> tuple[Reason, ...]:
    return tuple(
        Reason(field, f"Not recorded: {name}.")
        for field, name in _ASKED.items()
        if not _was_asked(signs, field)
    )


def _was_asked(signs: Signs, field: str) -> bool:
    """A fever that was asked about, but not measured, is not an unasked danger sign."""
    if field == "temp_c" and signs.fever_reported is not None:
        return True
    return getattr(signs, field) is not None


def conditions_of(result: Triage) -> tuple[Condition, ...]:
    """What to think of, the most urgent first; that it is unclear where nothing is suspected."""
    return tuple(candidate.condition for candidate in result.candidates) or (Condition.UNCLEAR,)


def leads_of(result: Triage) -> tuple[Lead, ...]:
    """Who is asked to act: everybody who has a step in what to think of."""
    wanted = {step.lead for one in conditions_of(result) for step in CONDITION_PLANS[one].steps}
    return tuple(lead for lead in Lead if lead in wanted)


def _duties(candidates: tuple[Candidate, ...], level: TriageLevel, signs: Signs) -> tuple[FirstDuty, ...]:
    """The first step of each role of each candidate, most urgent first; red overall makes every one of them
    red.
    """
    found: dict[tuple[Lead, str], FirstDuty] = {}
    for candidate in candidates:
        urgency = RED if level is RED else candidate.level
        minutes = shortened(CONTACT_MINUTES.value[urgency], high_risk=bool(signs.withdrawal_high_risk))
        seen: set[Lead] = set()
        for step in CONDITION_PLANS[candidate.condition].steps:
            if step.lead not in seen:
                seen.add(step.lead)
                duty = FirstDuty(step.lead, candidate.condition, step.text, minutes)
                found.setdefault((step.lead, step.text), duty)
    return tuple(found.values())
