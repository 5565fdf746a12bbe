"""One action on one case: lock, permission, facts, verdict, rows, one event, notices; all or nothing.

Every verb opens an `Action`, changes facts and rows through it, and commits it. Committing lets the protocol say what
opens or falls away, so that no verb can forget a to-do, a timer or a notice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from pathway.engine.changes import Changes
from pathway.engine.errors import EngineError, Invalid, NotFound, Refused, Stale
from pathway.engine.permissions import SYSTEM, Actor
from pathway.engine.snapshot import Snapshot, read_locked
from pathway.engine.telling import owner_or_role
from pathway.models import Case, Clinician, Event, Notice, SignOff, Timer, Todo
from pathway.models.base import Row, new_id
from pathway.protocol.attention import urgency_of
from pathway.protocol.facts import CaseFacts, SignOffFact, TodoFact
from pathway.protocol.ladder import first_step
from pathway.protocol.lint import INCIDENT
from pathway.protocol.plan import Opening, Plan, make_plan, replan_on
from pathway.protocol.roles import Role, TodoState
from pathway.protocol.schema import TodoDef
from pathway.protocol.verdict import refused
from pathway.queries.situation import Circumstances

UNIQUE_VIOLATION = "23505"
NOTICE_SPACE = UUID("5a3d1f0c-9a63-4f0e-9f0b-3f8d3a0e7b11")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action did. `repeated` means it had been done before and nothing was written."""

    case_id: UUID
    version: int
    opened: tuple[str, ...] = ()
    repeated: bool = False
    todo_id: UUID | None = None
    incident_id: UUID | None = None


def chain(previous: bytes, event: Event) -> bytes:
    """SHA-256 of the previous event's hash and this event's content (UTC, canonical JSON)."""
    line = [
        str(event.case_id),
        event.seq,
        event.at.astimezone(UTC).isoformat(),
        str(event.actor_id or ""),
        event.role,
        event.verb,
        event.data,
    ]
    text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(bytes(previous) + text.encode()).digest()


def notice_id(todo_id: UUID, what: str, recipient_id: UUID) -> UUID:
    """The id of the one notice that tells this person this thing about this to-do."""
    return uuid5(NOTICE_SPACE, f"{todo_id}:{what}:{recipient_id}")


