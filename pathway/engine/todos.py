"""Verbs on one to-do: claim, release, hand over, complete, record, mark not applicable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from pathway.engine.action import Action, Outcome, action
from pathway.engine.effects import apply_effects
from pathway.engine.errors import Invalid, NotFound, Refused, Stale
from pathway.engine.permissions import require_not_anothers, require_open, require_role, require_todo_role
from pathway.engine.second import ask_second
from pathway.engine.staying import keep_here
from pathway.models import CheckedRecord, ClinicalRecord, Clinician, Todo
from pathway.models.records import RECORDS
from pathway.protocol.facts import TodoFact
from pathway.protocol.guards import applies
from pathway.protocol.roles import Role, TodoState
from pathway.protocol.schema import TodoDef
from pathway.protocol.verdict import refused
from pathway.queries.situation import circumstances_of

BOUND = ("case", "todo", "recorded_by")
CASE_CLOSED = "The case is closed; reopen the case first."
KEPT = ("record_about", "recorded_by")


def claim(*, todo_id: UUID, by: Clinician, at: datetime) -> Outcome:
    """Take a to-do of one's role that nobody owns. Repeating it changes nothing."""
    with action(todo_id=todo_id, by=by, at=at) as act:
        todo = act.todo(todo_id)
        require_todo_role(act.actor, todo, "claim it")
        require_open(todo)
        if todo.owner_id == by.id and todo.id in act.snapshot.claimed:
            return Outcome(act.case.id, act.case.event_seq, repeated=True, todo_id=todo.id)
        require_not_anothers(act.actor, todo)
        keep_here(act.case.clinic_id, by.id)
        _own(act, todo, by.id, at)
        return act.commit("claim", todo.role, key=todo.key, occurrence=todo.occurrence)


def release(*, todo_id: UUID, by: Clinician, at: datetime) -> Outcome:
    """Give a to-do one owns back to everybody who holds its role."""
    with action(todo_id=todo_id, by=by, at=at) as act:
        todo = act.todo(todo_id)
        require_todo_role(act.actor, todo, "release it")
        require_open(todo)
        if todo.owner_id is None:
            return Outcome(act.case.id, act.case.event_seq, repeated=True, todo_id=todo.id)
        require_not_anothers(act.actor, todo)
        _own(act, todo, None, None)
        return act.commit("release", todo.role, key=todo.key, occurrence=todo.occurrence)


def hand_over(*, todo_id: UUID, to: UUID, by: Clinician, at: datetime, reason: str) -> Outcome:
    """Give a to-do to a named colleague who holds its role (or take it over oneself). The new owner is told."""
    with action(todo_id=todo_id, by=by, at=at) as act:
        todo = act.todo(todo_id)
        require_role(act.actor, frozenset({todo.role, Role.COORDINATOR}), "hand this to-do over")
        require_open(todo)
        if not reason.strip():
            raise Invalid({"reason": ["Write why it is handed over."]})
        if to not in act.snapshot.roster.members.get(todo.role, ()):
            raise Refused(
                refused("not_the_role", f"That person is not a {todo.role} of this clinic.", todo.role)
            )
        if todo.owner_id == to:
            return Outcome(act.case.id, act.case.event_seq, repeated=True, todo_id=todo.id)
        keep_here(act.case.clinic_id, to)
        _own(act, todo, to, at if to == by.id else None)
        act.tell(todo.id, todo.role, "handed_over", f"handed_over:{act.case.event_seq}", to=to)
        data = {"key": todo.key, "occurrence": todo.occurrence, "to": str(to), "reason": reason.strip()}
        return act.commit("hand_over", act.actor.acting_as(todo.role, Role.COORDINATOR), **data)


def _own(act: Action, todo: TodoFact, owner: UUID | None, claimed_at: datetime | None) -> None:
    act.set_todo(todo, columns={"owner_id": owner, "claimed_at": claimed_at}, owner_id=owner)


