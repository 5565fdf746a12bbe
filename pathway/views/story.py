"""A case's events as sentences for a person to read. It knows the verbs of the engine and no rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.dateformat import format as format_date

from pathway.clinical.conditions import CONDITION_PLANS, Condition
from pathway.models import Event
from pathway.protocol.roles import CLOSE_LABELS, EDGES, Decision, Role, Stage
from pathway.protocol.schema import Protocol
from pathway.queries.people import Staff

SYSTEM_WHO = "Pathway, automatically"


@dataclass(frozen=True, slots=True)
class Line:
    """One event: what happened, why, who did it in which role, and how it is drawn."""

    title: str
    detail: str
    who: str
    at: datetime
    icon: str
    variant: str = "neutral"


@dataclass(frozen=True, slots=True)
class Words:
    """What the sentences are made of: titles of duties, names of people."""

    protocol: Protocol
    staff: Staff

    def title(self, data: dict[str, Any]) -> str:
        """The duty an event speaks of."""
        definition = self.protocol.todos.get(data.get("key", ""))
        again = f" (no. {data['occurrence']})" if data.get("occurrence", 1) > 1 else ""
        return f"{definition.title if definition else data.get('key', '')}{again}"

    def titles(self, keys: Iterable[str]) -> str:
        """Several duties in a row."""
        return ", ".join(self.title({"key": key}) for key in keys)


Sentence = Callable[[dict[str, Any], Words], tuple[str, str]]


def _day(text: str) -> str:
    return format_date(date.fromisoformat(text), "j M Y")


def _about(verb: str) -> Sentence:
    """“Claimed: Goals”, with the reason where one was given."""
    return lambda data, words: (f"{verb}: {words.title(data)}", _quoted(data.get("reason", "")))


def _quoted(text: str) -> str:
    return f"“{text}”" if text else ""


def _signed(data: dict[str, Any], words: Words) -> tuple[str, str]:
    decision = Decision(data["decision"]).label.lower()
    vote = "for" if data["vote"] == "for" else "against"
    details = ["Without a trial." if data.get("waives_trial") else ""]
    details.append(f"Round {data['round']}." if data.get("round", 1) > 1 else "")
    return f"Signed {vote}: {decision}", " ".join(filter(None, details))


def _handed_over(data: dict[str, Any], words: Words) -> tuple[str, str]:
    return f"Handed over to {words.staff.name(data['to'])}: {words.title(data)}", _quoted(data["reason"])


def _named_team(data: dict[str, Any], words: Words) -> tuple[str, str]:
    people = ", ".join(words.staff.name(person) for person in data["clinicians"])
    role = Role(data["team"])
    return f"Care team, {role.label.lower()}: {people or 'everybody with this role'}", ""


def _held(data: dict[str, Any], words: Words) -> tuple[str, str]:
    return f"Put on hold until a review on {_day(data['review_on'])}", _quoted(data["reason"])


def _resumed(data: dict[str, Any], words: Words) -> tuple[str, str]:
    days = data.get("held_days", 0)
    return "Resumed", f"After {days} day{'' if days == 1 else 's'} on hold."


def _closed(data: dict[str, Any], words: Words) -> tuple[str, str]:
    evidence = data.get("evidence", {})
    details = [_quoted(evidence.get("note", ""))]
    if evidence.get("receiving_clinic"):
        details.append(f"To {evidence['receiving_clinic']}.")
    if evidence.get("on"):
        details.append(f"On {_day(evidence['on'])}.")
    label = CLOSE_LABELS.get(data["reason"], data["reason"])
    return f"Closed: {label.lower()}", " ".join(filter(None, details))


def _reported(verb: str) -> Sentence:
    """“Incident 1 reported: red”, with what was suspected."""
    return lambda data, words: (f"Incident {data['incident']['number']} {verb}", "")


def _incident(data: dict[str, Any]) -> str:
    """What an action found of an incident; empty where it found nothing."""
    found = data.get("incident", {})
    if "conditions" not in found:
        return ""
    named = ", ".join(CONDITION_PLANS[Condition(one)].name.lower() for one in found["conditions"])
    return f"Incident {found['number']}, {found['level']}: {named}."


def _observed(data: dict[str, Any], words: Words) -> tuple[str, str]:
    minute = data["minute"]
    when = f"{minute} min after the injection" if minute else "before the injection"
    if data.get("reason"):
        return f"Observation corrected: {when}", _quoted(data["reason"])
    return f"Observed: {when}", ""


def _agreed(data: dict[str, Any], words: Words) -> tuple[str, str]:
    instead = "In place of the consent before." if data.get("replaced") else ""
    return f"Agreed to appointment reminders: the {data['who']}", instead


def _stopped(data: dict[str, Any], words: Words) -> tuple[str, str]:
    how = "By the link in a mail." if data.get("own_link") else ""
    return f"No more appointment reminders: the {data['who']}", how


def _moved(data: dict[str, Any], words: Words) -> tuple[str, str]:
    return f"{Stage(data['from']).label} → {Stage(data['to']).label.lower()}", _quoted(data.get("reason", ""))


def _recalendared(data: dict[str, Any], words: Words) -> tuple[str, str]:
    moves = [f"{words.title(one)}: {_day(one['from'])} → {_day(one['to'])}." for one in data["moved"]]
    return "The clinic's calendar changed", " ".join(moves)


SENTENCES: dict[str, tuple[Sentence, str, str]] = {
    "refer": (lambda data, words: ("Referred", ""), "user-plus", "info"),
    "claim": (_about("Claimed"), "hand", "neutral"),
    "release": (_about("Given back"), "undo-2", "neutral"),
    "hand_over": (_handed_over, "users", "neutral"),
    "complete": (_about("Done"), "check", "success"),
    "record": (_about("Recorded"), "check", "success"),
    "mark_not_applicable": (_about("Not applicable"), "circle-x", "neutral"),
    "reopen": (_about("Reopened to correct"), "undo-2", "warning"),
    "observe": (_observed, "activity", "neutral"),
    "sign": (_signed, "signature", "success"),
    "name_team": (_named_team, "users", "neutral"),
    "hold": (_held, "circle-pause", "warning"),
    "resume": (_resumed, "circle-dot", "info"),
    "close": (_closed, "lock", "danger"),
    "ask_reopen": (
        lambda data, words: ("Asked to reopen the case", _quoted(data.get("reason", ""))),
        "undo-2",
        "warning",
    ),
    "reopen_case": (
        lambda data, words: (f"Reopened in {Stage(data['to']).label.lower()}", ""),
        "undo-2",
        "info",
    ),
    "report_incident": (_reported("reported"), "siren", "danger"),
    "add_findings": (_reported("has new findings"), "siren", "warning"),
    "acknowledge_incident": (
        lambda data, words: (f"Acknowledged: incident, {data['incident']['level']}", ""),
        "hand",
        "info",
    ),
    "calendar": (_recalendared, "calendar-clock", "info"),
    "name_clinic": (
        lambda data, words: ("The clinic changed what its emergency cards print", ""),
        "siren",
        "info",
    ),
    "remind_consent": (_agreed, "mail", "info"),
    "remind_withdraw": (_stopped, "mail", "neutral"),
    "refresh": (lambda data, words: ("A date was reached", ""), "calendar-clock", "neutral"),
    **{edge.name: (_moved, "arrow-right", "info") for edge in EDGES if edge.name not in ("close", "reopen")},
}
"""Per verb: its sentence, its icon, its colour. A test holds it complete against the engine's verbs."""


