"""Named conditions a protocol file may use in `when`: each a question about the facts with yes or no for an answer."""

from __future__ import annotations

from collections.abc import Callable

from pathway.protocol.facts import CaseFacts
from pathway.protocol.roles import Decision, Role, Stage
from pathway.protocol.schema import Protocol

Condition = Callable[[Protocol, CaseFacts], bool]
CONDITIONS: dict[str, Condition] = {}
DECISION_OF: dict[Stage, Decision] = {Stage.SELECTION: Decision.CANDIDACY, Stage.TRIAL: Decision.TRIAL_RESULT}
SIGNERS: tuple[Role, ...] = (Role.NEUROSURGEON, Role.PHYSIATRIST, Role.ANESTHESIOLOGIST)


def condition(question: Condition) -> Condition:
    """Register a condition under its function's name."""
    CONDITIONS[question.__name__] = question
    return question


@condition
def on_hold(protocol: Protocol, facts: CaseFacts) -> bool:
    """The pathway is paused."""
    return facts.on_hold


@condition
def has_pump(protocol: Protocol, facts: CaseFacts) -> bool:
    """A filled pump is in place."""
    return facts.pump is not None and facts.pump.refill_by is not None


@condition
def refill_not_booked(protocol: Protocol, facts: CaseFacts) -> bool:
    """A filled pump is in place, and no appointment was made since its last fill."""
    if facts.pump is None or facts.pump.filled_on is None or facts.pump.refill_by is None:
        return False
    booked = facts.day("book_refill.date")
    return booked is None or booked <= facts.pump.filled_on


@condition
def dissent(protocol: Protocol, facts: CaseFacts) -> bool:
    """Somebody signed against in the present round of the stage's decision."""
    decision = DECISION_OF.get(facts.stage)
    return decision is not None and any(vote.vote == "against" for vote in facts.votes(decision).values())


@condition
def trial_waived(protocol: Protocol, facts: CaseFacts) -> bool:
    """All three signed for an implant without a trial."""
    votes = facts.votes(Decision.CANDIDACY)
    return all(role in votes and votes[role].waives_trial for role in SIGNERS)


@condition
def trial_not_waived(protocol: Protocol, facts: CaseFacts) -> bool:
    """At least one discipline wants a trial."""
    return not trial_waived(protocol, facts)


@condition
def trial_may_escalate(protocol: Protocol, facts: CaseFacts) -> bool:
    """The last screening dose was inadequate and below the highest one."""
    if facts.value("trial_readings.verdict", this_visit=True) != "inadequate":
        return False
    return float(facts.value("trial_readings.dose_mcg") or 0) < protocol.policy.trial_max_dose_mcg


@condition
def trial_concluded(protocol: Protocol, facts: CaseFacts) -> bool:
    """The readings gave a verdict that no further dose will change."""
    verdict = facts.value("trial_readings.verdict", this_visit=True)
    return verdict is not None and not trial_may_escalate(protocol, facts)


@condition
def trial_failed(protocol: Protocol, facts: CaseFacts) -> bool:
    """The trial ended without a positive response."""
    verdict = facts.value("trial_readings.verdict", this_visit=True)
    return verdict in ("inadequate", "adverse") and trial_concluded(protocol, facts)


@condition
def fresh_operation(protocol: Protocol, facts: CaseFacts) -> bool:
    """The stage follows straight on an operation (not on a change of mind about the dose)."""
    operation = facts.todos.get("operation")
    return operation is not None and operation.is_settled and operation.visit_seq >= facts.visit_seq - 1


@condition
def has_end_of_service(protocol: Protocol, facts: CaseFacts) -> bool:
    """The pump's end of service is known."""
    return facts.pump is not None and facts.pump.end_of_service_on is not None


@condition
def in_titration(protocol: Protocol, facts: CaseFacts) -> bool:
    """The dose is still being found."""
    return facts.stage == Stage.TITRATION


@condition
def nothing_else_open(protocol: Protocol, facts: CaseFacts) -> bool:
    """No other duty is open on the case: somebody must decide what comes next."""
    return not any(todo.is_open for key, todo in facts.todos.items() if key != "next_step")
