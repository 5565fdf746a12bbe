"""What the disciplines look into before a decision: spine and abdomen, anesthesia risk, home and education.

Knows clinical.md sections 1.3 to 1.5 and 1.8; a finding here never rejects anybody by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import Q

from pathway.models.checked import CheckedRecord, Problem
from pathway.models.fields import Amount, Choice, Codes, LongText, Whole

SHUNTS = (("none", "None"), ("vp", "Ventriculoperitoneal"), ("va", "Ventriculoatrial"), ("other", "Other"))
ABDOMEN = (
    ("gastrostomy", "Gastrostomy"),
    ("stoma", "Stoma"),
    ("scars", "Scars in the pump area"),
    ("skin_problem", "Skin problem in the pump area"),
    ("earlier_pump", "Earlier pump pocket"),
)


class SurgicalReview(CheckedRecord):
    """Whether spine, abdomen and body accept catheter and pump, and whether an infection is in the way."""

    kind = "surgical_review"
    PAST = ("reviewed_on",)

    reviewed_on = models.DateField("reviewed on")
    imaging = LongText("imaging of the spine", max_length=1000, help_text="Which, when, and the finding")
    shunt = Choice(choices=SHUNTS, help_text="A shunt is not a contraindication [V:S8]")
    spine_clear = models.BooleanField(
        "spine lets catheter and fluid pass",
        help_text="A blocking anomaly is a device contraindication [V:S7,S13]",
    )
    abdomen = Codes("abdomen", codes=ABDOMEN, blank=True)
    infection_clear = models.BooleanField(
        "free of active infection",
        help_text="Systemic or at the site; must be clear for trial and implant [V:S7,S13]",
    )
    height_cm = Amount("height", low=40, high=230, unit="cm", max_digits=4, decimal_places=1)
    weight_kg = Amount("weight", low=3, high=300, unit="kg", max_digits=4, decimal_places=1)
    body_size_adequate = models.BooleanField(
        "body size accepts the pump", help_text="The surgeon's judgement: labels give no weight limit [V:S7]"
    )
    pump_depth_ok = models.BooleanField(
        "pump would lie no deeper than 2.5 cm", help_text="Deeper is a device contraindication [V:S7,S13]"
    )
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(
                    spine_clear=True, infection_clear=True, body_size_adequate=True, pump_depth_ok=True
                )
                | ~Q(remarks=""),
                name="surgical_finding_is_explained",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """Whatever stands in the way is described."""
        answers = (self.spine_clear, self.infection_clear, self.body_size_adequate, self.pump_depth_ok)
        if False in answers and not self.remarks:
            yield "remarks", "Describe what stands in the way."

    def facts(self) -> dict[str, Any]:
        return {
            "infection_clear": self.infection_clear,
            "body_size_adequate": self.body_size_adequate,
            "spine_clear": self.spine_clear,
        }


ASA_CLASSES = (
    (1, "I: normal"),
    (2, "II: mild systemic disease"),
    (3, "III: severe systemic disease"),
    (4, "IV: severe disease, a constant threat to life"),
    (5, "V: moribund"),
    (6, "VI: brain-dead donor"),
)
CONSULTANT_FROM_ASA = 4
SLEEP_APNEA = (
    ("no", "No"),
    ("suspected", "Suspected"),
    ("treated", "Known, treated"),
    ("untreated", "Known, untreated"),
)


class AnesthesiaReview(CheckedRecord):
    """The pre-anesthesia assessment: risk class, airway, lungs, kidneys, blood thinners."""

    kind = "anesthesia_review"
    PAST = ("assessed_on",)

    assessed_on = models.DateField("assessed on")
    asa_class = Whole("ASA class", choices=ASA_CLASSES, low=1, high=6)
    consultant_approval = models.CharField(
        "consultant who approves", max_length=80, blank=True, help_text="Named, from ASA class IV on [P]"
    )
    airway = LongText(max_length=500)
    lungs = LongText("lungs and swallowing", max_length=500)
    sleep_apnea = Choice("sleep apnea", choices=SLEEP_APNEA)
    renal_impairment = models.BooleanField(
        "renal impairment",
        help_text="Baclofen leaves mainly unchanged by the kidney: lower doses [M: LIO Precautions]",
    )
    anticoagulant_plan = LongText(
        "anticoagulant plan needed",
        max_length=500,
        blank=True,
        help_text="Agreed with the prescriber, who alone tells the patient to stop [P]; empty where none "
        "is needed",
    )
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(asa_class__lt=CONSULTANT_FROM_ASA) | ~Q(consultant_approval=""),
                name="high_asa_has_consultant",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """A high risk class names its consultant."""
        if (
            self.asa_class is not None
            and self.asa_class >= CONSULTANT_FROM_ASA
            and not self.consultant_approval
        ):
            yield (
                "consultant_approval",
                "From ASA class IV on a named consultant anesthesiologist approves [P].",
            )

    def facts(self) -> dict[str, Any]:
        return {
            "asa_class": self.asa_class,
            "renal_impairment": self.renal_impairment,
            "consultant_approval": bool(self.consultant_approval),
        }


PAYERS = (
    ("authorized", "Authorized"),
    ("requested", "Requested"),
    ("not_needed", "Not needed"),
    ("refused", "Refused"),
)
HEARING = (
    ("good", "Hears the alarm"),
    ("caregiver", "Only the caregiver hears it"),
    ("not_heard", "Nobody would hear it"),
)


class SocialChecklist(CheckedRecord):
    """Who helps, how the patient travels, and whether an alarm would be heard and a refill kept."""

    kind = "social_checklist"

    caregiver = models.CharField("who helps at home", max_length=160, help_text="Or “lives alone”")
    lives_alone = models.BooleanField("lives alone", default=False)
    transport = models.CharField(max_length=160, help_text="How the patient comes to the clinic")
    distance_km = Whole("distance to the clinic", low=0, high=5000, unit="km")
    payer = Choice("payer's authorization", choices=PAYERS)
    phone_reachable = models.BooleanField("reachable by phone")
    hearing = Choice("pump alarm", choices=HEARING, help_text="An alarm nobody hears warns nobody [V:S53]")
    language = models.CharField("language for teaching", max_length=40)
    interpreter = models.BooleanField("needs an interpreter", default=False)
    can_attend_refills = models.BooleanField(
        "can attend refills",
        help_text="Unreliable follow-up is a relative contraindication for the team [V:S8,S10]",
    )
    plan = LongText(
        "plan for what is missing",
        max_length=1000,
        blank=True,
        help_text="Needed where refills or alarm are in doubt",
    )

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(can_attend_refills=True) & ~Q(hearing="not_heard") | ~Q(plan=""),
                name="social_doubt_has_plan",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """A doubt about refills or the alarm has a plan."""
        if (self.can_attend_refills is False or self.hearing == "not_heard") and not self.plan:
            yield "plan", "Say how refills will be kept or how an alarm will be noticed."

    def facts(self) -> dict[str, Any]:
        return {"can_attend_refills": self.can_attend_refills}


TOPICS = (
    ("refills", "Keeping refills"),
    ("alarms", "The two alarms"),
    ("withdrawal", "Signs of withdrawal"),
    ("overdose", "Signs of overdose"),
    ("tablets", "Keeping unexpired oral baclofen"),
    ("card", "Carrying the emergency card"),
    ("trauma", "Reporting falls or trauma"),
    ("rubbing", "Not rubbing or twisting the pump"),
    ("call_before", "Calling before MRI, surgery or hyperbaric treatment"),
    ("wound", "Wound signs"),
)
TAUGHT = (("patient", "Patient"), ("family", "Family"), ("caregiver", "Professional caregiver"))


class EducationRecord(CheckedRecord):
    """Which topics were taught, to whom, and whether they could say it back."""

    kind = "education_record"
    PAST = ("taught_on",)

    taught_on = models.DateField("taught on")
    taught = Codes("who was taught", codes=TAUGHT)
    topics = Codes("topics covered", codes=TOPICS)
    teach_back = models.BooleanField("could say it back in own words")
    remarks = LongText(blank=True, help_text="What to repeat next time")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(teach_back=True) | ~Q(remarks=""), name="failed_teach_back_is_explained"
            ),
            models.CheckConstraint(
                condition=Q(taught__len__gt=0, topics__len__gt=0), name="education_reached_somebody"
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """What was not understood is written down."""
        if self.teach_back is False and not self.remarks:
            yield "remarks", "Write what has to be repeated."

    def facts(self) -> dict[str, Any]:
        return {"topics": len(set(self.topics))}
