"""Where an action's time goes: the database, the project's layers, Django, psycopg. By sampling, not tracing."""

from __future__ import annotations

import contextlib
import signal
from collections import Counter
from collections.abc import Iterator
from types import FrameType

from tests.bench.ground import Meter
from tests.bench.passage import Passages
from tests.bench.report import Report

PLACES = {
    "/pathway/engine/": "engine",
    "/pathway/protocol/": "protocol rules",
    "/pathway/": "models and queries",
    "/psycopg": "psycopg",
    "/django/": "Django",
}
"""What a file's path says about whose time it is; the standard library counts for its caller."""


class _Sampler(Meter):
    """Meters as always, and looks every few milliseconds of CPU at who runs."""

    def __init__(self, pid: int) -> None:
        super().__init__(pid)
        self.found: Counter[str] = Counter()
        self.inside = False

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Measure the block."""
        with super().on():
            self.inside = True
            yield
            self.inside = False

    def look(self, _signal: int, frame: FrameType | None) -> None:
        """Note the innermost place we know."""
        while self.inside and frame is not None:
            path = frame.f_code.co_filename
            place = next((name for part, name in PLACES.items() if part in path), None)
            if place:
                self.found[place] += 1
                return
            frame = frame.f_back


def shares(engine: Passages, report: Report, *, patients: int) -> None:
    """Say in one sentence where the engine's time goes."""
    meter, engine.meter = engine.meter, (sampler := _Sampler(engine.meter.pid))
    before = signal.signal(signal.SIGPROF, sampler.look)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    for _ in range(patients):
        engine.run()
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)
    cost, engine.meter = sampler.take(patients), meter
    total, seen = cost.cpu, sum(sampler.found.values()) or 1
    parts = [f"database {100 * cost.server / total:.0f} %"]
    parts += [
        f"{name} {100 * cost.client / total * number / seen:.0f} %"
        for name, number in sampler.found.most_common()
    ]
    report.note(
        f"where the engine's CPU goes: {', '.join(parts)} (the standard library counts for its caller)"
    )
