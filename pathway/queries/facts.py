"""What a signature would be bound to now: read without a lock, for the page that shows it."""

from __future__ import annotations

from uuid import UUID

from pathway.models import Case, Todo
from pathway.protocol.facts import hash_of
from pathway.protocol.roles import Decision, TodoState
from pathway.queries.definitions import protocol_of


def facts_hash(case_id: UUID, decision: Decision) -> str:
    """The hash a signature for this decision must carry. Two queries."""
    protocol = protocol_of(Case.objects.values_list("protocol_id", flat=True).get(pk=case_id))
    keys = protocol.decision[decision].binds
    rows = Todo.objects.filter(case_id=case_id, key__in=keys).order_by("key", "-occurrence").distinct("key")
    settled = {
        row.key: (row.state, row.result.get("digest"))
        for row in rows
        if row.state in (TodoState.DONE, TodoState.NOT_APPLICABLE)
    }
    return hash_of(keys, settled)
