"""Which open duties get another date when the clinic's calendar changes. Pure: facts and calendars in, moves out.

A date that its rule gave is computed anew; one that somebody moved stays, unless nobody works on it any more. A safety
date only ever moves earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pathway.calendars import WorkCalendar
from pathway.protocol.due import FROM_ITS_OPENING, anchor_of, due_by, follows_its_anchor
from pathway.protocol.facts import CaseFacts, TodoFact
from pathway.protocol.roles import Role
from pathway.protocol.rules import DueRule
from pathway.protocol.schema import Protocol, TodoDef


@dataclass(frozen=True, slots=True)
class Move:
    """An open duty whose date moves, and from where."""

    todo_id: UUID
    key: str
    occurrence: int
    role: Role
    safety: bool
    was_due_on: date
    due_on: date

    @property
    def is_earlier(self) -> bool:
        """Whether there is less time for it than before."""
        return self.due_on < self.was_due_on


def moved_dates(
    protocol: Protocol, facts: CaseFacts, dated_in: Mapping[UUID, WorkCalendar], calendar: WorkCalendar
) -> tuple[Move, ...]:
    """The open duties that get another date in `calendar`, by date.

    `dated_in`: the calendar that each duty's present date was computed in, by to-do; one that is not named stays. Where
    that calendar is the same, nothing moves.
    """
    moves = [
        Move(todo.id, todo.key, todo.occurrence, todo.role, todo.safety, todo.due_on, due_on)
        for todo in facts.todos.values()
        if todo.is_open and todo.id in dated_in
        for due_on in (_Dates(protocol, facts, todo, dated_in[todo.id], calendar).anew(),)
        if due_on != todo.due_on
    ]
    return tuple(sorted(moves, key=lambda move: (move.due_on, move.key)))


@dataclass(frozen=True, slots=True)
class _Dates:
    """The dates of one open duty in two calendars."""

    protocol: Protocol
    facts: CaseFacts
    todo: TodoFact
    old: WorkCalendar
    new: WorkCalendar

    def anew(self) -> date:
        """The date from now on."""
        rule = next((rule for rule in self._rules() if self._by(rule, self.old) == self.todo.due_on), None)
        computed = self._kept() if rule is None else self._computed(rule)
        return self._kept() if self.todo.safety and computed > self.todo.due_on else computed

    @property
    def _definition(self) -> TodoDef:
        return self.protocol.todos[self.todo.key]

    def _rules(self) -> Iterator[DueRule]:
        """The rules that may have given the present date, the likelier one first."""
        if self.todo.occurrence > 1 and self._definition.repeat is not None:
            yield self._definition.repeat.due
        yield self._definition.due

    def _by(self, rule: DueRule, calendar: WorkCalendar) -> date | None:
        """The date a rule gives in a calendar; None where what it hangs on is not known."""
        opened_on = self.todo.opened_on
        anchor = anchor_of(self.protocol, self.facts, rule.anchor, opened_on, opened_on)
        return None if anchor is None else due_by(self._definition, rule, anchor, opened_on, calendar)

    def _computed(self, rule: DueRule) -> date:
        """The rule's date in the new calendar. One counted from its opening does not fall due before today by this."""
        due_on = self._by(rule, self.new)
        assert due_on is not None  # it is known: the rule gave the present date
        overtaken = due_on < self.facts.today <= self.todo.due_on
        if overtaken and rule.anchor in FROM_ITS_OPENING and not self.todo.safety:
            return self.new.next_working_day_on_or_after(self.facts.today)
        return due_on

    def _kept(self) -> date:
        """The present date, moved where the new calendar has taken its working day away: safety before, else after."""
        due_on = self.todo.due_on
        taken_away = self.old.is_working_day(due_on) and not self.new.is_working_day(due_on)
        if not self.todo.safety:
            return self.new.next_working_day_on_or_after(due_on) if taken_away else due_on
        if taken_away:  # but not before the day it opened
            earliest = min(due_on, self.todo.opened_on)
            due_on = max(self.new.last_working_day_on_or_before(due_on), earliest)
        return min(due_on, self._followed() or due_on)

    def _followed(self) -> date | None:
        """The date at which the next action on the case would put a duty that follows what it hangs on, if earlier."""
        if not follows_its_anchor(self._definition, self.todo.occurrence):
            return None
        before, after = (self._by(self._definition.due, calendar) for calendar in (self.old, self.new))
        return after if before is not None and after is not None and after < before else None
