"""Named rules that gates are made of: facts in, reasons out. An empty list means the rule allows the move."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pathway.protocol.conditions import CONDITIONS, DECISION_OF, SIGNERS
from pathway.protocol.facts import CaseFacts
from pathway.protocol.roles import CloseReason, Decision, Role, TodoState
from pathway.protocol.schema import EdgeDef, Protocol, TodoDef
from pathway.protocol.verdict import Reason, Verdict

Guard = Callable[[Protocol, CaseFacts], list[Reason]]
GUARDS: dict[str, Guard] = {}


def guard(rule: Guard) -> Guard:
    """Register a guard under its function's name."""
    GUARDS[rule.__name__] = rule
    return rule


def judge(protocol: Protocol, gate: EdgeDef, facts: CaseFacts) -> Verdict:
    """All that stands between the case and this gate. "Not done" is left out where another guard says more of it."""
    reasons = [reason for name in gate.guards for reason in GUARDS[name](protocol, facts)]
    said = {reason.todo_key for reason in reasons if reason.code != "todo_missing"}
    return Verdict(
        tuple(reason for reason in reasons if reason.code != "todo_missing" or reason.todo_key not in said)
    )


def applies(protocol: Protocol, todo: TodoDef, facts: CaseFacts) -> bool:
    """Whether the protocol asks for this duty at all, given the facts."""
    return todo.when is None or CONDITIONS[todo.when](protocol, facts)


@guard
def required_todos_done(protocol: Protocol, facts: CaseFacts) -> list[Reason]:
    """Every required duty of the stage is done or not applicable."""
    missing = [
        todo
        for todo in protocol.stage[facts.stage].todo
        if todo.required
        and applies(protocol, todo, facts)
        and not facts.done_here(todo.key)
        and not todo.decision
    ]
    return [
        Reason("todo_missing", f"“{todo.title}” is not done.", (todo.role,), todo.key) for todo in missing
    ]


@guard
def not_on_hold(protocol: Protocol, facts: CaseFacts) -> list[Reason]:
    """A paused case is resumed before it moves."""
    if not facts.on_hold:
        return []
    return [Reason("on_hold", "The case is on hold; resume it first.", (Role.COORDINATOR,))]


@guard
def eligibility_recorded(protocol: Protocol, facts: CaseFacts) -> list[Reason]:
    """Eligibility was recorded, and as eligible."""
    eligible = facts.value("eligibility.eligible")
    if eligible is True:
        return []
    text = "Eligibility is not recorded." if eligible is None else "The patient is recorded as not eligible."
    return [Reason("not_eligible", text, (Role.PHYSIATRIST,), "eligibility")]


def signatures(facts: CaseFacts, decision: Decision) -> list[Reason]:
    """What is missing until three disciplines have signed for a decision."""
    votes, reasons = facts.votes(decision), []
    for role in SIGNERS:
        key = f"{decision}_{role}"
        if role not in votes:
            reasons.append(
                Reason("signature_missing", f"The {role} has not signed ({decision.label}).", (role,), key)
            )
        elif votes[role].vote != "for":
            text = f"The {role} signed against ({decision.label}); the team must meet."
            reasons.append(Reason("dissent", text, (Role.COORDINATOR, role), "mdt_dissent"))
    return reasons


@guard
def all_signed_for(protocol: Protocol, facts: CaseFacts) -> list[Reason]:
    """Neurosurgeon, physiatrist and anesthesiologist all signed for the stage's decision."""
    return signatures(facts, DECISION_OF[facts.stage])


@guard
def all_waived_trial(protocol: Protocol, facts: CaseFacts) -> list[Reason]:
    """Each of the three wrote why no trial is needed."""
    votes = facts.votes(Decision.CANDIDACY)
    return [
        Reason(
            "trial_not_waived",
            f"The {role} did not write why no trial is needed.",
            (role,),
            f"candidacy_{role}",
        )
        for role in SIGNERS
        if not (role in votes and votes[role].waives_trial and votes[role].has_reason)
    ]


@guard
def positive_response(protocol: Protocol, facts: CaseFacts) -> list[Reason]:
    """The screening trial was recorded as positive."""
    verdict = facts.value("trial_readings.verdict", this_visit=True)
    if verdict == "positive":
        return []
    text = "No trial verdict is recorded." if verdict is None else f"The trial verdict is “{verdict}”."
    return [Reason("no_positive_response", text, (Role.PHYSIATRIST,), "trial_readings")]


