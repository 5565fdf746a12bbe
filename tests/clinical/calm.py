"""A patient without any sign, and what triage says of changes to that."""

from __future__ import annotations

from dataclasses import replace

from pathway.clinical.conditions import (
    TriageLevel,
)
from pathway.clinical.signs import Alarm, Signs, Wound
from pathway.clinical.triage import Triage, triage
from tests.clinical.builders import d

CALM = Signs(
    temp_c=d("36.8"),
    breaths_per_min=14,
    gcs=15,
    heart_rate=70,
    systolic_mmhg=120,
    spo2_pct=98,
    altered_mind=False,
    drowsy=False,
    seizure=False,
    rigidity=False,
    tone_back=False,
    itch=False,
    headache_upright=False,
    wound=Wound.CLEAN,
    alarm=Alarm.NONE,
    days_to_dry=d(60),
    hours_since_refill=d(500),
    mri_since_interrogation=False,
    trauma=False,
)


def judge(base: Signs = CALM, **signs: object) -> Triage:
    result = triage(replace(base, **signs))  # type: ignore[arg-type]
    assert isinstance(result, Triage), result
    return result


def candidates(result: Triage) -> dict[str, tuple[TriageLevel, tuple[str, ...]]]:
    return {one.condition.value: (one.level, one.reasons) for one in result.candidates}
