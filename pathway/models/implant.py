"""The implant: surgical and anesthesia plan, the operation itself, registration, and the checks after it.

Knows clinical.md sections 1.7, 4.1 to 4.3 and 6; the pump's dates are worked out elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from pathway.clinical.catheter import catheter_volume_ml
from pathway.clinical.device import CATHETER_MODELS, PumpModel, pump_model
from pathway.clinical.dosing import age_years
from pathway.clinical.pump_log import Filled
from pathway.clinical.results import CannotCompute, plain
from pathway.clinical.situation import Situation
from pathway.models.checked import CheckedRecord, Problem, date_problems
from pathway.models.fields import Amount, Choice, LongText, PumpCode, ReservoirSize, Whole
from pathway.models.history import SPINAL_LEVELS
from pathway.models.trial import HOLDS, hold_problems

CATHETERS = tuple((model.code, model.name) for model in CATHETER_MODELS.values())
SIDES = (("left", "Left"), ("right", "Right"))
PLACEMENTS = (("subcutaneous", "Subcutaneous"), ("subfascial", "Subfascial"))
STRENGTHS = ((500, "500 mcg/mL"), (1000, "1000 mcg/mL"), (2000, "2000 mcg/mL"))
STRENGTH_HELP = "As printed on the vial or syringe: 500, 1000 or 2000 mcg/mL [V:S3]"
serial_shape = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9\-]{3,29}$", "Use 4 to 30 letters, digits or dashes.")


LARGEST_RESERVOIR_ML = 60
"""What a column can hold (clinical.site_pump believes the same); a pump's own sizes are asked of its model."""


def reservoir() -> ReservoirSize:
    """The column of a reservoir size."""
    return ReservoirSize("reservoir", low=5, high=LARGEST_RESERVOIR_ML, unit="mL")


def pump_problems(code: str, reservoir_ml: int | None, situation: Situation) -> Iterator[Problem]:
    """A model that this clinic does not know, or a reservoir that the model does not come with."""
    if not code:
        return
    model = pump_model(code, situation.pump_models)
    if isinstance(model, CannotCompute):
        yield "pump_model", model.text
        return
    sizes = model.reservoir_sizes_ml
    if reservoir_ml and Decimal(reservoir_ml) not in sizes.value:
        known = " or ".join(plain(size) for size in sizes.value)
        yield "reservoir_ml", f"{model.name} comes with {known} mL {sizes.bracket}, not {reservoir_ml} mL."


def pump_age_problems(code: str, today: date | None, situation: Situation) -> Iterator[Problem]:
    """A pump with a lowest age is not for a younger patient (SEL-06)."""
    model, birth_date = situation.pump_models.get(code), situation.birth_date
    lowest = model.age_min_years if model else None
    if model and lowest and birth_date and age_years(birth_date, today or situation.today) < lowest.value:
        yield "pump_model", f"{model.name} is for patients of {lowest.value} years or more {lowest.bracket}."


def alarm_problems(alarm_ml: Decimal | None, model: PumpModel, reservoir_ml: int | None) -> Iterator[Problem]:
    """An alarm volume below what the pump cannot use, or above what it holds."""
    floor = model.unusable_ml.value if model.unusable_ml else Decimal(0)
    if isinstance(alarm_ml, Decimal) and reservoir_ml and not floor < alarm_ml < reservoir_ml:
        text = f"The alarm volume lies between {plain(floor)} mL and a full reservoir of {reservoir_ml} mL."
        yield "alarm_setting_ml", text


def alarm_setting(help_text: str) -> Amount:
    """The volume at which a pump is set to sound its low-reservoir alarm."""
    return Amount(
        "low-reservoir alarm set to",
        low="0.5",
        high=10,
        unit="mL",
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        help_text=help_text,
    )


