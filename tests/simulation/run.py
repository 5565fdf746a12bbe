"""One seed: years of a clinic in minutes, people acting by the verbs, workers and beats as processes, faults between.

`python -m tests.simulation.run <folder> <seed> <days>`: the folder holds a copy of a ground; the result goes to
`result.json` in it.
"""

from __future__ import annotations

import json
import pickle
import random
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests import environment  # noqa: F401 # isort: skip - Django must be ready before the rest is imported

from django.db import connection

from pathway.engine.mails import correct_address, resend
from pathway.models import Clinician, Mail
from pathway.protocol.roles import Role
from tests.simulation.breaking import Breaker
from tests.simulation.crowd import Crowd
from tests.simulation.faults import plan_faults
from tests.simulation.laying import CLINIC, START
from tests.simulation.leave import plan_leave
from tests.simulation.observers import (
    FIRED_TWICE,
    QUIET,
    WITHOUT_DUTY,
    Watch,
    account,
    history_is_whole,
    number,
    rows,
)
from tests.simulation.postbox import arrivals
from tests.simulation.programs import Programs
from tests.simulation.resident import Resident

ZONE = ZoneInfo(CLINIC["time_zone"])
WORKDAY = (8.1, 17.2)
"""Steps of a working day, hours of the clinic's clock: after opening and after work."""
PAUSE_S = 0.004
ENOUGH = 3
"""After so many steps that were given up the run fails anyway, and waits no longer."""
FREE_DAY = (12.1,)
LOOK_EVERY = timedelta(weeks=4)
"""So often a step ends with the system's look at itself, which reads thousands of histories each time."""
AFTER = timedelta(days=6)
"""Healed time after the end, for everything on its way to arrive."""
ROUND_S, SUPERVISED_S, PATIENCE_S = 1.5, 8.0, 60.0
"""When a step is not done: another round of beat; the supervisor starts the worker anew; given up, and reported."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a seed showed; see `report` for the words."""

    seed: int
    patients: int
    days: int
    seconds: float
    steps: int
    actions: int
    refused_actions: dict[str, int]
    looks: int
    wrong_pumps: dict[str, int]
    stuck: list[str]
    rungs: int
    rungs_twice: int
    without_duty: int
    history_whole: bool
    faults: dict[str, int]
    kills: int
    restarts: int
    resent: int
    mail: dict[str, Any]