class Action:
    """One action while it is being put together."""

    def __init__(self, snapshot: Snapshot, actor: Actor, at: datetime) -> None:
        self.case: Case = snapshot.case
        self.facts: CaseFacts = snapshot.facts
        self.protocol, self.calendar = snapshot.protocol, snapshot.calendar
        self.snapshot, self.actor, self.at = snapshot, actor, at
        self.changes = Changes()
        self.case_values: dict[str, Any] = {}
        self.data: dict[str, Any] = {}  # what the event says beside the verb's own data
        self.opened: list[str] = []
        self.written: list[Row] = []  # rows of this action that no query sees yet
        self.circumstances: Circumstances | None = None
        self._rings: dict[UUID, date] = {}
        self._fresh: set[UUID] = set()

    def todo(self, todo_id: UUID) -> TodoFact:
        """The to-do's facts. Raises Refused for an occurrence that a newer one has replaced."""
        for todo in self.facts.todos.values():
            if todo.id == todo_id:
                return todo
        raise Refused(refused("replaced", "This to-do is history: a newer one has taken its place."))

    def set_case(self, **values: Any) -> None:
        """Change columns of the case (never the stage: only an edge does that)."""
        self.case_values.update(values)

    def set_todo(self, todo: TodoFact, *, columns: dict[str, Any], **facts: Any) -> None:
        """Change a to-do in the facts and in its row. A due date is kept with the calendar it was computed in."""
        if "due_on" in columns:
            columns = {**columns, "calendar_version": self.calendar.version}
        self.facts = replace(self.facts, todos={**self.facts.todos, todo.key: replace(todo, **facts)})
        self.changes.update(Todo, todo.id, **columns)

    def end_todo(
        self, todo: TodoFact, state: TodoState, *, result: dict[str, Any] | None = None, reason: str = ""
    ) -> None:
        """Settle or withdraw a to-do; its timer goes with it."""
        columns = {
            "state": str(state),
            "ended_at": self.at,
            "ended_by_id": self.actor.id or UUID(int=0),
            "reason": reason,
        }
        if result is not None:
            columns["result"] = result
        self.set_todo(
            todo,
            columns=columns,
            state=state,
            ended_on=self.facts.today,
            result=todo.result if result is None else result,
        )
        self._rings.pop(todo.id, None)
        self.changes.delete(Timer, [todo.id])

    def ring(self, todo_id: UUID, due_on: date) -> None:
        """Start (or restart) the ladder of a to-do that is due on this day."""
        self._rings[todo_id] = due_on

    def start_round(self, number: int) -> None:
        """The team has met: signatures of earlier rounds are kept but no longer count."""
        self.facts = replace(self.facts, decision_round=number)
        self.set_case(decision_round=number)

    def add_signature(self, signed: SignOffFact) -> None:
        """A signature was given in this action: guards must see it."""
        self.facts = replace(self.facts, signoffs=(*self.facts.signoffs, signed))

    def forget_signature(self, signed: SignOffFact) -> None:
        """A signature lapsed in this action: guards must not see it."""
        self.facts = replace(
            self.facts, signoffs=tuple(other for other in self.facts.signoffs if other != signed)
        )

    def tell(
        self, todo_id: UUID, role: Role, kind: str, what: str, *, to: UUID | None = None, **data: Any
    ) -> None:
        """Queue a notice about a to-do: to whoever answers for one person, or for the role on this case."""
        write = self._writer(todo_id)
        todo = next(todo for todo in self.facts.todos.values() if todo.id == todo_id)
        team, roster = self.snapshot.team, self.snapshot.roster
        for recipient, told_as, used in owner_or_role(to, role, kind, team, roster, safety=todo.safety):
            due_now = todo.due_on <= self.facts.today
            write(
                Notice,
                id=notice_id(todo_id, what, recipient),
                case_id=self.case.id,
                clinic_id=self.case.clinic_id,
                todo_id=todo_id,
                recipient_id=recipient,
                role=told_as,
                kind=used,
                urgency=urgency_of(used, safety=todo.safety, due_now=due_now),
                data={**data, "for": str(to)} if to and recipient != to else data,
                created_at=self.at,
                due_at=self.at,
            )

    def _writer(self, todo_id: UUID) -> Callable[..., None]:
        """How to write a row about a to-do: one that opens in this action cannot have it yet, which is cheaper."""
        return self.changes.insert if todo_id in self._fresh else self.changes.put

    def commit(self, verb: str, role: Role | None = None, **data: Any) -> Outcome:
        """Let the protocol plan, then write everything and one event. Returns what was opened."""
        self._apply(make_plan(self.protocol, self.facts, self.calendar, before=self.snapshot.facts))
        self._point_at_next()
        self._set_timers()
        data = {**self.data, **data}
        if self.opened:
            data["opened"] = self.opened
        seq = self.case.event_seq + 1
        event = Event(
            case_id=self.case.id,
            seq=seq,
            at=self.at,
            actor_id=self.actor.id,
            role=str(role or self.actor.acting_as()),
            verb=verb,
            data=data,
        )
        event.hash = chain(bytes(self.case.event_hash), event)
        self.changes.add(event)
        self._write_case(event)
        self.changes.flush()
        return Outcome(self.case.id, seq, tuple(self.opened))

    def _write_case(self, event: Event) -> None:
        """One row for the case: inserted when new, else only the columns that changed."""
        if self.case._state.adding:
            for name, value in {**self.case_values, "event_seq": event.seq, "event_hash": event.hash}.items():
                setattr(self.case, name, value)
            self.changes.add(self.case)
            return
        changed = {
            name: value for name, value in self.case_values.items() if getattr(self.case, name) != value
        }
        self.changes.update(Case, self.case.id, event_seq=event.seq, event_hash=event.hash, **changed)

    def _set_timers(self) -> None:
        for todo_id, due_on in self._rings.items():
            ladder = self.protocol.ladder_of(self._key(todo_id))
            step, moment = first_step(ladder, due_on, self.at, self.calendar)
            self._writer(todo_id)(Timer, todo_id=todo_id, step=step, due_at=moment)

    def _key(self, todo_id: UUID) -> str:
        return self.todo(todo_id).key

    def _apply(self, plan: Plan) -> None:
        for lapse in plan.lapses:
            self.changes.update(
                SignOff, lapse.id, lapsed_at=self.at, lapse_reason="The facts it was signed on changed."
            )
            key = f"{lapse.decision}_{lapse.role}"
            todo = self.facts.todos[key]
            self.tell(todo.id, lapse.role, "lapsed", f"lapsed:{lapse.id}", to=lapse.signer_id)
        for gone in plan.withdrawals:
            self.end_todo(self.facts.todos[gone.key], TodoState.WITHDRAWN, reason=gone.reason)
        for move in plan.redates:
            self._redate(self.facts.todos[move.key], move.due_on)
        for opening in plan.openings:
            self.open(opening)

    def _redate(self, todo: TodoFact, due_on: date) -> None:
        self.set_todo(todo, columns={"due_on": due_on}, due_on=due_on)
        self.ring(todo.id, due_on)

    def open(
        self,
        opening: Opening,
        *,
        role: Role | None = None,
        owner: UUID | None = None,
        result: dict[str, Any] | None = None,
    ) -> None:
        """Open a to-do of the protocol, start its ladder, tell its owner or whoever holds its (or the given) role."""
        definition, role = opening.todo, role or opening.todo.role
        named = (owner,) if owner else self.snapshot.team.get(role, ())
        todo = TodoFact(
            id=new_id(),
            key=definition.key,
            occurrence=opening.occurrence,
            visit_seq=self.facts.visit_seq,
            role=role,
            state=TodoState.OPEN,
            due_on=opening.due_on,
            opened_on=self.facts.today,
            owner_id=named[0] if len(named) == 1 else None,
            required=definition.required,
            safety=definition.safety,
            result=result or {},
        )
        self.facts = replace(self.facts, todos={**self.facts.todos, todo.key: todo})
        self._insert_todo(todo)
        self._fresh.add(todo.id)
        self.ring(todo.id, opening.due_on)
        if (
            definition.when not in INCIDENT
        ):  # whom an incident asks is called about it: a second mail would say less
            self.tell(todo.id, role, "opened", "opened", to=owner)
        self.opened.append(definition.key)

    def settle(self, definition: TodoDef, todo_id: UUID, result: dict[str, Any]) -> TodoFact:
        """A duty that was done without having been open: one row, done at once, nobody is told."""
        before, today = self.facts.todos.get(definition.key), self.facts.today
        todo = TodoFact(
            id=todo_id,
            key=definition.key,
            occurrence=before.occurrence + 1 if before else 1,
            visit_seq=self.facts.visit_seq,
            role=definition.role,
            state=TodoState.DONE,
            due_on=today,
            opened_on=today,
            ended_on=today,
            owner_id=self.actor.id,
            required=definition.required,
            safety=definition.safety,
            result=result,
        )
        self.facts = replace(self.facts, todos={**self.facts.todos, todo.key: todo})
        self._insert_todo(todo, state=str(todo.state), ended_at=self.at, ended_by_id=self.actor.id)
        return todo

    def _insert_todo(self, todo: TodoFact, **ended: Any) -> None:
        self.changes.insert(
            Todo,
            id=todo.id,
            case_id=self.case.id,
            clinic_id=self.case.clinic_id,
            key=todo.key,
            occurrence=todo.occurrence,
            stage=self.facts.stage,
            visit_seq=todo.visit_seq,
            role=todo.role,
            required=todo.required,
            safety=todo.safety,
            due_on=todo.due_on,
            calendar_version=self.calendar.version,
            opened_at=self.at,
            owner_id=todo.owner_id,
            result=todo.result,
            **ended,
        )

    def _point_at_next(self) -> None:
        """Write whose turn it is on the case: the earliest open duty (on hold: of those that a hold does not pause)."""
        open_todos = [todo for todo in self.facts.todos.values() if todo.is_open]
        awake = (
            [todo for todo in open_todos if todo.safety or todo.key == "hold_review"]
            if self.facts.on_hold
            else []
        )
        first = min(
            awake or open_todos, key=lambda todo: (todo.due_on, not todo.required, todo.id), default=None
        )
        self.set_case(
            next_key=first.key if first else "",
            next_role=str(first.role) if first else "",
            next_owner_id=first.owner_id if first else None,
            next_due_on=first.due_on if first else None,
            required_open=sum(todo.required for todo in open_todos),
            replan_on=replan_on(self.protocol, self.facts),
        )