class SurgicalPlan(CheckedRecord):
    """What will be implanted where, with consent and an antibiotic plan."""

    kind = "surgical_plan"
    READS = frozenset({"pump_models"})

    consent = models.BooleanField("consent signed")
    infection_clear = models.BooleanField(
        "free of active infection", help_text="Required for the implant [V:S7,S13]"
    )
    pump_model = PumpCode("pump")
    reservoir_ml = reservoir()
    catheter_model = Choice("catheter", choices=CATHETERS)
    side = Choice("side of the pump", choices=SIDES)
    placement = Choice(
        choices=PLACEMENTS, help_text="In children fewer infections after subfascial placement [V:S25]"
    )
    tip_level = Choice("planned tip level", choices=SPINAL_LEVELS, max_length=3)
    antibiotic_plan = LongText(
        "antibiotic plan",
        max_length=500,
        help_text="One weight-based dose within 60 min before incision, 120 min for vancomycin [M: "
        "ASHP/IDSA 2013]",
    )
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(consent=True, infection_clear=True) | ~Q(remarks=""),
                name="surgical_plan_gap_is_explained",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """What is missing for the operation is explained."""
        if False in (self.consent, self.infection_clear) and not self.remarks:
            yield "remarks", "Explain what is missing and until when."

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        yield from date_problems(self, situation)
        yield from pump_problems(self.pump_model, self.reservoir_ml, situation)
        yield from pump_age_problems(self.pump_model, None, situation)

    def facts(self) -> dict[str, Any]:
        return {"consent": self.consent, "pump_model": self.pump_model}


TECHNIQUES = (("conscious_sedation", "Conscious sedation"), ("general", "General anesthesia"))


