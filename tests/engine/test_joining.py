"""People join a clinic: accounts, roles, who is told; and a role ends with everything in it handed over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from pathway.engine.absences import plan_absence
from pathway.engine.errors import EngineError, Invalid, NotAllowed, NotFound, Refused
from pathway.engine.joining import Joined, Newcomer, give_role, invite, invite_again
from pathway.engine.leaving import Left, end_role, leave
from pathway.engine.todos import claim
from pathway.models import CareTeamMember, Clinic, ClinicEvent, Clinician, Membership, Notice, Todo
from pathway.protocol.roles import Role
from tests.cast import MONDAY, Cast, make_cast, person, referred
from tests.engine.traces import nothing_written

AT = MONDAY + timedelta(hours=6)
SAM = Newcomer("sam", "Sam", "Newcomb", "sam@clinic.example")
NURSE, PHYSIATRIST = Role.NURSE, Role.PHYSIATRIST


def joins(cast: Cast, newcomer: Newcomer = SAM, *roles: Role, **more: Any) -> Joined:
    values = {"clinic_id": cast.clinic.id, "by": cast.cora, "at": AT, **more}
    return invite(newcomer=newcomer, roles=roles or (NURSE,), **values)


def roles_of(who: Clinician) -> set[str]:
    return set(Membership.objects.filter(clinician=who).values_list("role", flat=True))


def test_a_newcomer_gets_an_account_without_a_password_and_is_told(cast: Cast) -> None:
    joined = joins(cast, SAM, NURSE, Role.COORDINATOR)
    sam = Clinician.objects.get(pk=joined.clinician_id)
    assert (sam.username, str(sam), sam.email, sam.is_active) == (
        "sam",
        "Sam Newcomb",
        "sam@clinic.example",
        True,
    )
    assert (joined.invited, sam.has_usable_password(), sam.is_staff, sam.is_superuser) == (
        True,
        False,
        False,
        False,
    )
    assert roles_of(sam) == {"nurse", "coordinator"}
    event = ClinicEvent.objects.get()
    assert (event.verb, event.actor_id) == ("join", cast.cora.id)
    assert event.data == {"clinician": str(sam.id), "roles": ["coordinator", "nurse"], "account": True}
    notice = Notice.objects.get(recipient=sam)
    assert (notice.kind, notice.urgency, notice.data) == (
        "invited",
        "soon",
        {"roles": ["coordinator", "nurse"]},
    )


def test_pressed_twice_one_person_joins_once(cast: Cast) -> None:
    first = joins(cast)
    with nothing_written():
        again = joins(cast, replace(SAM, username=" SAM ", email="Sam@Clinic.example"))
    assert (again.clinician_id, again.repeated, again.invited) == (first.clinician_id, True, False)


def test_a_colleague_of_another_clinic_keeps_the_account(cast: Cast) -> None:
    newcomer = Newcomer("omar", "Omar", "Elsewhere", "omar@clinic.example")
    joined = joins(cast, newcomer)
    assert (joined.clinician_id, joined.invited) == (cast.omar.id, False)
    assert Notice.objects.get(recipient=cast.omar).kind == "joined"
    assert ClinicEvent.objects.get().data["account"] is False
    assert Clinician.objects.filter(username="omar").count() == 1


def test_who_left_and_is_back_sets_a_new_password(cast: Cast) -> None:
    paul = person("paul", cast.clinic, PHYSIATRIST)
    leave(clinic_id=cast.clinic.id, clinician_id=paul.id, successors={}, reason="Moves", by=cast.cora, at=AT)
    paul.refresh_from_db()
    assert not paul.is_active
    joined = joins(cast, Newcomer("paul", "Paul", "Back", "paul@clinic.example"), PHYSIATRIST)
    paul.refresh_from_db()
    assert (joined.invited, paul.is_active, paul.has_usable_password()) == (True, True, False)


@pytest.mark.parametrize("by_right", [{}, {"is_staff": True}, {"is_superuser": True}])
def test_an_account_that_an_administrator_closed_stays_closed(cast: Cast, by_right: dict[str, bool]) -> None:
    Clinician.objects.filter(pk=cast.omar.pk).update(is_active=False, **by_right)
    if by_right:
        Membership.objects.filter(clinician=cast.omar).delete()
    with nothing_written(), pytest.raises(Invalid) as refusal:
        joins(cast, Newcomer("omar", "Omar", "Elsewhere", "omar@clinic.example"))
    assert set(refusal.value.errors) == {"username"}


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"username": ""}, "username", "cannot be blank"),
        ({"username": "two words"}, "username", "valid username"),
        ({"username": "Phil"}, "username", "is taken"),
        ({"username": "s" * 151}, "username", "at most 150"),
        ({"given_name": " "}, "given_name", "Write the given name."),
        ({"family_name": ""}, "family_name", "Write the family name."),
        ({"family_name": "n" * 151}, "family_name", "at most 150"),
        ({"email": ""}, "email", "Write the address."),
        ({"email": "nobody"}, "email", "valid email"),
        ({"email": "sam@clinic.example\nBcc: all@clinic.example"}, "email", "valid email"),
        ({"email": "phil@clinic.example"}, "email", "another user name"),
    ],
)
def test_what_cannot_be_an_account_is_refused_at_its_field(
    cast: Cast, changes: dict[str, str], field: str, says: str
) -> None:
    with nothing_written(), pytest.raises(Invalid) as refusal:
        joins(cast, replace(SAM, **changes))
    assert set(refusal.value.errors) == {field}
    assert says in " ".join(refusal.value.errors[field])


@pytest.mark.parametrize("roles", [[], [Role.SYSTEM]])
def test_nobody_joins_without_a_role(cast: Cast, roles: list[Role]) -> None:
    with nothing_written(), pytest.raises(Invalid) as refusal:
        invite(clinic_id=cast.clinic.id, newcomer=SAM, roles=roles, by=cast.cora, at=AT)
    assert set(refusal.value.errors) == {"roles"}


def test_only_a_coordinator_of_the_clinic_may(cast: Cast) -> None:
    sam = joins(cast).clinician_id
    refusals: list[tuple[Clinician, type[EngineError]]] = [(cast.phil, NotAllowed), (cast.omar, NotFound)]
    for by, refusal in refusals:
        who: dict[str, Any] = {"clinic_id": cast.clinic.id, "by": by, "at": AT}
        with nothing_written(), pytest.raises(refusal):
            joins(cast, replace(SAM, username="sue"), by=by)
        with nothing_written(), pytest.raises(refusal):
            give_role(clinician_id=sam, role=PHYSIATRIST, **who)
        with nothing_written(), pytest.raises(refusal):
            invite_again(clinician_id=sam, **who)
        with nothing_written(), pytest.raises(refusal):
            end_role(clinician_id=cast.phil.id, role=PHYSIATRIST, successor=None, reason="x", **who)


@pytest.mark.django_db(transaction=True)
def test_two_clinics_take_one_user_name_at_once() -> None:
    cast, start = make_cast(), Barrier(2)

    def add(clinic: Clinic, by: Clinician, email: str) -> str:
        start.wait()
        try:
            invite(clinic_id=clinic.id, newcomer=replace(SAM, email=email), roles=[NURSE], by=by, at=AT)
        except Invalid as refusal:
            return ",".join(refusal.errors)
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        here = pool.submit(add, cast.clinic, cast.cora, "sam@clinic.example")
        there = pool.submit(add, cast.other_clinic, cast.omar, "samantha@clinic.example")
        assert sorted([here.result(), there.result()]) == ["done", "username"]
    assert Clinician.objects.filter(username="sam").count() == 1


# --- one role more ---


def test_one_more_role_is_told_once(cast: Cast) -> None:
    values: dict[str, Any] = {"clinic_id": cast.clinic.id, "clinician_id": cast.phil.id, "by": cast.cora}
    given = give_role(role=NURSE, at=AT, **values)
    assert (given.invited, given.repeated, roles_of(cast.phil)) == (False, False, {"nurse", "physiatrist"})
    assert Notice.objects.get(recipient=cast.phil).kind == "joined"
    assert ClinicEvent.objects.get().data == {"clinician": str(cast.phil.id), "of": "nurse"}
    with nothing_written():
        assert give_role(role=NURSE, at=AT, **values).repeated


def test_a_role_is_given_to_a_colleague_who_can_sign_in(cast: Cast) -> None:
    values: dict[str, Any] = {"clinic_id": cast.clinic.id, "by": cast.cora, "at": AT}
    with nothing_written(), pytest.raises(NotFound):
        give_role(clinician_id=cast.omar.id, role=NURSE, **values)
    with nothing_written(), pytest.raises(Invalid):
        give_role(clinician_id=cast.phil.id, role=Role.SYSTEM, **values)
    Clinician.objects.filter(pk=cast.phil.pk).update(is_active=False)
    with nothing_written(), pytest.raises(Invalid):
        give_role(clinician_id=cast.phil.id, role=NURSE, **values)


def test_the_link_is_sent_again_only_while_there_is_no_password(cast: Cast) -> None:
    sam = joins(cast).clinician_id
    values: dict[str, Any] = {"clinic_id": cast.clinic.id, "by": cast.cora}
    invite_again(clinician_id=sam, at=AT + timedelta(days=4), **values)
    assert list(Notice.objects.filter(recipient=sam).values_list("kind", flat=True)) == ["invited"] * 2
    with nothing_written(), pytest.raises(Refused, match="has set a password"):
        invite_again(clinician_id=cast.phil.id, at=AT, **values)
    with nothing_written(), pytest.raises(NotFound):
        invite_again(clinician_id=cast.omar.id, at=AT, **values)


# --- one role less ---


class Double:
    """Nora is a physiatrist too: she owns one of Phil's kind of to-dos, and stands on a care team."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        Membership.objects.create(clinician=cast.nora, clinic=cast.clinic, role="physiatrist")
        self.case_id = referred(cast, team={PHYSIATRIST: [cast.nora.id]})
        self.other = referred(cast, mrn="R-2")
        todo = Todo.objects.filter(case_id=self.other, role="physiatrist").order_by("key")[0]
        claim(todo_id=todo.id, by=cast.nora, at=AT)

    def end(self, **more: Any) -> Left:
        values = {
            "clinic_id": self.cast.clinic.id,
            "clinician_id": self.cast.nora.id,
            "role": PHYSIATRIST,
            "successor": self.cast.phil.id,
            "reason": "Operates only",
            "by": self.cast.cora,
            "at": AT,
            **more,
        }
        return end_role(**values)


