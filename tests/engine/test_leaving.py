"""A person leaves a clinic: everything in their name moves in one action, or nothing does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from pathway.engine.absences import plan_absence
from pathway.engine.cases import close, name_team
from pathway.engine.errors import EngineError, Invalid, NotAllowed, NotFound, Refused
from pathway.engine.leaving import Left, leave
from pathway.engine.reopening import reopen
from pathway.engine.todos import claim
from pathway.models import (
    Absence,
    CareTeamMember,
    Case,
    ClinicEvent,
    Clinician,
    Event,
    Membership,
    Notice,
    Todo,
)
from pathway.protocol.roles import Role
from tests.cast import MONDAY, Cast, person, referred
from tests.engine.traces import nothing_written
from tests.walk import Walk

AT = MONDAY + timedelta(hours=6)
PHYSIATRIST = Role.PHYSIATRIST


class Handover:
    """Phil leaves: he owns two to-dos on one case, and is the physiatrist of another case's team."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.pia = person("pia", cast.clinic, PHYSIATRIST)
        self.owned = referred(cast)
        self.teamed = referred(cast, mrn="R-2", team={PHYSIATRIST: [cast.phil.id]})
        for todo in Todo.objects.filter(case_id=self.owned, role="physiatrist").order_by("key")[:2]:
            claim(todo_id=todo.id, by=cast.phil, at=AT)

    def leave(self, who: Clinician | None = None, **more: Any) -> Left:
        values = {
            "clinic_id": self.cast.clinic.id,
            "clinician_id": (who or self.cast.phil).id,
            "successors": {PHYSIATRIST: self.pia.id},
            "reason": "Moves away",
            "by": self.cast.cora,
            "at": AT,
            **more,
        }
        return leave(**values)


def owned_by(who: Clinician) -> set[UUID]:
    return set(Todo.objects.filter(owner=who, state="open").values_list("id", flat=True))


@pytest.fixture
def scene(cast: Cast) -> Handover:
    return Handover(cast)


def test_every_duty_and_place_moves_with_its_history(scene: Handover) -> None:
    before = owned_by(scene.cast.phil)
    assert len(before) == 2 + 4
    left = scene.leave()
    assert (left.todos, left.places, left.deactivated) == (6, 1, True)
    assert owned_by(scene.cast.phil) == set()
    assert owned_by(scene.pia) == before
    assert not CareTeamMember.objects.filter(clinician=scene.cast.phil).exists()
    assert CareTeamMember.objects.get(case_id=scene.teamed, role="physiatrist").clinician == scene.pia
    assert Event.objects.filter(case_id=scene.owned, verb="hand_over").count() == 2
    assert Event.objects.filter(case_id=scene.teamed, verb="name_team").count() == 1
    told = Notice.objects.filter(kind="handed_over", recipient=scene.pia)
    assert set(told.values_list("todo_id", flat=True)) == before


def test_memberships_end_and_the_account_with_the_last(scene: Handover) -> None:
    Membership.objects.create(clinician=scene.cast.phil, clinic=scene.cast.other_clinic, role="physiatrist")
    assert not scene.leave().deactivated
    phil = Clinician.objects.get(pk=scene.cast.phil.pk)
    assert phil.is_active
    assert [member.clinic for member in phil.memberships.all()] == [scene.cast.other_clinic]
    event = ClinicEvent.objects.get(verb="leave")
    assert event.data["held"] == [
        {"role": "physiatrist", "is_lead": False, "weekdays": [0, 1, 2, 3, 4, 5, 6]}
    ]
    assert (event.data["reason"], event.data["successors"]) == (
        "Moves away",
        {"physiatrist": str(scene.pia.id)},
    )


def test_who_administers_keeps_the_account(scene: Handover) -> None:
    Clinician.objects.filter(pk=scene.cast.phil.pk).update(is_staff=True)
    assert not scene.leave().deactivated
    assert Clinician.objects.get(pk=scene.cast.phil.pk).is_active


def test_pressed_twice_it_is_done_once(scene: Handover) -> None:
    scene.leave()
    with nothing_written():
        assert scene.leave().repeated


def test_only_a_coordinator_of_the_clinic_may(scene: Handover) -> None:
    refusals: list[tuple[Clinician, type[EngineError]]] = [
        (scene.pia, NotAllowed),
        (scene.cast.phil, NotAllowed),
        (scene.cast.omar, NotFound),
    ]
    for by, refusal in refusals:
        with nothing_written(), pytest.raises(refusal):
            scene.leave(by=by)
    with nothing_written(), pytest.raises(NotFound):
        scene.leave(clinician_id=uuid4())


def test_a_role_is_never_left_with_nobody(scene: Handover) -> None:
    with nothing_written(), pytest.raises(Refused, match="Nobody else is a neurosurgeon"):
        scene.leave(scene.cast.nora, successors={})
    with nothing_written(), pytest.raises(Refused, match="Nobody else is a coordinator"):
        scene.leave(scene.cast.cora, successors={})
    Clinician.objects.filter(pk=scene.pia.pk).update(is_active=False)
    with nothing_written(), pytest.raises(Refused, match="Nobody else is a physiatrist"):
        scene.leave()


