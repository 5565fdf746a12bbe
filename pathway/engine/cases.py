"""Verbs on a whole case: its care team, hold, resume, close and reopen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pathway.engine.action import Action, Outcome, action
from pathway.engine.advance import move, require_unchanged
from pathway.engine.errors import Invalid, NotAllowed, Refused
from pathway.engine.incidents import end_with_death, take_up_again
from pathway.engine.permissions import CASE_KEEPERS, require_role
from pathway.engine.pump_effects import put_back
from pathway.engine.second import ask_again
from pathway.engine.staying import keep_here
from pathway.models import CareTeamMember, Clinician, Pump
from pathway.models.base import new_id
from pathway.protocol.facts import TodoFact
from pathway.protocol.guards import close as judge_close
from pathway.protocol.plan import Opening
from pathway.protocol.roles import CLOSE, PHYSICIANS, REOPEN, CloseReason, Role, Stage, TodoState
from pathway.protocol.verdict import refused


def name_team(
    *, case_id: UUID, role: Role, clinicians: Sequence[UUID], by: Clinician, at: datetime
) -> Outcome:
    """Name who holds a role on this case (nobody: whoever holds the role in the clinic). Open to-dos follow.

    To-dos that somebody has claimed stay with them. Raises NotAllowed, Refused for a person without the role.
    """
    with action(case_id=case_id, by=by, at=at) as act:
        require_role(act.actor, frozenset({Role.COORDINATOR}), "name the care team")
        wanted = tuple(sorted(set(clinicians)))
        if strangers := set(wanted) - set(act.snapshot.roster.members.get(role, ())):
            raise Refused(
                refused("not_the_role", f"{len(strangers)} of these people are not a {role} of this clinic.")
            )
        present = act.snapshot.team.get(role, ())
        if wanted == present:
            return Outcome(act.case.id, act.case.event_seq, repeated=True)
        keep_here(act.case.clinic_id, *wanted)
        _replace_members(act, role, wanted)
        owner = wanted[0] if len(wanted) == 1 else None
        for todo in act.facts.todos.values():
            if (
                todo.is_open
                and todo.role is role
                and todo.owner_id != owner
                and todo.id not in act.snapshot.claimed
            ):
                act.set_todo(todo, columns={"owner_id": owner}, owner_id=owner)
                if owner is not None:
                    act.tell(todo.id, role, "handed_over", f"team:{act.case.event_seq}", to=owner)
        return act.commit(
            "name_team", Role.COORDINATOR, team=str(role), clinicians=[str(person) for person in wanted]
        )


def _replace_members(act: Action, role: Role, wanted: tuple[UUID, ...]) -> None:
    rows = CareTeamMember.objects.filter(case_id=act.case.id, role=role)
    stay = set()
    gone = []
    for row in rows:
        stay.add(row.clinician_id) if row.clinician_id in wanted else gone.append(row.id)
    act.changes.delete(CareTeamMember, gone)
    for person in wanted:
        if person not in stay:
            act.changes.add(
                CareTeamMember(
                    id=new_id(), case_id=act.case.id, role=str(role), clinician_id=person, since=act.at
                )
            )


def hold(
    *,
    case_id: UUID,
    reason: str,
    review_on: date | None,
    by: Clinician,
    at: datetime,
    version: int | None = None,
) -> Outcome:
    """Pause a case with a reason and a day to look again. Pump safety goes on: its to-dos still remind."""
    with action(case_id=case_id, by=by, at=at) as act:
        require_role(act.actor, CASE_KEEPERS, "put a case on hold")
        _require_open_case(act)
        if act.case.on_hold:
            raise Refused(refused("on_hold", "The case is already on hold.", Role.COORDINATOR))
        require_unchanged(act, version)
        errors: dict[str, list[str]] = {}
        if not reason.strip():
            errors["reason"] = ["Write why the case is put on hold."]
        if review_on is None or review_on <= act.facts.today:
            errors["review_on"] = ["Give a day after today on which somebody looks again."]
        if errors:
            raise Invalid(errors)
        act.facts = replace(act.facts, hold_review_on=review_on)
        act.set_case(held_at=at, held_by_id=by.id, hold_reason=reason.strip(), hold_review_on=review_on)
        data = {"reason": reason.strip(), "review_on": str(review_on)}
        return act.commit("hold", act.actor.acting_as(Role.COORDINATOR, *sorted(PHYSICIANS)), **data)


def resume(*, case_id: UUID, by: Clinician, at: datetime, version: int | None = None) -> Outcome:
    """Go on after a hold. Duties that waited get the held days back; safety duties never moved."""
    with action(case_id=case_id, by=by, at=at) as act:
        require_role(act.actor, CASE_KEEPERS, "resume a case")
        _require_open_case(act)
        if act.case.held_at is None:
            raise Refused(refused("not_on_hold", "The case is not on hold."))
        require_unchanged(act, version)
        held = act.facts.today - act.calendar.local_date(act.case.held_at)
        _end_hold(act)
        for todo in list(act.facts.todos.values()):
            if todo.is_open and not todo.safety and todo.key != "hold_review":
                _give_back(act, todo, held)
        return act.commit(
            "resume", act.actor.acting_as(Role.COORDINATOR, *sorted(PHYSICIANS)), held_days=held.days
        )


def _end_hold(act: Action) -> None:
    act.facts = replace(act.facts, hold_review_on=None)
    act.set_case(held_at=None, held_by_id=None, hold_reason="", hold_review_on=None)


def _give_back(act: Action, todo: TodoFact, held: timedelta) -> None:
    due_on = max(todo.due_on + held, act.facts.today)
    if due_on != todo.due_on:
        act.set_todo(todo, columns={"due_on": due_on}, due_on=due_on)
        act.ring(todo.id, due_on)


def _require_open_case(act: Action) -> None:
    if not act.case.is_open:
        raise Refused(refused("case_closed", "The case is closed; reopen it first.", Role.COORDINATOR))


def close(
    *,
    case_id: UUID,
    reason: str,
    evidence: Mapping[str, str],
    by: Clinician,
    at: datetime,
    version: int | None = None,
) -> Outcome:
    """End a passage for one of the protocol's reasons, with the evidence that reason needs (see guards.close)."""
    with action(case_id=case_id, by=by, at=at) as act:
        require_role(act.actor, frozenset(act.protocol.close_roles), "close a case")
        if not act.case.is_open:
            if act.case.closed_by_id == by.id and act.case.close_reason == reason:
                return Outcome(act.case.id, act.case.event_seq, repeated=True)
            raise Refused(refused("case_closed", "The case is already closed.", Role.COORDINATOR))
        require_unchanged(act, version)
        if reason not in set(act.protocol.close_reasons):
            raise Invalid({"reason": ["Choose one of the listed reasons."]})
        ended_on = _past_day(act, evidence.get("on", ""))
        verdict = judge_close(act.protocol, act.facts, CloseReason(reason), evidence)
        if not verdict.allowed:
            raise Refused(verdict)
        if reason == CloseReason.EXPLANTED and act.facts.pump is not None:
            if ended_on is not None and ended_on < act.facts.pump.implanted_on:
                raise Invalid({"on": ["This is before the pump was implanted."]})
            act.changes.update(
                Pump, act.facts.pump.id, explanted_on=ended_on, explant_reason=evidence["note"][:300]
            )
        end_with_death(act, evidence.get("note", ""))
        before = act.facts.stage
        move(act, CLOSE)
        _end_hold(act)
        act.set_case(closed_at=at, closed_by_id=by.id, close_reason=reason, closed_from=str(before))
        kept = {name: text.strip() for name, text in evidence.items() if text.strip()}
        return act.commit(
            "close", act.actor.acting_as(*act.protocol.close_roles), reason=reason, evidence=kept
        )


