"""What an emergency team must know and only a clinician can say, and the card that carries it to the patient.

Knows clinical.md section 7. It proposes no dose: what is written here is printed word for word.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.validators import RegexValidator
from django.db import models

from pathway.models.checked import CheckedRecord, Problem
from pathway.models.fields import Choice, LongText

hash_shape = RegexValidator(r"^[0-9a-f]{64}$", "Open the card and this form again.")


class EmergencyPlan(CheckedRecord):
    """Allergies, oral rescue and whom to call, in the clinician's own words."""

    kind = "emergency_plan"
    PAST = ("written_on",)

    written_on = models.DateField("written on")
    allergies = models.CharField(
        max_length=200,
        help_text="To drugs, latex, plaster, contrast. Write “none known” where there are none [P]",
    )
    oral_rescue = LongText(
        "oral rescue",
        max_length=300,
        help_text="Drug, dose and when, or why none; printed word for word. Pathway proposes no dose [P]",
    )
    prescriber = models.CharField(max_length=120, help_text="Who answers for the dose; printed on the card")
    phone_24h = models.CharField(
        "24-hour number",
        max_length=40,
        blank=True,
        help_text="Empty: the clinic's number",
    )
    hospital = models.CharField(max_length=120, blank=True, help_text="Empty: the clinic's hospital")
    other_risks = models.CharField(
        "other risks",
        max_length=200,
        blank=True,
        help_text="For example a missed refill; injury level, speech and earlier withdrawal come from the history [P]",
    )
    remarks = LongText(blank=True, help_text="Not printed")

    def facts(self) -> dict[str, Any]:
        return {"written_on": self.written_on.isoformat()}


HANDED_TO = (
    ("patient", "Patient"),
    ("caregiver", "Caregiver or parent"),
    ("home", "Home or ward where the patient lives"),
    ("post", "By post"),
)


class CardIssue(CheckedRecord):
    """A printed emergency card was handed over. `facts_hash` says which edition."""

    kind = "card_issue"
    PAST = ("issued_on",)
    UNSHOWN = ("facts_hash",)

    issued_on = models.DateField("handed over on")
    handed_to = Choice("handed to", choices=HANDED_TO)
    language = models.CharField("language of the card", max_length=40)
    large_print = models.BooleanField("large print")
    old_card_destroyed = models.BooleanField("old card taken back or destroyed")
    remarks = LongText(blank=True, help_text="Needed while an old card is still about")
    facts_hash = models.CharField("edition", max_length=64, validators=[hash_shape])

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(old_card_destroyed=True) | ~models.Q(remarks=""),
                name="old_card_is_explained",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """An old card that is still about is explained: two cards with two doses are worse than none."""
        if self.old_card_destroyed is False and not self.remarks:
            yield "remarks", "Say where the old card is and how it is got back."

    def facts(self) -> dict[str, Any]:
        return {"issued_on": self.issued_on.isoformat(), "facts_hash": self.facts_hash}
