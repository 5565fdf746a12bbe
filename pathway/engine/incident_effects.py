"""What the records of an incident's duties do to it: a role has answered, or the incident is closed."""

from __future__ import annotations

from dataclasses import replace

from pathway.clinical.conditions import Condition, Lead, TriageLevel, steps_for
from pathway.engine.action import Action
from pathway.engine.errors import Invalid, Refused
from pathway.engine.incidents import ANSWERERS, end
from pathway.models import Incident, IncidentClosure, IncidentSteps
from pathway.protocol.conditions import incident_asks
from pathway.protocol.facts import IncidentFact
from pathway.protocol.roles import Role
from pathway.protocol.verdict import Reason, Verdict

HERE = "withdrawal_here"
"""The risk that a confirmed withdrawal adds to its case."""


def answer(act: Action, record: IncidentSteps) -> None:
    """The role has answered every step it is asked for."""
    fact = _open_incident(act)
    role = act.todo(record.todo_id).role
    conditions = Incident.objects.values_list("conditions", flat=True).get(pk=fact.id)
    asked = steps_for(Lead(str(role)), [Condition(one) for one in conditions])
    answered = [row["step"] for row in record.steps]
    errors = [f"Not answered yet: {step.text}" for step in asked if step.text not in answered]
    errors += [
        f"This step is not asked: {text}" for text in answered if text not in {one.text for one in asked}
    ]
    errors += ["A step is answered twice."] if len(set(answered)) < len(answered) else []
    if errors:
        raise Invalid({"steps": errors})
    waiting = fact.waiting - {role}
    act.changes.update(Incident, fact.id, waiting=sorted(waiting))
    act.facts = replace(act.facts, incident=replace(fact, waiting=waiting))


def close_incident(act: Action, record: IncidentClosure) -> tuple[str, ...] | None:
    """The incident ends, with cause and remedy. A confirmed withdrawal makes the next one more dangerous: returns the
    case's risks where this adds one, because a pump's dates hang on them; else None.
    """
    fact = _open_incident(act)
    if reasons := _in_the_way(act, fact):
        raise Refused(Verdict(tuple(reasons)))
    end(
        act,
        fact,
        cause=record.cause,
        remedies=list(record.remedies),
        confirmed=list(record.confirmed),
        outcome=record.outcome,
    )
    known = tuple(act.case.withdrawal_risk)
    if Condition.WITHDRAWAL not in record.confirmed or HERE in known:
        return None
    act.set_case(withdrawal_risk=[*known, HERE])
    return (*known, HERE)


def _in_the_way(act: Action, fact: IncidentFact) -> list[Reason]:
    """Why the open incident cannot be closed now."""
    reasons = []
    if fact.level is TriageLevel.RED and not fact.acknowledged:
        text = "Nobody has acknowledged this red incident; acknowledge it first."
        reasons.append(Reason("not_acknowledged", text, tuple(sorted(ANSWERERS))))
    for role in sorted(fact.asked):
        if incident_asks(act.facts, role):
            text = f"The {role} has not answered yet."
            reasons.append(Reason("steps_open", text, (role,), f"incident_{role}"))
    return reasons


def _open_incident(act: Action) -> IncidentFact:
    if act.facts.incident is None:
        raise Refused(
            Verdict((Reason("no_incident", "No incident is open on this case.", (Role.PHYSIATRIST,)),))
        )
    return act.facts.incident
