"""Walks one synthetic case from its referral to a given instant, through the engine's verbs and nothing else.

A loop: of everything that could happen next (a duty done, a duty claimed, a turn of the scenario, a timer, a day on
which the protocol looks again) the earliest happens. What would lie after the end stays undone, which is how the demo
gets its open work.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from pathway.engine.advance import advance
from pathway.engine.cases import refresh, reopen_case
from pathway.engine.referrals import Referral, refer
from pathway.engine.signoffs import sign
from pathway.engine.timers import BATCH, fire_due
from pathway.engine.todos import claim, complete
from pathway.models import Case, Clinician, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import CARE_ROLES, OPEN_STAGES, Decision, Role, Stage
from pathway.protocol.schema import Protocol
from pathway.queries.definitions import protocol_of
from pathway.queries.facts import facts_hash
from pathway.synthetic.assumptions import assumed
from pathway.synthetic.memory import Memory, Moment
from pathway.synthetic.pace import PACES, USUAL, Anchor, Stay, before_in_hours, in_hours, planned
from pathway.synthetic.profile import Profile
from pathway.synthetic.records import make_record
from pathway.synthetic.records_running import refill_on_for
from pathway.synthetic.scenario import Course, Scenario
from pathway.synthetic.situation import Duty, Situation, look
from pathway.synthetic.staff import Staff
from pathway.synthetic.trial_day import observation_steps
from pathway.synthetic.turns import Step, Turns

MAX_STEPS = 5000
TRIAL_DAY = {"trial_plan": timedelta(days=-2), "trial_dose": timedelta(minutes=10)}
"""When these are recorded, counted from the injection, on a case whose trial day is under way."""
FIRST_STAYS = (Stage.EVALUATION, Stage.SELECTION, Stage.TRIAL, Stage.IMPLANT)


@dataclass(frozen=True, slots=True)
class Walked:
    """What became of a case: where it stands, how many steps it took, and the memory of it."""

    case_id: UUID
    stage: Stage
    steps: int
    memory: Memory


class Walk:
    """One case on its way. `seed` makes every luck of this case; the same seed and dates give the same story."""

    def __init__(self, staff: Staff, profile: Profile, scenario: Scenario, course: Course, seed: str) -> None:
        self.staff, self.scenario, self.course, self.seed = staff, scenario, course, seed
        self.calendar = staff.calendar
        self.memory = Memory(profile, scenario)
        self.people = staff.by_id()
        self.clock = self.end = self.referred_at = datetime.min.replace(tzinfo=UTC)
        self.visits: Counter[str] = Counter()
        self.stay: Stay
        self.case_id: UUID
        self.refreshed_on: object = None
        self.turns = Turns(self)

    def luck(self, *what: object) -> float:
        """A number from 0 to 1 that belongs to this question alone, whatever else was asked before."""
        return random.Random(f"{self.seed}:{what}").random()

    def run(self, referred_at: datetime, end: datetime) -> Walked:
        """Refer the patient, then let everything happen that happens before the end."""
        self.clock = before_in_hours(referred_at, self.calendar, self.luck("refer"))
        self.referred_at, self.end = self.clock, end
        self._refer()
        for number in range(MAX_STEPS):
            case = look(self.case_id)
            self._notice_stay(case)
            steps = self._steps(case)
            step = min(steps, key=lambda one: one[0], default=None)
            if step is None or step[0] > end:
                return Walked(self.case_id, Stage(case.stage), number, self.memory)
            self.clock = step[0]
            step[1](step[0])
        raise AssertionError(f"{self.scenario.name}: the case does not come to rest")

    def _refer(self) -> None:
        profile = self.memory.profile
        named = self.scenario.named_team
        if named is None:
            named = self.luck("team") < assumed("named_team_share")
        team = {role: [self.person(role).id] for role in CARE_ROLES if named and role in self.staff.people}
        referral = Referral(
            request_id=new_id(),
            patient=profile.identity(),
            referred_by="Regional rehabilitation centre"
            if self.luck("from") < 0.5
            else "Neurology outpatients",
            reason="Severe spasticity although tablets were increased",
            team=team,
        )
        by = self.person(Role.COORDINATOR)
        self.case_id = refer(clinic_id=self.staff.clinic.id, referral=referral, by=by, at=self.clock).case_id
        protocol_id = Case.objects.values_list("protocol_id", flat=True).get(pk=self.case_id)
        self.protocol: Protocol = protocol_of(protocol_id)

    def person(self, role: Role | str) -> Clinician:
        """Who looks after this patient in a role."""
        return self.staff.one(role, self.luck("person", str(role)))

    def owner(self, todo: Duty | Todo) -> Clinician:
        """Whoever owns a duty; whoever looks after the patient where nobody does."""
        return self.people[todo.owner_id] if todo.owner_id else self.person(todo.role)

    # --- stays ---
    def _notice_stay(self, case: Situation) -> None:
        """A new stay gets its planned end and the dates of its procedures.

        A first stay follows the course counted from the referral, so that one late duty does not delay all the rest;
        a second one is counted from its own beginning.
        """
        if sum(self.visits.values()) == case.visit_seq:
            return
        self.visits[case.stage] += 1
        self.memory.in_long_term = case.stage == Stage.LONG_TERM
        stage, entered = Stage(case.stage), case.stage_entered_at
        first = self.visits[stage] == 1 and stage in FIRST_STAYS
        begins = self._planned_entry(stage) if first else entered
        leaves = self._planned_entry(OPEN_STAGES[OPEN_STAGES.index(stage) + 1]) if first else entered
        trial = self._planned_entry(Stage.TRIAL) + timedelta(days=self.course.trial_wait)
        operation = max(begins + timedelta(days=self.course.operation_wait), entered + timedelta(days=22))
        self.stay = Stay(
            entered_at=entered,
            leaves_at=max(leaves, entered + timedelta(days=2)),
            trial_on=self._trial_on(trial),
            operation_on=self._working_day(operation),
        )
        if self.visits[stage] > 1 and stage is Stage.TITRATION:
            self.memory.titrated_steps = 0

    def _planned_entry(self, stage: Stage) -> datetime:
        days = self.course.days_until(
            stage, waive=self.scenario.waive, failing=min(self.scenario.doses_fail or 0, 2)
        )
        return self.referred_at + timedelta(days=days)

    def _trial_on(self, moment: datetime) -> date:
        if self.scenario.injected_ago is None:
            return self._working_day(moment)
        return self.calendar.local_date(self.end - timedelta(minutes=self.scenario.injected_ago))

    def _working_day(self, moment: datetime) -> date:
        return self.calendar.next_working_day_on_or_after(self.calendar.local_date(moment))

    def shift(self, days: timedelta) -> None:
        """After a hold everything that was planned comes later."""
        self.referred_at += days
        work, stay = self.calendar.next_working_day_on_or_after, self.stay
        self.stay = replace(
            stay,
            leaves_at=stay.leaves_at + days,
            trial_on=work(stay.trial_on + days),
            operation_on=work(stay.operation_on + days),
        )

    # --- what could happen next ---
    def _steps(self, case: Situation) -> list[Step]:
        steps = self.turns.steps(case)
        rings = [todo.rings_at for todo in case.duties if todo.rings_at is not None]
        if rings:
            steps.append((max(min(rings), self.clock), self._fire))
        if case.replan_on is not None and case.replan_on != self.refreshed_on:
            steps.append((max(self.calendar.at_opening(case.replan_on), self.clock), self._refresh))
        for todo in case.duties:
            asleep = case.held_at is not None and not todo.safety and todo.key != "hold_review"
            if not asleep:
                steps += self._todo_steps(todo)
        return steps

    def _fire(self, at: datetime) -> None:
        """Fire what is due, as a worker would at this instant."""
        while fire_due(at=at) == BATCH:
            pass

    def _refresh(self, at: datetime) -> None:
        self.refreshed_on = look(self.case_id).replan_on
        refresh(case_id=self.case_id, at=at)

    def _todo_steps(self, todo: Duty) -> list[Step]:
        if todo.key == "refill" and (self.memory.pump is None or self.memory.pump.runs_since is None):
            return []  # a pump that was just implanted gets its first program before anybody refills it
        moment = max(self._planned(todo), self.clock + timedelta(minutes=2))
        steps: list[Step] = []
        undone = self.scenario.undone
        slack = undone.get(f"{todo.key}#{todo.occurrence}", undone.get(todo.key))
        if slack is None or moment <= self.end - timedelta(days=slack):
            steps.append((moment, lambda at: self._do(todo, at)))
        if todo.key == "trial_readings" and self.scenario.injected_ago is not None:
            steps += observation_steps(self, todo)
        shared = todo.owner_id is None and todo.key != "edge_reopen"
        if shared and self.luck("claim", todo.key, todo.occurrence) < assumed("claimed_share"):
            early = todo.opened_at + (moment - todo.opened_at) * 0.3
            early = max(in_hours(early, self.calendar, 0.2), self.clock + timedelta(minutes=1))
            if early < moment:
                steps.append((early, lambda at: claim(todo_id=todo.id, by=self.person(todo.role), at=at)))
        return steps

    def _planned(self, todo: Duty) -> datetime:
        """When the person in charge does this duty."""
        share = self.luck("when", todo.key, todo.occurrence)
        pace = PACES.get(todo.key, USUAL)
        if todo.key == "refill":
            return self._refill_at(todo, share)
        if self.scenario.injected_ago is not None and todo.key in TRIAL_DAY:
            return self.end - timedelta(minutes=self.scenario.injected_ago) + TRIAL_DAY[todo.key]
        moment = planned(
            pace,
            opened_at=todo.opened_at,
            due_on=todo.due_on,
            stay=self.stay,
            share=share,
            calendar=self.calendar,
        )
        if todo.key == "trial_dose" and self.memory.given:
            moment = max(moment, self.memory.given[-1].at + timedelta(hours=24, minutes=30))
        may_be_late = (
            pace.at is None and not pace.exact and not todo.safety and pace.anchor is not Anchor.LEAVE
        )
        if may_be_late and self.luck("late", todo.key, todo.occurrence) < assumed("late_duty_share"):
            moment = in_hours(moment + timedelta(days=2 + 6 * share), self.calendar, share)
        return moment

    def _refill_at(self, todo: Duty, share: float) -> datetime:
        """On the day that was booked, or near the due date; late or early where the scenario wants it."""
        memory, scenario, opened_on = self.memory, self.scenario, self.calendar.local_date(todo.opened_at)
        pump = memory.pump
        assert pump is not None and pump.runs_since is not None, "no refill before the first program"  # noqa: PT018
        day = memory.refill_booked_for or todo.due_on - timedelta(days=round(4 * share))
        day = min(day, todo.due_on)
        number = memory.refills + 1
        if number in scenario.late_refills or self.luck("late refill", number) < assumed("late_refill_share"):
            day = todo.due_on + timedelta(days=8 + round(6 * share))
        if scenario.refill_by_in is not None and pump.dose is not None:
            target = self.calendar.local_date(self.end) + timedelta(days=scenario.refill_by_in)
            wanted = refill_on_for(opened_on + timedelta(days=10), pump, target)
            day = wanted if wanted is not None and wanted <= day else day
        day = self.calendar.last_working_day_on_or_before(day)
        moment = self.calendar.at_opening(day) + timedelta(hours=1 + 6 * share)
        return max(moment, todo.opened_at + timedelta(minutes=30), pump.runs_since + timedelta(hours=1))

    # --- doing it ---
    def _do(self, todo: Duty, at: datetime) -> None:
        by = self.owner(todo)
        definition = self.protocol.todos[todo.key]
        if definition.decision is not None:
            self._sign(todo, definition.decision, by, at)
        elif todo.key == "edge_reopen":
            reopen_case(case_id=self.case_id, by=by, at=at)
        elif todo.key.startswith("edge_"):
            edge = todo.key.removeprefix("edge_")
            reason = "The three disciplines gave their reasons" if edge == "waive_trial" else ""
            advance(case_id=self.case_id, edge=edge, by=by, at=at, reason=reason)
        else:
            record = make_record(definition.form, self._moment(todo, by, at)) if definition.form else None
            complete(todo_id=todo.id, by=by, at=at, record=record, second=self._second(by))
            self.turns.ended(todo.key, at)

    def _second(self, by: Clinician) -> UUID:
        """The colleague who looks at what two people answer for: the surgeon, or the physiatrist for the surgeon."""
        surgeon = self.person(Role.NEUROSURGEON)
        return surgeon.id if surgeon.id != by.id else self.person(Role.PHYSIATRIST).id

    def _moment(self, todo: Duty, by: Clinician, at: datetime) -> Moment:
        rng = random.Random(f"{self.seed}:record:{todo.key}:{todo.occurrence}")
        return Moment(
            todo.key, at, todo.due_on, str(by), self.memory, self.stay, rng, self.calendar, self.case_id
        )

    def _sign(self, todo: Duty, decision: Decision, by: Clinician, at: datetime) -> None:
        against = todo.key in self.scenario.against and todo.occurrence == 1
        waives = self.scenario.waive and decision is Decision.CANDIDACY
        reason = ""
        if against:
            reason = "The goals can still be reached with injections; not convinced yet."
        elif waives:
            reason = "Earlier positive trial elsewhere; a second puncture adds risk and no knowledge."
        sign(
            todo_id=todo.id,
            by=by,
            at=at,
            vote="against" if against else "for",
            facts_hash=facts_hash(self.case_id, decision),
            reason=reason,
            waives_trial=waives,
        )
        self.turns.ended(todo.key, at)
