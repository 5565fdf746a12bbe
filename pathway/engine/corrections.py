"""Correcting what was recorded about a pump: the record is set aside and the pump is as if it had never been.

A duty that comes back (a refill, a review) has its next occurrence open long before a mistake is seen: that occurrence
then asks for the record anew, so that there is never a second duty of the same kind.
"""

from __future__ import annotations

from uuid import UUID

from pathway.engine.action import Action
from pathway.engine.pump_effects import undo_effects
from pathway.models import ProgramRecord, Refill, Todo, VolumeEvent
from pathway.models.records import RECORDS
from pathway.protocol.facts import TodoFact
from pathway.protocol.plan import Opening
from pathway.protocol.roles import TodoState
from pathway.protocol.schema import SECOND_CHECK, TodoDef

LOGGED = (Refill, ProgramRecord, VolumeEvent)
"""Records of a pump's log: each can be set aside long after it was written, for the log is folded anew."""


def set_aside(act: Action, todo_id: UUID, definition: TodoDef, record_id: UUID) -> None:
    """A record counts no longer; where it spoke of the pump, the pump is worked out without it."""
    model = RECORDS[definition.form or ""]
    act.changes.update(model, record_id, superseded_at=act.at)
    if "pump" in model.READS:
        act.changes.flush()  # the card is read anew, and must not find what is set aside here
        undo_effects(act, todo_id)
    check = act.facts.todos.get(SECOND_CHECK.key)
    if check is not None and check.is_open and check.result.get("record_about") == str(record_id):
        act.end_todo(check, TodoState.WITHDRAWN, reason="The change it was about is being corrected.")


def logged_before(act: Action, todo_id: UUID) -> Todo | None:
    """A done occurrence, older than the newest of its duty, whose record stands in a pump's log; None for any other."""
    if any(todo.id == todo_id for todo in act.facts.todos.values()):
        return None
    row = Todo.objects.filter(pk=todo_id, case_id=act.case.id, state=str(TodoState.DONE)).first()
    definition = act.protocol.todos[row.key] if row is not None else None
    if row is None or definition is None or definition.form is None or not row.result.get("record"):
        return None
    return row if issubclass(RECORDS[definition.form], LOGGED) else None


def write_anew(act: Action, row: Todo, reason: str) -> None:
    """The older occurrence falls away with its record; the newest one is open, due now, and asks for it anew."""
    definition, newest = act.protocol.todos[row.key], act.facts.todos[row.key]
    withdrawn = {"state": str(TodoState.WITHDRAWN), "reason": f"Reopened to correct: {reason}"[:300]}
    act.changes.update(Todo, row.id, **withdrawn)
    set_aside(act, row.id, definition, UUID(row.result["record"]))
    if not newest.is_open:
        act.open(Opening(definition, newest.occurrence + 1, act.facts.today))
        return
    _due_now(act, newest)


def _due_now(act: Action, todo: TodoFact) -> None:
    due_on = min(todo.due_on, act.facts.today)
    act.set_todo(todo, columns={"due_on": due_on}, due_on=due_on)
    act.ring(todo.id, due_on)
    act.tell(todo.id, todo.role, "opened", f"reopened:{act.case.event_seq}")
