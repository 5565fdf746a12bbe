"""What must be true of a case with a pump after every verb, whatever happened to it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
)

from pathway.clinical.advice import runway_in
from pathway.clinical.runway import LEAD_DAYS, Runway
from pathway.clinical.situation import Situation
from pathway.engine.action import chain
from pathway.models import Case, Event, Membership, Pump, Todo
from pathway.protocol.roles import Stage
from pathway.queries.definitions import calendar_of
from pathway.queries.pump_log import read_pump
from tests.cast import Cast
from tests.walk import Walk


class KeptPump(RuleBasedStateMachine):
    """One case whose pump runs, and its invariants."""

    cast: Cast
    case_id: UUID
    walk: Walk

    @property
    def pump(self) -> Pump:
        return Pump.objects.get(case_id=self.case_id, explanted_on__isnull=True)

    def each_invariant(self) -> None:
        self.one_refill_duty_in_time()
        self.the_columns_are_a_fresh_fold()

    @invariant()
    def one_refill_duty_in_time(self) -> None:
        case, pump = Case.objects.get(pk=self.case_id), self.pump
        if not case.is_open or case.stage == Stage.EVALUATION:
            return
        calendar = calendar_of(case.clinic_id, self.cast.clinic.calendar_version)
        duty = Todo.objects.get(case=case, key="refill", state="open")
        assert pump.refill_by is not None
        assert duty.due_on == calendar.last_working_day_on_or_before(pump.refill_by)
        members = Membership.objects.filter(clinic=self.cast.clinic, role=duty.role)
        assert duty.owner_id is not None or members.exists()
        assert pump.alarm_on is None or pump.refill_by <= pump.alarm_on
        assert pump.stability_on is not None
        assert pump.refill_by <= pump.stability_on

    @invariant()
    def the_columns_are_a_fresh_fold(self) -> None:
        case, row = Case.objects.get(pk=self.case_id), self.pump
        read = read_pump(case.id, self.cast.clinic.time_zone)
        assert read is not None
        state = read.facts.log.state()
        fill = state.fill
        assert fill is not None
        stored = (row.filled_at, row.filled_on, row.fill_ml, row.concentration_mcg_per_ml)
        assert stored == (fill.at, fill.on, fill.volume_ml, state.concentration_mcg_per_ml)
        stored = (row.daily_dose_mcg_per_day, row.dose_since, row.stopped_at)
        assert stored == (state.dose_mcg_per_day, state.dose_since, state.stopped_at)
        assert row.alarm_ml == (state.alarm_ml or read.facts.model.alarm_ml.value)
        dates = (row.alarm_on, row.stability_on, row.worst_case_on, row.dry_on, row.refill_by)
        if state.program is None:
            assert dates[4] == fill.on + timedelta(days=LEAD_DAYS.value)
            return
        situation = Situation(
            today=self.walk.today,
            time_zone=self.cast.clinic.time_zone,
            withdrawal_risk=tuple(case.withdrawal_risk),
            pump=read.facts,
        )
        runway = runway_in(situation, read.facts.log)
        assert isinstance(runway, Runway), runway
        fresh = (
            runway.alarm_date,
            runway.stability_date,
            runway.worst_alarm_date,
            runway.dry_date,
            runway.refill_by,
        )
        assert dates == fresh
        seen = state.eri_seen_on
        assert seen is None or (row.eri_seen_on is not None and row.eri_seen_on <= seen)

    @invariant()
    def the_chain_is_whole(self) -> None:
        case, head = Case.objects.get(pk=self.case_id), b""
        for number, event in enumerate(Event.objects.filter(case=case).order_by("seq"), start=1):
            head = chain(head, event)
            assert (event.seq, bytes(event.hash)) == (number, head)
        assert bytes(case.event_hash) == head
