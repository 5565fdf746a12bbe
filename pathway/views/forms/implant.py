"""Forms of the implant: plans, operation, first checks, registration, and the calls afterwards."""

from __future__ import annotations

from pathway.models.implant import AnesthesiaPlan, Operation, SurgicalPlan
from pathway.models.postop import CallNote, DeviceRegistration, PostopCheck
from pathway.views.forms.record import RecordForm


class SurgicalPlanForm(RecordForm):
    """What will be implanted where."""

    fieldsets = [
        ("Before", ["consent", "infection_clear", "antibiotic_plan"]),
        (
            "Device",
            ["pump_model", "reservoir_ml", "catheter_model", "side", "placement", "tip_level", "remarks"],
        ),
    ]

    class Meta(RecordForm.Meta):
        model = SurgicalPlan


class AnesthesiaPlanForm(RecordForm):
    """How the implant is anesthetized."""

    fieldsets = [
        ("Blood thinner", ["anticoagulant_hold", "prescriber", "hold_from", "restart_on"]),
        ("Plan", ["technique", "airway_plan", "baclofen_plan", "monitoring_plan"]),
        ("Conclusion", ["ready", "remarks"]),
    ]

    class Meta(RecordForm.Meta):
        model = AnesthesiaPlan


class OperationForm(RecordForm):
    """What was implanted and filled."""

    TWICE = ("concentration_mcg_per_ml",)
    TODAY = ("operated_on",)
    fieldsets = [
        ("Operation", ["operated_on", "procedure"]),
        ("Pump", ["pump_model", "pump_serial", "reservoir_ml", "side"]),
        (
            "Catheter",
            [
                "catheter_model",
                "catheter_total_cm",
                "catheter_trimmed_cm",
                "catheter_implanted_cm",
                "tip_level",
            ],
        ),
        (
            "First fill",
            [
                "concentration_mcg_per_ml",
                "concentration_mcg_per_ml_again",
                "fill_ml",
                "prime_ml",
                "alarm_setting_ml",
                "drug_lot",
                "filled_at",
                "complications",
            ],
        ),
    ]

    class Meta(RecordForm.Meta):
        model = Operation


class DeviceRegistrationForm(RecordForm):
    """Registration and emergency card."""

    TODAY = ("registered_on",)

    class Meta(RecordForm.Meta):
        model = DeviceRegistration


class PostopCheckForm(RecordForm):
    """Wound, spinal fluid, headache, neurology."""

    TODAY = ("checked_on",)
    fieldsets = [
        ("Wound and fluid", ["checked_on", "wound", "csf_leak", "leak_closed"]),
        ("Patient", ["headache", "fever", "neurology", "restrictions", "action"]),
    ]

    class Meta(RecordForm.Meta):
        model = PostopCheck


class CallNoteForm(RecordForm):
    """One telephone call."""

    fieldsets = [
        ("Call", ["called_at", "reached"]),
        ("Patient", ["headache", "function", "wound", "concerns", "action"]),
    ]

    class Meta(RecordForm.Meta):
        model = CallNote
