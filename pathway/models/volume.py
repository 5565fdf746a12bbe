"""What happens to a pump between refills and programs: a bolus, volume taken out or measured, the infusion stopped.

Knows one such event; dates that follow from it are worked out elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from pathway.clinical.pump_log import Measured, Removed, Stopped
from pathway.clinical.reservoir import Purpose
from pathway.clinical.results import plain
from pathway.clinical.situation import Situation
from pathway.models.checked import CheckedRecord, Problem, date_problems
from pathway.models.fields import Amount, Choice, LongText
from pathway.models.implant import LARGEST_RESERVOIR_ML

MEASURED, STOPPED = "measured", "stopped"
HAPPENED = (
    (str(Purpose.BOLUS), "Bolus given by the pump"),
    (str(Purpose.BRIDGE), "Bridge bolus programmed"),
    (str(Purpose.PRIME), "System primed"),
    (str(Purpose.PURGE), "Drug discarded"),
    (str(Purpose.ASPIRATION), "Aspirated and not put back"),
    (MEASURED, "Volume measured (a correction)"),
    (STOPPED, "Infusion stopped"),
)


class VolumeEvent(CheckedRecord):
    """One event that changes what the reservoir holds or whether the pump runs."""

    kind = "volume_event"
    LOCAL_DATES = {"happened_at": "happened_on"}
    READS = frozenset({"pump"})

    happened_at = models.DateTimeField("when")
    happened_on = models.DateField("on")
    event = Choice("what happened", choices=HAPPENED)
    volume_ml = Amount(
        "volume",
        low=0,
        high=LARGEST_RESERVOIR_ML,
        unit="mL",
        max_digits=5,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="What left the reservoir; for a correction what is in it now",
    )
    dose_mcg = Amount(
        "dose of the bolus",
        low="0.1",
        high=2000,
        unit="mcg",
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="For a bolus: instead of its volume",
    )
    reason = LongText("why, and what follows", max_length=1000)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(event="stopped", volume_ml__isnull=True, dose_mcg__isnull=True)
                | ~Q(event="stopped")
                & (Q(volume_ml__isnull=False) | Q(event="bolus", dose_mcg__isnull=False)),
                name="volume_event_has_amount",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """Each event has its amount, once."""
        if self.event == STOPPED:
            if self.volume_ml is not None or self.dose_mcg is not None:
                yield "volume_ml", "A stop has no volume: leave it empty."
        elif self.event == Purpose.BOLUS:
            if (self.volume_ml is None) == (self.dose_mcg is None):
                yield "dose_mcg", "Enter the dose of the bolus or its volume, one of them."
        elif self.event:
            if self.volume_ml is None:
                yield "volume_ml", "Enter the volume."
            if self.dose_mcg is not None:
                yield "dose_mcg", "Only a bolus has a dose."

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        """After the first fill, and no more than the reservoir held or can hold."""
        yield from date_problems(self, situation)
        pump = situation.pump
        if pump is None or self.happened_at is None or not self.event or any(self.problems()):
            return
        before = pump.log.before(self.happened_at, after_fill=True)
        if before.fill is None:
            yield "happened_at", "This is before the first fill of this pump."
            return
        entry = self.entry()
        if isinstance(entry, Measured) and pump.log.has(Measured, entry.at):
            yield "happened_at", "A volume of this very minute is on record already: correct that one."
        if isinstance(entry, Measured) and entry.volume_ml > pump.reservoir_ml:
            size = plain(pump.reservoir_ml)
            yield "volume_ml", f"{plain(entry.volume_ml)} mL do not fit into a reservoir of {size} mL."
        left = before.residual_ml(self.happened_at)
        if isinstance(entry, Removed) and isinstance(left, Decimal):
            volume = entry.volume_at(before.concentration_mcg_per_ml)
            if volume > left:
                field = "dose_mcg" if self.volume_ml is None else "volume_ml"
                shown = f"{plain(volume)} mL is more than the {plain(round(left, 1))} mL that are left."
                yield field, shown

    def entry(self) -> Removed | Measured | Stopped:
        """This event in the pump's log."""
        if self.event == STOPPED:
            return Stopped(self.happened_at)
        stored: Any = self  # the stubs take no column of ours for one that may be empty
        if self.event == MEASURED:
            return Measured(self.happened_at, stored.volume_ml)
        return Removed(self.happened_at, Purpose(self.event), stored.volume_ml, stored.dose_mcg or Decimal(0))

    def facts(self) -> dict[str, Any]:
        return {"event": self.event, "happened_on": self.happened_on.isoformat()}
