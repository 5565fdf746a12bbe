"""The situation a record is written in, read from the case's rows: the same for the engine and for the form's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest
from uuid import UUID

from pathway.clinical.device import PUMP_MODELS, PumpModel
from pathway.clinical.situation import Situation, TrialResponse
from pathway.clinical.steps import Phase
from pathway.clinical.trial import Injection, Response
from pathway.models import Case, CheckedRecord, TrialDose, TrialPlan, TrialReadings
from pathway.protocol.roles import Stage
from pathway.queries.devices import pump_models_of
from pathway.queries.pump_log import PumpRead, read_pump


@dataclass(frozen=True, slots=True)
class Circumstances:
    """A situation, and the pump's row where the record speaks of one."""

    situation: Situation
    pump: PumpRead | None = None


def circumstances_of(
    case: Case,
    record: type[CheckedRecord],
    *,
    todo_id: UUID,
    birth_date: date,
    today: date,
    now: datetime,
    time_zone: str,
) -> Circumstances:
    """What this kind of record is judged on. No query for most kinds; for a pump's five to eight, for a trial's
    three; one more where it names a pump model.

    The records of the to-do itself are left out: a correction is judged as if the old version had never been.
    """
    pump = read_pump(case.id, time_zone, without=todo_id) if "pump" in record.READS else None
    started = pump is not None and pump.facts.log.state().program is not None
    situation = Situation(
        today=today,
        now=now,
        time_zone=time_zone,
        birth_date=birth_date,
        origin=case.origin,
        phase=Phase.MAINTENANCE if case.stage == Stage.LONG_TERM else Phase.TITRATION,
        withdrawal_risk=tuple(case.withdrawal_risk),
        injections=injections_of(case.id, without=todo_id) if "trial" in record.READS else (),
        cautious=is_cautious(case.id) if "trial" in record.READS else False,
        trial=trial_response(case.id) if pump is not None and not started else None,
        pump=pump.facts if pump else None,
        pump_models=_models_for(case, record, pump),
    )
    return Circumstances(situation, pump)


def _models_for(case: Case, record: type[CheckedRecord], pump: PumpRead | None) -> Mapping[str, PumpModel]:
    """The models that the record may name, and the one in place even where it is retired by now."""
    models = pump_models_of(case.clinic_id) if "pump_models" in record.READS else PUMP_MODELS
    return models if pump is None else {**models, pump.facts.model.code: pump.facts.model}


def trial_response(case_id: UUID) -> TrialResponse | None:
    """The screening dose that worked, from the newest positive reading. One query."""
    rows = TrialReadings.objects.filter(case_id=case_id, superseded_at__isnull=True, verdict="positive")
    read = rows.order_by("recorded_at").last()
    if read is None:
        return None
    return TrialResponse(Decimal(read.dose_mcg), read.over_8h, read.negative_reaction)


def is_cautious(case_id: UUID) -> bool:
    """Whether the plan of the trial day starts with the smallest dose. One query."""
    return TrialPlan.objects.filter(case_id=case_id, superseded_at__isnull=True, cautious=True).exists()


def injections_of(case_id: UUID, *, without: UUID) -> tuple[Injection, ...]:
    """Every screening dose given, oldest first, with the response recorded for it. Two queries.

    The readings of a dose are those written after it and before the next one.
    """
    live = {"case_id": case_id, "superseded_at__isnull": True}
    doses = TrialDose.objects.filter(**live).exclude(todo_id=without).order_by("given_at")
    readings = list(TrialReadings.objects.filter(**live).exclude(todo_id=without).order_by("todo_id"))
    given = list(doses)
    found = []
    for dose, following in zip_longest(given, given[1:]):
        after = [read for read in readings if read.todo_id > dose.todo_id]
        mine = [read for read in after if following is None or read.todo_id < following.todo_id]
        response = Response(mine[-1].verdict) if mine else None
        found.append(
            Injection(Decimal(dose.dose_mcg), dose.concentration_mcg_per_ml, dose.given_at, response)
        )
    return tuple(found)
