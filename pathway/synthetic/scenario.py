"""What is meant to happen to one synthetic case: where it stands at the end, and the turns it takes on the way."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pathway.protocol.roles import OPEN_STAGES, Stage
from pathway.synthetic.assumptions import lognormal_days

TITRATION_DAYS = 100
"""Until the dose is settled: goals are reviewed around day 90 and the dose then stands still for four weeks."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that happens besides the protocol's duties, once.

    `kind`: hold, close, revise, retitrate, correct (a settled duty is reopened and done anew), reopen (a closed case),
    skip (a duty does not apply), report (an incident, of the picture that `key` names), acknowledge. It happens `after`
    days from the entry into `stage`, or from the end of the duty `after_key` in that stay. `length`: days on hold, None
    for a hold that still lasts. `visit`: which stay in the stage. `before_end`: instead of all these, so many days
    before the end of the story, at any hour: alarms keep no office hours.
    """

    kind: str
    stage: Stage
    after: float = 1.0
    after_key: str = ""
    reason: str = ""
    key: str = ""
    length: float | None = None
    visit: int = 1
    before_end: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A plan. `days`: how long ago the case entered its last stage, or closed.

    `undone` maps a duty (or one occurrence of it: "refill#3") to days: what would have been done within so many days
    before the end is left undone.
    `against` names the signatures that dissent in the first round. `doses_fail`: that many screening doses are
    inadequate (None: as the profile says). `injected_ago`: the first dose was given so many minutes before the end, and
    its trial day is under way. `refill_by_in`: the running fill is to end so many days from now.
    """

    name: str
    goal: Stage
    days: float = 20
    turns: tuple[Turn, ...] = ()
    undone: Mapping[str, float] = field(default_factory=dict)
    against: tuple[str, ...] = ()
    waive: bool = False
    not_eligible: bool = False
    doses_fail: int | None = None
    injected_ago: int | None = None
    refill_by_in: int | None = None
    late_refills: tuple[int, ...] = ()
    named_team: bool | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """How long each stay takes, in days: evaluation, selection, from there to the trial, then to the operation."""

    evaluation: float
    selection: float
    trial_wait: float
    operation_wait: float

    @classmethod
    def draw(cls, rng: random.Random, spread: float = 3) -> Course:
        """Split the waits (to the team meeting, the trial, the operation) into stays.

        Each wait is kept within `spread` times its median: a small spread makes an even, unhurried clinic.
        """
        to_meeting = lognormal_days(rng, "referral_to_mdt_days", spread)
        to_trial = lognormal_days(rng, "mdt_to_trial_days", spread)
        to_implant = lognormal_days(rng, "trial_to_implant_days", spread)
        return cls(
            evaluation=max(14, 0.7 * to_meeting),
            selection=max(10, 0.3 * to_meeting + 0.3 * to_trial),
            trial_wait=max(7, 0.7 * to_trial),
            operation_wait=max(24, to_implant - 6),
        )

    def days_until(self, stage: Stage, *, waive: bool = False, failing: int = 0) -> float:
        """Days from the referral to the entry into a stage."""
        trial = 0 if waive else self.trial_wait + 5 + failing
        lengths = {
            Stage.EVALUATION: self.evaluation,
            Stage.SELECTION: self.selection,
            Stage.TRIAL: trial,
            Stage.IMPLANT: self.operation_wait + 5,
            Stage.TITRATION: TITRATION_DAYS,
            Stage.LONG_TERM: 0,
        }
        stages = list(lengths)
        return sum(lengths[before] for before in stages[: stages.index(stage)])


def days_needed(scenario: Scenario, course: Course) -> float:
    """How long before the end the referral must lie for the case to stand where the scenario wants it."""
    held = sum(turn.length or 0 for turn in scenario.turns if turn.kind == "hold")
    until: dict[str, Any] = {"waive": scenario.waive, "failing": min(scenario.doses_fail or 0, 2)}
    ending = next((turn for turn in scenario.turns if turn.kind == "close"), None)
    if scenario.goal is Stage.CLOSED and ending is not None:
        # A turn that hangs on a duty may come as late as the end of its stage.
        stage = OPEN_STAGES[OPEN_STAGES.index(ending.stage) + 1] if ending.after_key else ending.stage
        return scenario.days + course.days_until(stage, **until) + ending.after + held
    again = next((turn for turn in scenario.turns if turn.kind in ("revise", "retitrate")), None)
    if again is None:
        return scenario.days + course.days_until(scenario.goal, **until) + held
    return scenario.days + course.days_until(again.stage, **until) + again.after + held