@guard
def operation_recorded(protocol: Protocol, facts: CaseFacts) -> list[Reason]:
    """Pump, catheter, fill and first program of this stay are on record."""
    reasons = []
    if facts.value("operation.operated_on", this_visit=True) is None:
        reasons.append(
            Reason("no_operation", "The operation is not recorded.", (Role.NEUROSURGEON,), "operation")
        )
    elif facts.pump is None or facts.pump.filled_on is None:
        reasons.append(Reason("no_fill", "No filled pump is on record.", (Role.NEUROSURGEON,), "operation"))
    if facts.value("first_program.effective_on", this_visit=True) is None:
        reasons.append(
            Reason("no_program", "The first program is not recorded.", (Role.PHYSIATRIST,), "first_program")
        )
    return reasons


@guard
def dose_settled(protocol: Protocol, facts: CaseFacts) -> list[Reason]:
    """The dose has not changed for the protocol's number of days."""
    since = facts.pump.dose_since if facts.pump else None
    needed = protocol.policy.dose_unchanged_days
    if since is None:
        return [Reason("no_dose", "No dose is on record.", (Role.PHYSIATRIST,), "titration_review")]
    days = (facts.today - since).days
    if days >= needed:
        return []
    text = f"The dose is unchanged for {max(days, 0)} days; the protocol asks for {needed} [P]."
    return [Reason("dose_not_settled", text, (Role.PHYSIATRIST,), "titration_review")]


@guard
def goals_reviewed(protocol: Protocol, facts: CaseFacts) -> list[Reason]:
    """The goals were reviewed during this stay."""
    if facts.done_here("goals_review"):
        return []
    return [Reason("goals_not_reviewed", "The goals are not reviewed.", (Role.PHYSIATRIST,), "goals_review")]


def close(protocol: Protocol, facts: CaseFacts, reason: CloseReason, evidence: Mapping[str, str]) -> Verdict:
    """May the case close for this reason? A pump in place needs an end that leaves nobody with an untended pump.

    `evidence` holds what the person wrote: `note` always, `receiving_clinic` for a transfer, `on` (ISO date) for an
    explant or a death.
    """
    reasons = [*_evidence(reason, evidence), *_supported(facts, reason)]
    ends_pump = {CloseReason.TRANSFERRED, CloseReason.EXPLANTED, CloseReason.DIED}
    if facts.pump is not None and reason not in ends_pump:
        text = "A pump is in place: explant it or transfer its care first, so that somebody refills it."
        reasons.append(Reason("pump_in_place", text, (Role.NEUROSURGEON, Role.COORDINATOR)))
    if facts.incident is not None and reason is not CloseReason.DIED:
        text = "An incident is open: it must be worked on and closed first."
        reasons.append(Reason("incident_open", text, (Role.PHYSIATRIST,), "incident_closure"))
    return Verdict(tuple(reasons))


def _evidence(reason: CloseReason, evidence: Mapping[str, str]) -> list[Reason]:
    needs = {"note": "Write what happened."}
    if reason is CloseReason.TRANSFERRED:
        needs["receiving_clinic"] = "Name the programme that has accepted the patient."
    if reason in (CloseReason.EXPLANTED, CloseReason.DIED):
        needs["on"] = "Give the date."
    return [
        Reason(f"missing_{name}", text) for name, text in needs.items() if not evidence.get(name, "").strip()
    ]


def _supported(facts: CaseFacts, reason: CloseReason) -> list[Reason]:
    """What the record itself must show for this reason."""
    if reason is CloseReason.EXPLANTED and facts.pump is None:
        return [Reason("no_pump", "No pump is on record.", (Role.NEUROSURGEON,))]
    if reason is CloseReason.NON_RESPONDER and not _failed_trial(facts):
        return [
            Reason("trial_not_failed", "No failed trial is on record.", (Role.PHYSIATRIST,), "trial_readings")
        ]
    if reason is CloseReason.DECLINED and not _declined(facts):
        text = "No decision against is on record: a dissenting signature, an MDT minute or a recorded non-eligibility."
        return [Reason("not_declined", text, tuple(SIGNERS), "eligibility")]
    return []


def _failed_trial(facts: CaseFacts) -> bool:
    return facts.value("trial_readings.verdict") in ("inadequate", "adverse")


def _declined(facts: CaseFacts) -> bool:
    met = facts.todos.get("mdt_dissent")
    return (
        facts.value("eligibility.eligible") is False
        or any(signed.vote == "against" for signed in facts.signoffs)
        or (met is not None and met.state == TodoState.DONE)
    )
