"""What the protocol asks of a case now: which to-dos open, move, or fall away, and which signatures lapse.

Pure: facts in, plan out. It never decides a stage move and never touches a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from pathway.calendars import WorkCalendar
from pathway.protocol.conditions import CONDITIONS
from pathway.protocol.due import anchor_of, due_by, follows_its_anchor
from pathway.protocol.facts import CaseFacts, SignOffFact, TodoFact
from pathway.protocol.guards import applies, judge
from pathway.protocol.roles import Decision, Stage, TodoState
from pathway.protocol.rules import DueRule
from pathway.protocol.schema import REOPEN_PROMPT, Protocol, TodoDef

LAST_RESORT = "nothing_else_open"


@dataclass(frozen=True, slots=True)
class Opening:
    """A to-do to open: its definition, its running number on the case, and its due date (clinic's local date)."""

    todo: TodoDef
    occurrence: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Redate:
    """An open to-do whose date moved because the date it hangs on moved."""

    todo_id: UUID
    key: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An open to-do nobody needs any more, and why."""

    todo_id: UUID
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The difference between what is open and what the protocol asks for."""

    openings: tuple[Opening, ...] = ()
    redates: tuple[Redate, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    lapses: tuple[SignOffFact, ...] = ()


def make_plan(
    protocol: Protocol, facts: CaseFacts, calendar: WorkCalendar, before: CaseFacts | None = None
) -> Plan:
    """Compare what is open with what the protocol asks for. Sources: the protocol alone.

    `before` are the facts as the action found them: a safety date moves later only where what it hangs on did.
    """
    if facts.stage is Stage.CLOSED:
        left = [todo for todo in facts.todos.values() if todo.is_open and todo.key != REOPEN_PROMPT.key]
        return Plan(withdrawals=tuple(Withdrawal(todo.id, todo.key, "The case closed.") for todo in left))
    lapses = tuple(signed for signed in facts.signoffs if _has_lapsed(protocol, signed, facts))
    facts = replace(facts, signoffs=tuple(signed for signed in facts.signoffs if signed not in lapses))
    planner = _Planner(protocol, facts, calendar, before)
    planner.leave_old_stages()
    for todo in _asked(protocol, facts):
        planner.consider(todo, wanted=applies(protocol, todo, facts))
    planner.consider_gates()
    planner.consider_last_resort()
    return Plan(tuple(planner.openings), tuple(planner.redates), tuple(planner.withdrawals), lapses)


def replan_on(protocol: Protocol, facts: CaseFacts) -> date | None:
    """The next day on which time alone changes what is asked; None where only an action can change it.

    A dose has then been unchanged long enough, or an appointment for a refill was missed the day before.
    """
    if facts.pump is None or facts.stage is Stage.CLOSED:
        return None
    days, booked_for = [], facts.day("book_refill.date")
    if booked_for is not None:
        days.append(booked_for + timedelta(days=1))
    if facts.pump.dose_since is not None and any(
        "dose_settled" in gate.guards for gate in protocol.stage[facts.stage].edge
    ):
        days.append(facts.pump.dose_since + timedelta(days=protocol.policy.dose_unchanged_days))
    return min((day for day in days if day > facts.today), default=None)


def _has_lapsed(protocol: Protocol, signed: SignOffFact, facts: CaseFacts) -> bool:
    """A signature of the present round counts only on the facts it was given on."""
    if signed.round != facts.decision_round:
        return False
    return signed.facts_hash != facts.facts_hash(protocol.decision[signed.decision].binds)


def _asked(protocol: Protocol, facts: CaseFacts) -> Iterator[TodoDef]:
    """The duties that may be open now, the last resort left out.

    A duty that outlives its stage is asked again where it was withdrawn: closing a case by mistake loses none.
    """
    for todo in (*protocol.stage[facts.stage].todo, *protocol.anytime):
        if todo.when != LAST_RESORT and not todo.on_demand:
            yield todo
    for key, latest in facts.todos.items():
        definition = protocol.todos[key]
        elsewhere = protocol.home[key] is not facts.stage
        if definition.outlives_stage and elsewhere and latest.state is TodoState.WITHDRAWN:
            yield definition


class _Planner:
    """Collects the differences for one case; lives for one call."""

    def __init__(
        self, protocol: Protocol, facts: CaseFacts, calendar: WorkCalendar, before: CaseFacts | None
    ) -> None:
        self.protocol, self.facts, self.calendar, self.before = protocol, facts, calendar, before
        self.openings: list[Opening] = []
        self.redates: list[Redate] = []
        self.withdrawals: list[Withdrawal] = []
        self.open_keys = {key for key, todo in facts.todos.items() if todo.is_open}

    def leave_old_stages(self) -> None:
        """Withdraw what belonged to a stage the case has left: not what outlives it, nor what is being corrected."""
        for key in sorted(self.open_keys):
            todo, home = self.facts.todos[key], self.protocol.home[key]
            elsewhere = home is not None and home is not self.facts.stage
            if elsewhere and not self.facts.is_here(todo) and not self.protocol.todos[key].outlives_stage:
                self._withdraw(todo, "The case left the stage.")

    def consider(self, todo: TodoDef, *, wanted: bool) -> None:
        """Open, keep (perhaps on another date) or withdraw one duty."""
        latest = self.facts.todos.get(todo.key)
        if latest is not None and latest.is_open:
            if wanted:
                self._redate(todo, latest)
            elif self.facts.is_here(latest) or not todo.outlives_stage:
                self._withdraw(latest, "It no longer applies.")
        elif wanted:
            rule = self._rule_to_open(todo, latest)
            if rule is not None:
                self._open(todo, latest, rule)

    def consider_gates(self) -> None:
        """A gate that stands open asks somebody to pass it; one that shut again asks no longer."""
        for gate in self.protocol.stage[self.facts.stage].edge:
            prompt = self.protocol.prompts.get(gate.key)
            if prompt is not None:
                named = gate.prompt_when is None or CONDITIONS[gate.prompt_when](self.protocol, self.facts)
                self.consider(prompt, wanted=named and judge(self.protocol, gate, self.facts).allowed)

    def consider_last_resort(self) -> None:
        """With nothing else open, somebody must decide what comes next: nobody waits on nothing."""
        for todo in self.protocol.anytime:
            if todo.when == LAST_RESORT:
                self.consider(todo, wanted=not self.open_keys - {todo.key})

    def _rule_to_open(self, todo: TodoDef, latest: TodoFact | None) -> DueRule | None:
        """The due rule of the next occurrence, or None where none is to open now."""
        if not all(self._is_met(key, todo, latest) for key in todo.after):
            return None
        first = self._is_first(todo, latest)
        if todo.decision is not None:
            if todo.role in self.facts.votes(todo.decision) or self._being_changed(todo.decision):
                return None
            return todo.due if first or todo.repeat is None else todo.repeat.due
        if first or todo.key in self.protocol.prompts:
            return todo.due
        if todo.repeat is None:
            return None
        again = todo.repeat.when is None or CONDITIONS[todo.repeat.when](self.protocol, self.facts)
        return todo.repeat.due if again else None

    def _is_first(self, todo: TodoDef, latest: TodoFact | None) -> bool:
        """Whether the duty was not yet settled in this stay (one of any stage: not since it was last needed)."""
        if latest is None or latest.state is TodoState.WITHDRAWN:
            return True
        return self.protocol.home[todo.key] is not None and not self.facts.is_here(latest)

    def _being_changed(self, decision: Decision) -> bool:
        """Whether a record that signatures would rest on is open: nobody signs on facts about to change."""
        return bool(self.open_keys & set(self.protocol.decision[decision].binds))

    def _is_met(self, key: str, todo: TodoDef, latest: TodoFact | None) -> bool:
        """Whether one prerequisite is met: signed for, or settled; and done anew where the duty comes back after it."""
        definition, before = self.protocol.todos[key], self.facts.todos.get(key)
        if definition.decision is not None:
            vote = self.facts.votes(definition.decision).get(definition.role)
            return vote is not None and vote.vote == "for"
        if before is None or not before.is_settled:
            return False
        if self.protocol.home[key] is self.facts.stage and not self.facts.is_here(before):
            return False
        if (
            self._is_first(todo, latest)
            or latest is None
            or todo.repeat is None
            or todo.repeat.when is not None
        ):
            return True
        return todo.decision is not None or (before.state is TodoState.DONE and before.id > latest.id)

    def _due(self, todo: TodoDef, rule: DueRule, latest: TodoFact | None, floor: date) -> date | None:
        """The due date by this rule, None where its anchor is unknown. It never lies before `floor`."""
        anchor = self._anchor(self.facts, rule, latest)
        return None if anchor is None else due_by(todo, rule, anchor, floor, self.calendar)

    def _anchor(self, facts: CaseFacts, rule: DueRule, latest: TodoFact | None) -> date | None:
        previous = latest.ended_on if latest is not None else None
        return anchor_of(self.protocol, facts, rule.anchor, facts.today, previous or facts.today)

    def _open(self, todo: TodoDef, latest: TodoFact | None, rule: DueRule) -> None:
        """Open it; due now where its date hangs on one nobody knows, for no duty is lost for want of a date."""
        due = self._due(todo, rule, latest, self.facts.today) or self.facts.today
        self.openings.append(Opening(todo, latest.occurrence + 1 if latest else 1, due))
        self.open_keys.add(todo.key)

    def _redate(self, todo: TodoDef, latest: TodoFact) -> None:
        """Follow the date a duty hangs on; dates counted from its opening never move by themselves."""
        if not follows_its_anchor(todo, latest.occurrence):
            return
        due = self._due(todo, todo.due, latest, latest.opened_on)
        if due is not None and due != latest.due_on and not self._stays_earlier(todo, latest, due):
            self.redates.append(Redate(latest.id, latest.key, due))

    def _stays_earlier(self, todo: TodoDef, latest: TodoFact, due: date) -> bool:
        """Whether a safety date stays before what its rule gives: a changed calendar moves it earlier, never later.

        Only the date it hangs on moves it later, so it stays while this action has left both alone.
        """
        if not todo.safety or due < latest.due_on or self.before is None:
            return False
        was = self.before.todos.get(todo.key)
        left_alone = was is not None and was.is_open and (was.id, was.due_on) == (latest.id, latest.due_on)
        anchors = (self._anchor(facts, todo.due, latest) for facts in (self.before, self.facts))
        return left_alone and len(set(anchors)) == 1

    def _withdraw(self, todo: TodoFact, reason: str) -> None:
        self.withdrawals.append(Withdrawal(todo.id, todo.key, reason))
        self.open_keys.discard(todo.key)
