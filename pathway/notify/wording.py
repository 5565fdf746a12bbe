"""What each kind of notice says, in one table that a clinician can review. Knows no person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """Text with the fields {title}, {due}, {role} (of the to-do) and {clinic}; `ask` is what to do now.

    Of an incident: {level}, {contact} (by when contact must be made), {role} (the recipient's) and {clinic}.
    Of a role that was given: {role}, {clinic}, {days} (how long a link works).
    Of an absence: {first}, {last}, {duties} (how many are open), {why} (what became of it), {role} and {clinic}.
    """

    subject: str
    opening: str
    ask: str


OPENED = Wording(
    subject="To do: {title} (due {due})",
    opening="A to-do has opened for you as {role} at {clinic}.",
    ask="Please claim it, or do it, by {due}.",
)
HANDED_OVER = Wording(
    subject="Handed over to you: {title} (due {due})",
    opening="A to-do has been handed over to you as {role} at {clinic}.",
    ask="Please do it by {due}, or hand it over again.",
)
REMIND = Wording(
    subject="Due soon: {title} ({due})",
    opening="A to-do of yours as {role} at {clinic} is due soon.",
    ask="Please do it by {due}.",
)
DUE = Wording(
    subject="Due today: {title}",
    opening="A to-do of yours as {role} at {clinic} is due today, {due}.",
    ask="Please do it today. If it cannot be done, hand it over or say why.",
)
ESCALATE = Wording(
    subject="Overdue: {title} (was due {due})",
    opening="A to-do for the {role} at {clinic} was due {due} and is still open.",
    ask="Please do it now, or hand it over. Until it is done, others are told as well, step by step.",
)
ESCALATE_TO_KEEPER = Wording(
    subject="Overdue for the {role}: {title} (was due {due})",
    opening="A to-do of the {role} at {clinic} was due {due} and is still open.",
    ask="Please find out what is in the way. You can hand it over to a colleague.",
)
UNOWNED = Wording(
    subject="Nobody to do it: {title} (due {due})",
    opening="Nobody who holds the role {role} at {clinic} is at work, and a to-do waits for it. You are told instead.",
    ask="Please find somebody for the role, so that this is done by {due}.",
)
LAPSED = Wording(
    subject="Your sign-off no longer counts: {title}",
    opening="The facts that you signed as {role} at {clinic} have changed: your signature no longer counts.",
    ask="Please look at the changed facts and sign again by {due}.",
)
HOLD_REVIEW = Wording(
    subject="On hold, to be reviewed: {title} (due {due})",
    opening="A case at {clinic} is on hold, and its review by the {role} is due.",
    ask="Please resume the case, or hold it further with a new date.",
)
INCIDENT = Wording(
    subject="Incident, {level}: contact {contact}",
    opening="An incident was reported at {clinic}, or found to ask for you, as {role}. Its level is {level}.",
    ask="Please open it, acknowledge that you have it, and do your steps. Contact: {contact}.",
)
PAGE = Wording(
    subject="RED INCIDENT: acknowledge now (contact {contact})",
    opening="A red incident at {clinic} waits for you as {role}. Nobody has acknowledged it yet.",
    ask="Open it and acknowledge it now; you are called again until somebody does. Contact: {contact}.",
)
CLIMB = Wording(
    subject="NOT ACKNOWLEDGED: incident, {level} (contact {contact})",
    opening="Nobody has acknowledged an incident at {clinic}, or nobody holds a role it asks for.",
    ask="Open it now: take it on yourself, or find somebody who can, and acknowledge it. Contact: {contact}.",
)
COVER_PLANNED = Wording(
    subject="Absence from {first} to {last}",
    opening="An absence at {clinic} concerns you as {role}: from {first} to {last}, both days included.",
    ask="Meanwhile the deputy is told of the duties and may do them. Please say so now if this cannot be.",
)
COVER_CANCELLED = Wording(
    subject="Absence cancelled or changed: {first} to {last}",
    opening="An absence at {clinic}, from {first} to {last}, concerned you as {role}. {why}",
    ask="Please look who answers for whom now.",
)
COVER_BEGINS = Wording(
    subject="An absence begins: the deputy answers until {last}",
    opening="An absence at {clinic} that concerns you as {role} begins. {duties} duties are open.",
    ask="Until {last} the deputy is told of them and may do them; they stay with their owner.",
)
COVER_ENDS = Wording(
    subject="An absence is over: {duties} duties are open",
    opening="An absence at {clinic} that concerned you as {role} is over. {duties} duties are open.",
    ask="From now on their owner is told again.",
)
INVITED = Wording(
    subject="Your account at {clinic}: set your password",
    opening="An account was made for you as {role} at {clinic}.",
    ask="Please set your password. The link works once, for {days} days; after that a coordinator can send another.",
)
JOINED = Wording(
    subject="You are {role} at {clinic}",
    opening="You were given a role: {role} at {clinic}.",
    ask="Your duties stand in My work. If this is a mistake, please tell a coordinator.",
)
ALARM = Wording(
    subject="Pathway needs somebody: {title}",
    opening="{what}",
    ask="{do} You are told again day by day until it is put right.",
)

#: What became of an absence; without a reason it was cancelled.
WHY_CHANGED: dict[str, str] = {
    "": "It was cancelled.",
    "another_deputy": "You are no longer its deputy.",
    "deputy_left": "Its deputy cannot answer any more: nobody does until another is named.",
}

WORDING: dict[str, Wording] = {
    "opened": OPENED,
    "handed_over": HANDED_OVER,
    "remind": REMIND,
    "due": DUE,
    "escalate": ESCALATE,
    "unowned": UNOWNED,
    "lapsed": LAPSED,
    "hold_review": HOLD_REVIEW,
    "incident": INCIDENT,
    "page": PAGE,
    "incident_climb": CLIMB,
    "cover_planned": COVER_PLANNED,
    "cover_cancelled": COVER_CANCELLED,
    "cover_begins": COVER_BEGINS,
    "cover_ends": COVER_ENDS,
    "alarm": ALARM,
    "invited": INVITED,
    "joined": JOINED,
}
#: A line's first word where several notices share a message.
LABELS: dict[str, str] = {
    "opened": "New",
    "handed_over": "Handed over to you",
    "remind": "Due soon",
    "due": "Due today",
    "escalate": "Overdue",
    "unowned": "Nobody to do it",
    "lapsed": "Signature lapsed",
    "hold_review": "Hold to review",
    "incident": "Incident",
    "page": "Red incident",
    "incident_climb": "Not acknowledged",
    "cover_planned": "Absence",
    "cover_cancelled": "Absence changed",
    "cover_begins": "Absence begins",
    "cover_ends": "Absence over",
    "alarm": "Found",
    "invited": "Account",
    "joined": "New role",
}


def why_changed(why: str) -> str:
    """What became of an absence, in a sentence; of a reason that another release knew, that it changed."""
    return WHY_CHANGED.get(why, "It was changed.")


def wording_for(kind: str, told_as: str, role: str) -> Wording:
    """The wording of a kind; a coordinator reads of another role's overdue to-do in other words."""
    if kind == "escalate" and told_as != role:
        return ESCALATE_TO_KEEPER
    return WORDING[kind]
