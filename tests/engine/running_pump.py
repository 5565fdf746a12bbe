"""A case whose pump runs, and what is recorded about it, for the tests of the verbs."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pathway.engine.errors import Invalid
from pathway.engine.todos import complete, record_now
from pathway.models import Pump, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Stage
from tests.cast import MONDAY, Cast, referred
from tests.engine.traces import nothing_written
from tests.examples import example
from tests.walk import Values, Walk, as_is

DAY = timedelta(days=1)
NO_REASON = {"over_limit_reason": ""}
SERIALS = {"operation": {"pump_serial": "SYN-2"}}


def titrating(cast: Cast, mrn: str = "R-1001", values: Values = as_is) -> Walk:
    """A case whose pump was filled with 18 mL of 500 mcg/mL and runs 100 mcg/day for ten days."""
    walk = Walk(cast, referred(cast, mrn=mrn), MONDAY + timedelta(hours=6), values)
    walk.do_all(until=Stage.TITRATION)
    walk.wait(10)
    return walk


def pump_of(walk: Walk) -> Pump:
    return Pump.objects.get(case_id=walk.case_id, explanted_on__isnull=True)


def duty(walk: Walk, key: str = "refill") -> Todo:
    return Todo.objects.get(case_id=walk.case_id, key=key, state="open")


def dates(walk: Walk) -> tuple[Any, ...]:
    """What the pump runs and every date that follows from it."""
    pump = pump_of(walk)
    dose = (pump.daily_dose_mcg_per_day, pump.dose_since, pump.concentration_mcg_per_ml, pump.stopped_at)
    fill = (pump.filled_at, pump.fill_ml, pump.alarm_ml, pump.eri_seen_on, pump.end_of_service_on)
    return (*dose, *fill, pump.alarm_on, pump.worst_case_on, pump.dry_on, pump.stability_on, pump.refill_by)


def program(at: datetime, dose: str | Decimal = "100", **changes: Any) -> dict[str, Any]:
    values = {"effective_at": at, "effective_on": at.date(), "daily_dose_mcg_per_day": Decimal(dose)}
    return example("program", **values, **changes)


def refill(at: datetime, dose: str = "100", **changes: Any) -> dict[str, Any]:
    """A refill with nothing unusual: what comes out is what the programmer shows."""
    values = {
        "refilled_at": at,
        "refilled_on": at.date(),
        "expected_residual_ml": None,
        "aspirated_ml": Decimal(16),
        "filled_ml": Decimal(20),
        "daily_dose_mcg_per_day": Decimal(dose),
    }
    return example("refill", **{**values, **changes})


def event(at: datetime, **changes: Any) -> dict[str, Any]:
    values = {"happened_at": at, "happened_on": at.date(), "dose_mcg": None, "volume_ml": None}
    return example("volume_event", **{**values, **changes})


def change(walk: Walk, record: dict[str, Any], **options: Any) -> Todo:
    """Record a program between the planned reviews."""
    return now(walk, "program_change", record, **options)


def now(walk: Walk, key: str, record: dict[str, Any], **options: Any) -> Todo:
    asked = {"case_id": walk.case_id, "key": key, "request_id": new_id(), "by": walk.cast.phil, "at": walk.at}
    outcome = record_now(**{**asked, **options}, record=record)
    return Todo.objects.get(pk=outcome.todo_id)


def fill(walk: Walk, record: dict[str, Any], **options: Any) -> Todo:
    todo = duty(walk)
    complete(todo_id=todo.id, by=walk.cast.phil, at=walk.at, record=record, **options)
    return todo


def wrong(verb: Any, *args: Any, **options: Any) -> dict[str, list[str]]:
    """The sentences by field of a record that is refused; nothing was written."""
    with nothing_written(), pytest.raises(Invalid) as refused:
        verb(*args, **options)
    return refused.value.errors
