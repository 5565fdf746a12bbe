"""Proof of cover over the next 90 days: what lacks somebody, and that the price does not grow."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test.utils import CaptureQueriesContext

from pathway.models import Absence, Clinician, ClosedDay, Membership, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.queries.cover import Gap, cover_gaps, duties_of
from pathway.queries.definitions import calendar_of
from tests.cast import MONDAY, Cast, person, referred

TODAY = MONDAY.date()


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def safety(case_id: UUID, role: Role, due_on: date, **changes: Any) -> Todo:
    """An open safety to-do, storage only: what the proof reads."""
    case = Todo.objects.filter(case_id=case_id).first()
    assert case is not None
    number = Todo.objects.filter(case_id=case_id).count()
    values = {"state": "open", "safety": True, "owner_id": None, **changes}
    return Todo.objects.create(
        id=new_id(),
        case_id=case_id,
        clinic_id=case.clinic_id,
        key=f"watch_{number}",
        stage="evaluation",
        visit_seq=1,
        role=str(role),
        due_on=due_on,
        opened_at=MONDAY,
        **values,
    )


def absent(who: Clinician, cast: Cast, first: int, last: int, deputy: Clinician | None = None) -> Absence:
    return Absence.objects.create(
        clinic=cast.clinic,
        clinician=who,
        deputy=deputy,
        first_day=day(first),
        last_day=day(last),
        planned_at=MONDAY,
        planned_by=who,
    )


def gaps(cast: Cast, days: int = 90) -> list[Gap]:
    return cover_gaps([cast.clinic.id], {cast.clinic.id: TODAY}, days)


@pytest.fixture
def case_id(cast: Cast) -> UUID:
    found = referred(cast)
    Todo.objects.filter(case_id=found).update(safety=False)
    return found


def test_a_duty_on_a_day_somebody_is_there_is_no_gap(cast: Cast, case_id: UUID) -> None:
    safety(case_id, Role.PHYSIATRIST, day(3))
    assert gaps(cast) == []


def test_an_absence_without_anybody_else_is_a_gap_of_the_days_that_need_somebody(
    cast: Cast, case_id: UUID
) -> None:
    absent(cast.phil, cast, 2, 9)
    for number in (1, 3, 5):
        safety(case_id, Role.PHYSIATRIST, day(number))
    assert gaps(cast) == [Gap(cast.clinic.id, Role.PHYSIATRIST, day(3), day(5), 2, day(10))]


def test_a_deputy_closes_the_gap_and_a_cancelled_absence_is_none(cast: Cast, case_id: UUID) -> None:
    safety(case_id, Role.PHYSIATRIST, day(3))
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    absent(pia, cast, 0, 20)
    gone = absent(cast.phil, cast, 2, 9)
    assert len(gaps(cast)) == 1
    Absence.objects.filter(pk=gone.pk).update(cancelled_at=MONDAY, cancelled_by=cast.phil)
    assert gaps(cast) == []
    pat = person("pat", cast.clinic, Role.PHYSIATRIST)
    absent(cast.phil, cast, 2, 9, deputy=pat)
    assert gaps(cast) == []


def test_what_is_overdue_needs_somebody_today(cast: Cast, case_id: UUID) -> None:
    safety(case_id, Role.PHYSIATRIST, day(-5))
    absent(cast.phil, cast, 0, 0)
    assert gaps(cast) == [Gap(cast.clinic.id, Role.PHYSIATRIST, TODAY, TODAY, 1, day(1))]


@pytest.mark.parametrize(("today", "counts_on"), [(4, 4), (5, 7), (6, 7), (7, 8)])
def test_what_is_overdue_on_a_closed_day_needs_somebody_when_the_clinic_works_next(
    cast: Cast, case_id: UUID, today: int, counts_on: int
) -> None:
    """Saturday and Sunday, and the Monday that the clinic closes itself, ask nobody to come."""
    if today == 7:
        ClosedDay.objects.create(clinic=cast.clinic, on=day(7), reason="Painting")
        calendar_of.cache_clear()
    safety(case_id, Role.PHYSIATRIST, day(1))
    Membership.objects.filter(clinician=cast.phil).update(weekdays=[0, 1, 2, 3, 4])
    assert list(duties_of({cast.clinic.id: day(today)}, 90)[cast.clinic.id]) == [
        (Role.PHYSIATRIST, day(counts_on))
    ]
    assert cover_gaps([cast.clinic.id], {cast.clinic.id: day(today)}) == []


def test_a_day_that_is_no_clinic_day_is_a_gap(cast: Cast, case_id: UUID) -> None:
    Membership.objects.filter(clinician=cast.phil).update(weekdays=[0, 1])
    safety(case_id, Role.PHYSIATRIST, day(1))
    safety(case_id, Role.PHYSIATRIST, day(2))
    assert gaps(cast) == [Gap(cast.clinic.id, Role.PHYSIATRIST, day(2), day(2), 1, day(7))]


def test_a_role_nobody_active_holds_is_a_gap(cast: Cast, case_id: UUID) -> None:
    safety(case_id, Role.NEUROSURGEON, day(1))
    Clinician.objects.filter(pk=cast.nora.pk).update(is_active=False)
    assert [(gap.role, gap.back_on) for gap in gaps(cast)] == [(Role.NEUROSURGEON, None)]


def test_only_open_safety_duties_within_the_days_count_and_only_of_this_clinic(
    cast: Cast, case_id: UUID
) -> None:
    safety(case_id, Role.NURSE, day(90))
    safety(case_id, Role.NURSE, day(1), safety=False)
    safety(case_id, Role.NURSE, day(1), state="done", ended_at=MONDAY, ended_by_id=cast.phil.id)
    assert gaps(cast) == []
    assert len(gaps(cast, days=91)) == 1
    assert cover_gaps([cast.other_clinic.id], {cast.other_clinic.id: TODAY}) == []
    assert cover_gaps([], {}) == []


def test_the_number_of_statements_does_not_grow(
    cast: Cast, case_id: UUID, django_assert_num_queries: Any
) -> None:
    for number in range(30):
        who = person(f"pia{number}", cast.clinic, Role.PHYSIATRIST)
        absent(who, cast, number, number + 20)
        safety(case_id, Role.PHYSIATRIST, day(number))
    both = [cast.clinic.id, cast.other_clinic.id]
    cover_gaps(both, dict.fromkeys(both, TODAY))  # each calendar is read once
    with django_assert_num_queries(4) as asked:
        cover_gaps(both, dict.fromkeys(both, TODAY))
    assert isinstance(asked, CaptureQueriesContext)
