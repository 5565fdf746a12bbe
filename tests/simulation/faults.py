"""Which faults a seed brings, when, and for how long. Pure: it breaks nothing itself."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Fault(StrEnum):
    """What happens to the programs of a run."""

    KILL_SENDING = "sender killed between the server's 250 and its own commit"
    KILL_CHILD = "worker process killed in a batch"
    KILL_WORKER = "whole worker killed"
    KILL_BEAT = "beat killed and away"
    TWO_BEATS = "two beats"
    TRIPLE = "every task published three times"
    BROKER_LOST = "broker killed and emptied"
    REFUSE_ALL = "mail server refuses everything for now"
    NO_MAIL_SERVER = "mail server away"
    REFUSE_ONE = "one address refused for good"
    DATABASE = "database crashed and restarted"


#: How often a year, and how many days it lasts at most (0: a moment).
HABITS: dict[Fault, tuple[float, float]] = {
    Fault.KILL_SENDING: (3, 0),
    Fault.KILL_CHILD: (3, 0),
    Fault.KILL_WORKER: (1, 0),
    Fault.KILL_BEAT: (1, 3),
    Fault.TWO_BEATS: (1, 12),
    Fault.TRIPLE: (1, 12),
    Fault.BROKER_LOST: (1.2, 2),
    Fault.REFUSE_ALL: (1, 4),
    Fault.NO_MAIL_SERVER: (1, 4),
    Fault.REFUSE_ONE: (0.6, 20),
    Fault.DATABASE: (1.2, 0),
}
#: The last weeks are free of new faults, so that each is over before the reckoning.
CALM = timedelta(days=25)


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault: it begins at the first step from `begins` on, and ends at the first step from `ends` on."""

    begins: datetime
    ends: datetime
    fault: Fault
    number: int


def plan_faults(rng: random.Random, start: datetime, end: datetime) -> list[Planned]:
    """Each kind at its rate and at least once, spread over the run, in order."""
    years = (end - start) / timedelta(days=365.25)
    found = []
    for fault, (yearly, longest) in HABITS.items():
        for _ in range(max(1, round(yearly * years))):
            begins = start + timedelta(days=2) + (end - start - CALM) * rng.random()
            ends = begins + timedelta(days=longest * (0.2 + 0.8 * rng.random()))
            found.append(Planned(begins, ends, fault, rng.randrange(1000)))
    return sorted(found, key=lambda one: one.begins)
