"""A person leaves a clinic, or a role: every duty and care-team place goes to a named successor, in one action or not
at all.

Each case gets its own events through the verbs that everybody uses; the clinic's history keeps the memberships.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from pathway.engine.absences import end_absence, lose_deputy
from pathway.engine.cases import name_team
from pathway.engine.clinic_action import ClinicAction, clinic_action
from pathway.engine.errors import Invalid, NotFound, Refused
from pathway.engine.staying import hold_leaver
from pathway.engine.todos import hand_over
from pathway.models import Absence, CareTeamMember, ClinicEvent, Clinician, Membership, Todo
from pathway.protocol.roles import Role
from pathway.protocol.verdict import Reason, Verdict, refused

ENDED_MEANWHILE = {"not_open", "replaced"}


@dataclass(frozen=True, slots=True)
class Left:
    """What a leave did: to-dos and care-team places that moved, absences that ended or lost their deputy."""

    todos: int = 0
    places: int = 0
    absences: int = 0
    deactivated: bool = False
    repeated: bool = False


@dataclass(slots=True)
class _Load:
    """What stands in a leaver's name, by case: to-dos with their role, and roles on the care team."""

    todos: dict[UUID, list[tuple[UUID, Role]]] = field(default_factory=lambda: defaultdict(list))
    places: dict[UUID, list[Role]] = field(default_factory=lambda: defaultdict(list))

    def by_role(self) -> Counter[Role]:
        """How much there is to hand over, by role."""
        owned = [role for todos in self.todos.values() for _, role in todos]
        return Counter([*owned, *(role for roles in self.places.values() for role in roles)])


def leave(
    *,
    clinic_id: UUID,
    clinician_id: UUID,
    successors: Mapping[Role, UUID],
    reason: str,
    by: Clinician,
    at: datetime,
) -> Left:
    """Take a person out of a clinic and hand everything over, all or nothing. Repeating it changes nothing.

    `successors`: who takes over, by role, for every role in which something stands in the leaver's name. Their account
    is deactivated when no clinic is left. Raises NotFound, NotAllowed, Refused where a role would be left with nobody,
    Invalid by field (reason, successor_<role>).
    """
    with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
        act.require_coordinator("take somebody out of the clinic")
        hold_leaver(clinic_id, clinician_id)
        load = _load_of(clinic_id, clinician_id)
        if clinician_id not in act.people and not load.by_role():
            return _left_before(clinic_id, clinician_id)
        _require_not_the_last(act, clinician_id, act.roles.get(clinician_id, frozenset()))
        _check(act, clinician_id, load, successors, reason.strip())
        places = _hand_places_over(act, clinician_id, load, successors, by)
        todos = _hand_todos_over(load, successors, reason.strip(), by, at)
        absences = _end_absences(act, clinician_id)
        _end_memberships(act, clinician_id, reason.strip(), successors)
        return Left(todos, places, absences, deactivated=_deactivate(clinician_id))


def end_role(
    *,
    clinic_id: UUID,
    clinician_id: UUID,
    role: Role,
    successor: UUID | None,
    reason: str,
    by: Clinician,
    at: datetime,
) -> Left:
    """Take one of several roles from a person and hand over what stands in their name in it. Repeating changes nothing.

    Absences in which they answered for somebody of this role have no deputy any more. Raises NotFound, NotAllowed,
    Refused for the only role of a person or the last of a role, Invalid by field (reason, successor_<role>).
    """
    with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
        act.require_coordinator("end somebody's role")
        act.colleague(clinician_id)
        if role not in act.roles[clinician_id]:
            return Left(repeated=True)
        hold_leaver(clinic_id, clinician_id)
        if len(act.roles[clinician_id]) == 1:
            text = "This is their only role here: whoever gives it up leaves the clinic."
            raise Refused(refused("only_role", text, Role.COORDINATOR))
        _require_not_the_last(act, clinician_id, {role})
        load = _load_of(clinic_id, clinician_id, role=str(role))
        successors = {role: successor} if successor else {}
        _check(act, clinician_id, load, successors, reason.strip())
        places = _hand_places_over(act, clinician_id, load, successors, by)
        todos = _hand_todos_over(load, successors, reason.strip(), by, at)
        absences = _lose_deputies(act, clinician_id, role)
        act.record("end_role", clinician=clinician_id, of=role, reason=reason.strip(), successor=successor)
        Membership.objects.filter(clinic_id=clinic_id, clinician_id=clinician_id, role=str(role)).delete()
        return Left(todos, places, absences)


def _left_before(clinic_id: UUID, clinician_id: UUID) -> Left:
    """The same press again. Raises NotFound for somebody who never worked there."""
    events = ClinicEvent.objects.filter(clinic_id=clinic_id, verb="leave", data__clinician=str(clinician_id))
    if not events.exists():
        raise NotFound("There is no such person for you.")
    return Left(repeated=True)


def _load_of(clinic_id: UUID, clinician_id: UUID, **only: str) -> _Load:
    """What stands in a person's name in a clinic, closed cases' teams too: a case may reopen. Two statements.

    `only`: of this `role`; without it, everything.
    """
    load = _Load()
    todos = Todo.objects.filter(clinic_id=clinic_id, owner_id=clinician_id, state="open", **only)
    for case_id, todo_id, role in todos.order_by("id").values_list("case_id", "id", "role"):
        load.todos[case_id].append((todo_id, Role(role)))
    team = CareTeamMember.objects.filter(case__clinic_id=clinic_id, clinician_id=clinician_id, **only)
    for case_id, role in team.order_by("case_id", "role").values_list("case_id", "role"):
        load.places[case_id].append(Role(role))
    return load


