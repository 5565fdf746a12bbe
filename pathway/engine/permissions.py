"""Who may use which verb, with the reason when not. It reads roles and to-dos, never the clinical facts."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from pathway.engine.errors import NotAllowed, Refused
from pathway.protocol.facts import TodoFact
from pathway.protocol.roles import PHYSICIANS, Role
from pathway.protocol.verdict import refused

CASE_KEEPERS: frozenset[Role] = PHYSICIANS | {Role.COORDINATOR}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a clinician with the roles held in the case's clinic, or the system (`id` None).

    `covers`: the absent colleagues whom this person answers for today.
    """

    id: UUID | None
    roles: frozenset[Role]
    covers: frozenset[UUID] = frozenset()

    def acting_as(self, *wanted: Role) -> Role:
        """The first of these roles the actor holds; the actor's first role where none fits."""
        for role in wanted:
            if role in self.roles:
                return role
        return min(self.roles, default=Role.SYSTEM)


SYSTEM = Actor(None, frozenset({Role.SYSTEM}))


def names(roles: frozenset[Role] | tuple[Role, ...]) -> str:
    """Roles in a sentence: "coordinator or physiatrist"."""
    return " or ".join(sorted(roles))


def require_role(actor: Actor, allowed: frozenset[Role], action: str) -> None:
    """Refuse an actor who holds none of these roles. Raises NotAllowed, naming who may."""
    if not actor.roles & allowed:
        raise NotAllowed(refused("wrong_role", f"Only a {names(allowed)} may {action}.", *sorted(allowed)))


def require_todo_role(actor: Actor, todo: TodoFact, action: str) -> None:
    """The to-do's own role, nobody else. Raises NotAllowed."""
    if todo.role not in actor.roles:
        raise NotAllowed(
            refused("wrong_role", f"This to-do is for the {todo.role}; only they may {action}.", todo.role)
        )


def require_not_anothers(actor: Actor, todo: TodoFact) -> None:
    """A to-do that a colleague owns is done by that colleague, or by who answers for them while they are away.

    Raises NotAllowed.
    """
    if todo.owner_id is not None and todo.owner_id != actor.id and todo.owner_id not in actor.covers:
        text = "A colleague owns this to-do. Take it over first, or ask the owner or a coordinator to hand it over."
        raise NotAllowed(refused("owned_by_another", text, todo.role, Role.COORDINATOR))


def require_open(todo: TodoFact) -> None:
    """Only an open to-do can be worked on. Raises Refused, saying what became of it."""
    if not todo.is_open:
        state = todo.state.label.lower()
        raise Refused(refused("not_open", f"This to-do is not open: it is {state}.", todo_key=todo.key))
