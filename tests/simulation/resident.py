"""One synthetic patient as the driver leads it: people do their duties, workers do everything that time does alone."""

from __future__ import annotations

import copy
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pathway.engine.errors import EngineError
from pathway.engine.todos import hand_over
from pathway.models import Case, Clinician, Incident, Todo
from pathway.protocol.roles import Role, Stage
from pathway.synthetic.drive import Walk
from pathway.synthetic.pace import in_hours
from pathway.synthetic.records_incident import PICTURES
from pathway.synthetic.scenario import Turn
from pathway.synthetic.situation import Duty, Situation, look
from pathway.synthetic.turns import Step, Turns
from tests.simulation.leave import Leave

#: How often a year each of these befalls a patient (P). Incidents are more frequent than anywhere, to ring more.
YEARLY = {"report": 0.12, "hold": 0.06, "retitrate": 0.04, "revise": 0.03}
TRY_AGAIN = timedelta(days=1)


class Resident(Walk):
    """A walk that, once `led`, leaves timers and replanning to the workers, and survives a refusal."""

    led = False
    refusals: Counter[str]

    def begin(self, seed: str, start: datetime, end: datetime, leave: Leave) -> None:
        """From here on this patient's luck is that of the seed."""
        self.leave = leave
        self.led, self.seed, self.end = True, f"{seed}:{self.seed}", end
        self.clock = max(self.clock, start)
        self.refusals, self.later = Counter(), dict[UUID, datetime]()
        rng = random.Random(f"{self.seed}:turns")
        years = (end - start) / timedelta(days=365.25)
        stage = Stage(Case.objects.values_list("stage", flat=True).get(pk=self.case_id))
        turns = tuple(self._befalls(rng, years, stage))
        self.scenario = replace(self.scenario, turns=turns)
        self.turns = Turns(self)

    def _befalls(self, rng: random.Random, years: float, stage: Stage) -> list[Turn]:
        """Incidents, holds and changes of course, by their rates."""
        turns: list[Turn] = []
        ago = years * 365 - 20
        while (ago := ago - rng.expovariate(YEARLY["report"]) * 365 - 40) > 5:
            key = rng.choice(sorted(PICTURES))
            heard = rng.choice((0.01, 0.02, 0.05, 0.3))
            where = stage if years * 365 - ago < 60 else Stage.LONG_TERM
            turns.append(Turn("report", where, key=key, reason="Somebody called.", before_end=ago))
            turns.append(Turn("acknowledge", where, before_end=ago - heard))
        for kind in ("hold", "retitrate", "revise"):
            after = rng.expovariate(YEARLY[kind])
            if after < years:
                length = rng.uniform(14, 60) if kind == "hold" else None
                reason = "Asked for by the team"
                turns.append(Turn(kind, Stage.LONG_TERM, 30 + after * 365, reason=reason, length=length))
                break
        return turns

    def next_step(self) -> Step | None:
        """The earliest thing that a person will do for this patient, as things stand."""
        case = look(self.case_id)
        self._notice_stay(case)
        return min(self._steps(case), key=lambda one: one[0], default=None)

    def take(self, step: Step) -> bool:
        """Do it. Refused: what people remember is as before, and they come back to the duty another day."""
        before = copy.deepcopy(self.memory)
        self.clock = step[0]
        try:
            step[1](step[0])
        except (EngineError, Incident.DoesNotExist) as error:
            self.memory = before
            self.refusals[f"{type(error).__name__}: {error}"[:160]] += 1
            return False
        return True

    def _steps(self, case: Situation) -> list[Step]:
        if not self.led:
            return super()._steps(case)
        steps = self.turns.steps(case)
        for todo in case.duties:
            asleep = case.held_at is not None and not todo.safety and todo.key != "hold_review"
            if not asleep:
                steps += self._todo_steps(todo)
        return steps

    def _todo_steps(self, todo: Duty) -> list[Step]:
        steps = super()._todo_steps(todo)
        if not self.led or todo.id not in self.later:
            return steps
        return [(max(moment, self.later[todo.id]), act) for moment, act in steps]

    def _do(self, todo: Duty, at: datetime) -> None:
        if self.led:  # where it is refused this stands; where it is done nobody asks again
            self.later[todo.id] = in_hours(at + TRY_AGAIN, self.calendar, self.luck("again", todo.id))
            self._take_over(todo, at)
        super()._do(todo, at)

    def _take_over(self, todo: Duty, at: datetime) -> None:
        """Whoever does the duty of somebody who is away without a deputy takes it over first, as the system asks."""
        by, today = self.owner(todo), self.calendar.local_date(at)
        if todo.owner_id in (None, by.id) or self.leave.is_deputy(by.id, todo.owner_id, today):
            return
        hand_over(todo_id=todo.id, to=by.id, by=by, at=at, reason="The owner is away")

    def person(self, role: Role | str) -> Clinician:
        """Who looks after this patient: each of the role's people has as many patients."""
        holders = self.staff.people[Role(role)]
        return self._there(holders[int(self.luck("person", str(role)) * len(holders))], role)

    def owner(self, todo: Duty | Todo) -> Clinician:
        """Whoever owns a duty, or answers for the owner."""
        return self._there(super().owner(todo), todo.role)

    def _there(self, person: Clinician, role: Role | str) -> Clinician:
        if not self.led:
            return person
        today = self.calendar.local_date(self.clock)
        return self.leave.in_place_of(person, self.staff.people[Role(role)], today)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "turns"}
