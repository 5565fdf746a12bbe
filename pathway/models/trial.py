"""The screening trial: its plan, the dose, and the readings by hour (clinical.md section 2).

Knows one dose at a time; whether 24 hours have passed since the last one is a rule of the pathway.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from pathway.clinical.results import plain
from pathway.clinical.situation import Situation
from pathway.models.checked import CheckedRecord, Problem
from pathway.models.columns import Table, amount, choice, whole
from pathway.models.fields import Amount, Choice, Codes, LongText, Rows, Whole
from pathway.models.trial_rules import dose_problems, readings_problems

HOLDS = (("not_applicable", "Not applicable: no blood thinner"), ("confirmed", "Confirmed by the prescriber"))


class TrialPlan(CheckedRecord):
    """Blood thinner held with its prescriber, sedation and monitoring planned."""

    kind = "trial_plan"

    anticoagulant_hold = Choice("hold of the blood thinner", choices=HOLDS)
    prescriber = models.CharField(
        "prescriber who confirmed",
        max_length=80,
        blank=True,
        help_text="Only the prescriber tells the patient to stop [P]",
    )
    hold_from = models.DateField("hold from", null=True, blank=True)
    sedation_plan = LongText("sedation", max_length=500)
    monitoring_plan = LongText(
        "monitoring",
        max_length=500,
        help_text="Usual: every 15 min for 1 h, every 30 min for 1 h, then hourly to 8 h; resuscitation at "
        "hand [P; V:S3]",
    )
    cautious = models.BooleanField(
        "start with 25 mcg",
        default=False,
        help_text="For very small children, or where the patient needs the tone to walk [V:S9]",
    )
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(
                condition=Q(anticoagulant_hold="not_applicable", prescriber="", hold_from__isnull=True)
                | Q(anticoagulant_hold="confirmed", hold_from__isnull=False) & ~Q(prescriber=""),
                name="trial_hold_whole",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """A hold has its prescriber and its first day."""
        yield from hold_problems(self.anticoagulant_hold, self.prescriber, self.hold_from)

    def facts(self) -> dict[str, Any]:
        return {
            "hold_confirmed": self.anticoagulant_hold in dict(HOLDS),
            "hold": self.anticoagulant_hold,
            "hold_from": self.hold_from.isoformat() if self.hold_from else None,
            "cautious": self.cautious,
        }


def hold_problems(hold: str, prescriber: str, hold_from: Any) -> Iterator[Problem]:
    """A confirmed hold names who confirmed it and when it starts; without a blood thinner, neither."""
    if hold == "confirmed" and not prescriber:
        yield "prescriber", "Name the prescriber who confirmed the hold."
    if hold == "confirmed" and not hold_from:
        yield "hold_from", "Enter the first day of the hold."
    if hold == "not_applicable" and prescriber:
        yield (
            "prescriber",
            "Without a blood thinner there is no prescriber: clear this or choose “confirmed”.",
        )
    if hold == "not_applicable" and hold_from:
        yield "hold_from", "Without a blood thinner there is no hold: clear this or choose “confirmed”."


SCREENING_DOSES = (
    (25, "25 mcg (0.5 mL)"),
    (50, "50 mcg (1.0 mL)"),
    (75, "75 mcg (1.5 mL)"),
    (100, "100 mcg (2.0 mL)"),
)
SCREENING_MCG_PER_ML = Decimal(50)
LUMBAR_LEVELS = (("L2-L3", "L2-L3"), ("L3-L4", "L3-L4"), ("L4-L5", "L4-L5"), ("L5-S1", "L5-S1"))


def strength_trap(strength: Decimal) -> str:
    """Which mistake a wrong screening strength probably is."""
    if strength in (500, 1000, 2000):
        times = plain(strength / SCREENING_MCG_PER_ML)
        return (
            f"{plain(strength)} mcg/mL is a refill strength, {times} times too strong: "
            "a trial uses 50 mcg/mL only [V:S4]."
        )
    if strength * 1000 == SCREENING_MCG_PER_ML:
        return "0.05 is mg/mL; this field is in mcg/mL: enter 50 if that is on the ampule."
    return f"A trial uses 50 mcg/mL only [V:S4], not {plain(strength)}."


class TrialDose(CheckedRecord):
    """One screening bolus as it was given."""

    kind = "trial_dose"
    READS = frozenset({"trial"})
    LOCAL_DATES = {"given_at": "given_on"}

    infection_clear = models.BooleanField("free of infection", help_text="Required for the trial [V:S7,S13]")
    consent = models.BooleanField("consent signed")
    dose_mcg = Whole(
        "dose",
        choices=SCREENING_DOSES,
        low=25,
        high=100,
        unit="mcg",
        help_text="50, then 75, then 100 mcg, at least 24 h apart [V:S4,S5]; 25 for very small children "
        "[V:S9]",
    )
    concentration_mcg_per_ml = Amount(
        "strength on the ampule",
        low="0.001",
        high=5000,
        unit="mcg/mL",
        help_text="Screening strength is 50 mcg/mL only [V:S4]",
    )
    drug_lot = models.CharField("drug lot", max_length=40)
    given_at = models.DateTimeField("given at")
    given_on = models.DateField("given on")
    barbotage = models.BooleanField("given by barbotage over at least 1 minute", help_text="[V:S4,S5]")
    level = Choice("level of the puncture", choices=LUMBAR_LEVELS)
    remarks = LongText(blank=True)

    class Meta(CheckedRecord.Meta):
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(condition=Q(dose_mcg__in=[25, 50, 75, 100]), name="screening_dose_known"),
            models.CheckConstraint(condition=Q(concentration_mcg_per_ml=50), name="screening_strength_is_50"),
            models.CheckConstraint(
                condition=Q(infection_clear=True, consent=True, barbotage=True) | ~Q(remarks=""),
                name="trial_deviation_is_explained",
            ),
        ]

    def problems(self) -> Iterator[Problem]:
        """The strength is the screening strength; what was not as it should be is explained."""
        strength = self.concentration_mcg_per_ml
        if isinstance(strength, Decimal) and strength != SCREENING_MCG_PER_ML:
            yield "concentration_mcg_per_ml", strength_trap(strength)
        if False in (self.infection_clear, self.consent, self.barbotage) and not self.remarks:
            yield "remarks", "Explain why infection, consent or barbotage was not as it should be."

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        """The dose is the next one of its course, a day after the last one."""
        yield from super().problems_on(situation)
        if isinstance(self.dose_mcg, int) and isinstance(self.given_at, datetime):
            yield from dose_problems(
                self.dose_mcg,
                self.given_at,
                situation.injections,
                cautious=situation.cautious,
                zone=ZoneInfo(situation.time_zone),
            )

    def facts(self) -> dict[str, Any]:
        return {
            "dose_mcg": self.dose_mcg,
            "given_at": self.given_at.isoformat(),
            "given_on": self.given_on.isoformat(),
            "infection_clear": self.infection_clear,
            "consent": self.consent,
        }


HOURS = (("0", "0 h, before"), ("1", "1 h"), ("2", "2 h"), ("4", "4 h"), ("6", "6 h"), ("8", "8 h"))
SEDATION = (
    ("awake", "Awake"),
    ("drowsy", "Drowsy, wakes to voice"),
    ("deep", "Wakes to touch only"),
    ("unrousable", "Cannot be woken"),
)
READINGS_TABLE = Table(
    {
        "mas_mean": amount("Mean MAS", "0", "4"),
        "penn": whole("Penn", 0, 4, required=False),
        "heart_rate": whole("Heart rate", 20, 250, unit="/min"),
        "systolic": whole("Systolic", 40, 300, unit="mmHg"),
        "diastolic": whole("Diastolic", 20, 200, unit="mmHg"),
        "spo2": whole("SpO2", 40, 100, unit="%"),
        "respiratory_rate": whole("Breaths", 2, 80, unit="/min"),
        "sedation": choice("Sedation", SEDATION),
    },
    key="hour",
    row_header="Time",
    fixed=HOURS,
    at_most=len(HOURS),
)
VERDICTS = (
    ("positive", "Positive: tone or spasms fell to a clinically significant degree"),
    ("inadequate", "Inadequate response"),
    ("adverse", "Adverse event decides"),
)
ADVERSE_EVENTS = (
    ("headache", "Headache after lumbar puncture"),
    ("nausea", "Nausea or vomiting"),
    ("urinary_retention", "Urinary retention"),
    ("hypotension", "Hypotension"),
    ("seizure", "Seizure"),
    ("drowsiness", "Drowsiness"),
    ("respiratory_depression", "Respiratory depression"),
    ("coma", "Coma"),
)
RESPONSE_FALL = Decimal(1)


class TrialReadings(CheckedRecord):
    """Tone and vital signs by hour after one dose, and the physiatrist's verdict on it."""

    kind = "trial_readings"
    READS = frozenset({"trial"})
    PAST = ("read_on",)

    read_on = models.DateField("read on")
    rater = models.CharField(max_length=80, help_text="The same rater as at baseline [V:S9]")
    target_muscles = models.CharField(
        "target muscles", max_length=160, help_text="Those whose mean MAS is scored"
    )
    dose_mcg = Whole("dose that was read", choices=SCREENING_DOSES, low=25, high=100, unit="mcg")
    readings = Rows(
        "readings",
        table=READINGS_TABLE,
        help_text="Before the dose and at 1, 2, 4, 6 and 8 h [P]; tone at least twice in the first 4 h "
        "[V:S9]",
    )
    adverse_events = Codes("adverse events", codes=ADVERSE_EVENTS, blank=True)
    negative_reaction = models.BooleanField(
        "weakness or loss of function",
        help_text="Then the starting dose is the screening dose, not twice it [V:S14,S15]",
    )
    over_8h = models.BooleanField(
        "effect lasted longer than 8 h",
        help_text="Then the starting dose is the screening dose, not twice it [V:S4,S14]",
    )
    verdict = Choice(
        choices=VERDICTS,
        help_text="Usual measure: mean MAS or Penn falls by at least 1 [P], and you judge it clinically "
        "significant [M: LIO]",
    )
    reasons = LongText(
        blank=True, help_text="Needed for a positive verdict without such a fall, and for an adverse one"
    )

    class Meta(CheckedRecord.Meta):
        verbose_name_plural = "trial readings"
        constraints = [
            *CheckedRecord.Meta.constraints,
            models.CheckConstraint(condition=Q(dose_mcg__in=[25, 50, 75, 100]), name="read_dose_known"),
            models.CheckConstraint(
                condition=~Q(verdict="adverse") | ~Q(reasons=""), name="adverse_verdict_has_reasons"
            ),
        ]

    def best_fall(self) -> tuple[Decimal, Decimal] | None:
        """Largest fall of mean MAS and of Penn from before the dose; None without a reading before it."""
        before = next((row for row in self.readings if row["hour"] == "0"), None)
        if before is None:
            return None
        later = [row for row in self.readings if row["hour"] != "0"]
        tone = max(
            (Decimal(before["mas_mean"]) - Decimal(row["mas_mean"]) for row in later), default=Decimal(0)
        )
        spasms = [
            before["penn"] - row["penn"] for row in later if None not in (before.get("penn"), row.get("penn"))
        ]
        return tone, Decimal(max(spasms, default=0))

    def problems(self) -> Iterator[Problem]:
        """Readings enough to judge by, plausible pressures, and a verdict that its reasons carry."""
        if self.verdict == "adverse" and not self.reasons:
            yield "reasons", "Describe the adverse event."
        if READINGS_TABLE.problems(self.readings):
            return
        for row in self.readings:
            if row["diastolic"] >= row["systolic"]:
                yield "readings", f"{row['hour']} h: the diastolic pressure lies below the systolic."
        if self.verdict in ("positive", "inadequate"):
            yield from self._verdict_problems()

    def _verdict_problems(self) -> Iterator[Problem]:
        hours = {row["hour"] for row in self.readings}
        if "0" not in hours or len(hours & {"1", "2", "4"}) < 2:
            yield "readings", "Score tone before the dose and at least twice in the first 4 h [V:S9]."
        fall = self.best_fall()
        if self.verdict == "positive" and fall and max(fall) < RESPONSE_FALL and not self.reasons:
            yield "reasons", "Neither mean MAS nor Penn fell by 1 [P]: say why the response is positive."

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        """The readings are those of the dose given last, on its day."""
        yield from super().problems_on(situation)
        read = situation.injections[-1] if situation.injections else None
        yield from readings_problems(self.dose_mcg, self.read_on, read, zone=ZoneInfo(situation.time_zone))

    def facts(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "dose_mcg": self.dose_mcg,
            "read_on": self.read_on.isoformat(),
            "over_8h": self.over_8h,
            "negative_reaction": self.negative_reaction,
        }
