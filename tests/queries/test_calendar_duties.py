"""Whose duties a calendar shows: one's own, those of one's roles that nobody owns, and those one answers for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathway.engine.cases import hold
from pathway.engine.todos import claim, mark_not_applicable
from pathway.models import Absence, Clinician, Membership, Todo
from pathway.protocol.roles import Role
from pathway.queries.calendar_duties import ENDED_FOR, Duty, duties_of
from tests.cast import MONDAY, Cast, person, referred
from tests.queries.crowd import crowd

NOW = MONDAY + timedelta(days=1)


def titles(who: Clinician, at: Any = NOW) -> set[str]:
    return {duty.title for duty in duties_of(who.id, at=at)}


def away(cast: Cast, who: Clinician, deputy: Clinician | None) -> None:
    day = NOW.date()
    Absence.objects.create(
        clinic=cast.clinic,
        clinician=who,
        deputy=deputy,
        first_day=day,
        last_day=day,
        planned_at=MONDAY,
        planned_by=who,
    )


def test_ones_own_and_those_of_ones_role(cast: Cast) -> None:
    referred(cast)
    assert titles(cast.nora) == {"Surgical review"}
    assert len(titles(cast.phil)) == 4
    assert titles(cast.omar) == set()


def test_what_a_colleague_owns_is_theirs(cast: Cast) -> None:
    referred(cast)
    other = person("nils", cast.clinic, Role.NEUROSURGEON)
    claim(todo_id=Todo.objects.get(role="neurosurgeon").id, by=cast.nora, at=NOW)
    assert titles(cast.nora) == {"Surgical review"}
    assert titles(other) == set()


def test_a_deputy_has_the_duties_they_answer_for(cast: Cast) -> None:
    referred(cast)
    claim(todo_id=Todo.objects.get(role="neurosurgeon").id, by=cast.nora, at=NOW)
    away(cast, cast.nora, cast.anna)
    assert "Surgical review" in titles(cast.anna)
    assert "Surgical review" in titles(cast.nora)
    assert "Surgical review" not in titles(cast.anna, NOW + timedelta(days=1))
    assert "Surgical review" not in titles(cast.phil)


def test_what_nobody_owns_is_the_deputys_too(cast: Cast) -> None:
    referred(cast)
    away(cast, cast.nora, cast.anna)
    assert "Surgical review" in titles(cast.anna)


def test_ended_duties_stay_for_a_while_as_ended(cast: Cast) -> None:
    referred(cast)
    todo = Todo.objects.get(role="neurosurgeon")
    mark_not_applicable(todo_id=todo.id, reason="Done elsewhere.", by=cast.nora, at=NOW)
    (duty,) = (one for one in duties_of(cast.nora.id, at=NOW + ENDED_FOR) if one.todo_id == todo.id)
    assert duty.ended
    assert todo.id not in {
        one.todo_id for one in duties_of(cast.nora.id, at=NOW + ENDED_FOR + timedelta(seconds=1))
    }


def test_a_hold_pauses_what_is_not_about_safety(cast: Cast) -> None:
    case_id = referred(cast)
    hold(case_id=case_id, reason="Ulcer", review_on=(NOW + timedelta(days=20)).date(), by=cast.cora, at=NOW)
    found = {duty.title: duty.paused for duty in duties_of(cast.cora.id, at=NOW)}
    assert found.pop("Review the hold") is False
    assert set(found.values()) == {True}


def test_the_version_and_moment_are_those_of_the_cases_newest_event(cast: Cast) -> None:
    referred(cast)
    (before,) = duties_of(cast.nora.id, at=NOW)
    claim(todo_id=before.todo_id, by=cast.nora, at=NOW)
    (after,) = duties_of(cast.nora.id, at=NOW)
    assert (after.version, after.changed_at) == (before.version + 1, NOW)


def test_who_left_the_clinic_has_nothing(cast: Cast) -> None:
    referred(cast)
    claim(todo_id=Todo.objects.get(role="neurosurgeon").id, by=cast.nora, at=NOW)
    Membership.objects.filter(clinician=cast.nora).delete()
    assert duties_of(cast.nora.id, at=NOW) == ()


@pytest.mark.parametrize("cases", [1, 12])
def test_three_queries_however_many(cast: Cast, django_assert_num_queries: Any, cases: int) -> None:
    crowd(cast, cases, last=MONDAY)
    duties_of(cast.phil.id, at=NOW)  # reads the protocol, once a process
    with django_assert_num_queries(3):
        found: tuple[Duty, ...] = duties_of(cast.phil.id, at=NOW)
    assert len(found) == 4 * cases
