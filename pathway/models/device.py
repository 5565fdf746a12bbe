"""The pump and the catheter in a patient, with the fill in use and the safety dates worked out for it.

Storage only: the dates are computed by the engine from the clinical layer and rounded earlier, never later.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from pathway.models.base import Row, set_together
from pathway.models.case import Case
from pathway.models.fields import Amount, Choice, PumpCode, Whole
from pathway.models.history import SPINAL_LEVELS
from pathway.models.implant import (
    CATHETERS,
    LARGEST_RESERVOIR_ML,
    STRENGTHS,
    Operation,
    reservoir,
    serial_shape,
)


class Pump(Row):
    """One implanted pump. Instants are UTC, dates are the clinic's.

    `alarm_on`, `worst_case_on`, `dry_on`: the reservoir at the alarm volume, the same with the pump's largest
    error, and empty. `stability_on`: the drug's last day. `refill_by`: the date the refill duty carries. A
    date is empty where the pump's number is not known; `refill_by` never is once the pump is filled.
    `card_hash`: the edition of the emergency card that the facts make now; `card_issued_hash`: the one handed over.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="pumps", db_index=False)
    operation = models.OneToOneField(Operation, on_delete=models.PROTECT, related_name="pump")
    model = PumpCode()
    serial = models.CharField(max_length=30, validators=[serial_shape])
    reservoir_ml = reservoir()
    alarm_ml = Amount(low="0.5", high=10, unit="mL", max_digits=4, decimal_places=1)
    implanted_on = models.DateField()
    explanted_on = models.DateField(null=True, blank=True)
    explant_reason = models.CharField(max_length=300, blank=True)
    filled_at = models.DateTimeField(null=True, blank=True)
    filled_on = models.DateField(null=True, blank=True)
    fill_ml = Amount(
        low="0.1", high=LARGEST_RESERVOIR_ML, unit="mL", max_digits=5, decimal_places=2, null=True, blank=True
    )
    concentration_mcg_per_ml = Whole(
        choices=STRENGTHS, low=500, high=2000, unit="mcg/mL", null=True, blank=True
    )
    daily_dose_mcg_per_day = Amount(low="0.1", high=9999, unit="mcg/day", null=True, blank=True)
    dose_since = models.DateField(null=True, blank=True)
    alarm_on = models.DateField(null=True, blank=True)
    worst_case_on = models.DateField(null=True, blank=True)
    dry_on = models.DateField(null=True, blank=True)
    stability_on = models.DateField(null=True, blank=True)
    refill_by = models.DateField(null=True, blank=True)
    end_of_service_on = models.DateField(null=True, blank=True)
    eri_seen_on = models.DateField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="The infusion is off since")
    card_hash = models.CharField(max_length=64, blank=True)
    card_issued_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(explanted_on__isnull=True), name="one_pump_in_place_per_case"
            ),
            models.UniqueConstraint(
                fields=["model", "serial"],
                condition=Q(explanted_on__isnull=True),
                name="pump_serial_once_in_place",
            ),
            set_together("pump_fill_whole", "filled_at", "filled_on", "fill_ml", "concentration_mcg_per_ml"),
            set_together("pump_dose_whole", "daily_dose_mcg_per_day", "dose_since"),
            set_together("pump_runway_whole", "stability_on", "refill_by"),
            models.CheckConstraint(
                condition=Q(refill_by__isnull=True) | Q(filled_at__isnull=False),
                name="pump_runway_has_fill",
            ),
            models.CheckConstraint(
                condition=Q(refill_by__isnull=True)
                | Q(refill_by__lte=F("alarm_on")) & Q(refill_by__lte=F("stability_on")),
                name="pump_refill_before_alarm",
            ),
            models.CheckConstraint(
                condition=Q(dry_on__isnull=True) | Q(dry_on__gte=F("alarm_on")), name="pump_dry_after_alarm"
            ),
            models.CheckConstraint(condition=Q(fill_ml__lte=F("reservoir_ml")), name="pump_fill_fits"),
            models.CheckConstraint(
                condition=Q(explanted_on__isnull=True, explant_reason="")
                | Q(explanted_on__isnull=False, explanted_on__gte=F("implanted_on")) & ~Q(explant_reason=""),
                name="pump_explant_has_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["refill_by", "id"], condition=Q(explanted_on__isnull=True), name="pump_by_refill"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} of case {self.case_id}"

    @property
    def card_is_current(self) -> bool:
        """Whether the emergency card handed over last says what is true now."""
        return self.card_issued_hash == self.card_hash

    @property
    def in_place(self) -> bool:
        """Whether the patient carries it now."""
        return self.explanted_on is None


class Catheter(Row):
    """The catheter at a pump. Without its implanted length no bridge or prime is ever computed."""

    pump = models.ForeignKey(Pump, on_delete=models.PROTECT, related_name="catheters")
    model = Choice(choices=CATHETERS)
    total_cm = Amount(low=10, high=200, unit="cm", max_digits=5, decimal_places=1, null=True, blank=True)
    trimmed_cm = Amount(low=0, high=150, unit="cm", max_digits=5, decimal_places=1, null=True, blank=True)
    implanted_cm = Amount(low=10, high=200, unit="cm", max_digits=5, decimal_places=1, null=True, blank=True)
    tip_level = Choice(choices=SPINAL_LEVELS, max_length=3)
    implanted_on = models.DateField()
    removed_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pump"], condition=Q(removed_on__isnull=True), name="one_catheter_in_place_per_pump"
            ),
            models.CheckConstraint(
                condition=Q(removed_on__isnull=True) | Q(removed_on__gte=F("implanted_on")),
                name="catheter_removed_after_implant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} at pump {self.pump_id}"
