"""Two people answer for some changes (clinical.md 13.12): whoever records one names a colleague, who then confirms it.

The record counts at once, because the pump already runs it: safety dates never wait for a signature.
"""

from __future__ import annotations

from uuid import UUID

from pathway.engine.action import Action
from pathway.engine.errors import Invalid, NotAllowed
from pathway.engine.staying import keep_here
from pathway.models import CheckedRecord, SecondCheck, Todo
from pathway.protocol.plan import Opening
from pathway.protocol.roles import PHYSICIANS, Role, TodoState
from pathway.protocol.schema import SECOND_CHECK
from pathway.protocol.verdict import refused

SECOND_FIELD = "second_clinician"


def ask_second(act: Action, record: CheckedRecord, second: UUID | None) -> None:
    """Open the second clinician's duty where this record needs one. Raises Invalid where nobody fit is named."""
    if act.circumstances is None:
        return
    reasons = record.second_look(act.circumstances.situation)
    if not reasons:
        return
    if second is None:
        raise Invalid({SECOND_FIELD: [f"{' '.join(reasons)} Name the second clinician who checks it."]})
    if second == act.actor.id:
        raise Invalid({SECOND_FIELD: ["The second clinician is somebody else than you."]})
    role = next(
        (role for role in sorted(PHYSICIANS) if second in act.snapshot.roster.members.get(role, ())), None
    )
    if role is None:
        raise Invalid({SECOND_FIELD: ["That person is no physician of this clinic."]})
    keep_here(act.case.clinic_id, second)
    _open(act, record, second, role)


def _open(act: Action, record: CheckedRecord, second: UUID, role: Role) -> None:
    before = act.facts.todos.get(SECOND_CHECK.key)
    if before is not None and before.is_open:  # what runs now is checked, not what ran an hour ago
        act.end_todo(before, TodoState.WITHDRAWN, reason="A later change took its place.")
    opening = Opening(SECOND_CHECK, before.occurrence + 1 if before else 1, act.facts.today)
    about = {"record_about": str(record.pk), "recorded_by": str(act.actor.id), "form": record.kind}
    act.open(opening, role=role, owner=second, result=about)


def ask_again(act: Action) -> None:
    """A case closed by mistake is open again: the check that fell away with it comes back, to whom it was given."""
    latest = act.facts.todos.get(SECOND_CHECK.key)
    if latest is None or latest.state is not TodoState.WITHDRAWN or act.case.closed_at is None:
        return
    row = Todo.objects.filter(pk=latest.id, ended_at=act.case.closed_at).first()
    if row is None:
        return  # it was no longer needed when the case closed
    opening = Opening(SECOND_CHECK, latest.occurrence + 1, act.facts.today)
    act.open(opening, role=latest.role, owner=latest.owner_id, result=dict(latest.result))


def confirm(act: Action, record: SecondCheck) -> None:
    """What a second check does: the recorder cannot give it; a disagreement asks for the program anew, today."""
    about = act.facts.todos[SECOND_CHECK.key].result
    if about.get("recorded_by") == str(act.actor.id):
        text = "You recorded this change: somebody else must check it."
        raise NotAllowed(refused("same_person", text, *sorted(PHYSICIANS)))
    if record.agrees:
        return
    definition = act.protocol.todos["program_change"]
    before = act.facts.todos.get(definition.key)
    if before is None or not before.is_open:
        act.open(Opening(definition, before.occurrence + 1 if before else 1, act.facts.today))
