"""What the people around one synthetic case remember while they write its records, and the moment of writing."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from pathway.calendars import WorkCalendar
from pathway.clinical.conditions import Condition
from pathway.clinical.trial import Injection
from pathway.synthetic.pace import Stay
from pathway.synthetic.profile import Profile
from pathway.synthetic.pump import PumpMemory
from pathway.synthetic.scenario import Scenario


@dataclass(slots=True)
class Memory:
    """Grows with the case: doses of the trial, the pump, the procedures' dates, how many operations there were."""

    profile: Profile
    scenario: Scenario
    given: list[Injection] = field(default_factory=list)
    cautious: bool = False
    observed: set[int] = field(default_factory=set)
    pump: PumpMemory | None = None
    first_operation_on: date | None = None
    operations: int = 0
    verdict: str = ""
    refills: int = 0
    late_refills: int = 0
    dose_at_one_year: Decimal | None = None
    titrated_steps: int = 0
    refill_booked_for: date | None = None
    suspected: list[Condition] = field(default_factory=list)
    in_long_term: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """One record being written: for which duty, when, by whom, with which luck. `today` is the clinic's date."""

    key: str
    at: datetime
    due_on: date
    by: str
    memory: Memory
    stay: Stay
    rng: random.Random
    calendar: WorkCalendar
    case_id: UUID

    @property
    def today(self) -> date:
        """The clinic's date."""
        return self.calendar.local_date(self.at)

    @property
    def profile(self) -> Profile:
        """The patient."""
        return self.memory.profile

    @property
    def the_pump(self) -> PumpMemory:
        """The pump in place."""
        assert self.memory.pump is not None, "no pump was implanted"
        return self.memory.pump

    def years_with_pump(self) -> float:
        """Years since the first operation."""
        started = self.memory.first_operation_on or self.today
        return (self.today - started) / timedelta(days=365.25)

    def working_day(self, day: date) -> date:
        """This day, or the next working day."""
        return self.calendar.next_working_day_on_or_after(day)
