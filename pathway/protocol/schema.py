"""The shape of a protocol: what the pathway asks of whom, as frozen values read from TOML. It knows no case."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, field_validator

from pathway.protocol.roles import EDGE, CloseReason, Decision, Edge, Role, Stage
from pathway.protocol.rules import SAFETY_LADDER, Due, DueRule, Frozen, Ladder, Repeating, Rungs

KEY = r"^[a-z][a-z0-9_]{1,59}$"
SOURCE = r"^[VMUP](: .+)?$"
FIXED_ANCHORS = frozenset(
    {"opening", "stage", "previous", "refill_by", "end_of_service", "eri_seen", "hold_review"}
)


class Repeat(Frozen):
    """When a done to-do comes back, and its next due date.

    With `when`: as soon as that condition holds. Without: as soon as everything it waits for (`after`) was done anew;
    at once where it waits for nothing. A decision comes back by itself when its signature lapsed or a round began.
    """

    due: Due
    when: str | None = None


class TodoDef(Frozen):
    """One duty of the protocol. `when` and `after` say when it opens, `due` when it should be done.

    `form` names the clinical record that completes it; `decision` makes it a sign-off; neither: it is only confirmed.
    `skippable` duties may be marked not applicable with a reason; `safety` ones are never silenced by a hold;
    `outlives_stage` ones stay open when the case moves on. `new_round` starts a new round of signatures when done.
    `on_demand` ones never open by themselves: somebody records what happened, whenever `when` holds.
    """

    key: str = Field(pattern=KEY)
    title: str = Field(min_length=3, max_length=120)
    role: Role
    form: str | None = None
    decision: Decision | None = None
    due: Due
    required: bool = True
    after: tuple[str, ...] = ()
    when: str | None = None
    repeat: Repeat | None = None
    skippable: bool = True
    safety: bool = False
    outlives_stage: bool = False
    new_round: bool = False
    on_demand: bool = False
    ladder: str | None = Field(default=None, description="Which ladder reminds of it; None: by its safety")
    help: str = ""
    source: str = Field(
        default="P",
        pattern=SOURCE,
        description="Tag of the rule: V, M, U or P (local policy), and its source",
    )


class EdgeDef(Frozen):
    """A gate of the stage: who may pass it, which guards must allow it, and the to-do that asks for it when they do."""

    edge: str
    roles: tuple[Role, ...] = Field(min_length=1)
    guards: tuple[str, ...] = ()
    prompt: str | None = Field(
        default=None, description="Title of the to-do that opens when the gate is open"
    )
    prompt_when: str | None = None
    due: Due | None = None

    @property
    def declared(self) -> Edge:
        """The state machine's edge of this name."""
        return EDGE[self.edge]

    @property
    def key(self) -> str:
        """Key of the to-do that asks for this edge."""
        return f"edge_{self.edge}"


class StageDef(Frozen):
    """One stage: how long it should take, its duties and its gates."""

    stage: Stage
    title: str
    target_days: int | None = Field(default=None, ge=1)
    todo: tuple[TodoDef, ...]
    edge: tuple[EdgeDef, ...]


