"""Signing: one discipline's decision for or against, bound to the facts as they were shown."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pathway.engine.action import Action, Outcome, action
from pathway.engine.errors import Invalid, NotAllowed, Refused, Stale
from pathway.engine.permissions import require_not_anothers, require_todo_role
from pathway.models import Clinician, SignOff
from pathway.models.base import new_id
from pathway.protocol.facts import SignOffFact, TodoFact
from pathway.protocol.roles import Decision, TodoState
from pathway.protocol.verdict import refused


def sign(
    *,
    todo_id: UUID,
    by: Clinician,
    at: datetime,
    vote: str,
    facts_hash: str,
    reason: str = "",
    waives_trial: bool = False,
) -> Outcome:
    """Sign a decision. `facts_hash` is the hash of the facts on the signer's page; other facts refuse the signature.

    `vote` is "for" or "against"; a dissent and a waived trial need a written reason. Raises Stale, Invalid,
    NotAllowed, Refused. Signing the same twice changes nothing.
    """
    with action(todo_id=todo_id, by=by, at=at) as act:
        todo = act.todo(todo_id)
        decision = act.protocol.todos[todo.key].decision
        if decision is None:
            raise Refused(refused("not_a_signature", "This to-do is not a sign-off.", todo.role))
        require_todo_role(act.actor, todo, "sign it")
        _require_sound(vote, reason, waives_trial, decision)
        if not todo.is_open:
            return _already_signed(act, todo, decision, vote)
        require_not_anothers(act.actor, todo)
        _require_one_discipline(act, decision)
        shown = act.facts.facts_hash(act.protocol.decision[decision].binds)
        if facts_hash != shown:
            text = "The facts changed since you opened this page. Read them again before you sign."
            raise Stale(refused("facts_changed", text, todo.role))
        _record_signature(act, todo, decision, vote, reason.strip(), waives_trial, shown)
        data = {"key": todo.key, "decision": str(decision), "vote": vote, "waives_trial": waives_trial}
        outcome = act.commit("sign", todo.role, **data, round=act.facts.decision_round)
        return Outcome(outcome.case_id, outcome.version, outcome.opened, todo_id=todo.id)


def _require_sound(vote: str, reason: str, waives_trial: bool, decision: Decision) -> None:
    errors: dict[str, list[str]] = {}
    if vote not in ("for", "against"):
        errors["vote"] = ["Choose for or against."]
    if not reason.strip() and (vote == "against" or waives_trial):
        errors["reason"] = ["Write the reason: a dissent and a waived trial need one."]
    if waives_trial and (decision is not Decision.CANDIDACY or vote != "for"):
        errors["waives_trial"] = ["Only a signature for candidacy can waive the trial."]
    if errors:
        raise Invalid(errors)


def _already_signed(act: Action, todo: TodoFact, decision: Decision, vote: str) -> Outcome:
    signed = act.facts.votes(decision).get(todo.role)
    if signed is not None and signed.signer_id == act.actor.id and signed.vote == vote:
        return Outcome(act.case.id, act.case.event_seq, repeated=True, todo_id=todo.id)
    text = "This decision is already signed for your discipline in this round. What you typed was not saved."
    raise Stale(refused("already_signed", text, todo.role))


def _require_one_discipline(act: Action, decision: Decision) -> None:
    """One person cannot be two of the three opinions."""
    if any(signed.signer_id == act.actor.id for signed in act.facts.votes(decision).values()):
        text = "You have already signed this decision for another discipline; a colleague must sign here."
        raise NotAllowed(refused("one_discipline_each", text))


def _record_signature(
    act: Action,
    todo: TodoFact,
    decision: Decision,
    vote: str,
    reason: str,
    waives_trial: bool,
    facts_hash: str,
) -> None:
    assert act.actor.id is not None  # the system holds no discipline
    fact = SignOffFact(
        id=new_id(),
        decision=decision,
        round=act.facts.decision_round,
        role=todo.role,
        signer_id=act.actor.id,
        vote=vote,
        waives_trial=waives_trial,
        facts_hash=facts_hash,
        has_reason=bool(reason),
    )
    act.add_signature(fact)
    act.changes.add(
        SignOff(
            id=fact.id,
            case_id=act.case.id,
            todo_id=todo.id,
            decision=str(decision),
            round=fact.round,
            role=str(fact.role),
            signer_id=fact.signer_id,
            vote=vote,
            waives_trial=waives_trial,
            reason=reason,
            facts_hash=facts_hash,
            signed_at=act.at,
        )
    )
    act.end_todo(todo, TodoState.DONE, result={"digest": f"{vote}:{facts_hash}"})
