"""The one table of periodic work: what beat starts, and how often.

Names tasks only; what they do is in `pathway.tasks`. Every task here is idempotent and drains rows that are
already safe in PostgreSQL, so a missed or doubled turn changes nothing but the delay. `manage.py sweep` runs
the same duties by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Periodic:
    name: str
    task: str
    every: timedelta
    why: str


PERIODIC = (
    Periodic(
        "deliver-notices",
        "pathway.tasks.deliver_notices",
        timedelta(seconds=10),
        "mail leaves within seconds even when the nudge after a commit was lost",
    ),
    Periodic(
        "fire-timers",
        "pathway.tasks.fire_timers",
        timedelta(seconds=30),
        "reminders, escalations and appointments become notices when their moment has come",
    ),
    Periodic(
        "call-people",
        "pathway.tasks.call_people",
        timedelta(seconds=10),
        "an alarm that nobody has acknowledged calls again within half a minute of its time",
    ),
    Periodic(
        "heartbeat",
        "pathway.tasks.heartbeat",
        timedelta(seconds=15),
        "/readyz tells from it whether beat and a worker are alive",
    ),
    Periodic(
        "watch",
        "pathway.tasks.watch",
        timedelta(seconds=60),
        "what goes wrong with the system or a pump is told to a person within a minute or two",
    ),
)