class Policy(Frozen):
    """Local numbers; each programme reviews them. A description is the number's tag and source."""

    dose_unchanged_days: int = Field(
        ge=1,
        title="Days without a change of dose before long-term care",
        description="P: four weekly reviews without a change",
    )
    trial_max_dose_mcg: int = Field(
        ge=25,
        title="Highest screening dose in mcg",
        description="V: S4, S6b; who does not respond to 100 mcg is no implant candidate",
    )
    appointment_reminder_days: tuple[Annotated[int, Field(ge=1, le=60)], ...] = Field(
        default=(7, 1),
        title="Days before a refill appointment on which patient or caregiver is reminded",
        description="P: a week to arrange the journey, a day to remember; only who agreed is reminded",
    )

    @field_validator("appointment_reminder_days")
    @classmethod
    def falls(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        """Each reminder comes after the one before, and none twice."""
        if list(days) != sorted(set(days), reverse=True):
            raise ValueError("name each day once, the earliest reminder (the most days before) first")
        return days


class Binding(Frozen):
    """What a joint decision rests on: the to-dos whose records are hashed into each signature."""

    binds: tuple[str, ...] = Field(min_length=1)


REOPEN_PROMPT = TodoDef(
    key="edge_reopen",
    title="Agree to reopen the case",
    role=Role.COORDINATOR,
    due=DueRule(anchor="opening", count=2, unit="WD"),
    required=False,
    skippable=False,
    help="A coordinator and a physician reopen a closed case together; one of them has asked.",
)


SECOND_CHECK = TodoDef(
    key="second_check",
    title="Check a program as the second clinician",
    role=Role.PHYSIATRIST,
    form="second_check",
    due=DueRule(anchor="opening", count=0, unit="d"),
    required=False,
    skippable=False,
    safety=True,
    ladder="urgent",
    help="Look at the numbers independently: strength, dose, limits, bridge. Two people answer for this change.",
    source="P: who checks; clinical.md 13.12 for what two people confirm",
)


class Protocol(Frozen):
    """A whole protocol version. `anchors` names dates inside to-dos' results: trial_date = "trial_booking.date"."""

    name: str = Field(pattern=r"^[a-z0-9-]{2,40}$")
    version: int = Field(ge=1)
    title: str
    anchors: dict[str, str]
    policy: Policy
    decision: dict[Decision, Binding]
    ladder: Rungs = Field(min_length=1)
    ladder_repeat: Repeating
    ladders: dict[str, Ladder] = {}
    anytime: tuple[TodoDef, ...]
    close_roles: tuple[Role, ...]
    close_reasons: tuple[CloseReason, ...]
    stages: tuple[StageDef, ...]

    @cached_property
    def usual_ladder(self) -> Ladder:
        """The ladder of every duty that names no other."""
        return Ladder.model_construct(rungs=self.ladder, repeat=self.ladder_repeat)

    def ladder_of(self, key: str) -> Ladder:
        """The ladder that reminds of a duty."""
        todo = self.todos.get(key)
        name = (todo.ladder or (SAFETY_LADDER if todo.safety else None)) if todo else None
        return self.ladders.get(name or "", self.usual_ladder)

    @cached_property
    def stage(self) -> dict[Stage, StageDef]:
        """Stage definitions by stage."""
        return {definition.stage: definition for definition in self.stages}

    @cached_property
    def todos(self) -> dict[str, TodoDef]:
        """Every duty by key, including the ones that ask for an edge."""
        listed = [*self.anytime, *(todo for stage in self.stages for todo in stage.todo)]
        return {todo.key: todo for todo in [*listed, SECOND_CHECK, *self.prompts.values()]}

    @cached_property
    def prompts(self) -> dict[str, TodoDef]:
        """The to-dos that ask for an edge, by key."""
        prompts: dict[str, TodoDef] = {REOPEN_PROMPT.key: REOPEN_PROMPT}
        for stage in self.stages:
            for edge in stage.edge:
                if edge.prompt and edge.due and edge.key not in prompts:
                    prompts[edge.key] = TodoDef(
                        key=edge.key,
                        title=edge.prompt,
                        role=edge.roles[0],
                        due=edge.due,
                        skippable=False,
                        required=False,
                    )
        return prompts

    @cached_property
    def home(self) -> dict[str, Stage | None]:
        """The stage each duty belongs to; None for those of any stage."""
        homes: dict[str, Stage | None] = {
            todo.key: None for todo in (*self.anytime, SECOND_CHECK, REOPEN_PROMPT)
        }
        for stage in self.stages:
            homes.update({todo.key: stage.stage for todo in stage.todo})
            homes.update({edge.key: stage.stage for edge in stage.edge if edge.prompt})
        return homes

    def edge_from(self, stage: Stage, edge: str) -> EdgeDef | None:
        """The gate of this name in this stage, if the protocol has one."""
        definition = self.stage.get(stage)
        return next((gate for gate in definition.edge if gate.edge == edge), None) if definition else None

    def canonical(self) -> dict[str, Any]:
        """The protocol as JSON values, the text that is frozen and hashed."""
        return self.model_dump(mode="json")

    def sha256(self) -> str:
        """Hash of the canonical text, hex."""
        return digest(self.canonical())


def digest(source: Mapping[str, Any]) -> str:
    """SHA-256 of JSON values, hex; the order of keys does not matter."""
    text = json.dumps(source, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
