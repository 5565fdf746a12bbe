"""How a protocol counts dates: due rules, and the ladders by which a to-do reminds and climbs. It knows no duty."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
)

from pathway.calendars import WorkCalendar

RULE = re.compile(r"^(?P<anchor>[a-z][a-z0-9_.]*) (?P<sign>[+-])(?P<count>\d{1,4}) (?P<unit>WD|d|mo|WH|h)$")
HOURS = ("WH", "h")
LADDER_ANCHOR, REPEAT_ANCHOR = "due", "previous"
DAYS_A_UNIT = {"WD": 7 / 5, "d": 1, "mo": 30, "WH": 7 / 5 / 9, "h": 1 / 24}
Audience = Literal["owner", "role", "lead", "coordinator", "clinic_lead"]
"""Whom a rung tells: the owner (else the role), everybody in the role, the role's named lead, the keepers."""


class Frozen(BaseModel):
    """Unknown keys are refused and values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DueRule(Frozen):
    """A date relative to another: "trial_date -5 WD", "opening +10 WD", "previous +6 mo".

    Units: WD working days of the clinic, d calendar days, mo calendar months (then back to a working day). A ladder's
    rungs may also count WH, hours in which the clinic works, and h, hours of the clock.
    """

    anchor: str
    count: int
    unit: Literal["WD", "d", "mo", "WH", "h"]

    def on(self, anchor: date, calendar: WorkCalendar) -> date:
        """The date this rule gives for an anchor date."""
        if self.unit == "WD":
            return calendar.add_working_days(anchor, self.count)
        if self.unit == "d":
            return anchor + timedelta(days=self.count)
        return calendar.last_working_day_on_or_before(add_months(anchor, self.count))

    def __str__(self) -> str:
        return f"{self.anchor} {self.count:+d} {self.unit}"


def add_months(day: date, months: int) -> date:
    """The same day some months on, or the month's last day where it is shorter (so never later)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def parse_rule(value: object) -> object:
    """Read a due rule's text; pydantic reports a ValueError with the key it stands at."""
    if not isinstance(value, str):
        return value
    match = RULE.match(value)
    if match is None:
        raise ValueError(
            f"“{value}” is not a due rule; write e.g. “opening +10 WD”, “trial_date -5 WD”, “previous +6 mo”"
        )
    count = int(match["count"]) * (-1 if match["sign"] == "-" else 1)
    return DueRule.model_validate({"anchor": match["anchor"], "count": count, "unit": match["unit"]})


def in_days(rule: DueRule) -> DueRule:
    """A due date is a day: refuse a rule that counts hours."""
    if rule.unit in HOURS:
        raise ValueError(f"“{rule}” counts hours; a due date counts WD, d or mo")
    return rule


def ahead_in_hours(rule: DueRule) -> DueRule:
    """Hours are counted onward only: refuse a rule that counts them back."""
    if rule.unit in HOURS and rule.count < 0:
        raise ValueError(f"“{rule}” counts hours back; hours are counted from the opening on")
    return rule


Due = Annotated[DueRule, BeforeValidator(parse_rule), AfterValidator(in_days), PlainSerializer(str)]
Delay = Annotated[DueRule, BeforeValidator(parse_rule), AfterValidator(ahead_in_hours), PlainSerializer(str)]


def require_anchor(rule: DueRule, anchor: str) -> DueRule:
    """Refuse a rule that is counted from anything else."""
    if rule.anchor != anchor:
        raise ValueError(f"“{rule}” must be counted from “{anchor}”")
    return rule


class Rung(Frozen):
    """One step of the ladder by which a to-do reminds: when, relative to its due date, and who is told."""

    kind: Literal["remind", "due", "escalate"]
    due: Delay
    to: Audience | None = None

    @field_validator("due")
    @classmethod
    def from_due(cls, rule: DueRule) -> DueRule:
        """A rung is counted from the due date and nothing else."""
        return require_anchor(rule, LADDER_ANCHOR)

    @property
    def audience(self) -> Audience:
        """Whom it tells: without a word of its own the owner, and of what is overdue the coordinator."""
        return self.to or ("coordinator" if self.kind == "escalate" else "owner")


def rising(rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
    """Each rung comes after the one before, whatever their units (five working days are a week)."""
    days = [rung.due.count * DAYS_A_UNIT[rung.due.unit] for rung in rungs]
    if days != sorted(set(days)):
        raise ValueError("each rung must come after the one before")
    return rungs


def moving_on(rule: DueRule) -> DueRule:
    """Beyond the last rung each step is counted from the one before, and must come after it."""
    if rule.count < 1:
        raise ValueError(f"“{rule}” would never move on")
    return require_anchor(rule, REPEAT_ANCHOR)


Rungs = Annotated[tuple[Rung, ...], AfterValidator(rising)]
Repeating = Annotated[Delay, AfterValidator(moving_on)]


class Ladder(Frozen):
    """How a to-do reminds and climbs, and how far apart it goes on beyond its last rung."""

    rungs: Rungs = Field(min_length=1)
    repeat: Repeating


SAFETY_LADDER = "safety"
"""The ladder of duties that protect a pump or a patient, where they name no other."""
