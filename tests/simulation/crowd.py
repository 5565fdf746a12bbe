"""All patients of a run: of everything that people could do next for any of them, the earliest happens."""

from __future__ import annotations

import heapq
from collections import Counter
from datetime import datetime
from uuid import UUID

from pathway.models import Case
from pathway.synthetic.turns import Step
from tests.simulation.resident import Resident


class Crowd:
    """People act at their own moments; what the workers changed meanwhile is looked at anew before."""

    def __init__(self, residents: list[Resident]) -> None:
        self.residents = {one.case_id: one for one in residents}
        self.actions = 0
        self._seen: dict[UUID, int] = {}
        self._waiting: list[tuple[datetime, UUID, int]] = []
        self._newest: dict[UUID, int] = {}
        self._steps: dict[UUID, Step] = {}

    @property
    def refusals(self) -> Counter[str]:
        """What the verbs refused, and how often."""
        return sum((one.refusals for one in self.residents.values()), Counter[str]())

    def act_until(self, moment: datetime, floor: datetime) -> int:
        """Do everything that is planned up to a moment, nothing before `floor`. Returns how much was done."""
        self._look_again(floor)
        done = 0
        while self._waiting and self._waiting[0][0] <= moment:
            _, case_id, number = heapq.heappop(self._waiting)
            if number == self._newest[case_id]:
                resident = self.residents[case_id]
                done += resident.take(self._steps[case_id])
                self._plan(resident)
        self.actions += done
        return done

    def _look_again(self, floor: datetime) -> None:
        """Plan anew for every case that has a new event."""
        for case_id, seq in Case.objects.values_list("id", "event_seq"):
            if self._seen.get(case_id) != seq and case_id in self.residents:
                self._seen[case_id] = seq
                resident = self.residents[case_id]
                resident.clock = max(resident.clock, floor)
                self._plan(resident)

    def _plan(self, resident: Resident) -> None:
        case_id = resident.case_id
        number = self._newest[case_id] = self._newest.get(case_id, 0) + 1
        step = resident.next_step()
        if step is not None:
            self._steps[case_id] = step
            heapq.heappush(self._waiting, (step[0], case_id, number))