class AnesthesiaPlan(CheckedRecord):
    """How the implant will be anesthetized, and whether everything is ready."""

    kind = "anesthesia_plan"

    technique = Choice(choices=TECHNIQUES)
    anticoagulant_hold = Choice("hold of the blood thinner", choices=HOLDS)
    prescriber = models.CharField(
        "prescriber who confirmed",
        max_length=80,
        blank=True,
        help_text="Only the prescriber tells the patient to stop [P]",
    )
    hold_from = models.DateField("hold from", null=True, blank=True)
    restart_on = models.DateField("restart planned", null=True, blank=True)
    airway_plan = LongText("airway", max_length=500)
    baclofen_plan = LongText(
        "baclofen around the operation",
        max_length=500,
        help_text="Never stopped abruptly; tablets go on [V:S35]",
    )
    monitoring_plan = LongText(
        "monitoring afterwards", max_length=500, help_text="At least 8 h after the start [V:S14]"
    )
    ready = models.BooleanField("ready for theatre")
    remarks = LongText(blank=True, help_text="Needed where it is not ready")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(anticoagulant_hold="not_applicable", prescriber="", hold_from__isnull=True)
                | Q(anticoagulant_hold="confirmed", hold_from__isnull=False) & ~Q(prescriber=""),
                name="implant_hold_whole",
            ),
            models.CheckConstraint(
                condition=Q(restart_on__isnull=True) | Q(restart_on__gte=F("hold_from")),
                name="restart_after_hold",
            ),
            models.CheckConstraint(
                condition=Q(ready=True) | ~Q(remarks=""), name="anesthesia_not_ready_is_explained"
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """A hold has its prescriber and days in order; what is not ready is explained."""
        yield from hold_problems(self.anticoagulant_hold, self.prescriber, self.hold_from)
        if self.hold_from and self.restart_on and self.restart_on < self.hold_from:
            yield "restart_on", "The restart cannot be before the hold."
        if self.ready is False and not self.remarks:
            yield "remarks", "Say what is missing."

    def facts(self) -> dict[str, Any]:
        return {"ready": self.ready}


PROCEDURES = (
    ("first_implant", "First implant"),
    ("pump_replacement", "Pump replacement"),
    ("system_replacement", "Pump and catheter replaced"),
)


class Operation(CheckedRecord):
    """What was implanted, how long the catheter is, and what the pump was filled with."""

    kind = "operation"
    PAST = ("operated_on",)
    READS = frozenset({"pump", "pump_models"})
    LOCAL_DATES = {"filled_at": "filled_on"}

    procedure = Choice(choices=PROCEDURES, default="first_implant")
    operated_on = models.DateField("operated on")
    pump_model = PumpCode("pump")
    pump_serial = models.CharField("pump serial number", max_length=30, validators=[serial_shape])
    reservoir_ml = reservoir()
    side = Choice("side of the pump", choices=SIDES)
    catheter_model = Choice("catheter", choices=CATHETERS)
    catheter_total_cm = Amount(
        "catheter, full length",
        low=10,
        high=200,
        unit="cm",
        max_digits=5,
        decimal_places=1,
        null=True,
        blank=True,
    )
    catheter_trimmed_cm = Amount(
        "trimmed off", low=0, high=150, unit="cm", max_digits=5, decimal_places=1, null=True, blank=True
    )
    catheter_implanted_cm = Amount(
        "implanted length",
        low=10,
        high=200,
        unit="cm",
        max_digits=5,
        decimal_places=1,
        null=True,
        blank=True,
        help_text="Full length less what was trimmed. Leave it empty where nobody measured it: then no bridge or "
        "prime can be worked out [V:S54]",
    )
    tip_level = Choice("tip level", choices=SPINAL_LEVELS, max_length=3)
    concentration_mcg_per_ml = Whole(
        "strength of the fill", choices=STRENGTHS, low=500, high=2000, unit="mcg/mL", help_text=STRENGTH_HELP
    )
    fill_ml = Amount(
        "filled", low="0.5", high=LARGEST_RESERVOIR_ML, unit="mL", max_digits=4, decimal_places=1
    )
    prime_ml = Amount(
        "used to prime, out of this fill",
        low=0,
        high=5,
        unit="mL",
        max_digits=4,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="It leaves the reservoir at once: the refill date counts without it. Keep the patient supervised "
        "after a prime [V:S56]",
    )
    alarm_setting_ml = alarm_setting(
        "Empty: as the maker sets it. 4 mL is offered to patients prone to withdrawal [V:S32]"
    )
    drug_lot = models.CharField("drug lot", max_length=40)
    filled_at = models.DateTimeField("filled at")
    filled_on = models.DateField("filled on")
    complications = LongText(blank=True, help_text="Empty where there were none")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(concentration_mcg_per_ml__in=[500, 1000, 2000]), name="implant_strength_known"
            ),
            models.CheckConstraint(condition=Q(fill_ml__lte=F("reservoir_ml")), name="fill_fits_reservoir"),
            models.CheckConstraint(
                condition=Q(filled_on__gte=F("operated_on")), name="filled_not_before_operation"
            ),
            models.CheckConstraint(
                condition=Q(catheter_total_cm__isnull=True)
                | Q(catheter_implanted_cm__lte=F("catheter_total_cm")),
                name="implanted_within_catheter",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """The fill fits, the lengths add up, the dates are in order."""
        if isinstance(self.fill_ml, Decimal) and self.reservoir_ml and self.fill_ml > self.reservoir_ml:
            yield (
                "fill_ml",
                f"{plain(self.fill_ml)} mL do not fit into a reservoir of {self.reservoir_ml} mL.",
            )
        if self.filled_on and self.operated_on and self.filled_on < self.operated_on:
            yield "filled_at", "The fill cannot be before the operation."
        total, trimmed = self.catheter_total_cm, self.catheter_trimmed_cm
        implanted = self.catheter_implanted_cm
        if total is None or implanted is None:
            return
        if implanted > total:
            yield "catheter_implanted_cm", "More than the full length cannot be implanted."
        elif trimmed is not None and total - trimmed != implanted:
            yield (
                "catheter_implanted_cm",
                f"{plain(total)} cm less {plain(trimmed)} cm is {plain(total - trimmed)} cm, not "
                f"{plain(implanted)} cm.",
            )

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        """Age, catheter, alarm volume and prime as this pump and this catheter allow."""
        yield from date_problems(self, situation)
        yield from pump_problems(self.pump_model, self.reservoir_ml, situation)
        yield from pump_age_problems(self.pump_model, self.operated_on, situation)
        model, catheter = situation.pump_models.get(self.pump_model), CATHETER_MODELS.get(self.catheter_model)
        if catheter and self.catheter_implanted_cm is not None:
            volume = catheter_volume_ml(catheter, self.catheter_implanted_cm)
            if isinstance(volume, CannotCompute):
                yield "catheter_implanted_cm", volume.text
        if model:
            yield from alarm_problems(self.alarm_setting_ml, model, self.reservoir_ml)
        fill, prime = self.fill_ml, self.prime_ml
        if isinstance(fill, Decimal) and isinstance(prime, Decimal) and prime >= fill:
            yield "prime_ml", f"A prime of {plain(prime)} mL would take the whole fill of {plain(fill)} mL."

    def entry(self) -> Filled:
        """The first fill, for the pump's log."""
        return Filled(
            at=self.filled_at,
            on=self.filled_on,
            volume_ml=self.fill_ml,
            concentration_mcg_per_ml=Decimal(self.concentration_mcg_per_ml),
            prime_ml=self.prime_ml or Decimal(0),
            alarm_ml=self.alarm_setting_ml,
        )

    def facts(self) -> dict[str, Any]:
        return {
            "operated_on": self.operated_on.isoformat(),
            "pump_serial_recorded": bool(self.pump_serial),
            "fill_ml": plain(self.fill_ml),
            "concentration_mcg_per_ml": str(self.concentration_mcg_per_ml),
        }
