"""Living with the pump: rehabilitation, taper of tablets, replacement, the yearly emergency check, and plain
notes.

Knows clinical.md sections 1.6, 6 and 7; it advises no taper and no date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import Q

from pathway.clinical.situation import Situation
from pathway.models.checked import CheckedRecord, Problem, date_problems
from pathway.models.fields import Amount, Choice, LongText, Whole
from pathway.models.history import ORAL_DRUGS


class RehabPlan(CheckedRecord):
    """Where the patient goes for rehabilitation, how often, and for what."""

    kind = "rehab_plan"
    PAST = ("referred_on",)

    referred_on = models.DateField("referred on")
    referred_to = models.CharField("referred to", max_length=160)
    frequency = models.CharField(max_length=120, help_text="For example three times a week for six weeks")
    goals = LongText("goals of the therapy", max_length=1000, help_text="Expect early weakness [V:S14,S65]")
    remarks = LongText(blank=True)


TAPERED = tuple(pair for pair in ORAL_DRUGS if pair[0] != "botulinum_toxin")


class TaperPlan(CheckedRecord):
    """How one oral drug is weaned, in steps, with tablets kept for rescue."""

    kind = "taper_plan"

    drug = Choice(choices=TAPERED, help_text="One drug at a time, oral baclofen first [V:S14,S15]")
    starts_on = models.DateField("starts on")
    start_mg_per_day = Amount(
        "dose at the start",
        low=1,
        high=5000,
        unit="mg/day",
        max_digits=6,
        decimal_places=1,
        help_text="Tablets in mg a day, not mcg",
    )
    step_percent = Whole(
        "step",
        low=1,
        high=50,
        unit="%",
        help_text="25 to 50 % a step, reassessed within 24 h of each [V:S14,S15]",
    )
    interval_days = Whole("days between steps", low=1, high=90, unit="days")
    rescue_tablets_kept = models.BooleanField("unexpired tablets kept for rescue", help_text="[V:S14,S15]")
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(rescue_tablets_kept=True) | ~Q(remarks=""), name="no_rescue_tablets_is_explained"
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """Tablets for rescue are kept, or it is said why not."""
        if self.rescue_tablets_kept is False and not self.remarks:
            yield "remarks", "Say why no tablets are kept for rescue."


REPLACEMENT_REASONS = (
    ("end_of_service", "End of service"),
    ("eri", "Elective replacement indicator"),
    ("fault", "Suspected fault"),
    ("other", "Other"),
)


class DevicePlan(CheckedRecord):
    """When the pump will be replaced, and why."""

    kind = "device_plan"
    PAST = ("eri_seen_on",)
    READS = frozenset({"pump"})

    planned_on = models.DateField("replacement planned for")
    reason = Choice(choices=REPLACEMENT_REASONS)
    eri_seen = models.BooleanField("elective replacement indicator seen")
    eri_seen_on = models.DateField(
        "seen on", null=True, blank=True, help_text="Then surgery within 60 days [P]"
    )
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(eri_seen=True, eri_seen_on__isnull=False)
                | Q(eri_seen=False, eri_seen_on__isnull=True),
                name="eri_has_date",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """An indicator that was seen has its day."""
        if self.eri_seen and not self.eri_seen_on:
            yield "eri_seen_on", "Enter the day it was seen."
        if self.eri_seen is False and self.eri_seen_on:
            yield "eri_seen_on", "There is a day but the indicator was not seen."

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        yield from date_problems(self, situation)
        if self.planned_on and self.planned_on < situation.today:
            yield "planned_on", "A plan lies in the future."

    def facts(self) -> dict[str, Any]:
        return {"planned_on": self.planned_on.isoformat()}


class ServiceLife(CheckedRecord):
    """When a pump of unknown service life ends, as its manual or its programmer says."""

    kind = "service_life"
    READS = frozenset({"pump"})

    ends_on = models.DateField("end of service")
    found_in = models.CharField(
        "where this stands",
        max_length=200,
        help_text="The manual and its edition, or the programmer's read-out",
    )

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        """The end comes after the implant, and some day."""
        yield from date_problems(self, situation)
        implanted_on = situation.pump.implanted_on if situation.pump else None
        if self.ends_on and implanted_on and self.ends_on <= implanted_on:
            yield (
                "ends_on",
                f"The pump was implanted on {implanted_on.isoformat()}: its end comes after that.",
            )

    def facts(self) -> dict[str, Any]:
        return {"ends_on": self.ends_on.isoformat()}


SEDATION_RISKS = (("usual", "Usual"), ("raised", "Raised"), ("high", "High"))


class EmergencyCheck(CheckedRecord):
    """Once a year: is what an emergency team would read still true?"""

    kind = "emergency_check"
    PAST = ("checked_on",)

    checked_on = models.DateField("checked on")
    sedation_risk = Choice("risk under sedation", choices=SEDATION_RISKS)
    mri_advice_current = models.BooleanField(
        "MRI advice is current", help_text="It differs by pump: read its manual"
    )
    surgery_advice_current = models.BooleanField(
        "surgery advice is current", help_text="The pump is not stopped for other surgery [V:S35]"
    )
    plan_current = models.BooleanField(
        "emergency plan is current", help_text="Allergies, oral rescue, prescriber, 24-hour number"
    )
    action = LongText(max_length=1000, blank=True, help_text="Needed where anything is not current")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(mri_advice_current=True, surgery_advice_current=True, plan_current=True)
                | ~Q(action=""),
                name="stale_advice_has_action",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """Stale advice is renewed."""
        answers = (self.mri_advice_current, self.surgery_advice_current, self.plan_current)
        if False in answers and not self.action:
            yield "action", "Write how the advice is renewed."

    def facts(self) -> dict[str, Any]:
        return {"checked_on": self.checked_on.isoformat(), "plan_current": self.plan_current}


class Note(CheckedRecord):
    """Free text that completes a duty without a form of its own."""

    kind = "note"

    text = LongText("what was done or decided")

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(text=""), name="note_says_something"),
        ]