class Run:
    """The clock, the people, the programs, and who watches them."""

    def __init__(self, folder: Path, seed: int, days: int, programs: Programs) -> None:
        self.seed, self.programs, self.clock = seed, programs, programs.clock
        self.end = START + timedelta(days=days)
        self.days = days
        rng = random.Random(f"faults:{seed}")
        self.breaker = Breaker(programs, plan_faults(rng, START, self.end), rng)
        self.residents = read_residents(folder)
        leave = plan_leave(self.residents[0].staff, random.Random(f"leave:{seed}"), START, self.end)
        for one in self.residents:
            one.begin(str(seed), START, self.end, leave)
        self.crowd, self.watch = Crowd(self.residents), Watch()
        self.now, self.steps, self.resent = START, 0, 0
        self.look_next = START
        self.clock.move(START)

    def go(self) -> Result:
        """Live through all days, heal, wait, and reckon."""
        began = time.monotonic()
        for stop in self._stops(self.end):
            self._live_until(stop)
        self.breaker.heal()
        healed = self.now
        for stop in self._stops(self.end + AFTER):
            self._live_until(stop, people=False)
        mail = account(healed, arrivals(self.programs.post), self.breaker.breaks)
        return Result(
            seed=self.seed,
            patients=len(self.residents),
            days=self.days,
            seconds=round(time.monotonic() - began, 1),
            steps=self.steps,
            actions=self.crowd.actions,
            refused_actions=dict(self.crowd.refusals),
            looks=self.watch.looks,
            wrong_pumps=dict(self.watch.wrong),
            stuck=self.watch.stuck,
            rungs=number("SELECT count(*) FROM watched_rung"),
            rungs_twice=number(FIRED_TWICE),
            without_duty=number(WITHOUT_DUTY),
            history_whole=history_is_whole(),
            faults={fault.name.lower(): times for fault, times in sorted(self.breaker.done.items())},
            kills=len(self.breaker.breaks),
            restarts=self.breaker.restarts,
            resent=self.resent,
            mail=asdict(mail),
        )

    def _stops(self, end: datetime) -> Iterator[datetime]:
        """The regular steps of the days, and between them whatever rings for an incident."""
        day = self.now.astimezone(ZONE).date()
        while self.now < end:
            for hour in FREE_DAY if day.weekday() >= 5 else WORKDAY:
                regular = at_hour(day, hour)
                while self.now < regular:
                    yield min(self._next_alarm(), regular)
            day += timedelta(days=1)

    def _next_alarm(self) -> datetime:
        """A moment after the next call about an incident, not sooner than in five minutes."""
        due = rows("SELECT min(due_at) FROM pathway_incidenttimer")[0][0]
        if due is None:
            return self.now + timedelta(days=1)
        return max(due + timedelta(seconds=5), self.now + timedelta(minutes=5))

    def _live_until(self, moment: datetime, *, people: bool = True) -> None:
        """People act, faults come and go, the clock moves, beat turns, the workers do what is due."""
        if people:
            self.crowd.act_until(moment, self.now)
            self.watch.look(moment)
        self.breaker.step(moment)
        self._move(moment)
        self.steps += 1
        self.breaker.strike(self.clock.ask, self._quiet)
        self._settle()
        if self.breaker.mail_works:
            self._resend()
        if moment >= self.look_next:
            self.look_next = moment + LOOK_EVERY
            self._look_at_itself()
        self.watch.look(moment)

    def _move(self, moment: datetime) -> None:
        """Move the clock while nobody has a task in hand: a lease of seconds would end in the hours it jumps."""
        self.programs.moving.touch()
        begin = time.monotonic()
        while self.programs.busy():
            if time.monotonic() - begin > PATIENCE_S:
                self.watch.stuck.append(f"{self.now.isoformat()}: a task does not end")
                break
            time.sleep(PAUSE_S)
        self.now = moment
        self.clock.move(moment)
        self.programs.moving.unlink()

    def _settle(self) -> None:
        """Wait until nothing is due and nobody has a task in hand; not while messages cannot go their way."""
        begin = asked = time.monotonic()
        supervised = False
        patience = PATIENCE_S if len(self.watch.stuck) < ENOUGH else ROUND_S
        while self.breaker.works and not self._quiet():
            time.sleep(PAUSE_S)  # the workers want the processor
            now = time.monotonic()
            if now - begin > patience:
                self.watch.stuck.append(self.now.isoformat())
                return
            if now - max(begin, self.programs.worker_since) > SUPERVISED_S and not supervised:
                supervised = True
                self.breaker.restart_worker()
            if now - asked > ROUND_S:
                asked = now
                self.clock.ask()
        while self.programs.busy() and time.monotonic() - begin < PATIENCE_S:
            time.sleep(PAUSE_S)

    def _resend(self) -> None:
        """A coordinator confirms addresses that work again and sends dead letters again, once mail goes its way."""
        keeper = self.residents[0].staff.people[Role.COORDINATOR][0]
        for person in Clinician.objects.filter(email_refused_at__isnull=False):
            correct_address(clinician_id=person.id, email=person.email, by=keeper, at=self.now)
        for mail_id in Mail.objects.filter(state="dead").values_list("id", flat=True):
            resend(mail_id=mail_id, by=keeper, at=self.now)
            self.resent += 1

    def _look_at_itself(self) -> None:
        """The system's own watch, and the mail that follows from it."""
        self.clock.ask_to_look()
        begin = time.monotonic()
        while self.breaker.works and not self.programs.looked() and time.monotonic() - begin < SUPERVISED_S:
            time.sleep(PAUSE_S)
        self._settle()

    def _quiet(self) -> bool:
        if self.programs.busy():
            return False
        today = self.now.astimezone(ZONE).date()
        quiet = rows(QUIET, {"now": self.now, "today": today})[0][0]
        return bool(quiet) and not self.programs.busy()


def at_hour(day: date, hour: float) -> datetime:
    """An instant by the clinic's clock."""
    begin = datetime(day.year, day.month, day.day, int(hour), round(hour % 1 * 60), tzinfo=ZONE)
    return begin.astimezone(START.tzinfo)


def read_residents(folder: Path) -> list[Resident]:
    """The patients of the ground, as they were left."""
    found: list[Resident] = []
    for file in sorted(folder.glob("walks-*")):
        found += pickle.loads(file.read_bytes())
    return found


def main() -> None:
    """Run one seed in a folder."""
    folder, seed, days = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with Programs(folder) as programs:
        programs.start_all()
        result = Run(folder, seed, days, programs).go()
        connection.close()
    used = {"driver": resource.RUSAGE_SELF, "programs": resource.RUSAGE_CHILDREN}
    cpu = {name: sum(resource.getrusage(who)[:2]) for name, who in used.items()}
    (folder / "result.json").write_text(json.dumps({**asdict(result), "cpu_seconds": cpu}))


if __name__ == "__main__":
    main()
