"""What a protocol must get right beyond its shape: names that exist, no circle, no dead end, no pump forgotten.

Facts of the files alone: it knows no case. Each check yields problems; none stops at the first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pathway.clinical.sources import SOURCES
from pathway.protocol.conditions import CONDITIONS, DECISION_OF, SIGNERS
from pathway.protocol.guards import GUARDS
from pathway.protocol.roles import EDGE, OPEN_STAGES, Role, Stage
from pathway.protocol.rules import DueRule
from pathway.protocol.schema import FIXED_ANCHORS, EdgeDef, Protocol, TodoDef

OWN_VERBS = frozenset({"close", "reopen"})
LAST_RESORT, HOLD, PUMP, DISSENT = "nothing_else_open", "on_hold", "has_pump", "dissent"
INCIDENT = tuple(f"incident_asks_{role}" for role in (*SIGNERS, Role.COORDINATOR))
ANSWERED = "incident_answered"
PROTECTS = frozenset({"refill_by", "end_of_service"})
# The duties whose records a rule reads: without them it would never allow, and the case would stand still.
READS: dict[str, tuple[str, ...]] = {
    "eligibility_recorded": ("eligibility",),
    "positive_response": ("trial_readings",),
    "operation_recorded": ("operation", "first_program"),
    "goals_reviewed": ("goals_review",),
    "refill_not_booked": ("book_refill",),
    "trial_may_escalate": ("trial_dose", "trial_readings"),
    "trial_concluded": ("trial_dose", "trial_readings"),
    "trial_failed": ("trial_dose", "trial_readings"),
    "fresh_operation": ("operation",),
}
CITED = re.compile(r"\bS\d+b?\b")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a protocol: the file, the key in it, and why."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key + ': ' if self.key else ''}{self.reason}"


@dataclass(frozen=True, slots=True)
class Part:
    """What could be read from one file. `stage` is None for the duties of any stage, and where it is unreadable."""

    file: str
    stage: Stage | None
    todos: tuple[TodoDef, ...]
    edges: tuple[EdgeDef, ...] = ()


def check_parts(
    parts: Sequence[Part], header: Protocol | None, forms: Collection[str] | None
) -> list[Problem]:
    """Checks that hold for each file by itself, so that they run even while another file is unreadable."""
    problems = [*_duplicates(parts), *_circles(parts)]
    for part in parts:
        for todo in part.todos:
            where = f"todo[{todo.key}]"
            problems += [
                Problem(part.file, f"{where}.{key}", text) for key, text in _todo_names(todo, header, forms)
            ]
            problems += [Problem(part.file, f"{where}.{key}", text) for key, text in _todo_sense(todo)]
        for edge in part.edges:
            found = _edge_names(edge, part.stage, header)
            problems += [Problem(part.file, f"edge[{edge.edge}].{key}", text) for key, text in found]
    return problems


def check_whole(protocol: Protocol, parts: Sequence[Part]) -> list[Problem]:
    """Checks that need every file to be readable: prerequisites, bindings, stages, and the duties that must exist."""
    home = {todo.key: part for part in parts for todo in part.todos}
    header = next((part.file for part in parts if part.stage is None), "protocol.toml")
    return [
        *_prerequisites(parts, home),
        *_anchors(protocol, home, header),
        *_decisions(protocol, home, header),
        *_stages(protocol, parts, header),
        *_needed_duties(protocol, header),
        *_reads(protocol, parts),
    ]


# --- each file by itself --------------------------------------------------------------------------------------------


def _duplicates(parts: Sequence[Part]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for part in parts:
        named = [f"todo[{todo.key}]" for todo in part.todos]
        named += [f"todo[edge_{edge.edge}]" for edge in part.edges if edge.prompt]
        for name in named:
            if name in seen:
                yield Problem(part.file, name, f"is already in {seen[name]}; a key stands for one duty")
            seen[name] = part.file
        for name, count in Counter(edge.edge for edge in part.edges).items():
            if count > 1:
                yield Problem(part.file, f"edge[{name}]", "stands twice in this stage")


def _circles(parts: Sequence[Part]) -> Iterator[Problem]:
    """Duties that wait for each other. Peel off what waits for nothing; what stays is in, or behind, a circle."""
    waits: dict[str, set[str]] = {}
    for part in parts:
        for todo in part.todos:
            waits.setdefault(todo.key, set(todo.after))  # of two duties with one key, the first is meant
    waits = {key: after & waits.keys() for key, after in waits.items()}
    while free := {key for key, after in waits.items() if not after}:
        waits = {key: after - free for key, after in waits.items() if key not in free}
    while last := waits.keys() - {key for after in waits.values() for key in after}:
        waits = {key: after for key, after in waits.items() if key not in last}
    for part in parts:
        for todo in part.todos:
            if todo.key in waits:
                text = f"waits for itself by way of {', '.join(sorted(waits[todo.key]))}"
                yield Problem(part.file, f"todo[{todo.key}].after", text)


def _todo_names(
    todo: TodoDef, header: Protocol | None, forms: Collection[str] | None
) -> Iterator[tuple[str, str]]:
    """Names a duty uses that nothing defines."""
    yield from _unknown("when", todo.when, CONDITIONS, "condition")
    if todo.repeat is not None:
        yield from _unknown("repeat.when", todo.repeat.when, CONDITIONS, "condition")
        yield from _unknown_anchor("repeat.due", todo.repeat.due, header)
    yield from _unknown_anchor("due", todo.due, header)
    if header is not None:
        yield from _unknown("ladder", todo.ladder, header.ladders, "ladder")
    if forms is not None:
        yield from _unknown("form", todo.form, forms, "record")
    for cited in CITED.findall(todo.source):
        yield from _unknown("source", cited, SOURCES, "source")


def _todo_sense(todo: TodoDef) -> Iterator[tuple[str, str]]:
    """Combinations of one duty's keys that cannot work, or that would leave a patient unprotected."""
    if todo.role is Role.SYSTEM:
        yield "role", "a duty belongs to people"
    if todo.form is not None and todo.decision is not None:
        yield "decision", "a sign-off has no form"
    if todo.decision is not None and (todo.role not in SIGNERS or todo.key != f"{todo.decision}_{todo.role}"):
        yield "decision", f"only {', '.join(SIGNERS)} sign, each in a to-do named “{todo.decision}_<role>”"
    if todo.due.anchor == "previous":
        yield "due", "“previous” can only stand in `repeat`"
    if todo.safety and todo.skippable:
        yield "skippable", "a safety duty cannot be skipped; write skippable = false"
    for key, rule in (("due", todo.due), ("repeat.due", todo.repeat.due if todo.repeat else None)):
        if rule is not None and rule.anchor in PROTECTS and rule.count > 0:
            yield key, "must not lie after the date it protects"
    if todo.on_demand and (todo.form is None or todo.repeat is not None or todo.after):
        yield "on_demand", "what is recorded when it happens has a form, and neither `after` nor `repeat`"
    if todo.new_round and todo.when != DISSENT:
        yield "new_round", f"only a duty with when = “{DISSENT}” starts a new round"