def complete(
    *,
    todo_id: UUID,
    by: Clinician,
    at: datetime,
    record: Mapping[str, Any] | None = None,
    second: UUID | None = None,
) -> Outcome:
    """Do a to-do: with the clinical record its form asks for, or by confirming it where it asks for none.

    `record` maps the record's field names to Python values; `second` is the clinician who will confirm it, where two
    people answer for it. Sending the same record twice changes nothing. Raises Invalid with messages by field, Stale
    where a colleague was faster, NotAllowed, Refused.
    """
    with action(todo_id=todo_id, by=by, at=at) as act:
        todo = act.todo(todo_id)
        definition = act.protocol.todos[todo.key]
        require_todo_role(act.actor, todo, "complete it")
        _require_completable(definition, act)
        written = build_record(act, todo.id, definition, record)
        result = result_of(written)
        if not todo.is_open:
            return _already_ended(act, todo, result)
        require_not_anothers(act.actor, todo)
        act.end_todo(todo, TodoState.DONE, result={**kept_of(todo), **result})
        if written is not None:
            _write(act, written, second)
        if definition.new_round:
            act.start_round(act.case.decision_round + 1)
        outcome = act.commit("complete", todo.role, key=todo.key, occurrence=todo.occurrence)
        return Outcome(outcome.case_id, outcome.version, outcome.opened, todo_id=todo.id)


def record_now(
    *,
    case_id: UUID,
    key: str,
    request_id: UUID,
    by: Clinician,
    at: datetime,
    record: Mapping[str, Any],
    second: UUID | None = None,
) -> Outcome:
    """Record what happened outside every planned duty: the duty opens and is done in one action.

    `key` names an `on_demand` duty of the protocol; `request_id` is made by the page that was shown, and becomes the
    to-do's id, so that a form sent twice is recorded once. Raises as `complete` does.
    """
    with action(case_id=case_id, by=by, at=at) as act:
        definition = act.protocol.todos.get(key)
        if definition is None or not definition.on_demand:
            raise NotFound("This is nothing that can be recorded by itself.")
        require_role(act.actor, frozenset({definition.role}), "record this")
        latest = act.facts.todos.get(key)
        if latest is not None and _was_recorded(act, latest, request_id):
            return Outcome(act.case.id, act.case.event_seq, repeated=True, todo_id=request_id)
        _require_recordable(act, definition, latest)
        written = build_record(act, request_id, definition, record)
        todo = act.settle(definition, request_id, result_of(written))
        assert written is not None  # an on-demand duty has a form: `check_protocol` sees to it
        _write(act, written, second)
        outcome = act.commit("record", todo.role, key=key, occurrence=todo.occurrence)
        return Outcome(outcome.case_id, outcome.version, outcome.opened, todo_id=todo.id)


def _was_recorded(act: Action, latest: TodoFact, request_id: UUID) -> bool:
    """Whether this very form came before, perhaps with others after it."""
    if latest.id == request_id:
        return True
    return Todo.objects.filter(pk=request_id, case_id=act.case.id, key=latest.key).exists()


def _require_recordable(act: Action, definition: TodoDef, latest: TodoFact | None) -> None:
    if not act.case.is_open:
        raise Refused(refused("case_closed", CASE_CLOSED, Role.COORDINATOR))
    if not applies(act.protocol, definition, act.facts):
        raise Refused(refused("does_not_apply", "There is nothing to record it about.", definition.role))
    if latest is not None and latest.is_open:
        text = "A to-do for this is open: record it there."
        raise Refused(refused("open_already", text, definition.role, todo_key=definition.key))


def kept_of(todo: TodoFact) -> dict[str, Any]:
    """What a to-do was opened with and keeps when it is done: whom a second check is about."""
    return {name: todo.result[name] for name in KEPT if name in todo.result}


def _write(act: Action, written: CheckedRecord, second: UUID | None) -> None:
    """The record, what follows from it, and the second clinician's duty where two people answer for it."""
    act.changes.add(written)
    ask_second(act, written, second)
    apply_effects(act, written)


def _require_completable(definition: TodoDef, act: Action) -> None:
    if definition.decision is not None:
        raise Refused(
            refused("needs_signature", "This to-do is a sign-off: sign for or against.", definition.role)
        )
    if definition.key in act.protocol.prompts:
        raise Refused(refused("needs_move", "This to-do is done by moving the case.", definition.role))


