"""Situations of one patient with a pump, for tests of the advice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pathway.clinical.device import CATHETER_MODELS, SYNCHROMED_II, PumpModel
from pathway.clinical.program import simple_program
from pathway.clinical.pump_log import Entry, Filled, Programmed, PumpLog
from pathway.clinical.situation import PumpFacts, Situation
from pathway.clinical.steps import Phase
from tests.clinical.builders import BORN_1980, NOON, d
from tests.clinical.pump_days import DAY

IMPLANTED_CM = d(92)
PATH_ML = d("0.199") + IMPLANTED_CM * d("0.0022")


def at(days: float) -> datetime:
    """An instant, days after the first fill."""
    return NOON + days * DAY


def on(days: float) -> date:
    """The date of it."""
    return at(days).date()


def filled(
    days: float, volume: str = "20", strength: int = 500, dose: str | None = None, **more: Any
) -> Filled:
    """A fill of this pump."""
    return Filled(at(days), on(days), d(volume), d(strength), d(dose) if dose else None, **more)


def programmed(days: float, dose: str, strength: int = 500, *, bridged: bool = False) -> Programmed:
    """An even program of this pump."""
    return Programmed(at(days), on(days), simple_program(d(strength), d(dose)), None, bridged)


def pump(
    *entries: Entry,
    model: PumpModel = SYNCHROMED_II,
    implanted_cm: Decimal | None = IMPLANTED_CM,
    **more: Any,
) -> PumpFacts:
    """A pump of 20 mL with an Ascenda catheter, filled on day 0; without entries it runs 100 mcg/day from day 1."""
    known = PumpFacts(
        model, d(20), model.alarm_ml.value, on(0), PumpLog(), CATHETER_MODELS["ascenda"], implanted_cm
    )
    path = getattr(known.path, "total_ml", None)
    log = PumpLog(entries or (filled(0), programmed(1, "100")), path)
    return replace(known, log=log, **more)


def situation(*entries: Entry, day: float = 200, facts: PumpFacts | None = None, **more: Any) -> Situation:
    """A spinal adult with this pump, in titration, `day` days after the first fill."""
    basis = Situation(
        today=on(day),
        now=at(day),
        time_zone="America/Chicago",
        birth_date=BORN_1980,
        origin="spinal",
        phase=Phase.TITRATION,
        pump=facts or pump(*entries),
    )
    return replace(basis, **more)