def _edge_names(edge: EdgeDef, stage: Stage | None, header: Protocol | None) -> Iterator[tuple[str, str]]:
    declared = EDGE.get(edge.edge)
    if declared is None or edge.edge in OWN_VERBS:
        yield "edge", f"“{edge.edge}” is no move a protocol may name"
    elif stage is not None and stage not in declared.sources:
        yield "edge", f"does not start in {stage}"
    for name in edge.guards:
        yield from _unknown("guards", name, GUARDS, "guard")
    if "all_signed_for" in edge.guards and stage is not None and stage not in DECISION_OF:
        yield "guards", f"nothing is signed in {stage}"
    yield from _unknown("prompt_when", edge.prompt_when, CONDITIONS, "condition")
    if (edge.prompt is None) != (edge.due is None):
        yield "prompt", "a prompt and its due rule stand together"
    if edge.prompt is None and edge.prompt_when is not None:
        yield "prompt_when", "there is no prompt"
    if edge.due is not None:
        yield from _unknown_anchor("due", edge.due, header)
        if edge.due.anchor == "previous":
            yield "due", "“previous” can only stand in `repeat`"
    if Role.SYSTEM in edge.roles:
        yield "roles", "a move belongs to people"


def _unknown(key: str, name: str | None, known: Collection[str], kind: str) -> Iterator[tuple[str, str]]:
    if name is not None and name not in known:
        yield key, f"there is no {kind} “{name}”"


def _unknown_anchor(key: str, rule: DueRule, header: Protocol | None) -> Iterator[tuple[str, str]]:
    if header is not None:
        yield from _unknown(key, rule.anchor, {*FIXED_ANCHORS, *header.anchors}, "anchor")


# --- the files together -----------------------------------------------------------------------------------------------


def _prerequisites(parts: Sequence[Part], home: dict[str, Part]) -> Iterator[Problem]:
    conditions = {todo.key: todo.when for part in parts for todo in part.todos}
    for part in parts:
        for todo in part.todos:
            for key in todo.after:
                text = None
                if key not in home:
                    text = f"there is no to-do “{key}”"
                elif _comes_later(home[key].stage, part.stage):
                    text = f"“{key}” belongs to a later stage"
                elif conditions[key] not in (None, todo.when):
                    text = (
                        f"“{key}” is only asked when {conditions[key]}; ask this one under the same condition"
                    )
                if text is not None:
                    yield Problem(part.file, f"todo[{todo.key}].after", text)


def _comes_later(other: Stage | None, here: Stage | None) -> bool:
    """Whether a duty of `other` may not exist yet while the case is in `here`; None is any stage."""
    if other is None:
        return False
    return here is None or OPEN_STAGES.index(other) > OPEN_STAGES.index(here)