@pytest.fixture
def double(cast: Cast) -> Double:
    return Double(cast)


def test_what_stands_in_the_role_moves_and_the_other_role_stays(double: Double) -> None:
    nora, phil = double.cast.nora, double.cast.phil
    kept = set(Todo.objects.filter(owner=nora, role="neurosurgeon", state="open"))
    left = double.end()
    assert left.todos >= 1
    assert left.places == 1
    assert roles_of(nora) == {"neurosurgeon"}
    assert set(Todo.objects.filter(owner=nora, state="open")) == kept
    assert CareTeamMember.objects.get(case_id=double.case_id, role="physiatrist").clinician == phil
    event = ClinicEvent.objects.get(verb="end_role")
    assert event.data == {
        "clinician": str(nora.id),
        "of": "physiatrist",
        "reason": "Operates only",
        "successor": str(phil.id),
    }
    with nothing_written():
        assert double.end().repeated


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"successor": None}, {"successor_physiatrist"}),
        ({"reason": " "}, {"reason"}),
    ],
)
def test_an_end_says_who_takes_over_and_why(
    double: Double, changes: dict[str, Any], fields: set[str]
) -> None:
    with nothing_written(), pytest.raises(Invalid) as refusal:
        double.end(**changes)
    assert set(refusal.value.errors) == fields


def test_neither_the_only_role_of_a_person_nor_the_last_of_a_role_ends(double: Double) -> None:
    cast = double.cast
    with nothing_written(), pytest.raises(Refused, match="leaves the clinic"):
        double.end(clinician_id=cast.phil.id, successor=cast.nora.id)
    with nothing_written(), pytest.raises(Refused, match="Nobody else is a neurosurgeon"):
        double.end(role=Role.NEUROSURGEON)


def test_who_waited_for_them_as_a_deputy_is_told(double: Double) -> None:
    cast, today = double.cast, AT.date()
    absence = plan_absence(
        clinic_id=cast.clinic.id,
        clinician_id=cast.phil.id,
        deputy_id=cast.nora.id,
        first_day=today + timedelta(days=2),
        last_day=today + timedelta(days=4),
        by=cast.phil,
        at=AT,
    )
    assert double.end().absences == 1
    absence.refresh_from_db()
    assert (absence.deputy, absence.cancelled_at) == (None, None)
    assert Notice.objects.get(recipient=cast.phil, kind="cover_cancelled").data["why"] == "deputy_left"
