"""Carries out faults on the programs of a run, and heals them when their time is over."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from django.db import connection

from pathway.models import Clinician
from tests.simulation.faults import Fault, Planned
from tests.simulation.programs import Programs

MAIL_FAULTS = frozenset({Fault.REFUSE_ALL, Fault.NO_MAIL_SERVER, Fault.REFUSE_ONE})
#: How long to wait for a message to be held; where none comes, the fault waits for another step.
HELD_S = 1.5


class Breaker:
    """`breaks`: when something that could have a message in flight was killed, with the machine's forward clock."""

    def __init__(self, programs: Programs, plan: list[Planned], rng: random.Random) -> None:
        self.programs, self.rng = programs, rng
        self.coming = plan[::-1]
        self.lasting: list[Planned] = []
        self.now: list[Planned] = []
        self.done: Counter[Fault] = Counter()
        self.breaks: list[tuple[float, float]] = []
        self.restarts = 0
        self._begin: dict[Fault, Callable[[Planned], None]] = {
            Fault.KILL_BEAT: lambda _: self._kill_beats(),
            Fault.TWO_BEATS: lambda _: programs.start_beat("beat 2"),
            Fault.TRIPLE: lambda _: programs.publish_copies(3),
            Fault.BROKER_LOST: lambda _: programs.lose_broker(),
            Fault.REFUSE_ALL: lambda _: programs.answer("451"),
            Fault.NO_MAIL_SERVER: lambda _: self._break(lambda: programs.kill("mail")),
            Fault.REFUSE_ONE: lambda one: programs.answer(self._address(one.number)),
        }
        self._end: dict[Fault, Callable[[], None]] = {
            Fault.KILL_BEAT: programs.start_beat,
            Fault.TWO_BEATS: lambda: programs.kill("beat 2"),
            Fault.TRIPLE: lambda: programs.publish_copies(1),
            Fault.BROKER_LOST: programs.start_broker,
            Fault.REFUSE_ALL: lambda: programs.answer(""),
            Fault.NO_MAIL_SERVER: programs.start_mail,
            Fault.REFUSE_ONE: lambda: programs.answer(""),
        }

    @property
    def works(self) -> bool:
        """Whether messages can go from beat through the broker to a worker."""
        return all(self.programs.runs(name) for name in ("beat", "broker", "worker"))

    def step(self, now: datetime) -> None:
        """Heal what is over, begin what is due. Faults of a moment wait in `now` for the round of this step."""
        self._supervise()
        for one in [one for one in self.lasting if one.ends <= now]:
            self.lasting.remove(one)
            self._end[one.fault]()
        while self.coming and self.coming[-1].begins <= now:
            one = self.coming.pop()
            if one.fault not in self._begin:
                self.now.append(one)
            elif self._clashes(one):
                continue
            else:
                self._begin[one.fault](one)
                self.lasting.append(one)
                self.done[one.fault] += 1

    def heal(self) -> None:
        """Everything works again."""
        self.coming, self.now = [], []
        for one in self.lasting:
            self._end[one.fault]()
        self.lasting = []
        self._supervise()

    @property
    def mail_works(self) -> bool:
        """Whether the mail server takes everything."""
        return not {one.fault for one in self.lasting} & MAIL_FAULTS

    def _supervise(self) -> None:
        """Start what died, unless it is meant to be away."""
        away = {one.fault for one in self.lasting}
        starts = {"worker": self.programs.start_worker}
        if Fault.KILL_BEAT not in away:
            starts["beat"] = self.programs.start_beat
        for name, start in starts.items():
            if not self.programs.runs(name):
                start()

    def restart_worker(self) -> None:
        """What a supervisor does with a worker that is up and works no more."""
        self._break(lambda: self.programs.kill("worker"))
        self.programs.start_worker()
        self.restarts += 1

    def strike(self, ask: Callable[[], None], look: Callable[[], object]) -> bool:
        """Ask for a round, and break what is to break in the middle of it. True when a process was killed."""
        if not self.now or not self.works:
            ask()
            return False
        one = self.now.pop(0)
        if one.fault is Fault.KILL_SENDING:
            return self._kill_sending(one, ask)
        ask()
        for _ in range(self.rng.randrange(12)):
            look()
        if one.fault is Fault.DATABASE:
            self._break(self._crash_database)
        elif one.fault is Fault.KILL_WORKER:
            self._break(lambda: self.programs.kill("worker"))
        else:
            self._break(lambda: self.programs.kill_child(one.number))
        self.done[one.fault] += 1
        return True

    def _kill_sending(self, one: Planned, ask: Callable[[], None]) -> bool:
        """Hold the server's answers, wait until a message is held, kill its sender, let the answers go."""
        before = self.programs.came()
        self.programs.hold_replies(True)
        ask()
        deadline = time.monotonic() + HELD_S
        while self.programs.came() == before and time.monotonic() < deadline:
            time.sleep(0.002)
        met = self.programs.came() != before
        if met:
            self._break(self.programs.kill_children)
            self.done[one.fault] += 1
        else:
            self.now.append(one)
        self.programs.hold_replies(False)
        return met

    def _crash_database(self) -> None:
        connection.close()
        self.programs.crash_database()
        self.programs.start_database()

    def _kill_beats(self) -> None:
        for name in ("beat", "beat 2"):
            if self.programs.runs(name):
                self.programs.kill(name)

    def _break(self, act: Callable[[], object]) -> None:
        begin = time.monotonic()
        act()
        self.breaks.append((begin, time.monotonic()))

    def _clashes(self, one: Planned) -> bool:
        """Two faults of the same program at a time would heal each other."""
        groups = (
            {Fault.KILL_BEAT, Fault.TWO_BEATS},
            {Fault.REFUSE_ALL, Fault.REFUSE_ONE},
        )
        busy = {other.fault for other in self.lasting}
        return one.fault in busy or any(one.fault in group and busy & group for group in groups)

    def _address(self, number: int) -> str:
        addresses = list(Clinician.objects.order_by("username").values_list("email", flat=True))
        return str(addresses[number % len(addresses)])