def test_the_clinics_lead_is_named_anew_first(scene: Handover) -> None:
    scene.cast.clinic.lead = scene.cast.phil
    scene.cast.clinic.save()
    with nothing_written(), pytest.raises(Refused, match="leads the clinic"):
        scene.leave()


@pytest.mark.parametrize("chosen", ["nobody", "phil", "nora", "omar"])
def test_a_successor_holds_the_role_here(scene: Handover, chosen: str) -> None:
    found = Clinician.objects.filter(username=chosen).first()
    with nothing_written(), pytest.raises(Invalid) as error:
        scene.leave(successors={PHYSIATRIST: found.id} if found else {})
    assert set(error.value.errors) == {"successor_physiatrist"}


def test_a_reason_is_asked_for(scene: Handover) -> None:
    with nothing_written(), pytest.raises(Invalid) as error:
        scene.leave(reason=" ", successors={})
    assert set(error.value.errors) == {"reason", "successor_physiatrist"}


def test_who_owns_nothing_needs_no_successor(scene: Handover) -> None:
    assert scene.leave(scene.pia, successors={}) == Left(deactivated=True)


def test_beside_a_colleague_on_the_team_the_to_dos_are_still_the_successors(scene: Handover) -> None:
    paul = person("paul", scene.cast.clinic, PHYSIATRIST)
    team = [scene.cast.phil.id, paul.id]
    at = AT + timedelta(minutes=1)
    name_team(case_id=scene.teamed, role=PHYSIATRIST, clinicians=team, by=scene.cast.cora, at=at)
    todo = Todo.objects.filter(case_id=scene.teamed, role="physiatrist").order_by("key")[0]
    claim(todo_id=todo.id, by=scene.cast.phil, at=at)
    before = owned_by(scene.cast.phil)
    scene.leave(at=at)
    members = CareTeamMember.objects.filter(case_id=scene.teamed, role="physiatrist")
    assert {member.clinician for member in members} == {paul, scene.pia}
    assert owned_by(scene.pia) == before


def test_a_closed_case_gets_a_new_team_too(scene: Handover) -> None:
    reason = {"reason": "withdrew", "evidence": {"note": "Does not want a pump"}}
    close(case_id=scene.teamed, by=scene.cast.phil, at=AT, **reason)
    scene.leave()
    assert CareTeamMember.objects.get(case_id=scene.teamed, role="physiatrist").clinician == scene.pia


def test_absences_of_the_leaver_end_and_whom_they_stood_in_for_is_told(scene: Handover) -> None:
    paul = person("paul", scene.cast.clinic, PHYSIATRIST)
    today = AT.date()
    own = plan_absence(
        clinic_id=scene.cast.clinic.id,
        clinician_id=scene.cast.phil.id,
        deputy_id=scene.pia.id,
        first_day=today + timedelta(days=3),
        last_day=today + timedelta(days=9),
        by=scene.cast.phil,
        at=AT,
    )
    theirs = plan_absence(
        clinic_id=scene.cast.clinic.id,
        clinician_id=paul.id,
        deputy_id=scene.cast.phil.id,
        first_day=today,
        last_day=today + timedelta(days=2),
        by=paul,
        at=AT,
    )
    assert scene.leave(at=AT + timedelta(minutes=1)).absences == 2
    own.refresh_from_db()
    theirs.refresh_from_db()
    assert own.cancelled_at is not None
    assert (theirs.cancelled_at, theirs.deputy) == (None, None)
    notice = Notice.objects.get(recipient=paul, kind="cover_cancelled")
    assert notice.data["why"] == "deputy_left"
    assert Absence.objects.count() == 2


def test_one_refused_step_undoes_the_whole(scene: Handover) -> None:
    """The last case cannot be written to: what had moved before is taken back."""
    last = max(scene.owned, scene.teamed)
    taken = Case.objects.get(pk=last).event_seq + 1
    Event.objects.create(case_id=last, seq=taken, at=AT, role="system", verb="refresh", hash=b"0" * 32)
    with nothing_written(), pytest.raises(Refused, match="faster"):
        scene.leave()


@pytest.mark.parametrize("has_left", [False, True])
def test_what_a_leaver_once_did_is_anybodys_of_the_role_when_reopened(
    scene: Handover, has_left: bool
) -> None:
    walk = Walk(scene.cast, scene.owned, AT)
    done = Todo.objects.filter(case_id=scene.owned, owner=scene.cast.phil).order_by("key")[0]
    walk.do(done.key)
    if has_left:
        scene.leave()
    reopen(todo_id=done.id, by=scene.pia, at=AT + timedelta(minutes=1), reason="Wrong leg.")
    again = walk.todo(done.key)
    owner = None if has_left else scene.cast.phil
    assert (again.is_open, again.owner, again.claimed_at is None) == (True, owner, has_left)
