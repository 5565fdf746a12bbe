"""One valid example of every clinical record: what a clinician would write about one synthetic patient.

`EXAMPLES[kind]` holds model fields and values; `example(kind, **changes)` is a copy with changes; `form_data`
turns a record into what a browser would post. The patient was born on `BIRTH_DATE`; everything happens on or
before `TODAY`.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from pathway.clinical.catheter import PathVolume
from pathway.clinical.device import CATHETER_MODELS, PUMP_MODELS
from pathway.clinical.program import simple_program
from pathway.clinical.pump_log import Filled, Programmed, PumpLog
from pathway.clinical.situation import PumpFacts, Situation
from pathway.views.forms import FORMS
from pathway.views.forms.rows import RowsField
from tests.example_care import CARE
from tests.example_evaluation import EVALUATION

TODAY = date(2026, 9, 30)
BIRTH_DATE = date(1984, 5, 17)
ZONE = "America/Chicago"
SITUATION = Situation(today=TODAY, time_zone=ZONE, birth_date=BIRTH_DATE, origin="spinal")


def running(
    dose: str,
    *,
    strength: int = 500,
    filled_at: datetime = datetime(2026, 4, 1, 16, 0, tzinfo=UTC),
    fill_ml: str = "18",
    implanted_cm: Decimal | None = Decimal(92),
) -> PumpFacts:
    """A SynchroMed II of 20 mL that was filled on 1 April 2026 and has run this dose (mcg/day) since the day after."""
    model, catheter = PUMP_MODELS["synchromed-ii"], CATHETER_MODELS["ascenda"]
    started_at = filled_at + timedelta(days=1)
    fill = Filled(filled_at, filled_at.date(), Decimal(fill_ml), Decimal(strength))
    program = Programmed(started_at, started_at.date(), simple_program(Decimal(strength), Decimal(dose)))
    facts = PumpFacts(model, Decimal(20), Decimal(2), filled_at.date(), PumpLog(), catheter, implanted_cm)
    path = facts.path
    path_ml = path.total_ml if isinstance(path, PathVolume) else None
    return replace(facts, log=PumpLog((fill, program), path_ml))


EXAMPLES: dict[str, dict[str, Any]] = {**EVALUATION, **CARE}
"""One valid example of each kind of record."""


def example(kind: str, **changes: Any) -> dict[str, Any]:
    """A deep copy of the example with changes."""
    return copy.deepcopy(EXAMPLES[kind]) | changes


def moved(kind: str, to: date, zone: str = ZONE) -> dict[str, Any]:
    """The example with every date on `to` and every instant at one in the night of it: past at any hour."""
    night = datetime.combine(to, datetime.min.time(), ZoneInfo(zone)) + timedelta(hours=1)
    data = example(kind)
    for name, value in data.items():
        if isinstance(value, datetime):
            data[name] = night.astimezone(UTC)
        elif isinstance(value, date):
            data[name] = to
    return data


def written(kind: str, to: date, **changes: Any) -> dict[str, Any]:
    """What a browser posts for the example moved to a day: the form is only asked for its inputs."""
    form = FORMS[kind](situation=replace(SITUATION, today=to))
    return form_data(form, moved(kind, to) | changes)


def form_data(form: forms.BaseForm, data: dict[str, Any], zone: str = ZONE) -> dict[str, Any]:
    """What a browser would post to show `data` in `form`: one text (or list of codes) an input."""
    posted: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = data.get(name.removesuffix("_again"))
        if isinstance(field, RowsField):
            posted |= _posted_rows(name, field, value)
        elif isinstance(field, forms.BooleanField):
            posted |= {name: "on"} if value else {}
        elif value not in (None, [], ""):
            posted[name] = value if isinstance(value, list) else _posted(value, zone)
    return posted


def _posted_rows(name: str, field: RowsField, rows: list[dict[str, Any]]) -> dict[str, str]:
    order = [code for code, _ in field.fixed]
    posted = {} if field.fixed else {f"{name}-rows": str(len(rows))}
    for position, row in enumerate(rows):
        index = order.index(row[field.key]) if field.fixed else position
        for column in field.columns:
            cell = row.get(column)
            if cell is not None and cell is not False and cell != "":
                posted[f"{name}-{index}-{column}"] = "on" if cell is True else str(cell)
    return posted


def _posted(value: Any, zone: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    return str(value)
