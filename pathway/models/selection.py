"""Deciding and booking: eligibility against the rules of clinical.md 1.1 and 1.3, the team's
minute, appointments.

A rule that blocks is named; the people decide, never this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import Q

from pathway.models.checked import CheckedRecord, Problem
from pathway.models.columns import Table, choice, text
from pathway.models.fields import Choice, Codes, LongText, Rows
from pathway.protocol.roles import CARE_ROLES

RULES = (
    ("SEL-01", "Severe spasticity of spinal or cerebral origin [V:S1,S2]"),
    ("SEL-02", "Age 4 years or more [V:S2,S3]"),
    ("SEL-03", "Spinal origin: oral baclofen failed or not tolerated [V:S1,S2]"),
    ("SEL-04", "Traumatic brain injury: one year since injury [V:S1,S2]"),
    ("CI-01", "No hypersensitivity to baclofen [V:S1,S8]"),
    ("CI-02", "No active infection [V:S7,S13]"),
    ("CI-03", "Body size accepts the pump [V:S7]"),
    ("CI-04", "Pump no deeper than 2.5 cm [V:S7,S13]"),
    ("CI-05", "No spinal anomaly that blocks catheter or fluid [V:S7,S13]"),
    ("CI-07", "Can attend refills [V:S8,S10]"),
    ("CI-08", "No active MS relapse, urinary infection or open wound [V:S9]"),
    ("CI-09", "Realistic goals, mental health and payment looked after [V:S8]"),
    ("CI-10", "Renal function allows baclofen [M: LIO Precautions]"),
    ("CI-11", "No uncontrolled epilepsy, psychosis or confusion [M: LIO Precautions]"),
    ("CI-12", "No pregnancy or lactation; spasticity not needed to stand or walk [M: LIO]"),
    ("CI-13", "No strong magnets or hyperbaric exposure at work (Prometra) [V:S13]"),
)
ABSOLUTE = frozenset({"CI-01", "CI-02", "CI-03", "CI-04", "CI-05"})
ANSWERS = (
    ("met", "Met"),
    ("reviewed", "Reviewed: may go on"),
    ("blocks", "Blocks"),
    ("not_applicable", "Does not apply"),
)
ELIGIBILITY_TABLE = Table(
    {"answer": choice("Answer", ANSWERS), "note": text("Note", required=False, max_length=300)},
    key="rule",
    row_header="Rule",
    fixed=tuple((rule, f"{rule}: {words}") for rule, words in RULES),
    at_least=len(RULES),
    at_most=len(RULES),
)


class Eligibility(CheckedRecord):
    """Each selection rule answered by the chair of the team, and the conclusion."""

    kind = "eligibility"

    rules = Rows(
        "selection rules", table=ELIGIBILITY_TABLE, help_text="“Reviewed” needs a note: why it may go on"
    )
    eligible = models.BooleanField("eligible", help_text="The chair's conclusion; the signatures follow")
    reasons = LongText(blank=True, help_text="Needed where the patient is not eligible")

    class Meta(CheckedRecord.Meta):
        verbose_name_plural = "eligibilities"
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(eligible=True) | ~Q(reasons=""), name="not_eligible_has_reasons"
            ),
        ]

    def blockers(self) -> list[str]:
        """The rules that block, by id."""
        return [row["rule"] for row in self.rules if row["answer"] == "blocks"]

    def problems(self) -> Iterator[Problem]:
        """Answers have notes, absolute rules are not argued away, the conclusion follows the answers."""
        if self.eligible is False and not self.reasons:
            yield "reasons", "Give the reasons."
        if ELIGIBILITY_TABLE.problems(self.rules):
            return
        for row in self.rules:
            if row["answer"] == "reviewed" and not row.get("note"):
                yield "rules", f"{row['rule']}: note why it may go on."
            if row["rule"] in ABSOLUTE and row["answer"] in ("reviewed", "not_applicable"):
                yield "rules", f"{row['rule']} is absolute: it is met or it blocks."
        if self.eligible and self.blockers():
            yield "eligible", f"Not while {', '.join(self.blockers())} blocks."

    def facts(self) -> dict[str, Any]:
        return {"eligible": self.eligible, "blockers": self.blockers()}


PRESENT = tuple((str(role), role.label) for role in CARE_ROLES)
QUESTIONS = (
    ("candidacy", "Candidacy"),
    ("trial_result", "Trial result"),
    ("dissent", "A dissenting signature"),
    ("replacement", "Replacement or revision"),
    ("other", "Other"),
)


class MdtMinute(CheckedRecord):
    """What the team decided together, who was there, and why."""

    kind = "mdt_minute"
    PAST = ("met_on",)

    met_on = models.DateField("met on")
    question = Choice(choices=QUESTIONS)
    present = Codes("present", codes=PRESENT)
    decision = LongText("decision and reasons")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(condition=Q(present__len__gt=1), name="a_team_is_two_or_more"),
            models.CheckConstraint(condition=~Q(decision=""), name="minute_has_decision"),
        ]

    def problems(self) -> Iterator[Problem]:
        """A team is at least two disciplines."""
        if len(set(self.present or [])) == 1:
            yield "present", "A team is at least two disciplines."

    def facts(self) -> dict[str, Any]:
        return {"met_on": self.met_on.isoformat()}


BOOKED = (
    ("trial", "Screening trial"),
    ("theatre", "Theatre"),
    ("refill", "Refill"),
    ("review", "Review"),
    ("other", "Other"),
)
NEEDS_CONSENT = ("trial", "theatre")


class Booking(CheckedRecord):
    """One appointment that stands: what, when, where, how the patient comes, and whether they know."""

    kind = "booking"

    booked = Choice("what is booked", choices=BOOKED)
    booked_for = models.DateField("date")
    place = models.CharField("place and bed", max_length=120)
    consent_on_file = models.BooleanField(
        "consent on file", null=True, blank=True, help_text="Needed for trial and theatre"
    )
    transport = models.CharField("how the patient comes", max_length=160)
    patient_told = models.BooleanField("patient or caregiver told")
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(booked__in=NEEDS_CONSENT) | Q(consent_on_file__isnull=False),
                name="procedure_booking_asks_consent",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """A procedure is not booked without asking for the consent."""
        if self.booked in NEEDS_CONSENT and self.consent_on_file is None:
            yield "consent_on_file", "Say whether the consent is on file."

    def facts(self) -> dict[str, Any]:
        return {"date": self.booked_for.isoformat(), "consent_on_file": self.consent_on_file}