def build_record(
    act: Action, todo_id: UUID, definition: TodoDef, values: Mapping[str, Any] | None
) -> CheckedRecord | None:
    """The clinical record, validated by its model, not yet saved. Raises Invalid with messages by field."""
    if definition.form is None:
        if values:
            raise Invalid({"": ["This to-do takes no record."]})
        return None
    if values is None:
        raise Invalid({"": ["This to-do is completed by its record, which is missing."]})
    model = RECORDS[definition.form]
    unknown = set(values) - {field.name for field in model.content_fields()}
    if unknown:
        raise Invalid({name: ["This record has no such field."] for name in sorted(unknown)})
    local = {
        day: act.calendar.local_date(values[instant])
        for instant, day in model.LOCAL_DATES.items()
        if isinstance(values.get(instant), datetime)
    }
    bound = {
        "case_id": act.case.id,
        "todo_id": todo_id,
        "recorded_at": act.at,
        "recorded_by_id": act.actor.id,
    }
    record = model(**{**values, **local}, **bound)
    act.circumstances = circumstances_of(
        act.case,
        model,
        todo_id=todo_id,
        birth_date=act.snapshot.birth_date,
        today=act.facts.today,
        now=act.at,
        time_zone=act.calendar.time_zone,
    )
    record.derive(act.circumstances.situation)
    try:
        record.clean_fields(exclude=BOUND)
        record.clean()
        record.check_on(act.circumstances.situation)
    except ValidationError as error:
        raise Invalid(error.message_dict if hasattr(error, "error_dict") else {"": error.messages}) from error
    return record


def result_of(record: ClinicalRecord | None) -> dict[str, Any]:
    """What the to-do keeps of its record: the facts guards read, the digest signatures are bound to, and its id."""
    if record is None:
        return {"digest": ""}
    text = json.dumps(record.content(), sort_keys=True, default=str, ensure_ascii=False)
    return {**record.facts(), "digest": hashlib.sha256(text.encode()).hexdigest(), "record": str(record.pk)}


def _already_ended(act: Action, todo: TodoFact, result: Mapping[str, Any]) -> Outcome:
    """A repeated press is fine; a second person's different answer is not, and loses nothing."""
    same_person = act.snapshot.ended_by.get(todo.id) == act.actor.id
    if todo.state is TodoState.DONE and same_person and todo.result.get("digest") == result["digest"]:
        return Outcome(act.case.id, act.case.event_seq, repeated=True, todo_id=todo.id)
    who = "you" if same_person else "a colleague"
    text = (
        f"This to-do was already ended by {who} ({todo.state.label.lower()}). What you typed was not saved."
    )
    raise Stale(refused("already_ended", text, todo.role, todo_key=todo.key))


def mark_not_applicable(*, todo_id: UUID, by: Clinician, at: datetime, reason: str) -> Outcome:
    """Settle a to-do that does not fit this patient, with a written reason. Safety and signatures cannot be skipped."""
    with action(todo_id=todo_id, by=by, at=at) as act:
        todo = act.todo(todo_id)
        require_todo_role(act.actor, todo, "mark it not applicable")
        if todo.state is TodoState.NOT_APPLICABLE and act.snapshot.ended_by.get(todo.id) == by.id:
            return Outcome(act.case.id, act.case.event_seq, repeated=True, todo_id=todo.id)
        require_open(todo)
        require_not_anothers(act.actor, todo)
        if not act.protocol.todos[todo.key].skippable:
            raise Refused(
                refused("not_skippable", "The protocol does not allow this to-do to be skipped.", todo.role)
            )
        if not reason.strip():
            raise Invalid({"reason": ["Write why it does not apply."]})
        act.end_todo(todo, TodoState.NOT_APPLICABLE, result={"digest": reason.strip()}, reason=reason.strip())
        data = {"key": todo.key, "occurrence": todo.occurrence, "reason": reason.strip()}
        return act.commit("mark_not_applicable", todo.role, **data)
