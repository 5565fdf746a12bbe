"""Signatures and the facts they rest on, as a page shows them. Reads only, and knows no clinical field."""

from __future__ import annotations

from typing import Any

from pathway.models import SignOff
from pathway.protocol.roles import Decision, TodoState
from pathway.protocol.schema import Protocol
from pathway.queries.people import Staff
from pathway.queries.records import Bound
from pathway.views.records import readable


def signature_line(signed: SignOff, signer: str) -> dict[str, Any]:
    """One signature as a row: whose vote, whether it still counts, and the reason given."""
    return {
        "role": signed.role,
        "signer": signer,
        "vote": signed.get_vote_display(),
        "variant": "success" if signed.vote == "for" else "danger",
        "waives_trial": signed.waives_trial,
        "reason": signed.reason,
        "at": signed.signed_at,
        "round": signed.round,
        "lapsed_at": signed.lapsed_at,
        "lapse_reason": signed.lapse_reason,
    }


def bound_lines(
    bound: Bound, protocol: Protocol, decision: Decision, staff: Staff, zone: str
) -> list[dict[str, Any]]:
    """Every record a decision is bound to, in words: the conclusion first (bound last), then its grounds."""
    *grounds, conclusion = protocol.decision[decision].binds
    return [_bound_line(key, bound, protocol, staff, zone) for key in (conclusion, *grounds)]


def _bound_line(key: str, bound: Bound, protocol: Protocol, staff: Staff, zone: str) -> dict[str, Any]:
    todo = bound.todos.get(key)
    record = bound.record(todo) if todo else None
    return {
        "title": protocol.todos[key].title,
        "todo": todo,
        "state": TodoState(todo.state).label if todo else "Not opened yet",
        "by": staff.name(todo.ended_by_id) if todo and todo.ended_by_id else "",
        "shown": readable(record, zone) if record else None,
    }
