"""Forms of titration and long-term care: program, refill, rehabilitation, taper, replacement, yearly check,
note.
"""

from __future__ import annotations

from pathway.models.confirm import SecondCheck
from pathway.models.followup import DevicePlan, EmergencyCheck, Note, RehabPlan, ServiceLife, TaperPlan
from pathway.models.refill import Refill
from pathway.models.running import ProgramRecord
from pathway.models.volume import VolumeEvent
from pathway.views.forms.record import RecordForm

STRENGTH = [
    "concentration_mcg_per_ml",
    "concentration_mcg_per_ml_again",
    "bridge",
    "bridge_reason",
]


class ProgramForm(RecordForm):
    """What the pump was set to."""

    TWICE = ("concentration_mcg_per_ml",)
    SECOND = True
    fieldsets = [
        (
            "Dose",
            [
                "effective_at",
                "mode",
                "daily_dose_mcg_per_day",
                "reason",
                "over_limit_reason",
                "second_clinician",
            ],
        ),
        ("Strength in the pump", STRENGTH),
        (
            "Over the day",
            ["schedule", "patient_bolus_mcg", "patient_boluses_per_day"],
            "Leave this empty for a simple continuous program without patient boluses.",
        ),
        ("Scales", ["penn_frequency", "mas_mean", "remarks"]),
    ]

    class Meta(RecordForm.Meta):
        model = ProgramRecord


class RefillForm(RecordForm):
    """A reservoir emptied and filled."""

    TWICE = ("concentration_mcg_per_ml",)
    SECOND = True
    fieldsets = [
        ("Before", ["refilled_at", "interrogated", "alarms", "eri_seen"]),
        (
            "Emptying",
            ["needle_guide", "septum_identified", "expected_residual_ml", "aspirated_ml", "residual_action"],
        ),
        ("Filling", ["filled_ml", "drug_lot", *STRENGTH, "alarm_setting_ml"]),
        (
            "Dose",
            ["daily_dose_mcg_per_day", "over_limit_reason", "second_clinician", "complications"],
        ),
    ]

    class Meta(RecordForm.Meta):
        model = Refill


class RehabPlanForm(RecordForm):
    """Rehabilitation referral."""

    TODAY = ("referred_on",)

    class Meta(RecordForm.Meta):
        model = RehabPlan


class TaperPlanForm(RecordForm):
    """Weaning one oral drug."""

    class Meta(RecordForm.Meta):
        model = TaperPlan


class DevicePlanForm(RecordForm):
    """Replacement of the pump."""

    class Meta(RecordForm.Meta):
        model = DevicePlan


class EmergencyCheckForm(RecordForm):
    """The yearly emergency check."""

    TODAY = ("checked_on",)

    class Meta(RecordForm.Meta):
        model = EmergencyCheck


class ServiceLifeForm(RecordForm):
    """The end of service of a model that no source here knows."""

    class Meta(RecordForm.Meta):
        model = ServiceLife


class VolumeEventForm(RecordForm):
    """A bolus, a volume, a stop."""

    class Meta(RecordForm.Meta):
        model = VolumeEvent


class SecondCheckForm(RecordForm):
    """The second clinician's answer."""

    class Meta(RecordForm.Meta):
        model = SecondCheck


class NoteForm(RecordForm):
    """Free text."""

    class Meta(RecordForm.Meta):
        model = Note
