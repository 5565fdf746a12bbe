"""What the system checks of itself and of its clinics, and the words people read about it. Pure; it checks nothing.

Numbers are local policy (tag P). A rule of the whole system concerns every clinic, the others one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """One rule. `title` names the trouble, `says` what of it is wrong (from the alarm's detail), `ask` what to do."""

    key: str
    title: str
    says: str
    ask: str
    system: bool = False

    def describe(self, detail: Mapping[str, Any]) -> str:
        """The trouble in one sentence, without anybody's identity. A detail that is not there reads as a dash."""
        return self.says.format_map(_Readable(detail))


class _Readable(dict[str, Any]):
    """Details as people read them: dates written out, a missing one as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if key.endswith("_on") and value:
            day = date.fromisoformat(str(value))
            return f"{day.day} {day:%B %Y}"
        return "–" if value is None else value


ALARM_RULES: dict[str, AlarmRule] = {
    rule.key: rule
    for rule in (
        AlarmRule(
            "mail_stuck",
            "Mail does not leave",
            "Mail that should have left has been waiting for {minutes} min.",
            "Look at the mail server and at EMAIL_URL. What waits leaves by itself once the server takes it. Until "
            "then read your notices here and call each other.",
            system=True,
        ),
        AlarmRule(
            "worker_silent",
            "No worker is running",
            "No worker gave a sign of life for {minutes} min.",
            "Start the worker. Until then nothing but “manage.py sweep --every 60” sends reminders.",
            system=True,
        ),
        AlarmRule(
            "beat_silent",
            "The scheduler is not running",
            "Beat gave no sign of life for {minutes} min.",
            "Start beat. “manage.py sweep --every 60” stands in for it.",
            system=True,
        ),
        AlarmRule(
            "broker_away",
            "The broker does not answer",
            "The broker did not answer for {minutes} min.",
            "Start Redis or Valkey. Nothing is lost: what is due stands in the database.",
            system=True,
        ),
        AlarmRule(
            "sweep_silent",
            "The stand-in for the scheduler is not running",
            "“manage.py sweep --every” gave no sign of life for {minutes} min and was not told to stop.",
            "Start it again. Without it nobody notices when worker and beat die.",
            system=True,
        ),
        AlarmRule(
            "timers_late",
            "Reminders are late",
            "Reminders that should have been made by now: {count}, the oldest {minutes} min ago.",
            "Look whether a worker runs and what its log says. “manage.py sweep” makes them by hand.",
            system=True,
        ),
        AlarmRule(
            "rule_failed",
            "A check of the system failed",
            "The check “{rule}” could not be made.",
            "Show the log to whoever maintains Pathway. The other checks go on.",
            system=True,
        ),
        AlarmRule(
            "pump_without_refill",
            "A pump without a refill duty",
            "A filled pump in place has no open refill duty.",
            "Open the case now, check the pump's dates and put its refill on record. Tell the physiatrist.",
        ),
        AlarmRule(
            "refill_after_refill_by",
            "A refill planned too late",
            "The refill duty is due on {due_on}, the pump must be refilled by {refill_by_on}.",
            "Open the case now and refill by the earlier date. Tell the physiatrist.",
        ),
        AlarmRule(
            "case_without_duty",
            "A case without a next duty",
            "An open case has no next duty: nobody is asked to do anything.",
            "Open the case. Move it on, put it on hold with a review date, or close it.",
        ),
        AlarmRule(
            "role_with_nobody",
            "A role that nobody holds",
            "Nobody who can sign in holds the role of {role}.",
            "Have a person given this role, or hand its duties over.",
        ),
        AlarmRule(
            "owner_gone",
            "Duties of somebody who left",
            "Open duties of a person who no longer works in the clinic, or cannot sign in any more: {count}.",
            "Hand them over to a colleague.",
        ),
        AlarmRule(
            "nobody_leads",
            "The clinic's lead has left",
            "The person named as lead of the clinic cannot sign in any more: the last step of every reminder reaches "
            "nobody.",
            "Name another lead.",
        ),
        AlarmRule(
            "cover_gap",
            "Days without cover",
            "From {first_on} to {last_on} nobody answers as {role}; safety duties on these days: {count}.",
            "Name a deputy, or move the absence.",
        ),
        AlarmRule(
            "mail_dead",
            "Mail that could not be delivered",
            "Messages that could not be delivered: {count}.",
            "Read below what the mail server answered. Send them again, or say that they are not needed any more.",
        ),
        AlarmRule(
            "address_refused",
            "An address that mail servers refuse",
            "Mail servers refuse the address of {whom}: no reminder arrives.",
            "Ask for the right address and correct it. Until then call.",
        ),
        AlarmRule(
            "chain_broken",
            "A history that was changed",
            "The history of a case does not hold from event {seq} on: {reason}.",
            "Touch nothing in the database. Show it to whoever maintains Pathway; a backup tells what it was.",
        ),
    )
}


def rule_of(key: str) -> AlarmRule:
    """The rule of an alarm; of one that an earlier release knew, its name."""
    return ALARM_RULES.get(key) or AlarmRule(key, key.replace("_", " ").capitalize(), "", "")


def told(rule: AlarmRule, data: Mapping[str, Any]) -> str:
    """What a notice about alarms of a rule says, from the notice's `says` and `count`: the first, and how many more."""
    says, count = str(data.get("says") or rule.title), int(data.get("count", 1))
    return says if count == 1 else f"{says} And {count - 1} more of this kind."


WATCH_SILENT = "The system does not watch itself"
"""What the banner says when the check itself has not run: that can be no row, because nobody is there to write it."""
