"""The words every layer shares: stages, roles and the edges between stages. It knows no Django and no patient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where a case is on the pathway; `closed` is the only stage that is not open."""

    EVALUATION = "evaluation"
    SELECTION = "selection"
    TRIAL = "trial"
    IMPLANT = "implant"
    TITRATION = "titration"
    LONG_TERM = "long_term"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The stage as a person reads it."""
        return self.value.replace("_", "-").capitalize()


OPEN_STAGES: tuple[Stage, ...] = tuple(stage for stage in Stage if stage is not Stage.CLOSED)


class Role(StrEnum):
    """The disciplines a protocol may name. `system` acts for timers only and holds no to-do."""

    NEUROSURGEON = "neurosurgeon"
    PHYSIATRIST = "physiatrist"
    ANESTHESIOLOGIST = "anesthesiologist"
    COORDINATOR = "coordinator"
    NURSE = "nurse"
    THERAPIST = "therapist"
    SYSTEM = "system"

    @property
    def label(self) -> str:
        """The role as a person reads it."""
        return self.value.capitalize()


PHYSICIANS: frozenset[Role] = frozenset({Role.NEUROSURGEON, Role.PHYSIATRIST, Role.ANESTHESIOLOGIST})
CARE_ROLES: tuple[Role, ...] = tuple(role for role in Role if role is not Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Edge:
    """One legal move of the state machine. `target` is None where the case returns to the stage it left."""

    name: str
    sources: tuple[Stage, ...]
    target: Stage | None
    label: str
    needs_reason: bool = False

    def pairs(self) -> list[tuple[str, str]]:
        """Every (from, to) this edge allows, as stored values."""
        targets = OPEN_STAGES if self.target is None else (self.target,)
        return [(str(source), str(target)) for source in self.sources for target in targets]


ACCEPT = Edge("accept", (Stage.EVALUATION,), Stage.SELECTION, "Accept into selection")
START_TRIAL = Edge("start_trial", (Stage.SELECTION,), Stage.TRIAL, "Start the trial")
WAIVE_TRIAL = Edge("waive_trial", (Stage.SELECTION,), Stage.IMPLANT, "Go to implant without a trial", True)
PASS_TRIAL = Edge("pass_trial", (Stage.TRIAL,), Stage.IMPLANT, "Go on to implant")
START_TITRATION = Edge("start_titration", (Stage.IMPLANT,), Stage.TITRATION, "Start titration")
SETTLE = Edge("settle", (Stage.TITRATION,), Stage.LONG_TERM, "Settle into long-term care")
RETITRATE = Edge("retitrate", (Stage.LONG_TERM,), Stage.TITRATION, "Titrate again", True)
REVISE = Edge(
    "revise", (Stage.TITRATION, Stage.LONG_TERM), Stage.IMPLANT, "Plan a revision or replacement", True
)
CLOSE = Edge("close", OPEN_STAGES, Stage.CLOSED, "Close the case", True)
REOPEN = Edge("reopen", (Stage.CLOSED,), None, "Reopen the case", True)

EDGES: tuple[Edge, ...] = (
    ACCEPT,
    START_TRIAL,
    WAIVE_TRIAL,
    PASS_TRIAL,
    START_TITRATION,
    SETTLE,
    RETITRATE,
    REVISE,
    CLOSE,
    REOPEN,
)
EDGE: dict[str, Edge] = {edge.name: edge for edge in EDGES}


class CloseReason(StrEnum):
    """Why a case ended; each needs its own evidence (see guards.close)."""

    DECLINED = "declined"
    NON_RESPONDER = "non_responder"
    WITHDREW = "withdrew"
    TRANSFERRED = "transferred"
    LOST = "lost"
    EXPLANTED = "explanted"
    DIED = "died"

    @property
    def label(self) -> str:
        """The reason as a person reads it."""
        return CLOSE_LABELS[self.value]


CLOSE_LABELS: dict[str, str] = {
    "declined": "Declined by the team",
    "non_responder": "No response to the trial",
    "withdrew": "Patient withdrew",
    "transferred": "Care transferred to another programme",
    "lost": "Lost to follow-up",
    "explanted": "Pump explanted, therapy ended",
    "died": "Died",
}


class TodoState(StrEnum):
    """What became of a duty."""

    OPEN = "open"
    DONE = "done"
    NOT_APPLICABLE = "not_applicable"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state as a person reads it."""
        return self.value.replace("_", " ").capitalize()


class Decision(StrEnum):
    """The two joint decisions that three disciplines sign."""

    CANDIDACY = "candidacy"
    TRIAL_RESULT = "trial_result"

    @property
    def label(self) -> str:
        """The decision as a person reads it."""
        return {"candidacy": "Candidacy", "trial_result": "Trial result"}[self.value]