def _require_not_the_last(act: ClinicAction, leaver: UUID, roles: Set[Role]) -> None:
    """Nobody is the last of a role, nor the clinic's lead, when they leave. Raises Refused with every reason."""
    reasons = [
        Reason(
            "last_of_role",
            f"Nobody else is a {role} of this clinic: give somebody the role first.",
            (Role.COORDINATOR,),
        )
        for role in sorted(roles)
        if act.holders(role) in ([], [leaver])
    ]
    if act.clinic.lead_id == leaver and roles >= act.roles.get(leaver, frozenset()):
        text = "This person leads the clinic: name another lead first."
        reasons.append(Reason("leads_clinic", text, (Role.COORDINATOR,)))
    if reasons:
        raise Refused(Verdict(tuple(reasons)))


def _check(
    act: ClinicAction, leaver: UUID, load: _Load, successors: Mapping[Role, UUID], reason: str
) -> None:
    errors: dict[str, list[str]] = {}
    if not reason:
        errors["reason"] = ["Write why, for the history of every case."]
    for role, count in sorted(load.by_role().items()):
        chosen = successors.get(role)
        if chosen is None:
            duties = "1 duty or place" if count == 1 else f"{count} duties and places"
            errors[f"successor_{role}"] = [f"Choose who takes over {duties} of the {role}."]
        elif chosen == leaver or chosen not in act.holders(role):
            errors[f"successor_{role}"] = [f"Choose another {role} of this clinic."]
    if errors:
        raise Invalid(errors)


def _hand_places_over(
    act: ClinicAction, leaver: UUID, load: _Load, successors: Mapping[Role, UUID], by: Clinician
) -> int:
    """The successor stands on each care team instead. Its unclaimed to-dos follow, as when any team is named."""
    moved = 0
    for case_id, roles in sorted(load.places.items()):
        for role in roles:
            others = CareTeamMember.objects.filter(case_id=case_id, role=str(role)).exclude(
                clinician_id=leaver
            )
            stay = set(others.values_list("clinician_id", flat=True)) & set(act.holders(role))
            team = sorted({*stay, successors[role]})
            name_team(case_id=case_id, role=role, clinicians=team, by=by, at=act.at)
            moved += 1
    return moved


def _hand_todos_over(
    load: _Load, successors: Mapping[Role, UUID], reason: str, by: Clinician, at: datetime
) -> int:
    """Each to-do in the leaver's name, also one that the team's change made everybody's, is the successor's."""
    moved = 0
    for _, todos in sorted(load.todos.items()):
        for todo_id, role in todos:
            try:
                hand_over(todo_id=todo_id, to=successors[role], by=by, at=at, reason=reason)
            except Refused as error:
                if error.verdict.codes() <= ENDED_MEANWHILE:
                    continue  # somebody did it while this was pressed
                raise
            moved += 1
    return moved


def _end_absences(act: ClinicAction, leaver: UUID) -> int:
    """The leaver's own absences end, and nobody waits for them as a deputy."""
    own = list(_coming_absences(act).filter(clinician_id=leaver))
    for absence in own:
        end_absence(act, absence)
    left = list(_coming_absences(act).filter(deputy_id=leaver))
    for absence in left:
        lose_deputy(act, absence)
    return len(own) + len(left)


def _lose_deputies(act: ClinicAction, deputy: UUID, role: Role) -> int:
    """Absences of people of this role in which the deputy would have answered have none, and the person is told."""
    coming = _coming_absences(act).filter(deputy_id=deputy)
    left = [absence for absence in coming if role in act.roles.get(absence.clinician_id, ())]
    for absence in left:
        lose_deputy(act, absence)
    return len(left)


def _coming_absences(act: ClinicAction) -> QuerySet[Absence]:
    return Absence.objects.select_for_update().filter(
        clinic_id=act.clinic.id, cancelled_at__isnull=True, last_day__gte=act.today
    )


def _end_memberships(act: ClinicAction, leaver: UUID, reason: str, successors: Mapping[Role, UUID]) -> None:
    """The rows go; what they said stays in the clinic's history."""
    members = Membership.objects.filter(clinic_id=act.clinic.id, clinician_id=leaver)
    held = [
        {"role": role, "is_lead": is_lead, "weekdays": weekdays}
        for role, is_lead, weekdays in members.order_by("role").values_list("role", "is_lead", "weekdays")
    ]
    given = {str(role): str(person) for role, person in sorted(successors.items())}
    act.record("leave", clinician=leaver, reason=reason, held=held, successors=given)
    members.delete()


def _deactivate(leaver: UUID) -> bool:
    """Close the account of somebody whom no clinic has any more; who administers keeps theirs."""
    if Membership.objects.filter(clinician_id=leaver).exists():
        return False
    accounts = Clinician.objects.filter(pk=leaver, is_active=True, is_staff=False, is_superuser=False)
    return accounts.update(is_active=False) > 0