TAKEN: dict[str, dict[str, list[str]]] = {
    "pump_serial_once_in_place": {
        "pump_serial": ["Another pump in place has this serial number; check the label."]
    },
}


def refusal_of(error: IntegrityError) -> EngineError:
    """A database constraint that was hit, as an answer to the person: at the field where one is to blame."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name = diagnosis.constraint_name if diagnosis else ""
    if name in TAKEN:
        return Invalid(TAKEN[name])
    text = "Somebody else was faster with the same step. Look again; what you typed was not saved."
    return Stale(refused("database_refused", text))


@contextmanager
def action(
    *, by: Clinician | None, at: datetime, case_id: UUID | None = None, todo_id: UUID | None = None
) -> Iterator[Action]:
    """Open an action: one transaction, the case locked. A person without a role in the clinic finds no case."""
    try:
        with transaction.atomic():
            snapshot = read_locked(case_id=case_id, todo_id=todo_id, actor_id=by.id if by else None, at=at)
            if by is None:
                actor = SYSTEM
            elif not by.is_active or not snapshot.actor_roles:
                raise NotFound("There is no such case for you.")
            else:
                covers = snapshot.roster.covers.get(by.id, frozenset())
                actor = Actor(by.id, snapshot.actor_roles, covers)
            yield Action(snapshot, actor, at)
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "sqlstate", "") != UNIQUE_VIOLATION:
            raise
        raise refusal_of(error) from error
