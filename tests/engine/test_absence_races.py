"""Absences and leaving at once: real connections, real locks; no overlap, no ring, nobody told twice, nothing left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from pathway.engine.absences import plan_absence
from pathway.engine.cases import name_team
from pathway.engine.cover_notices import announce_covers
from pathway.engine.errors import Invalid, Stale
from pathway.engine.leaving import Left, leave
from pathway.engine.todos import claim, hand_over
from pathway.models import Absence, CareTeamMember, Clinician, Membership, Notice, Todo
from pathway.protocol.roles import Role
from tests.cast import make_cast, referred
from tests.engine.test_absences import AT, Office, told
from tests.engine.test_calendar_races import wait_until_somebody_waits
from tests.engine.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(transactional_db: None) -> Office:
    return Office(make_cast())


def test_two_overlapping_absences_at_once_are_one(office: Office) -> None:
    results = at_once(
        lambda: office.plan(office.phil, office.pia, 0, 5),
        lambda: office.plan(office.phil, office.paul, 3, 9, by=office.cast.cora),
        lambda: office.plan(office.phil, None, 5, 5),
    )
    assert sum(isinstance(result, Absence) for result in results) == 1
    assert all("overlaps" in str(result) for result in results if isinstance(result, Invalid))
    assert Absence.objects.count() == 1


def test_three_people_at_once_build_no_ring(office: Office) -> None:
    ring = [(office.phil, office.pia), (office.pia, office.paul), (office.paul, office.phil)]
    results = at_once(
        *(lambda who=who, deputy=deputy: office.plan(who, deputy, 0, 5) for who, deputy in ring)
    )
    assert sum(isinstance(result, Absence) for result in results) == 2
    [refused] = [result for result in results if isinstance(result, Invalid)]
    assert set(refused.errors) == {"deputy"}


def test_the_same_form_at_once_is_one_absence(office: Office) -> None:
    key = uuid4()
    results = at_once(*[lambda: office.plan(office.phil, office.pia, 0, 5, request_id=key)] * 3)
    assert {result.id for result in results} == {key}
    assert told() == [("pia", "cover_planned")]


def test_many_sweep_and_everybody_is_told_once(office: Office) -> None:
    for who in (office.phil, office.paul):
        office.plan(who, office.pia, 0, 5)
    Notice.objects.all().delete()
    results = at_once(*[lambda: [announce_covers(at=AT)]] * 4)
    assert sum(count for [count] in results) + announce_covers(at=AT) == 2
    assert told() == [
        ("paul", "cover_begins"),
        ("phil", "cover_begins"),
        ("pia", "cover_begins"),
        ("pia", "cover_begins"),
    ]


def test_two_colleagues_who_take_over_from_each_other_do_not_both_leave(office: Office) -> None:
    cast = office.cast
    Membership.objects.filter(clinician=office.paul).delete()
    todos = list(Todo.objects.filter(case_id=referred(cast), role="physiatrist"))
    for todo, who in zip(todos, (office.phil, office.pia), strict=False):
        claim(todo_id=todo.id, by=who, at=AT)

    def go(who: Clinician, successor: Clinician) -> object:
        return leave(
            clinic_id=cast.clinic.id,
            clinician_id=who.id,
            successors={Role.PHYSIATRIST: successor.id},
            reason="Moves away",
            by=cast.cora,
            at=AT + timedelta(minutes=1),
        )

    at_once(lambda: go(office.phil, office.pia), lambda: go(office.pia, office.phil))
    [stays] = Clinician.objects.filter(memberships__role="physiatrist", memberships__clinic=cast.clinic)
    assert Todo.objects.filter(owner=stays, state="open").count() == 2


def test_an_absence_and_its_deputys_leave_at_once(office: Office) -> None:
    """Whoever comes second sees the first: no absence is left with a deputy who is gone."""
    cast = office.cast
    at_once(
        lambda: office.plan(office.phil, office.pia, 0, 5),
        lambda: leave(
            clinic_id=cast.clinic.id,
            clinician_id=office.pia.id,
            successors={},
            reason="Moves away",
            by=cast.cora,
            at=AT,
        ),
    )
    assert not Membership.objects.filter(clinician=office.pia).exists()
    assert not Absence.objects.filter(deputy=office.pia).exists()


def test_planning_needs_the_clinics_lock_only_of_its_own_clinic(office: Office) -> None:
    """A person of two clinics may be away from each."""
    cast = office.cast
    Membership.objects.create(clinician=office.phil, clinic=cast.other_clinic, role="physiatrist")
    results = at_once(
        lambda: office.plan(office.phil, None, 0, 5),
        lambda: plan_absence(
            clinic_id=cast.other_clinic.id,
            clinician_id=office.phil.id,
            deputy_id=None,
            first_day=AT.date(),
            last_day=AT.date(),
            by=office.phil,
            at=AT,
        ),
    )
    assert all(isinstance(result, Absence) for result in results)


def test_what_somebody_claims_while_they_are_taken_out_is_handed_over_too(office: Office) -> None:
    """The claim came first and is not committed yet: leaving waits for it."""
    todo = Todo.objects.filter(case_id=referred(office.cast), role="physiatrist").first()
    assert todo is not None
    left: list[Left] = []
    thread = threading.Thread(target=in_a_connection, args=(lambda: left.append(taken_out(office)),))
    with transaction.atomic():
        claim(todo_id=todo.id, by=office.phil, at=AT)
        thread.start()
        wait_until_somebody_waits()
    thread.join(timeout=60)
    assert left == [Left(todos=1, deactivated=True)]
    assert Todo.objects.get(pk=todo.id).owner == office.pia


def test_nothing_is_put_in_the_name_of_somebody_who_is_leaving(office: Office) -> None:
    """They are being taken out, not committed yet: everybody else is told so at once, and nobody waits for anybody."""
    cast = office.cast
    case_id = referred(cast)
    first, second = Todo.objects.filter(case_id=case_id, role="physiatrist")[:2]
    with transaction.atomic():
        taken_out(office)
        results = at_once(
            lambda: claim(todo_id=first.id, by=office.phil, at=AT),
            lambda: hand_over(todo_id=second.id, to=office.phil.id, by=cast.cora, at=AT, reason="Theirs"),
        )
        named = {"case_id": case_id, "role": Role.PHYSIATRIST, "by": cast.cora, "at": AT}
        [team] = at_once(lambda: name_team(clinicians=[office.phil.id, office.paul.id], **named))
        [other] = at_once(lambda: name_team(clinicians=[office.paul.id], **named))
    assert [type(result) for result in (*results, team)] == [Stale] * 3
    assert "is leaving the clinic just now" in str(team)
    assert other.version > 1
    assert not Todo.objects.filter(owner=office.phil, state="open").exists()
    assert not CareTeamMember.objects.filter(clinician=office.phil).exists()


def test_many_claim_while_they_are_taken_out_and_nothing_is_left_in_their_name(office: Office) -> None:
    todos = [
        todo
        for number in range(3)
        for todo in Todo.objects.filter(case_id=referred(office.cast, mrn=f"R-5{number}"), role="physiatrist")
    ]
    at_once(
        lambda: taken_out(office),
        *(lambda todo=todo: claim(todo_id=todo.id, by=office.phil, at=AT) for todo in todos[:6]),
    )
    assert not Todo.objects.filter(owner=office.phil, state="open").exists()


def taken_out(office: Office) -> Left:
    """Cora takes Phil out of the clinic; Pia takes over."""
    return leave(
        clinic_id=office.cast.clinic.id,
        clinician_id=office.phil.id,
        successors={Role.PHYSIATRIST: office.pia.id},
        reason="Moves away",
        by=office.cast.cora,
        at=AT,
    )


def in_a_connection(press: Callable[[], object]) -> None:
    """A press in a thread; its connection is closed behind it."""
    try:
        press()
    finally:
        connection.close()
