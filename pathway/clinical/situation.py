"""One patient's facts on the day a record is written: all that the checks of a record may look at beside the record.

Frozen values only; the engine and the screens fill it from the same rows, so that both judge alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from pathway.clinical.catheter import PathVolume, path_volume
from pathway.clinical.device import PUMP_MODELS, CatheterModel, PumpModel
from pathway.clinical.dosing import Origin, Population, population
from pathway.clinical.pump_log import PumpLog, PumpState
from pathway.clinical.results import CannotCompute, cannot
from pathway.clinical.runway import SENSITIVE_ALARM_ML
from pathway.clinical.steps import Phase
from pathway.clinical.trial import Injection


@dataclass(frozen=True, slots=True)
class TrialResponse:
    """The screening dose that worked, mcg, and what decides between once and twice of it as a starting dose."""

    effective_mcg: Decimal
    over_8h: bool
    negative_reaction: bool


def path_of(
    model: PumpModel, catheter: CatheterModel | None, implanted_cm: Decimal | None
) -> PathVolume | CannotCompute:
    """Volume from reservoir to catheter tip; refuses an unknown length, catheter or internal path."""
    if catheter is None:
        return cannot("catheter", "The catheter is not on record.")
    return path_volume(model, catheter, implanted_cm)


@dataclass(frozen=True, slots=True)
class PumpFacts:
    """The pump in place: its model, how it is set, and what was recorded about it. Volumes in mL, lengths in cm."""

    model: PumpModel
    reservoir_ml: Decimal
    alarm_ml: Decimal
    implanted_on: date
    log: PumpLog
    catheter: CatheterModel | None = None
    implanted_cm: Decimal | None = None
    carried: PumpState | None = None

    def running_before(self, at: datetime) -> PumpState:
        """What a program set at this instant changes: the fill of that very instant counts as done.

        Before a new pump's first program that is the program of the pump it replaced (`carried`), where there was one.
        """
        state = self.log.before(at, after_fill=True)
        if state.program is not None or self.carried is None:
            return state
        before = self.carried
        return replace(
            state, program=before.program, started_at=before.started_at, changed_at=before.changed_at
        )

    @property
    def path(self) -> PathVolume | CannotCompute:
        """Volume from reservoir to catheter tip; refuses an unknown length, catheter or internal path."""
        return path_of(self.model, self.catheter, self.implanted_cm)


@dataclass(frozen=True, slots=True)
class Situation:
    """The patient, the clinic's day and clock, and what was done so far.

    `origin` is "spinal", "cerebral" or empty (not known). `withdrawal_risk` holds the reasons for which withdrawal
    would be more dangerous for this patient (3.6). `pump_models` are all that this site knows, by code.
    """

    today: date
    now: datetime | None = None
    time_zone: str = "UTC"
    birth_date: date | None = None
    origin: str = ""
    phase: Phase = Phase.TITRATION
    withdrawal_risk: tuple[str, ...] = ()
    injections: tuple[Injection, ...] = ()
    cautious: bool = False
    trial: TrialResponse | None = None
    pump: PumpFacts | None = None
    pump_models: Mapping[str, PumpModel] = field(default_factory=lambda: PUMP_MODELS)

    @property
    def population(self) -> Population | CannotCompute:
        """Whose dose limits apply today; refused where origin or birth date is not known."""
        if not self.origin or self.birth_date is None:
            return cannot(
                "origin", "The origin of the spasticity is not recorded, so no step limit is known."
            )
        return population(Origin(self.origin), self.birth_date, self.today)


def planning_alarm_ml(alarm_ml: Decimal, withdrawal_risk: tuple[str, ...]) -> Decimal:
    """The volume from which refills are planned, mL: 4 mL at least where withdrawal is more dangerous (4.5, 3.6)."""
    return max(alarm_ml, SENSITIVE_ALARM_ML.value) if withdrawal_risk else alarm_ml
