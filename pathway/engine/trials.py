"""The trial day: what is observed after a screening dose, minute by minute, by whoever is at the bedside.

An observation never ends a to-do and never decides: the physiatrist's record gives the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from pathway.clinical.observation import minute_problems, timing_problems
from pathway.clinical.results import Reason
from pathway.engine.action import Action, Outcome, action
from pathway.engine.errors import Invalid, Refused, Stale
from pathway.engine.permissions import require_open, require_role
from pathway.models import Clinician, TrialObservation
from pathway.models.base import new_id
from pathway.models.checked import Problem
from pathway.models.observation import muscle_problems
from pathway.protocol.facts import TodoFact
from pathway.protocol.roles import Role
from pathway.protocol.verdict import refused
from pathway.queries.observations import baseline_of, observations_of, variant_of

AT_THE_BEDSIDE = (
    Role.PHYSIATRIST,
    Role.NEUROSURGEON,
    Role.ANESTHESIOLOGIST,
    Role.NURSE,
    Role.THERAPIST,
)
OBSERVERS = frozenset(AT_THE_BEDSIDE)
BOUND = ("case", "todo", "recorded_by")
Earlier = Mapping[int, TrialObservation]
"""The live observations of this dose by minute."""


def observe(
    *,
    todo_id: UUID,
    by: Clinician,
    at: datetime,
    minute: int,
    values: Mapping[str, Any],
    correcting: bool = False,
    reason: str = "",
) -> Outcome:
    """Record what was observed `minute` minutes after the injection (0: before it) on an open trial-readings to-do.

    `values` maps names of `TrialObservation.CONTENT` to Python values. Repeating the same changes nothing. What was
    left out before may be added; any other change of a recorded minute needs `correcting` and a `reason`.
    Raises NotAllowed, Refused, Stale where a colleague was faster, and Invalid with messages by field.
    """
    with action(todo_id=todo_id, by=by, at=at) as act:
        todo = act.todo(todo_id)
        require_role(act.actor, OBSERVERS, "record an observation")
        injected_at = _require_dose(act, todo)
        earlier = {row.minute: row for row in observations_of(todo.id)}
        row = _build(act, todo, minute, values)
        before = earlier.get(minute)
        if before is not None and before.content() == row.content():
            return Outcome(act.case.id, act.case.event_seq, repeated=True, todo_id=todo.id)
        require_open(todo)
        _require_sound(act, row, injected_at, earlier)
        if before is not None:
            _supersede(act, before, row, correcting, reason.strip())
        act.changes.add(row)
        data = {"key": todo.key, "occurrence": todo.occurrence, "minute": minute}
        if row.correction_reason:
            data["reason"] = row.correction_reason
        outcome = act.commit("observe", Role(row.role), **data)
        return Outcome(outcome.case_id, outcome.version, outcome.opened, todo_id=todo.id)


def _require_dose(act: Action, todo: TodoFact) -> datetime:
    """The instant of the injection that this to-do reads. Raises Refused where there is none."""
    if act.protocol.todos[todo.key].form != "trial_readings":
        raise Refused(refused("no_trial_day", "This to-do does not read a screening dose."))
    given_at = act.facts.value("trial_dose.given_at")
    if not given_at:
        text = "No screening dose is on record: the clock starts at the injection."
        raise Refused(refused("no_dose", text, Role.NEUROSURGEON, todo_key="trial_dose"))
    return datetime.fromisoformat(given_at)


def _build(act: Action, todo: TodoFact, minute: int, values: Mapping[str, Any]) -> TrialObservation:
    """The row, its fields checked one by one, not yet saved. Raises Invalid."""
    unknown = sorted(set(values) - set(TrialObservation.CONTENT))
    if unknown:
        raise Invalid({name: ["An observation has no such field."] for name in unknown})
    _raise(_named(minute_problems(minute)))
    bound = {"recorded_at": act.at, "recorded_by_id": act.actor.id}
    row = TrialObservation(
        **{**values, "tone": _tidy(values.get("tone") or [])},
        **bound,
        id=new_id(),
        case_id=act.case.id,
        todo_id=todo.id,
        minute=minute,
        role=str(act.actor.acting_as(*AT_THE_BEDSIDE)),
        scale_variant=str(variant_of(baseline_of(act.case.id))),
    )
    try:
        row.clean_fields(exclude=BOUND)
        row.clean()
    except ValidationError as error:
        raise Invalid(error.message_dict) from error
    return row


def _tidy(tone: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tone without empty cells and empty rows, so that the same reading is the same value."""
    rows = [{name: cell for name, cell in row.items() if cell not in (None, "")} for row in tone]
    return [row for row in rows if set(row) - {"muscle"}]


def _require_sound(act: Action, row: TrialObservation, injected_at: datetime, earlier: Earlier) -> None:
    """Time and muscles fit the injection and the other readings of this dose. Raises Invalid."""
    others = [other for minute, other in sorted(earlier.items()) if minute != row.minute]
    scored = next((other.grades() for other in others if other.grades()), None)
    if row.observed_at > act.at:
        problems: list[Problem] = [("observed_at", "This time lies in the future.")]
    else:
        problems = _named(timing_problems(row.minute, injected_at, row.observed_at))
    problems += _order_problems(act, row, others)
    problems += muscle_problems(row.grades(), scored_before=scored, minute=row.minute)
    _raise(problems)


def _order_problems(act: Action, row: TrialObservation, others: list[TrialObservation]) -> Iterator[Problem]:
    for other in others:
        earlier = other.minute < row.minute
        if (other.observed_at > row.observed_at) if earlier else (other.observed_at < row.observed_at):
            clock = other.observed_at.astimezone(act.calendar.zone)
            yield (
                "observed_at",
                f"The observation at {other.minute} min was taken at {clock:%H:%M}: this one was "
                f"{'later' if earlier else 'earlier'}.",
            )


def _named(reasons: tuple[Reason, ...]) -> list[Problem]:
    return [(reason.field, reason.text) for reason in reasons]


def _raise(problems: list[Problem]) -> None:
    by_field: dict[str, list[str]] = {}
    for field, text in problems:
        by_field.setdefault(field, []).append(text)
    if by_field:
        raise Invalid(by_field)


def _supersede(
    act: Action, before: TrialObservation, row: TrialObservation, correcting: bool, reason: str
) -> None:
    """Put the row in the place of the one before it: an addition freely, a correction with its reason."""
    if not row.adds_only(before):
        if not correcting:
            who = "you" if before.recorded_by_id == act.actor.id else "a colleague"
            text = (
                f"The observation at {row.minute} min was already recorded by {who}. What you typed was not "
                "saved. Correct it with a reason if it is wrong."
            )
            raise Stale(refused("already_observed", text))
        if not reason:
            raise Invalid({"reason": ["Write why it is corrected."]})
        row.correction_reason = reason[:300]
    act.changes.update(TrialObservation, before.id, superseded_at=act.at)
    # One live row a minute is a unique index, checked row by row: the old one must go before the new one comes.
    act.changes.flush()
