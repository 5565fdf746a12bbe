"""A second clinician's look at a record that two people answer for (clinical.md 13.12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import Q

from pathway.models.checked import CheckedRecord, Problem
from pathway.models.fields import LongText


class SecondCheck(CheckedRecord):
    """Whether a second clinician found the same, independently."""

    kind = "second_check"

    agrees = models.BooleanField("checked independently and agreed")
    remarks = LongText(
        blank=True, help_text="Needed where you do not agree: what is wrong, what must happen now"
    )

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(agrees=True) | ~Q(remarks=""), name="second_look_against_has_reason"
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """A disagreement says what is wrong."""
        if self.agrees is False and not self.remarks:
            yield "remarks", "Write what is wrong and what must happen now."

    def facts(self) -> dict[str, Any]:
        return {"agrees": self.agrees}
