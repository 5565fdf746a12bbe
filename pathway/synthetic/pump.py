"""A synthetic patient's pump as the treating people remember it: fill, strength, doses; and the next dose they choose.

All arithmetic and every limit comes from the clinical layer, so that no record of the cohort breaks a step limit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from pathway.clinical.device import PUMP_MODELS
from pathway.clinical.dosing import population, start_dose
from pathway.clinical.program import max_concentration_mcg_per_ml, min_dose_mcg_per_day, simple_program
from pathway.clinical.reservoir import Fill, ProgramChange, ReservoirEvent, expected_residual_ml
from pathway.clinical.results import CannotCompute
from pathway.clinical.steps import DECREASE_PCT, HIGH_DOSE_FROM, HIGH_DOSE_PCT, STEP_PCT, Phase
from pathway.synthetic.profile import Profile

MODEL = "synchromed-ii"
TENTH = Decimal("0.1")
LONG_ENOUGH_DAYS = 75
"""A refill interval shorter than this asks for a stronger solution [P]."""


@dataclass(slots=True)
class PumpMemory:
    """What runs in one pump now. Volumes in mL, strength in mcg/mL, dose in mcg/day."""

    implanted_on: date
    reservoir_ml: int
    filled_at: datetime
    fill_ml: Decimal
    strength: int
    dose: Decimal | None = None
    events: list[ReservoirEvent] = field(default_factory=list)

    @property
    def runs_since(self) -> datetime | None:
        """When this pump got its first program; one that replaces another only has the dose to begin with in mind."""
        return next((event.at for event in self.events if isinstance(event, ProgramChange)), None)

    def refilled(self, at: datetime, fill_ml: Decimal, strength: int, dose: Decimal | None) -> None:
        """A new fill starts a new account."""
        self.filled_at, self.fill_ml, self.strength, self.dose = at, fill_ml, strength, dose
        self.events = [Fill(at, fill_ml)]
        if dose is not None:
            self.events.append(ProgramChange(at, simple_program(Decimal(strength), dose)))

    def programmed(self, at: datetime, dose: Decimal) -> None:
        """A new dose of the same solution."""
        self.dose = dose
        self.events.append(ProgramChange(at, simple_program(Decimal(self.strength), dose)))

    def residual_ml(self, at: datetime) -> Decimal:
        """What should be left, to a tenth of a mL."""
        left = expected_residual_ml(self.events, at)
        assert not isinstance(left, CannotCompute), left.text
        return left.quantize(TENTH, ROUND_HALF_UP)


def cycle_days(fill_ml: Decimal, strength: int, dose: Decimal) -> int:
    """Whole days from a fill to the alarm or to the drug's last day, whichever comes first."""
    model = PUMP_MODELS[MODEL]
    days = (fill_ml - model.alarm_ml.value) * strength / dose
    return min(int(days), model.stability_days.value)


def first_dose(profile: Profile, effective_mcg: int | None) -> tuple[Decimal, str]:
    """The label's starting dose and its arithmetic in words; without a trial the lowest start."""
    if effective_mcg is None:
        return Decimal(50), "No screening dose to go by: a low start"
    hours = Decimal(10) if profile.long_effect else Decimal(6)
    start = start_dose(Decimal(effective_mcg), hours, negative_reaction=profile.negative_reaction)
    assert not isinstance(start, CannotCompute), start.text
    return start.dose_mcg_per_day, start.text


def next_dose(now: Decimal, target: float, profile: Profile, on: date, phase: Phase) -> Decimal:
    """One step towards the target inside the limits of this patient, in whole mcg/day; the same dose when near it."""
    wanted = Decimal(round(target))
    if abs(wanted - now) <= now * Decimal("0.05"):
        return now
    if wanted < now:
        return max(wanted, (now * (1 - DECREASE_PCT.value[1] / 100)).to_integral_value(ROUND_HALF_UP) + 1)
    group = population(profile.origin, profile.birth_date, on)
    assert not isinstance(group, CannotCompute), group.text
    highest = STEP_PCT[group, phase].value[1]
    if now >= HIGH_DOSE_FROM.value:
        highest = min(highest, HIGH_DOSE_PCT.value)
    return min(wanted, (now * (1 + highest / 100)).to_integral_value(ROUND_DOWN))


def strength_for(dose: Decimal, fill_ml: Decimal, now: int) -> int:
    """The weakest solution that lasts long enough and that the pump can still run at this dose; never a weaker one."""
    strongest = max_concentration_mcg_per_ml(PUMP_MODELS[MODEL], dose * Decimal("0.9"))
    if strongest is None or cycle_days(fill_ml, now, dose) >= LONG_ENOUGH_DAYS:
        return now
    stronger = [each for each in (500, 1000, 2000) if now <= each <= strongest]
    lasting = [each for each in stronger if cycle_days(fill_ml, each, dose) >= LONG_ENOUGH_DAYS]
    return min(lasting, default=max(stronger, default=now))


def lowest_dose(strength: int) -> Decimal:
    """The least the pump can run with this solution."""
    return min_dose_mcg_per_day(PUMP_MODELS[MODEL], Decimal(strength))


def full(reservoir_ml: int) -> Decimal:
    """What goes into a reservoir at a refill."""
    return Decimal(reservoir_ml)


def refill_by_after(fill_on: date, days: int, lead_days: int) -> date:
    """The refill-by date of a fill that lasts so many days."""
    return fill_on + timedelta(days=days - lead_days)
