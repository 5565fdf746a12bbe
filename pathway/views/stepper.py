"""Where a case stands on the pathway, stage by stage with its dates, for <c-stage-stepper>. Reads only."""

from __future__ import annotations

from datetime import date

from django.utils.dateformat import format as format_date

from pathway.protocol.roles import OPEN_STAGES, Stage
from pathway.protocol.schema import Protocol
from pathway.queries.case import CaseRead


def short(day: date | None) -> str:
    """A day as a person reads it; empty for none."""
    return format_date(day, "j M Y") if day else ""


def steps(read: CaseRead, protocol: Protocol) -> list[dict[str, str]]:
    """Each open stage: done, current, held, closed or pending, and the days spent there."""
    here = Stage(read.case.closed_from or read.case.stage)
    entered: dict[str, date] = {}
    left: dict[str, date] = {}
    for visit, following in zip(read.visits, [*read.visits[1:], None], strict=True):
        entered[visit.stage] = read.calendar.local_date(visit.entered_at)
        if following is not None:
            left[visit.stage] = read.calendar.local_date(following.entered_at)
    return [
        _present(stage, read, protocol, entered.get(stage))
        if stage is here
        else _past_or_future(stage, here, entered.get(stage), left.get(stage))
        for stage in OPEN_STAGES
    ]


def _present(stage: Stage, read: CaseRead, protocol: Protocol, entered: date | None) -> dict[str, str]:
    note = f"since {short(entered)}" if entered else ""
    if not read.case.is_open:
        return {"label": stage.label, "state": "closed", "note": note}
    if entered:
        target = protocol.stage[stage].target_days
        note += f", day {(read.today - entered).days + 1}" + (f" of {target} [P]" if target else "")
    return {"label": stage.label, "state": "held" if read.case.on_hold else "current", "note": note}


def _past_or_future(stage: Stage, here: Stage, entered: date | None, left: date | None) -> dict[str, str]:
    behind = OPEN_STAGES.index(stage) < OPEN_STAGES.index(here)
    if behind and entered and left:
        return {"label": stage.label, "state": "done", "note": f"{short(entered)} to {short(left)}"}
    return {"label": stage.label, "state": "pending", "note": "left out" if behind else ""}
