"""Moving a case along an edge of its state machine, where the protocol's guards allow it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pathway.engine.action import Action, Outcome, action
from pathway.engine.errors import Invalid, Refused, Stale
from pathway.engine.permissions import require_role
from pathway.models import Case, Clinician, StageVisit
from pathway.protocol.guards import judge
from pathway.protocol.roles import CLOSE, EDGE, REOPEN, Edge, Stage, TodoState
from pathway.protocol.verdict import Verdict, refused

SYSTEM_ID = UUID(int=0)


def advance(
    *, case_id: UUID, edge: str, by: Clinician, at: datetime, reason: str = "", version: int | None = None
) -> Outcome:
    """Move a case along a gate of its protocol: accept, start_trial, … revise (close and reopen have their own verbs).

    `version` is the case's version on the page. Raises Refused with every reason, Stale, Invalid, NotAllowed.
    Pressing twice moves once.
    """
    with action(case_id=case_id, by=by, at=at) as act:
        declared = EDGE.get(edge)
        gate = act.protocol.edge_from(act.facts.stage, edge)
        if declared is None or gate is None or act.facts.stage not in declared.sources:
            if declared is not None and _was_mine(act, declared):
                return Outcome(act.case.id, act.case.event_seq, repeated=True)
            raise Refused(_no_such_edge(act.facts.stage, edge))
        require_role(act.actor, frozenset(gate.roles), f"{declared.label.lower()}")
        require_unchanged(act, version)
        verdict = judge(act.protocol, gate, act.facts)
        if not verdict.allowed:
            raise Refused(verdict)
        if declared.needs_reason and not reason.strip():
            raise Invalid({"reason": ["Write the reason."]})
        prompt = act.facts.todos.get(gate.key)
        if prompt is not None and prompt.is_open:
            act.end_todo(prompt, TodoState.DONE, result={"digest": ""})
        data: dict[str, Any] = {"from": str(act.facts.stage)}
        move(act, declared)
        data["to"] = str(act.facts.stage)
        if reason.strip():
            data["reason"] = reason.strip()
        return act.commit(edge, act.actor.acting_as(*gate.roles), **data)


def _no_such_edge(stage: Stage, edge: str) -> Verdict:
    label = EDGE[edge].label if edge in EDGE else edge
    return refused("no_such_edge", f"From {stage.label.lower()} there is no such move: {label.lower()}.")


def _was_mine(act: Action, declared: Edge) -> bool:
    """The case already stands where this press would take it, moved there by the same person."""
    return (
        act.facts.stage is declared.target
        and act.snapshot.entered_by_id == act.actor.id
        and act.snapshot.entered_by_edge == declared.name
    )


def require_unchanged(act: Action, version: int | None) -> None:
    """Refuse to decide on a page that no longer shows the case as it is. Raises Stale."""
    if version is not None and version != act.case.event_seq:
        text = "The case changed since you opened this page. Look again, then press again."
        raise Stale(refused("case_changed", text))


def move(act: Action, declared: Edge) -> None:
    """Take the edge: the FSM's own transition, a new visit, the kept counts."""
    before = act.facts.stage
    getattr(act.case, declared.name)()
    after = Stage(act.case.stage)
    actor_id = act.actor.id or SYSTEM_ID
    seq = act.facts.visit_seq + 1
    act.changes.add(
        StageVisit(
            case_id=act.case.id,
            seq=seq,
            stage=str(after),
            entered_at=act.at,
            entered_by_id=actor_id,
            entered_by_edge=declared.name,
        )
    )
    act.changes.count(act.case.clinic_id, str(before), -1)
    act.changes.count(act.case.clinic_id, str(after), +1)
    act.changes.update(Case, act.case.id, stage=str(after))
    act.set_case(visit_seq=seq, stage_entered_at=act.at)
    goes_on = declared in (CLOSE, REOPEN)  # a reopened case goes on with the stay it left
    act.facts = replace(
        act.facts,
        stage=after,
        visit_seq=seq,
        since_visit=act.facts.since_visit if goes_on else seq,
        stage_entered_on=act.facts.today,
    )
