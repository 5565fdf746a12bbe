"""The facts of one case, frozen: all that guards, conditions and due rules may look at. It knows no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from pathway.clinical.conditions import TriageLevel
from pathway.protocol.roles import Decision, Role, Stage, TodoState


@dataclass(frozen=True, slots=True)
class TodoFact:
    """The newest occurrence of one duty. `result` holds the record's facts and its `digest`."""

    id: UUID
    key: str
    occurrence: int
    visit_seq: int
    role: Role
    state: TodoState
    due_on: date
    opened_on: date
    ended_on: date | None = None
    owner_id: UUID | None = None
    required: bool = True
    safety: bool = False
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self.state == TodoState.OPEN

    @property
    def is_settled(self) -> bool:
        """Done, or not applicable with a reason."""
        return self.state in (TodoState.DONE, TodoState.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class SignOffFact:
    """One signature that has not lapsed."""

    id: UUID
    decision: Decision
    round: int
    role: Role
    signer_id: UUID
    vote: str
    waives_trial: bool
    facts_hash: str
    has_reason: bool


@dataclass(frozen=True, slots=True)
class PumpFact:
    """The pump in place: the dates the engine computed for it. Dates are the clinic's local dates.

    `card_is_current`: the emergency card last handed over still says what is true. `is_stopped`: the infusion is off.
    """

    id: UUID
    implanted_on: date
    filled_on: date | None
    refill_by: date | None
    end_of_service_on: date | None
    dose_since: date | None
    eri_seen_on: date | None = None
    card_is_current: bool = True
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class IncidentFact:
    """The open incident: who is asked to act, and who of them has not answered yet."""

    id: UUID
    level: TriageLevel
    asked: frozenset[Role]
    waiting: frozenset[Role]
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """One case at one moment. `todos` maps each key to its newest occurrence.

    `since_visit` is the visit with which the present stay began, where that is not the present one: a case that was
    closed by mistake and reopened goes on where it was, and nothing done there is asked again.
    """

    stage: Stage
    visit_seq: int
    stage_entered_on: date
    today: date
    decision_round: int = 1
    hold_review_on: date | None = None
    todos: Mapping[str, TodoFact] = field(default_factory=dict)
    signoffs: tuple[SignOffFact, ...] = ()
    pump: PumpFact | None = None
    since_visit: int | None = None
    incident: IncidentFact | None = None

    @property
    def on_hold(self) -> bool:
        """Whether the pathway is paused."""
        return self.hold_review_on is not None

    def is_here(self, todo: TodoFact) -> bool:
        """Whether the duty was opened during the present stay."""
        return todo.visit_seq >= (self.visit_seq if self.since_visit is None else self.since_visit)

    def done_here(self, key: str) -> bool:
        """Whether the duty was settled during the present stay."""
        todo = self.todos.get(key)
        return todo is not None and todo.is_settled and self.is_here(todo)

    def value(self, path: str, *, this_visit: bool = False) -> Any:
        """A fact of a done duty: "trial_booking.date"; None where it is not known (or not from this stay)."""
        key, _, name = path.partition(".")
        todo = self.todos.get(key)
        if todo is None or todo.state != TodoState.DONE:
            return None
        if this_visit and not self.is_here(todo):
            return None
        return todo.result.get(name)

    def day(self, path: str) -> date | None:
        """A fact that is an ISO date."""
        value = self.value(path)
        return date.fromisoformat(value) if value else None

    def votes(self, decision: Decision) -> dict[Role, SignOffFact]:
        """The live signatures of the present round by discipline."""
        return {
            signed.role: signed
            for signed in self.signoffs
            if signed.decision == decision and signed.round == self.decision_round
        }

    def facts_hash(self, keys: tuple[str, ...]) -> str:
        """Hash of the records behind these duties: what a signature is bound to. Hex SHA-256."""
        latest = {key: self.todos[key] for key in keys if key in self.todos}
        settled = {
            key: (todo.state, todo.result.get("digest")) for key, todo in latest.items() if todo.is_settled
        }
        return hash_of(keys, settled)


def hash_of(keys: tuple[str, ...], settled: Mapping[str, tuple[str, str | None]]) -> str:
    """Hash of (state, digest) of each duty; one that is not settled counts as missing. Hex SHA-256."""
    lines = [[key, *settled[key]] if key in settled else [key] for key in sorted(keys)]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()
