"""Forms of the evaluation: scales, history, goals, and what each discipline looks into."""

from __future__ import annotations

from pathway.models.assessment import Assessment
from pathway.models.goals import Goals, GoalsReview
from pathway.models.history import MedicationHistory, NeuroHistory
from pathway.models.planning import AnesthesiaReview, EducationRecord, SocialChecklist, SurgicalReview
from pathway.views.forms.record import RecordForm


class AssessmentForm(RecordForm):
    """Spasticity, pain and function on one day."""

    TODAY = ("assessed_on",)
    fieldsets = [
        ("Who and when", ["assessed_on", "rater"]),
        ("Tone", ["scale_variant", "mas"]),
        ("Spasms", ["penn_frequency", "penn_severity"]),
        ("Patient's ratings", ["nrs_spasticity", "nrs_pain"]),
        ("Function", ["gmfcs", "fim_motor", "fim_cognitive", "remarks"]),
    ]

    class Meta(RecordForm.Meta):
        model = Assessment


class MedicationHistoryForm(RecordForm):
    """Oral drugs, allergy and blood thinners."""

    fieldsets = [
        ("Antispastic drugs", ["medications", "oral_baclofen", "above_usual_reason", "baclofen_handling"]),
        ("Safety", ["allergy_to_baclofen", "anticoagulant", "remarks"]),
    ]

    class Meta(RecordForm.Meta):
        model = MedicationHistory


class NeuroHistoryForm(RecordForm):
    """Diagnosis, origin, and what makes withdrawal riskier."""

    fieldsets = [
        ("Diagnosis", ["diagnosis", "diagnosis_text", "origin", "onset_on", "injury_on", "sci_level"]),
        ("State", ["ambulatory", "seizures", "psychiatric"]),
        ("Risk in withdrawal", ["earlier_withdrawal", "cannot_communicate", "dysreflexia", "remarks"]),
    ]

    class Meta(RecordForm.Meta):
        model = NeuroHistory


class GoalsForm(RecordForm):
    """Two to four goals."""

    TODAY = ("agreed_on",)

    class Meta(RecordForm.Meta):
        model = Goals


class GoalsReviewForm(RecordForm):
    """How far the goals were reached."""

    TODAY = ("reviewed_on",)

    class Meta(RecordForm.Meta):
        model = GoalsReview


class SurgicalReviewForm(RecordForm):
    """Spine, abdomen, body size, infection."""

    TODAY = ("reviewed_on",)
    fieldsets = [
        ("Spine", ["reviewed_on", "imaging", "spine_clear", "shunt"]),
        ("Abdomen and body", ["abdomen", "height_cm", "weight_kg", "body_size_adequate", "pump_depth_ok"]),
        ("Infection", ["infection_clear", "remarks"]),
    ]

    class Meta(RecordForm.Meta):
        model = SurgicalReview


class AnesthesiaReviewForm(RecordForm):
    """Risk class, airway, lungs, kidneys, blood thinners."""

    TODAY = ("assessed_on",)
    fieldsets = [
        ("Risk", ["assessed_on", "asa_class", "consultant_approval"]),
        ("Airway and organs", ["airway", "lungs", "sleep_apnea", "renal_impairment"]),
        ("Blood thinners", ["anticoagulant_plan", "remarks"]),
    ]

    class Meta(RecordForm.Meta):
        model = AnesthesiaReview


class SocialChecklistForm(RecordForm):
    """Home, transport, alarm and refills."""

    fieldsets = [
        ("Home", ["caregiver", "lives_alone", "phone_reachable", "hearing"]),
        ("Coming to the clinic", ["transport", "distance_km", "can_attend_refills", "plan"]),
        ("Payer and language", ["payer", "language", "interpreter"]),
    ]

    class Meta(RecordForm.Meta):
        model = SocialChecklist


class EducationRecordForm(RecordForm):
    """What was taught to whom."""

    TODAY = ("taught_on",)

    class Meta(RecordForm.Meta):
        model = EducationRecord
