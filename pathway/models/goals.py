"""What patient and team aim at, and how far it was reached: goal attainment scaling."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import models

from pathway.clinical.results import CannotCompute
from pathway.clinical.scales import Goal, gas_t_score
from pathway.models.checked import CheckedRecord, Problem
from pathway.models.columns import Table, choice, text, whole
from pathway.models.fields import LongText, Rows

GOAL_DOMAINS = (
    ("mobility", "Mobility and transfers"),
    ("positioning", "Positioning and seating"),
    ("care", "Care and hygiene"),
    ("comfort", "Comfort, sleep and pain"),
    ("arm_hand", "Arm and hand use"),
    ("participation", "Participation"),
)
GOAL_TABLE = Table(
    {
        "goal": text("What should change", max_length=300),
        "domain": choice("Domain", GOAL_DOMAINS),
        "weight": whole("Weight", 1, 3),
        "baseline": whole("Now", -2, 0),
    },
    row_header="Goal",
    at_least=2,
    at_most=4,
)
REVIEW_TABLE = Table(
    {
        "goal": text("What should change", max_length=300),
        "weight": whole("Weight", 1, 3),
        "score": whole("Score", -2, 2),
    },
    row_header="Goal",
    at_most=4,
)


class Goals(CheckedRecord):
    """Two to four goals agreed with patient or family, in the form of goal attainment scaling."""

    kind = "goals"
    PAST = ("agreed_on",)

    agreed_on = models.DateField("agreed on")
    agreed_with = models.CharField("agreed with", max_length=120, help_text="Patient, parent, caregiver")
    goals = Rows(
        "goals",
        table=GOAL_TABLE,
        help_text="Two to four. Now: -2 much less than expected, -1 somewhat less, 0 as expected",
    )

    def problems(self) -> Iterator[Problem]:
        """No goal twice."""
        if not GOAL_TABLE.problems(self.goals):
            yield from repeated_goals("goals", self.goals)

    def facts(self) -> dict[str, Any]:
        return {"count": len(self.goals)}


class GoalsReview(CheckedRecord):
    """How far each goal was reached: -2 much less than expected to +2 much more."""

    kind = "goals_review"
    PAST = ("reviewed_on",)

    reviewed_on = models.DateField("reviewed on")
    goals = Rows(
        "attainment",
        table=REVIEW_TABLE,
        help_text="-2 much less than expected, 0 as expected, +2 much more [V:S63]",
    )
    remarks = LongText(blank=True)

    def problems(self) -> Iterator[Problem]:
        """No goal twice."""
        if not REVIEW_TABLE.problems(self.goals):
            yield from repeated_goals("goals", self.goals)

    def gas_t(self) -> Decimal | None:
        """The GAS T score: 50 when every goal was reached as expected."""
        score = gas_t_score([Goal(row["score"], Decimal(row["weight"])) for row in self.goals])
        return None if isinstance(score, CannotCompute) else score

    def facts(self) -> dict[str, Any]:
        score = self.gas_t()
        return {"reviewed_on": self.reviewed_on.isoformat(), "gas_t": None if score is None else str(score)}


def repeated_goals(field: str, rows: list[dict[str, Any]]) -> Iterator[Problem]:
    """A goal written twice would count twice in the score."""
    seen: set[str] = set()
    for row in rows:
        wording = row["goal"].strip().casefold()
        if wording in seen:
            yield field, f"“{row['goal']}” is there twice."
        seen.add(wording)
