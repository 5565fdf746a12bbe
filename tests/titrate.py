"""A pump on its way: titration steps and refills of a case, some days apart, with what the person found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pathway.engine.todos import record_now
from pathway.models import ProgramRecord
from pathway.models.base import new_id
from tests.examples import moved
from tests.walk import Walk


def step(walk: Walk, dose: int, days: int = 7, **scores: Any) -> None:
    """The next titration review, some days on."""
    walk.wait(days)
    before = ProgramRecord.objects.order_by("effective_at").last()
    assert before is not None
    walk.do(
        "titration_review",
        daily_dose_mcg_per_day=Decimal(dose),
        previous_dose_mcg_per_day=before.daily_dose_mcg_per_day,
        previous_concentration_mcg_per_ml=before.concentration_mcg_per_ml,
        **scores,
    )


def refill(walk: Walk, aspirated: str, expected: str, dose: int, days: int) -> None:
    """A refill, some days on."""
    walk.wait(days)
    walk.do(
        "refill",
        aspirated_ml=Decimal(aspirated),
        expected_residual_ml=Decimal(expected),
        residual_action="Aspirated again; the log shows no stall." if aspirated != expected else "",
        daily_dose_mcg_per_day=Decimal(dose),
        previous_dose_mcg_per_day=Decimal(dose),
    )


def record(walk: Walk, days: int, **event: Any) -> None:
    """What the physiatrist records outside every duty, some days on."""
    walk.wait(days)
    values = moved("volume_event", walk.today) | {"volume_ml": None, "dose_mcg": None} | event
    record_now(
        case_id=walk.case_id,
        key="pump_event",
        request_id=new_id(),
        by=walk.cast.phil,
        at=walk.at,
        record=values,
    )