def _past_day(act: Action, text: str) -> date | None:
    """The day an explant or a death happened; raises Invalid for nonsense or a day to come."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid({"on": ["Write the date as year-month-day."]}) from error
    if day > act.facts.today:
        raise Invalid({"on": ["This day is in the future."]})
    return day


def reopen_case(*, case_id: UUID, by: Clinician, at: datetime, reason: str = "") -> Outcome:
    """Reopen a closed case in the stage it left: asked by one of coordinator and physician, agreed by the other.

    The first call opens a to-do for the other side; the second person's call moves the case.
    """
    with action(case_id=case_id, by=by, at=at) as act:
        require_role(act.actor, CASE_KEEPERS, "reopen a case")
        if act.case.is_open:
            if act.snapshot.entered_by_edge == REOPEN.name and act.snapshot.entered_by_id == by.id:
                return Outcome(act.case.id, act.case.event_seq, repeated=True)
            raise Refused(refused("case_open", "The case is open."))
        asked = act.facts.todos.get("edge_reopen")
        if asked is None or not asked.is_open:
            return _ask_to_reopen(act, reason)
        _require_the_other_side(act, asked, by)
        act.end_todo(asked, TodoState.DONE, result=dict(asked.result))
        if act.case.close_reason == CloseReason.EXPLANTED:
            put_back(act)  # before the move: it writes the pump at once, and half a move would be refused
        move(act, REOPEN)
        take_up_again(act)
        ask_again(act)
        act.set_case(closed_at=None, closed_by_id=None, close_reason="", closed_from="")
        return act.commit(
            "reopen_case", act.actor.acting_as(asked.role, *sorted(PHYSICIANS)), to=str(act.facts.stage)
        )


def _ask_to_reopen(act: Action, reason: str) -> Outcome:
    if not reason.strip():
        raise Invalid({"reason": ["Write why the case should be reopened."]})
    if act.facts.stage is not Stage.CLOSED:
        raise Refused(refused("case_open", "The case is open."))
    as_coordinator = Role.COORDINATOR in act.actor.roles
    other = Role.PHYSIATRIST if as_coordinator else Role.COORDINATOR
    definition = act.protocol.prompts["edge_reopen"]
    due_on = definition.due.on(act.facts.today, act.calendar)
    before = act.facts.todos.get("edge_reopen")
    result: dict[str, Any] = {
        "asked_by": str(act.actor.id),
        "asked_as": "coordinator" if as_coordinator else "physician",
        "reason": reason.strip(),
    }
    act.open(Opening(definition, before.occurrence + 1 if before else 1, due_on), role=other, result=result)
    return act.commit(
        "ask_reopen", act.actor.acting_as(Role.COORDINATOR, *sorted(PHYSICIANS)), reason=reason.strip()
    )


def _require_the_other_side(act: Action, asked: TodoFact, by: Clinician) -> None:
    """One coordinator and one physician, two people."""
    needed = PHYSICIANS if asked.result["asked_as"] == "coordinator" else frozenset({Role.COORDINATOR})
    if asked.result["asked_by"] == str(by.id):
        text = "You asked for the reopening; somebody else must agree."
        raise NotAllowed(refused("same_person", text, *sorted(needed)))
    require_role(act.actor, needed, "agree to reopen this case")


def refresh(*, case_id: UUID, at: datetime) -> Outcome:
    """Ask the protocol again on a day when time alone changes its answer. The system acts; nothing else is touched."""
    with action(case_id=case_id, by=None, at=at) as act:
        if act.case.replan_on is None or act.case.replan_on > act.facts.today:
            return Outcome(act.case.id, act.case.event_seq, repeated=True)
        return act.commit("refresh", Role.SYSTEM)
