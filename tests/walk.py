"""Walking a case along the pathway through the engine's verbs, as the cast would, one day at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pathway.clinical.card import CardFacts
from pathway.engine.advance import advance
from pathway.engine.signoffs import sign
from pathway.engine.todos import complete
from pathway.models import Case, Todo
from pathway.protocol.roles import EDGE, Decision, Stage
from pathway.queries.card import read_card
from pathway.queries.definitions import protocol_of
from pathway.queries.facts import facts_hash
from tests.cast import Cast
from tests.examples import moved

RUNWAY = ("refill", "book_refill")  # these come back for ever: done when due, never ahead
Values = Callable[[Todo, dict[str, Any]], dict[str, Any]]


def as_is(todo: Todo, values: dict[str, Any]) -> dict[str, Any]:
    """The example record unchanged."""
    return values


class Walk:
    """One case, the cast, and a clock that a test moves. `values` may change a record before it is written."""

    def __init__(self, cast: Cast, case_id: UUID, at: datetime, values: Values = as_is) -> None:
        self.cast, self.case_id, self.at, self.values = cast, case_id, at, values

    @property
    def case(self) -> Case:
        """The case as stored now."""
        return Case.objects.get(pk=self.case_id)

    @property
    def today(self) -> date:
        """The clinic's date on the walk's clock."""
        return self.at.date()

    def wait(self, days: int) -> None:
        """Let days pass."""
        self.at += timedelta(days=days)

    def open(self) -> list[Todo]:
        """Open to-dos, earliest first."""
        return list(Todo.objects.filter(case_id=self.case_id, state="open").order_by("due_on", "id"))

    def todo(self, key: str) -> Todo:
        """The newest occurrence of a duty."""
        return Todo.objects.filter(case_id=self.case_id, key=key).latest("occurrence")

    def do(self, key: str, **changes: Any) -> None:
        """The right person does one open to-do: signs for, moves the case, or completes it with the example record."""
        todo = self.todo(key)
        assert todo.is_open, f"{key} is {todo.state}"
        person = self.cast.of(todo.role)
        definition = protocol_of(self.case.protocol_id).todos[key]
        if definition.decision is not None:
            self.sign(key, **changes)
        elif key.startswith("edge_"):
            advance(case_id=self.case_id, edge=key.removeprefix("edge_"), by=person, at=self.at)
        elif definition.form is None:
            complete(todo_id=todo.id, by=person, at=self.at)
        else:
            values = {**self.values(todo, moved(definition.form, self.today)), **changes}
            if definition.form == "card_issue" and "facts_hash" not in changes:
                values["facts_hash"] = self.card().facts_hash
            complete(todo_id=todo.id, by=person, at=self.at, record=values)

    def card(self) -> CardFacts:
        """What the emergency card says now."""
        card = read_card(self.case_id)
        assert card is not None, "no pump is in place"
        return card

    def sign(self, key: str, vote: str = "for", reason: str = "", waives_trial: bool = False) -> None:
        """Sign a decision on the facts as they stand."""
        todo = self.todo(key)
        decision = protocol_of(self.case.protocol_id).todos[key].decision
        sign(
            todo_id=todo.id,
            by=self.cast.of(todo.role),
            at=self.at,
            vote=vote,
            facts_hash=facts_hash(self.case_id, Decision(str(decision))),
            reason=reason,
            waives_trial=waives_trial,
        )

    def do_all(self, *, only_required: bool = True, until: Stage | None = None) -> None:
        """Do open to-dos, earliest first, until the case reaches a stage or nothing required is left."""
        for _ in range(200):
            if until is not None and self.case.stage == until:
                return
            wanted = [
                todo
                for todo in self.open()
                if todo.required or todo.key.startswith("edge_") or not only_required
            ]
            waiting = [todo for todo in wanted if not (todo.key in RUNWAY and todo.due_on > self.today)]
            if not waiting:
                return
            todo = waiting[0]
            if todo.key.startswith("edge_") and EDGE[todo.key.removeprefix("edge_")].target is None:
                return
            if todo.due_on > self.today and todo.key in ("operation", "trial_dose"):
                self.wait((todo.due_on - self.today).days)
            self.do(todo.key)
        raise AssertionError("the walk does not end")
