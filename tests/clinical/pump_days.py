"""A pump simulated half hour by half hour in exact fractions, and random histories for it.

Written without the product's reservoir arithmetic, so that the two can be held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from pathway.clinical.program import DailyBolus, DoseStep, Program
from pathway.clinical.pump_log import Entry, Filled, Measured, Programmed, Removed, Stopped
from pathway.clinical.reservoir import Purpose

HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)
RANK = [Filled, Measured, Removed, Stopped, Programmed]


@dataclass
class Bench:
    """One pump on the bench: what it holds and what it gives in each half hour of its own day."""

    path_ml: Fraction
    volume: Fraction = Fraction(0)
    filled: bool = False
    strength: Fraction = Fraction(0)
    per_half_hour: list[Fraction] = field(default_factory=list)
    boluses: dict[int, Fraction] = field(default_factory=dict)
    patient: Fraction = Fraction(0)
    midnight: datetime | None = None
    runs: bool = False
    at_the_fill: Fraction = Fraction(0)

    @property
    def dose(self) -> Fraction:
        return sum(self.per_half_hour, Fraction(0)) + sum(self.boluses.values(), Fraction(0)) + self.patient

    def set(self, program: Program, midnight: datetime | None) -> None:
        starts = [(int(step.start_h * 2), Fraction(step.dose_mcg)) for step in program.steps]
        self.per_half_hour = []
        for (start, dose), end in zip(starts, [*(start for start, _ in starts[1:]), 48], strict=True):
            self.per_half_hour += [dose / (end - start)] * (end - start)
        self.boluses = {}
        for bolus in program.boluses:
            slot = int(bolus.at_h * 2)
            self.boluses[slot] = self.boluses.get(slot, Fraction(0)) + Fraction(bolus.dose_mcg)
        self.patient = Fraction(program.patient_bolus_mcg) * program.patient_boluses_per_day
        self.strength = Fraction(program.concentration_mcg_per_ml)
        self.midnight, self.runs = midnight, True

    def scale(self, dose: Fraction) -> None:
        """The same day at another total: what patients may ask for stays where it fits, the rest in proportion."""
        shared = self.dose - self.patient
        if dose <= self.patient:
            self.per_half_hour, self.boluses, self.patient = [dose / 48] * 48, {}, Fraction(0)
        elif shared == 0:
            self.per_half_hour = [(dose - self.patient) / 48] * 48
        else:
            factor = (dose - self.patient) / shared
            self.per_half_hour = [part * factor for part in self.per_half_hour]
            self.boluses = {slot: part * factor for slot, part in self.boluses.items()}

    def lose(self, volume: Fraction) -> None:
        self.volume = max(Fraction(0), self.volume - volume)

    def settle(self) -> None:
        """What left at the fill leaves after a volume measured in that minute: the smaller amount counts."""
        self.lose(self.at_the_fill)
        self.at_the_fill = Fraction(0)

    def do(self, entry: Entry) -> None:
        if not isinstance(entry, Measured):
            self.settle()
        match entry:
            case Filled():
                self._fill(entry)
            case Programmed():
                if entry.bridged:
                    self.lose(self.path_ml)
                self.set(entry.program, entry.midnight)
            case Removed():
                given = (
                    Fraction(entry.dose_mcg) / self.strength if entry.volume_ml is None else entry.volume_ml
                )
                self.lose(Fraction(given))
            case Measured():
                self.volume = Fraction(entry.volume_ml)
            case Stopped():
                self.runs = False

    def _fill(self, fill: Filled) -> None:
        self.filled, self.volume = True, Fraction(fill.volume_ml)
        self.at_the_fill = Fraction(fill.prime_ml) + (self.path_ml if fill.bridged else 0)
        self.strength = Fraction(fill.concentration_mcg_per_ml)
        if fill.dose_mcg_per_day is None:
            return
        dose = Fraction(fill.dose_mcg_per_day)
        if not self.per_half_hour:
            self.per_half_hour = [dose / 48] * 48
        elif dose != self.dose:
            self.scale(dose)
        self.runs = True

    def run(self, start: datetime, end: datetime) -> None:
        """Let time pass: never more than the half hour of the pump's own clock at once."""
        if start < end:
            self.settle()
        if not self.runs:
            return
        origin = self.midnight or start
        while start < end:
            slot = (start - origin) // HALF_HOUR
            begun = origin + slot * HALF_HOUR
            until = min(end, begun + HALF_HOUR)
            share = Fraction((until - start) // timedelta(seconds=1), 1800)
            dose = (self.per_half_hour[slot % 48] + self.patient / 48) * share
            if start == begun:
                dose += self.boluses.get(slot % 48, Fraction(0))
            self.lose(dose / self.strength)
            start = until


def simulate(entries: list[Entry], path_ml: Decimal, at: datetime) -> Fraction:
    """What is left in the reservoir at an instant."""
    bench = Bench(Fraction(path_ml))
    known = sorted((one for one in entries if one.at <= at), key=lambda one: (one.at, RANK.index(type(one))))
    now = known[0].at
    for entry in known:
        bench.run(now, entry.at)
        bench.do(entry)
        now = entry.at
    bench.run(now, at)
    bench.settle()
    return bench.volume


# --- random histories -------------------------------------------------------------------------------------------------

STRENGTHS = st.sampled_from([Decimal(500), Decimal(1000), Decimal(2000)])
DOSES = st.integers(60, 1500).map(Decimal)
SLOTS = st.lists(st.integers(1, 47), unique=True, min_size=1, max_size=4).map(sorted)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Simple, flex, scheduled and with boluses that the patient may ask for."""
    kind = draw(st.sampled_from(["simple", "flex", "scheduled", "boluses alone", "patient"]))
    steps, boluses, patient = [DoseStep(Decimal(0), draw(DOSES))], [], (Decimal(0), 0)
    if kind == "flex":
        steps += [DoseStep(Decimal(slot) / 2, draw(DOSES) / 4) for slot in draw(SLOTS)]
    if kind in ("scheduled", "boluses alone"):
        boluses = [DailyBolus(Decimal(slot) / 2, draw(DOSES) / 4) for slot in draw(SLOTS)]
    if kind == "boluses alone":
        steps = [DoseStep(Decimal(0), Decimal(0))]
    if kind == "patient":
        patient = (Decimal(draw(st.integers(1, 50))), draw(st.integers(1, 6)))
    return Program(draw(STRENGTHS), tuple(steps), tuple(boluses), *patient)


@st.composite
def entries(draw: st.DrawFn, at: datetime, zone: ZoneInfo, kinds: list[type] = RANK) -> Entry:
    """One thing that happened at this instant."""
    on = at.astimezone(zone).date()
    kind = draw(st.sampled_from(kinds))
    if kind is Filled:
        dose = draw(st.none() | DOSES)
        volume = Decimal(draw(st.integers(20, 400))) / 10
        bridged = draw(st.booleans())
        return Filled(at, on, volume, draw(STRENGTHS), dose, Decimal(draw(st.integers(0, 10))) / 10, bridged)
    if kind is Programmed:
        midnight = datetime.combine(on, time.min, zone).astimezone(UTC)
        return Programmed(at, on, draw(programs()), midnight, draw(st.booleans()))
    if kind is Measured:
        return Measured(at, Decimal(draw(st.integers(0, 400))) / 10)
    if kind is Stopped:
        return Stopped(at)
    if draw(st.booleans()):
        return Removed(at, Purpose.BOLUS, None, Decimal(draw(st.integers(1, 400))))
    return Removed(at, draw(st.sampled_from(list(Purpose))), Decimal(draw(st.integers(0, 50))) / 10)


@st.composite
def histories(draw: st.DrawFn, zone: ZoneInfo, most: int = 8, days: int = 40) -> list[Entry]:
    """A fill and what followed, in any order of entering; no two entries of one kind at one instant."""
    day = draw(st.integers(0, 900))
    start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=draw(st.integers(0, 1439)))
    first = draw(entries(start, zone, [Filled]))
    found: dict[tuple[type, datetime], Entry] = {(Filled, start): first}
    for _ in range(draw(st.integers(0, most))):
        entry = draw(entries(start + timedelta(minutes=draw(st.integers(0, days * 1440))), zone))
        found.setdefault((type(entry), entry.at), entry)
    return draw(st.permutations(list(found.values())))
