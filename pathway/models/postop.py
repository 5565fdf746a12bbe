"""After a procedure: the telephone call, the device's registration and card, and the checks of wound and
nerves.

Knows clinical.md sections 2.1 and 6; a finding asks for an action, which one is the clinician's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import Q

from pathway.models.checked import CheckedRecord, Problem
from pathway.models.fields import Choice, LongText

REACHED = (("patient", "Patient"), ("caregiver", "Caregiver"), ("nobody", "Nobody"))
WOUNDS = (
    ("fine", "Fine"),
    ("concern", "Gives concern"),
    ("not_applicable", "No wound"),
    ("not_asked", "Not asked"),
)


class CallNote(CheckedRecord):
    """One telephone call: how the patient is, and what follows from it."""

    kind = "call_note"
    LOCAL_DATES = {"called_at": "called_on"}

    called_at = models.DateTimeField("called at")
    called_on = models.DateField("called on")
    reached = Choice("who was reached", choices=REACHED)
    headache = models.BooleanField(
        "headache", null=True, blank=True, help_text="Worse upright: think of a leak of spinal fluid [M]"
    )
    function = models.CharField("tone and function", max_length=300, blank=True)
    wound = Choice(choices=WOUNDS, default="not_asked")
    concerns = LongText(max_length=1000, blank=True)
    action = LongText(max_length=1000, blank=True, help_text="What was arranged, and with whom")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(reached="nobody") | Q(headache__isnull=False) & ~Q(function=""),
                name="call_asked_enough",
            ),
            models.CheckConstraint(
                condition=Q(headache=False) & ~Q(wound="concern") & ~Q(reached="nobody") & Q(concerns="")
                | ~Q(action=""),
                name="call_concern_has_action",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """Who was reached was asked; what gives concern is acted on."""
        if self.reached in ("patient", "caregiver"):
            if self.headache is None:
                yield "headache", "Ask for headache."
            if not self.function:
                yield "function", "Ask how the patient moves and feels."
        if (
            self.headache or self.wound == "concern" or self.reached == "nobody" or self.concerns
        ) and not self.action:
            yield "action", "Write what was arranged (or when you call again)."

    def facts(self) -> dict[str, Any]:
        return {"called_on": self.called_on.isoformat(), "headache": self.headache}


class DeviceRegistration(CheckedRecord):
    """The device is registered and the emergency card is in the patient's hand."""

    kind = "device_registration"
    PAST = ("registered_on",)

    registered_on = models.DateField("registered on")
    registry_reference = models.CharField("registry or maker's reference", max_length=60)
    card_handed_over = models.BooleanField("emergency card handed over")
    card_language = models.CharField("language of the card", max_length=40)
    remarks = LongText(blank=True, help_text="Needed while the card is not handed over")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(card_handed_over=True) | ~Q(remarks=""), name="missing_card_is_explained"
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """A missing card is explained."""
        if self.card_handed_over is False and not self.remarks:
            yield "remarks", "Say why the card is missing and when it follows."

    def facts(self) -> dict[str, Any]:
        return {"card_handed_over": self.card_handed_over}


WOUND_STATES = (
    ("clean", "Clean and dry"),
    ("swollen", "Swollen"),
    ("red", "Red or warm"),
    ("draining", "Draining"),
    ("open", "Open"),
    ("not_looked", "Not looked at"),
)


class PostopCheck(CheckedRecord):
    """Wound, spinal fluid, headache, neurology and fever after the operation."""

    kind = "postop_check"
    PAST = ("checked_on",)

    checked_on = models.DateField("checked on")
    wound = Choice(choices=WOUND_STATES)
    csf_leak = models.BooleanField(
        "leak of spinal fluid",
        help_text="Clear drainage, swelling at back or pocket, headache worse upright [M]",
    )
    leak_closed = models.BooleanField("leak closed", null=True, blank=True, help_text="Where there was one")
    headache = models.BooleanField("headache after dural puncture")
    fever = models.BooleanField("fever")
    neurology = LongText(
        "neurology", max_length=500, help_text="Strength, sensation and bladder against before"
    )
    restrictions = LongText("restrictions explained", max_length=500, blank=True)
    action = LongText(max_length=1000, blank=True, help_text="Needed where anything gives concern")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(csf_leak=False, headache=False, fever=False, wound__in=["clean", "not_looked"])
                | ~Q(action=""),
                name="postop_concern_has_action",
            ),
            models.CheckConstraint(
                condition=Q(csf_leak=False) | Q(leak_closed__isnull=True) | Q(leak_closed=False),
                name="leak_open_or_closed",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """A finding is acted on; a leak is not both there and closed."""
        wound_concern = self.wound in ("swollen", "red", "draining", "open")
        if (wound_concern or self.csf_leak or self.headache or self.fever) and not self.action:
            yield "action", "Write what follows: wound change, fever or leak are seen the same day [V:S22]."
        if self.csf_leak and self.leak_closed:
            yield "leak_closed", "A leak that is closed is no leak now: answer “no” above."

    def facts(self) -> dict[str, Any]:
        return {
            "checked_on": self.checked_on.isoformat(),
            "wound_ok": self.wound in ("clean", "not_looked"),
            "csf_leak": self.csf_leak,
        }
