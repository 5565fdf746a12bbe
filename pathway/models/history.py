"""What lies behind the spasticity: the drugs that were tried, the diagnosis, and what makes withdrawal
riskier.

Knows clinical.md sections 1.1 to 1.3 and 1.6, no decision about candidacy.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from pathway.clinical.results import plain
from pathway.models.case import ORIGINS
from pathway.models.checked import CheckedRecord, Problem
from pathway.models.columns import Table, amount, choice, text, yes_no
from pathway.models.fields import Choice, LongText, Rows

ORAL_DRUGS = (
    ("baclofen", "Baclofen"),
    ("tizanidine", "Tizanidine"),
    ("dantrolene", "Dantrolene"),
    ("diazepam", "Diazepam"),
    ("clonazepam", "Clonazepam"),
    ("gabapentin", "Gabapentin"),
    ("pregabalin", "Pregabalin"),
    ("cannabinoid", "Cannabinoid"),
    ("botulinum_toxin", "Botulinum toxin (injected)"),
    ("other", "Other"),
)
RESPONSES = (("none", "None"), ("partial", "Partial"), ("good", "Good"), ("not_known", "Not known"))
ORAL_FAILURES = (
    ("max_dose", "No sufficient response at the highest tolerated dose"),
    ("intolerance", "Intolerable side effects at an effective dose"),
    ("not_failed", "Not failed"),
    ("not_tried", "Not tried"),
)
BACLOFEN_HANDLING = (
    ("maintained", "Kept on the same dose"),
    ("tapered", "Tapered"),
    ("weaned", "Weaned off"),
    ("not_taken", "Not taken"),
)
MEDICATION_TABLE = Table(
    {
        "drug": choice("Drug", ORAL_DRUGS),
        "mg_per_day": amount("Highest dose", "0", "5000", unit="mg/day", required=False),
        "response": choice("Response", RESPONSES),
        "side_effects": text("Side effects", required=False),
        "stopped": yes_no("Stopped"),
    },
    row_header="Drug",
    at_most=20,
)
ORAL_BACLOFEN_MAX_MG_PER_DAY = Decimal(80)


class MedicationHistory(CheckedRecord):
    """Which antispastics were tried, in what dose, with what result; allergy and blood thinners."""

    kind = "medication_history"

    medications = Rows(
        "antispastic drugs", table=MEDICATION_TABLE, help_text="Oral doses in mg a day, not mcg"
    )
    oral_baclofen = Choice(
        "oral baclofen",
        choices=ORAL_FAILURES,
        help_text="Spinal origin: unresponsive, or intolerable effects at effective doses [V:S1,S2]",
    )
    above_usual_reason = models.CharField(
        "reason for more than 80 mg/day of oral baclofen",
        max_length=200,
        blank=True,
        help_text="The usual most is 80 mg/day [V:S5]",
    )
    allergy_to_baclofen = models.BooleanField(
        "allergy to baclofen",
        help_text="True allergy is rare; intolerance of tablets is often mislabelled [V:S1,S8]",
    )
    anticoagulant = models.CharField(
        "anticoagulant or antiplatelet",
        max_length=80,
        blank=True,
        help_text="Its name; empty where there is none",
    )
    baclofen_handling = Choice(
        "oral baclofen before the trial",
        choices=BACLOFEN_HANDLING,
        help_text="It changes how the trial reads [V:S9]",
    )
    remarks = LongText(blank=True)

    def problems(self) -> Iterator[Problem]:
        """Oral baclofen: a failure needs its row; a dose above the usual most needs a reason."""
        if MEDICATION_TABLE.problems(self.medications):
            return
        baclofen = [row for row in self.medications if row["drug"] == "baclofen"]
        if self.oral_baclofen in ("max_dose", "intolerance") and not baclofen:
            yield "medications", "Add the row of oral baclofen that failed, with its dose."
        doses = [Decimal(row["mg_per_day"]) for row in baclofen if row.get("mg_per_day")]
        if doses and max(doses) > ORAL_BACLOFEN_MAX_MG_PER_DAY and not self.above_usual_reason:
            yield (
                "medications",
                f"Baclofen {plain(max(doses))} mg/day is above the usual most of 80 mg/day [V:S5]: check that "
                "it is mg and not mcg, or give the reason.",
            )

    def facts(self) -> dict[str, Any]:
        return {
            "oral_failed": self.oral_baclofen in ("max_dose", "intolerance"),
            "baclofen_allergy": self.allergy_to_baclofen,
            "anticoagulant": self.anticoagulant,
        }


DIAGNOSES = (
    ("cerebral_palsy", "Cerebral palsy"),
    ("multiple_sclerosis", "Multiple sclerosis"),
    ("spinal_cord_injury", "Spinal cord injury"),
    ("traumatic_brain_injury", "Traumatic brain injury"),
    ("anoxic_brain_injury", "Anoxic brain injury"),
    ("stroke", "Stroke"),
    ("hereditary_spastic_paraplegia", "Hereditary spastic paraplegia"),
    ("other_myelopathy", "Other myelopathy"),
    ("other", "Other"),
)
SEIZURES = (("none", "None"), ("controlled", "Controlled"), ("uncontrolled", "Uncontrolled"))
SPINAL_LEVELS = tuple(
    (level, level)
    for level in (
        *(f"C{number}" for number in range(1, 9)),
        *(f"T{number}" for number in range(1, 13)),
        *(f"L{number}" for number in range(1, 6)),
        *(f"S{number}" for number in range(1, 6)),
    )
)


class NeuroHistory(CheckedRecord):
    """Diagnosis, origin of the spasticity, and what makes withdrawal or a trial riskier."""

    kind = "neuro_history"
    PAST = ("onset_on", "injury_on")

    diagnosis = Choice(choices=DIAGNOSES)
    diagnosis_text = models.CharField(
        "which diagnosis", max_length=160, blank=True, help_text="Where it is “other”"
    )
    origin = Choice(
        "origin of the spasticity",
        choices=ORIGINS,
        max_length=10,
        help_text="Every titration limit depends on it. Usual: MS, spinal cord injury spinal; cerebral "
        "palsy, stroke, "
        "brain injury cerebral; the clinician decides [P]",
    )
    onset_on = models.DateField("onset", null=True, blank=True, help_text="As exact as known")
    injury_on = models.DateField(
        "date of injury",
        null=True,
        blank=True,
        help_text="Traumatic brain injury: wait at least one year before long-term therapy [V:S1,S2]",
    )
    sci_level = Choice(
        "level of spinal cord injury",
        choices=SPINAL_LEVELS,
        max_length=3,
        blank=True,
        help_text="At T6 or above withdrawal is more dangerous [V:S2,S7]",
    )
    ambulatory = models.BooleanField(
        "walks", help_text="Someone who stands on their tone may lose function [V:S9]"
    )
    seizures = Choice(choices=SEIZURES)
    earlier_withdrawal = models.BooleanField("earlier baclofen withdrawal", default=False)
    cannot_communicate = models.BooleanField("cannot communicate symptoms", default=False)
    dysreflexia = models.BooleanField("history of autonomic dysreflexia", default=False)
    psychiatric = LongText("psychiatric history", max_length=500, blank=True)
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(diagnosis="traumatic_brain_injury") | Q(injury_on__isnull=False),
                name="brain_injury_has_date",
            ),
            models.CheckConstraint(
                condition=Q(injury_on__isnull=True)
                | Q(onset_on__isnull=True)
                | Q(onset_on__gte=F("injury_on")),
                name="onset_after_injury",
            ),
            models.CheckConstraint(
                condition=~Q(diagnosis="other") | ~Q(diagnosis_text=""), name="other_diagnosis_is_named"
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """Dates in order, and what a diagnosis asks for."""
        if self.diagnosis == "traumatic_brain_injury" and not self.injury_on:
            yield "injury_on", "Enter the date of injury: one year must pass before long-term therapy."
        if self.diagnosis == "other" and not self.diagnosis_text:
            yield "diagnosis_text", "Name the diagnosis."
        if self.onset_on and self.injury_on and self.onset_on < self.injury_on:
            yield "onset_on", "The onset cannot be before the injury."

    def facts(self) -> dict[str, Any]:
        return {
            "diagnosis": self.diagnosis,
            "origin": self.origin,
            "injury_on": self.injury_on.isoformat() if self.injury_on else None,
        }
