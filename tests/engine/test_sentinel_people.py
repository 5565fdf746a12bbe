"""What the sentinel says of people: every gap in cover once, and duties in the name of somebody who is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from pathway.engine.sentinel import watch
from pathway.models import Absence, Alarm, Membership, Notice, Timer, Todo
from pathway.protocol.roles import Role
from pathway.queries.watch_clinics import owner_gone
from tests.cast import MONDAY, Cast, person, referred
from tests.engine.watched import all_alive, forget_beat

AT = MONDAY + timedelta(hours=6)
TODAY = MONDAY.date()


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


@pytest.fixture
def world(cast: Cast) -> Iterator[Cast]:
    """A case with one safety duty of the physiatrist on this Wednesday and one two weeks later."""
    case_id = referred(cast)
    Todo.objects.filter(case_id=case_id).update(due_on=day(30))
    for todo, due_on in zip(physiatrists(), (day(2), day(16)), strict=False):
        Todo.objects.filter(pk=todo.pk).update(safety=True, due_on=due_on)
    yield cast
    forget_beat()


def physiatrists() -> list[Todo]:
    return list(Todo.objects.filter(role="physiatrist").order_by("id"))


def away(cast: Cast, first: int, last: int) -> Absence:
    days = {"first_day": day(first), "last_day": day(last)}
    return Absence.objects.create(
        clinic=cast.clinic, clinician=cast.phil, planned_at=AT, planned_by=cast.phil, **days
    )


def look(days: int = 0) -> None:
    """One look so many days later, in a system in which nothing else is wrong."""
    moment = AT + timedelta(days=days)
    all_alive(moment)
    Timer.objects.update(due_at=moment + timedelta(hours=1))
    watch(at=moment)
    Notice.objects.filter(state="pending").update(state="kept")


def gaps() -> list[tuple[str, str, bool]]:
    """First and last day of every gap that was ever raised, and whether it stands."""
    rows = Alarm.objects.filter(rule="cover_gap").order_by("raised_at", "id")
    return [(row.detail["first_on"], row.detail["last_on"], row.cleared_at is None) for row in rows]


def test_a_second_gap_of_the_same_role_is_told_too(world: Cast) -> None:
    away(world, 1, 3)
    look()
    assert len(gaps()) == 1
    away(world, 15, 17)
    look()
    assert [stands for _, _, stands in gaps()] == [True, True]
    assert {first for first, _, _ in gaps()} == {day(2).isoformat(), day(16).isoformat()}
    assert Notice.objects.filter(kind="alarm", alarm__rule="cover_gap", recipient=world.cora).count() == 2


def test_of_a_gap_every_week_the_nearest_three_are_told_and_the_next_as_they_pass(world: Cast) -> None:
    """The only physiatrist comes on Mondays; duties fall on the Wednesdays."""
    Membership.objects.filter(clinician=world.phil).update(weekdays=[0])
    for number, todo in enumerate(physiatrists()):
        Todo.objects.filter(pk=todo.pk).update(safety=True, due_on=day(2 + 7 * number))
    look()
    assert [first for first, _, _ in gaps()] == [day(number).isoformat() for number in (2, 9, 16)]
    Todo.objects.filter(due_on=day(2)).update(safety=False)
    look(7)
    assert [(first, stands) for first, _, stands in gaps()] == [
        (day(2).isoformat(), False),
        *((day(number).isoformat(), True) for number in (9, 16, 23)),
    ]


def test_one_mended_gap_clears_alone(world: Cast) -> None:
    first = away(world, 1, 3)
    away(world, 15, 17)
    look()
    Absence.objects.filter(pk=first.pk).update(cancelled_at=AT, cancelled_by=world.phil)
    look()
    assert sorted(gaps()) == [
        (day(2).isoformat(), day(2).isoformat(), False),
        (day(16).isoformat(), day(16).isoformat(), True),
    ]


def test_a_gap_is_one_alarm_while_its_days_pass_and_duties_come_and_go(world: Cast) -> None:
    """What is overdue moves on with every day; what is done, or opens, moves the last day."""
    away(world, 0, 25)
    for days in range(20):
        look(days)
    Todo.objects.filter(pk=physiatrists()[2].pk).update(safety=True, due_on=day(24))
    look(20)
    Todo.objects.filter(pk=physiatrists()[1].pk).update(safety=False)
    look(21)
    [(first, last, stands)] = gaps()
    assert (first, last, stands) == (day(21).isoformat(), day(24).isoformat(), True)


def test_an_overdue_duty_of_weekday_people_is_no_gap_at_the_weekend(world: Cast) -> None:
    Membership.objects.filter(clinician=world.phil).update(weekdays=[0, 1, 2, 3, 4])
    for days in range(3, 8):
        look(days)
    assert gaps() == []


def test_duties_of_somebody_who_left_this_clinic_alone_are_found(cast: Cast) -> None:
    """They work on elsewhere, and sign in; here nobody does what stands in their name."""
    todo = Todo.objects.filter(case_id=referred(cast), role="physiatrist").first()
    assert todo is not None
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    Membership.objects.create(clinician=pia, clinic=cast.other_clinic, role="physiatrist")
    Todo.objects.filter(pk=todo.pk).update(owner=pia)
    assert owner_gone(AT) == []
    Membership.objects.filter(clinician=pia, clinic=cast.clinic).delete()
    [found] = owner_gone(AT)
    assert (found.clinic_id, found.detail) == (cast.clinic.id, {"clinician": str(pia.id), "count": 1})
