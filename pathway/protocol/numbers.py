"""Every number of a protocol with its tag: due rules, repeats, target days, the ladder, local policy. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pathway.protocol.rules import Audience, DueRule
from pathway.protocol.schema import Policy, Protocol, TodoDef

LOCAL = "P"
TOLD: dict[Audience, str] = {
    "owner": "The owner is",
    "role": "Everybody in the role is",
    "lead": "The role's lead is",
    "coordinator": "The coordinator is",
    "clinic_lead": "The clinic's lead is",
}


@dataclass(frozen=True, slots=True)
class PolicyNumber:
    """One number: whose it is (a stage, or none), what it belongs to, the number in words, and its source tag."""

    group: str
    title: str
    text: str
    source: str = LOCAL


def policy_numbers(protocol: Protocol) -> tuple[PolicyNumber, ...]:
    """All numbers that a programme may change, in the order of the protocol."""
    return (*_policy(protocol), *_ladder(protocol), *_stages(protocol))


def _policy(protocol: Protocol) -> Iterator[PolicyNumber]:
    for name, field in Policy.model_fields.items():
        title = field.title or name.replace("_", " ").capitalize()
        value = getattr(protocol.policy, name)
        yield PolicyNumber("Programme", title, _value(value), field.description or LOCAL)


def _value(value: int | tuple[int, ...]) -> str:
    """A number, or several in a row: "7, 1"."""
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def _ladder(protocol: Protocol) -> Iterator[PolicyNumber]:
    for name, ladder in (("", protocol.usual_ladder), *protocol.ladders.items()):
        group = f"Reminders, {name}" if name else "Reminders"
        for rung in ladder.rungs:
            said = {"remind": "Reminder", "due": "On the day"}.get(rung.kind, f"{TOLD[rung.audience]} told")
            yield PolicyNumber(group, said, in_words(rung.due))
        yield PolicyNumber(group, f"{TOLD[ladder.rungs[-1].audience]} told again", in_words(ladder.repeat))


def _stages(protocol: Protocol) -> Iterator[PolicyNumber]:
    for stage in protocol.stages:
        if stage.target_days:
            yield PolicyNumber(stage.title, "Target of the stage", f"{stage.target_days} days")
        for todo in stage.todo:
            yield _duty(stage.title, todo)
        for edge in stage.edge:
            if edge.prompt and edge.due:
                yield PolicyNumber(stage.title, edge.prompt, in_words(edge.due))
    for key, todo in protocol.todos.items():
        if protocol.home[key] is None:
            yield _duty("Any stage", todo)


def _duty(group: str, todo: TodoDef) -> PolicyNumber:
    again = f"; again: {in_words(todo.repeat.due)}" if todo.repeat else ""
    return PolicyNumber(group, todo.title, in_words(todo.due) + again, todo.source)


def in_words(rule: DueRule) -> str:
    """A due rule as a person reads it: "10 working days after opening", "on the day of trial date"."""
    anchor = ANCHORS.get(rule.anchor, f"the {rule.anchor.replace('_', ' ').replace(' on', ' day')}")
    if rule.count == 0:
        return f"on the day of {anchor}"
    count = abs(rule.count)
    unit = {"WD": "working day", "d": "day", "mo": "month", "WH": "working hour", "h": "hour"}[rule.unit] + (
        "s" if count > 1 else ""
    )
    return f"{count} {unit} {'before' if rule.count < 0 else 'after'} {anchor}"


ANCHORS = {
    "opening": "it opens",
    "stage": "the stage begins",
    "previous": "the time before",
    "due": "the due date",
    "refill_by": "the refill-by date",
    "end_of_service": "the end of service",
    "hold_review": "the hold's review date",
}
"""Anchors in words; "opening" and "stage" never count 0 days before."""
