"""Named conditions a protocol file may use in `when`: each a question about the facts with yes or no for an answer."""

from __future__ import annotations

from collections.abc import Callable

from pathway.protocol.facts import CaseFacts
from pathway.protocol.roles import Decision, Role, Stage, TodoState
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
    """A filled pump is in place, and no appointment protects it.

    An appointment protects when it was made since the last fill, was not missed, and is not later than the refill-by
    date, which moves when the dose does.
    """
    pump, booking = facts.pump, facts.todos.get("book_refill")
    if pump is None or pump.filled_on is None or pump.refill_by is None:
        return False
    booked_for = facts.day("book_refill.date")
    if booking is None or booking.ended_on is None or booked_for is None:
        return True
    missed = booked_for <= pump.filled_on or booked_for < facts.today
    return missed or booking.ended_on < pump.filled_on or booked_for > pump.refill_by


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


def trial_verdict(facts: CaseFacts) -> str | None:
    """The verdict of this stay's readings; None while a dose is still to be given, corrected or read."""
    dose, readings = facts.todos.get("trial_dose"), facts.todos.get("trial_readings")
    if dose is None or readings is None or not dose.is_settled:
        return None
    if dose.state is TodoState.DONE and dose.id > readings.id:
        return None
    verdict: str | None = facts.value("trial_readings.verdict", this_visit=True)
    return verdict


@condition
def trial_may_escalate(protocol: Protocol, facts: CaseFacts) -> bool:
    """The last screening dose was inadequate and below the highest one, and nobody declined a further one."""
    dose = facts.todos.get("trial_dose")
    if trial_verdict(facts) != "inadequate" or dose is None or dose.state is TodoState.NOT_APPLICABLE:
        return False
    return float(facts.value("trial_readings.dose_mcg") or 0) < protocol.policy.trial_max_dose_mcg


@condition
def trial_concluded(protocol: Protocol, facts: CaseFacts) -> bool:
    """The readings gave a verdict that no further dose will change."""
    return trial_verdict(facts) is not None and not trial_may_escalate(protocol, facts)


@condition
def trial_failed(protocol: Protocol, facts: CaseFacts) -> bool:
    """The trial ended without a positive response."""
    return trial_verdict(facts) in ("inadequate", "adverse") and trial_concluded(protocol, facts)


@condition
def fresh_operation(protocol: Protocol, facts: CaseFacts) -> bool:
    """The last operation was not yet followed by long-term care, so its wound and leak checks are still to come."""
    operation = facts.todos.get("operation")
    if operation is None or not operation.is_settled:
        return False
    later = (todo for key, todo in facts.todos.items() if protocol.home.get(key) is Stage.LONG_TERM)
    return all(todo.visit_seq < operation.visit_seq for todo in later)


@condition
def has_end_of_service(protocol: Protocol, facts: CaseFacts) -> bool:
    """The pump's end of service is known."""
    return facts.pump is not None and facts.pump.end_of_service_on is not None


@condition
def pump_programmed(protocol: Protocol, facts: CaseFacts) -> bool:
    """A pump is in place and runs a program."""
    return facts.pump is not None and facts.pump.dose_since is not None


@condition
def emergency_plan_stale(protocol: Protocol, facts: CaseFacts) -> bool:
    """The yearly check found the emergency plan out of date, and nobody has written a new one since."""
    check, plan = facts.todos.get("emergency_check"), facts.todos.get("emergency_plan")
    if check is None or plan is None or facts.value("emergency_check.plan_current") is not False:
        return False
    if check.ended_on is None or plan.ended_on is None:
        return False
    return (plan.ended_on, plan.id) < (check.ended_on, check.id)


@condition
def card_outdated(protocol: Protocol, facts: CaseFacts) -> bool:
    """The pump runs, its registration is settled, and the card that was handed over says something else."""
    registered = facts.todos.get("device_registration")
    if registered is None or not registered.is_settled:
        return False
    return pump_programmed(protocol, facts) and facts.pump is not None and not facts.pump.card_is_current


@condition
def service_life_unknown(protocol: Protocol, facts: CaseFacts) -> bool:
    """No source gives the service life of the pump in place, so no replacement would be planned."""
    return facts.pump is not None and facts.pump.end_of_service_on is None


@condition
def replacement_indicated(protocol: Protocol, facts: CaseFacts) -> bool:
    """The pump in place has shown its replacement indicator (ERI)."""
    return facts.pump is not None and facts.pump.eri_seen_on is not None


@condition
def infusion_stopped(protocol: Protocol, facts: CaseFacts) -> bool:
    """The pump in place is on record as stopped: withdrawal can follow within hours."""
    return facts.pump is not None and facts.pump.is_stopped


@condition
def in_titration(protocol: Protocol, facts: CaseFacts) -> bool:
    """The dose is still being found."""
    return facts.stage == Stage.TITRATION


@condition
def nothing_else_open(protocol: Protocol, facts: CaseFacts) -> bool:
    """No other duty is open on the case: somebody must decide what comes next."""
    return not any(todo.is_open for key, todo in facts.todos.items() if key != "next_step")


def incident_asks(facts: CaseFacts, role: Role) -> bool:
    """An open incident waits for this role, or what the role answered is open again to be corrected."""
    if facts.incident is None:
        return False
    todo = facts.todos.get(f"incident_{role}")
    corrected = todo is not None and todo.is_open and role in facts.incident.asked
    return corrected or role in facts.incident.waiting


@condition
def incident_asks_physiatrist(protocol: Protocol, facts: CaseFacts) -> bool:
    """An open incident waits for the physiatrist."""
    return incident_asks(facts, Role.PHYSIATRIST)


@condition
def incident_asks_neurosurgeon(protocol: Protocol, facts: CaseFacts) -> bool:
    """An open incident waits for the neurosurgeon."""
    return incident_asks(facts, Role.NEUROSURGEON)


@condition
def incident_asks_anesthesiologist(protocol: Protocol, facts: CaseFacts) -> bool:
    """An open incident waits for the anesthesiologist."""
    return incident_asks(facts, Role.ANESTHESIOLOGIST)


@condition
def incident_asks_coordinator(protocol: Protocol, facts: CaseFacts) -> bool:
    """An open incident waits for the coordinator."""
    return incident_asks(facts, Role.COORDINATOR)


@condition
def incident_answered(protocol: Protocol, facts: CaseFacts) -> bool:
    """Everybody whom the open incident asked has answered: it can be closed."""
    return facts.incident is not None and not any(incident_asks(facts, role) for role in facts.incident.asked)