def tell(event: Event, words: Words) -> Line:
    """One event in words. A verb nobody has taught this page is shown by its name, never hidden."""
    if event.verb not in SENTENCES:
        return Line(
            f"Recorded: {event.verb.replace('_', ' ')}",
            "",
            _who(event, words),
            event.at,
            "circle-question-mark",
        )
    sentence, icon, variant = SENTENCES[event.verb]
    title, detail = sentence(event.data, words)
    if event.verb == "sign" and event.data["vote"] != "for":
        variant = "danger"
    detail = f"{detail} {_incident(event.data)}".strip()
    opened = words.titles(event.data.get("opened", ()))
    if opened:
        detail = f"{detail} Opened: {opened}.".strip()
    return Line(title, detail, _who(event, words), event.at, icon, variant)


def _who(event: Event, words: Words) -> str:
    if event.actor_id is None:
        return SYSTEM_WHO
    return f"{words.staff.name(event.actor_id)}, {event.role}"


def people_in(events: Iterable[Event]) -> set[Any]:
    """The ids of everybody a page of events speaks of, as text or UUID."""
    found: set[Any] = set()
    for event in events:
        found |= {event.actor_id, event.data.get("to") if event.verb == "hand_over" else None}
        found |= set(event.data.get("clinicians", ()))
    return found - {None}
