"""Reads a protocol from a folder of TOML files, or from the text that was frozen; refuses a bad one whole.

All errors are collected before anything is refused, each with its file, key and reason. It knows no case.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pathway.protocol.lint import ANSWERED, INCIDENT, Part, Problem, check_parts, check_whole
from pathway.protocol.schema import EdgeDef, Protocol, StageDef, TodoDef, digest

VERSIONS = Path(__file__).parent / "versions"
HEADER = "protocol.toml"
SHIPPED = "itb-1"
Model = TypeVar("Model", bound=BaseModel)
_frozen: dict[str, Protocol] = {}


class ProtocolError(Exception):
    """A protocol that cannot be used. `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass
class _Draft:
    """What could be read so far: the header without duties, the stages, and every part for the checks."""

    header: Protocol | None = None
    stages: list[StageDef] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def load(folder: Path, forms: Collection[str] | None = None) -> Protocol:
    """The protocol in a folder: `protocol.toml` and one file a stage, in the order of their names.

    `forms` names the clinical records that exist; without it the forms are not checked. Raises ProtocolError.
    """
    draft = _Draft()
    paths = sorted(folder.glob("*.toml"))
    if folder / HEADER not in paths:
        draft.problems.append(Problem(HEADER, "", f"is missing from {folder.name}"))
    for path in paths:
        data = _parse(path, draft.problems)
        if data is None:
            continue
        if path.name == HEADER:
            _read_header(path.name, data, draft)
        else:
            _read_stage(path.name, data, draft)
    draft.problems += check_parts(draft.parts, draft.header, forms)
    if draft.problems or draft.header is None:
        raise ProtocolError(draft.problems)
    anytime = next(part.todos for part in draft.parts if part.file == HEADER)
    protocol = draft.header.model_copy(update={"stages": tuple(draft.stages), "anytime": anytime})
    problems = check_whole(protocol, draft.parts)
    if problems:
        raise ProtocolError(problems)
    return protocol


def from_canonical(source: Mapping[str, Any]) -> Protocol:
    """The protocol behind a frozen text (`ProtocolVersion.source`). Raises pydantic's ValidationError."""
    key = digest(source)
    if key not in _frozen:
        _frozen[key] = Protocol.model_validate(source)
    return _frozen[key]


def complete(protocol: Protocol) -> Protocol:
    """The protocol, with the duties of an incident and of recording on demand where its text is older than they are.

    Incidents and pump records come to every case, whatever version it is pinned to: an alarm without a duty would wait
    on nobody. Nothing that the version says itself is changed.
    """
    own = {todo.key for todo in protocol.anytime}
    answered = {todo.when for todo in protocol.anytime}
    lacks = [
        todo
        for todo in _shipped().anytime
        if todo.key not in own
        and (todo.on_demand or (todo.when in (*INCIDENT, ANSWERED) and todo.when not in answered))
    ]
    if not lacks:
        return protocol
    return Protocol.model_validate({**protocol.model_dump(), "anytime": (*protocol.anytime, *lacks)})


@cache
def _shipped() -> Protocol:
    return load(VERSIONS / SHIPPED)


def _parse(path: Path, problems: list[Problem]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        problems.append(Problem(path.name, "", "is not UTF-8 text"))
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(path.name, "", f"is not TOML: {error}"))
    return None


def _read_header(file: str, data: dict[str, Any], draft: _Draft) -> None:
    """Everything but the stages; a duty that is wrong does not hide what is wrong with the others."""
    todos = _each(TodoDef, file, "anytime", data.pop("anytime", []), draft.problems)
    if data.pop("stages", None) is not None:
        draft.problems.append(Problem(file, "stages", "is not a key of this file; write one file a stage"))
    draft.header = _validated(Protocol, {**data, "anytime": [], "stages": []}, file, "", draft.problems)
    draft.parts.append(Part(file, None, tuple(todos)))


def _read_stage(file: str, data: dict[str, Any], draft: _Draft) -> None:
    todos = _each(TodoDef, file, "todo", data.pop("todo", []), draft.problems)
    edges = _each(EdgeDef, file, "edge", data.pop("edge", []), draft.problems)
    stage = _validated(StageDef, {**data, "todo": [], "edge": []}, file, "", draft.problems)
    draft.parts.append(Part(file, stage.stage if stage else None, tuple(todos), tuple(edges)))
    if stage is not None:
        draft.stages.append(stage.model_copy(update={"todo": tuple(todos), "edge": tuple(edges)}))


def _each(model: type[Model], file: str, table: str, items: object, problems: list[Problem]) -> list[Model]:
    """The valid entries of [[table]]; the others become problems under their own key."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        problems.append(Problem(file, table, f"write each entry under its own [[{table}]]"))
        return []
    valid = []
    for number, item in enumerate(items, 1):
        name = item.get("key") or item.get("edge") or number
        read = _validated(model, item, file, f"{table}[{name}]", problems)
        if read is not None:
            valid.append(read)
    return valid


def _validated(
    model: type[Model], data: Mapping[str, Any], file: str, where: str, problems: list[Problem]
) -> Model | None:
    """Validate strictly: "yes" is no boolean and "14" no number. JSON is pydantic's strict mode for plain data."""
    try:
        return model.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            key = ".".join([*([where] if where else []), *(str(step) for step in detail["loc"])])
            problems.append(Problem(file, key, _reason(detail)))
    return None


def _reason(detail: ErrorDetails) -> str:
    """What is wrong, as a person who edits TOML would say it."""
    kind, given = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "missing":
        return "is missing"
    if kind == "enum":
        return f"“{given}” is not one of {detail['ctx']['expected'].replace(' or ', ', ')}"
    message = detail["msg"].removeprefix("Value error, ")
    return message if kind == "value_error" else f"{message} (given: {given!r})"