def _anchors(protocol: Protocol, home: dict[str, Part], header: str) -> Iterator[Problem]:
    for name, path in protocol.anchors.items():
        key, dot, value = path.partition(".")
        if name in FIXED_ANCHORS:
            yield Problem(header, f"anchors.{name}", "is an anchor already")
        if not dot or not value:
            yield Problem(header, f"anchors.{name}", "write “<to-do>.<name of the date>”")
        elif key not in home:
            yield Problem(header, f"anchors.{name}", f"there is no to-do “{key}”")


def _decisions(protocol: Protocol, home: dict[str, Part], header: str) -> Iterator[Problem]:
    for stage, decision in DECISION_OF.items():
        where = f"decision.{decision}"
        for role in SIGNERS:
            part = home.get(f"{decision}_{role}")
            if part is None or part.stage is not stage:
                yield Problem(header, where, f"the {role} has no to-do “{decision}_{role}” in {stage}")
        binding = protocol.decision.get(decision)
        if binding is None:
            yield Problem(header, where, "does not say which to-dos its signatures rest on")
        for key in binding.binds if binding else ():
            if key not in home:
                yield Problem(header, f"{where}.binds", f"there is no to-do “{key}”")
            elif _comes_later(home[key].stage, stage) or protocol.todos[key].decision is not None:
                yield Problem(header, f"{where}.binds", f"a signature cannot rest on “{key}”")


def _stages(protocol: Protocol, parts: Sequence[Part], header: str) -> Iterator[Problem]:
    counted = Counter(part.stage for part in parts if part.stage is not None)
    for stage, count in counted.items():
        if count > 1 or stage is Stage.CLOSED:
            yield Problem(
                header, f"stage {stage}", f"stands in {count} files" if count > 1 else "has no duties"
            )
    for stage in OPEN_STAGES:
        if stage not in counted:
            yield Problem(header, f"stage {stage}", "has no file")
        elif stage not in _reachable(protocol):
            yield Problem(header, f"stage {stage}", "cannot be reached from evaluation")
    for part in parts:
        if part.stage is None:
            continue
        if not part.edges:
            yield Problem(part.file, "edge", "no move leaves this stage")
        keys = {todo.key for todo in part.todos}
        if not any(todo.required and todo.when is None and not keys & set(todo.after) for todo in part.todos):
            yield Problem(part.file, "todo", "no required duty opens when the stage begins")


def _reachable(protocol: Protocol) -> set[Stage]:
    found, waiting = {Stage.EVALUATION}, [Stage.EVALUATION]
    while waiting:
        definition = protocol.stage.get(waiting.pop())
        for edge in definition.edge if definition else ():
            target = edge.declared.target
            if target is not None and target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _needed_duties(protocol: Protocol, header: str) -> Iterator[Problem]:
    """Without these a case could wait on nothing, a hold last for ever, a pump run dry or an alarm go unanswered."""
    for name in (LAST_RESORT, HOLD, PUMP, DISSENT, *INCIDENT, ANSWERED):
        duties = [todo for todo in protocol.anytime if todo.when == name and not todo.on_demand]
        if not duties:
            yield Problem(header, "anytime", f"a duty with when = “{name}” is needed")
        for todo in duties:
            where = f"todo[{todo.key}]"
            if todo.skippable:
                yield Problem(
                    header, f"{where}.skippable", "this duty cannot be skipped; write skippable = false"
                )
            if todo.repeat is None:
                yield Problem(header, f"{where}.repeat", "this duty must come back")
            if name == PUMP and not (todo.safety and todo.due.anchor == "refill_by"):
                yield Problem(header, where, "must be a safety duty dated from refill_by")
            if name in (*INCIDENT, ANSWERED) and not todo.safety:
                yield Problem(header, f"{where}.safety", "a hold must not silence it; write safety = true")
            if name in INCIDENT and todo.key != f"incident_{name.removeprefix('incident_asks_')}":
                yield Problem(header, where, f"name it “{name.replace('_asks', '')}”: the condition reads it")
            if name == DISSENT and not todo.new_round:
                yield Problem(header, f"{where}.new_round", "a dissent needs a new round of signatures")


def _reads(protocol: Protocol, parts: Sequence[Part]) -> Iterator[Problem]:
    for part in parts:
        used = [
            (f"edge[{edge.edge}]", name) for edge in part.edges for name in (*edge.guards, edge.prompt_when)
        ]
        used += [(f"todo[{todo.key}]", todo.when) for todo in part.todos]
        used += [(f"todo[{todo.key}]", todo.repeat.when) for todo in part.todos if todo.repeat]
        for where, name in used:
            for key in READS.get(name or "", ()):
                if key not in protocol.todos:
                    yield Problem(part.file, where, f"“{name}” reads the to-do “{key}”, which does not exist")
