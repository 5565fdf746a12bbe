"""Opening a settled to-do again, to correct it: what it wrote is set aside, and signatures on it lapse."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pathway.engine.action import Action, Outcome, action
from pathway.engine.corrections import logged_before, set_aside, write_anew
from pathway.engine.errors import Invalid, NotAllowed, Refused
from pathway.engine.permissions import require_role
from pathway.engine.staying import keep_here
from pathway.engine.todos import CASE_CLOSED
from pathway.models import Clinician, SignOff, Todo
from pathway.protocol.facts import TodoFact
from pathway.protocol.guards import applies
from pathway.protocol.roles import Role, TodoState
from pathway.protocol.schema import TodoDef
from pathway.protocol.verdict import refused


def reopen(*, todo_id: UUID, by: Clinician, at: datetime, reason: str) -> Outcome:
    """Open a settled to-do again to correct it. Its record is kept as superseded; signatures on it lapse.

    A sign-off is withdrawn this way by its signer: the signature lapses and the duty to sign comes back. A record about
    the pump is set aside whichever occurrence it belongs to; the newest occurrence then asks for it anew.
    """
    with action(todo_id=todo_id, by=by, at=at) as act:
        older = logged_before(act, todo_id)
        if older is not None:
            return _correct_older(act, older, reason.strip())
        todo = act.todo(todo_id)
        require_role(act.actor, frozenset({todo.role, Role.COORDINATOR}), "reopen this to-do")
        if not reason.strip():
            raise Invalid({"reason": ["Write why it is reopened."]})
        if todo.is_open:
            return Outcome(act.case.id, act.case.event_seq, repeated=True, todo_id=todo.id)
        definition = act.protocol.todos[todo.key]
        _require_reopenable(act, todo, definition)
        data = {"key": todo.key, "occurrence": todo.occurrence, "reason": reason.strip()}
        if definition.decision is not None:
            _withdraw_signature(act, todo, definition, reason.strip())
        else:
            _open_again(act, todo, definition)
        return act.commit("reopen", act.actor.acting_as(todo.role, Role.COORDINATOR), **data)


def _correct_older(act: Action, older: Todo, reason: str) -> Outcome:
    role = Role(older.role)
    require_role(act.actor, frozenset({role, Role.COORDINATOR}), "reopen this to-do")
    if not reason:
        raise Invalid({"reason": ["Write why it is reopened."]})
    if not act.case.is_open:
        raise Refused(refused("case_closed", CASE_CLOSED, Role.COORDINATOR))
    write_anew(act, older, reason)
    data = {"key": older.key, "occurrence": older.occurrence, "reason": reason}
    return act.commit("reopen", act.actor.acting_as(role, Role.COORDINATOR), **data)


def _require_reopenable(act: Action, todo: TodoFact, definition: TodoDef) -> None:
    if not act.case.is_open:
        raise Refused(refused("case_closed", CASE_CLOSED, Role.COORDINATOR))
    if todo.state is TodoState.WITHDRAWN or definition.key in act.protocol.prompts:
        raise Refused(refused("not_settled", "Only a to-do that was done or not applicable can be reopened."))
    if definition.decision is not None and act.snapshot.ended_by.get(todo.id) != act.actor.id:
        raise NotAllowed(refused("not_the_signer", "Only the signer can withdraw a signature.", todo.role))
    if definition in act.protocol.anytime and not _would_stay(act, todo, definition):
        text = "Nothing asks for this to-do any more, so there is nothing to correct it for."
        raise Refused(refused("not_asked", text))


def _would_stay(act: Action, todo: TodoFact, definition: TodoDef) -> bool:
    """Whether the protocol would keep a duty of any stage open, once it is: else reopening it would only lose it."""
    opened = replace(todo, state=TodoState.OPEN, ended_on=None)
    facts = replace(act.facts, todos={**act.facts.todos, todo.key: opened})
    return applies(act.protocol, definition, facts)


def _withdraw_signature(act: Action, todo: TodoFact, definition: TodoDef, reason: str) -> None:
    signed = act.facts.votes(definition.decision).get(todo.role) if definition.decision else None
    if signed is None:
        raise Refused(refused("no_signature", "There is no live signature to withdraw.", todo.role))
    act.changes.update(
        SignOff, signed.id, lapsed_at=act.at, lapse_reason=f"Withdrawn by the signer: {reason}"[:300]
    )
    act.forget_signature(signed)


def _open_again(act: Action, todo: TodoFact, definition: TodoDef) -> None:
    due_on = (
        max(todo.due_on, act.calendar.add_working_days(act.facts.today, 2))
        if not todo.safety
        else act.facts.today
    )
    stays = _owner_stays(act, todo)
    columns = {
        "state": "open",
        "ended_at": None,
        "ended_by_id": None,
        "reason": "",
        "due_on": due_on,
        "visit_seq": act.facts.visit_seq,
        **({} if stays else {"owner_id": None, "claimed_at": None}),
    }
    act.set_todo(
        todo,
        columns=columns,
        state=TodoState.OPEN,
        owner_id=todo.owner_id if stays else None,
        ended_on=None,
        due_on=due_on,
        visit_seq=act.facts.visit_seq,
    )
    if definition.form is not None and todo.result.get("record"):
        set_aside(act, todo.id, definition, UUID(todo.result["record"]))
    act.ring(todo.id, due_on)
    act.tell(todo.id, todo.role, "opened", f"reopened:{act.case.event_seq}")


def _owner_stays(act: Action, todo: TodoFact) -> bool:
    """Whether whoever owned the duty still holds its role here; what a leaver once did is anybody's of the role."""
    if todo.owner_id not in act.snapshot.roster.members.get(todo.role, ()):
        return False
    keep_here(act.case.clinic_id, todo.owner_id)
    return True
