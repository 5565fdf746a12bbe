"""A calendar changes while people act: real connections and real locks; no date is left by the old calendar."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from pathway.engine.action import Action, action
from pathway.engine.advance import move
from pathway.engine.clinic_calendar import change_calendar, settle_calendars
from pathway.engine.errors import EngineError, Stale
from pathway.engine.todos import complete
from pathway.models import CalendarVersion, Clinic, Clinician, Todo
from pathway.protocol.roles import ACCEPT, TodoState
from pathway.queries.definitions import calendar_of
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.engine.calendar_desk import changed, closing, previewed
from tests.engine.test_edges import ready
from tests.engine.test_races import at_once
from tests.examples import moved
from tests.walk import Walk

pytestmark = pytest.mark.django_db(transaction=True)
NOW = MONDAY + timedelta(hours=6)
CLOSED = date(2026, 3, 9)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@contextmanager
def under_way(walk: Walk, by: Clinician, act_on: Callable[[Action], None]) -> Iterator[Callable[[], None]]:
    """An action on another connection that holds its case until it is told to end, by calling what is yielded."""
    holds, may_end, problems = threading.Event(), threading.Event(), []

    def run() -> None:
        try:
            with action(case_id=walk.case_id, by=by, at=walk.at) as act:
                holds.set()
                assert may_end.wait(timeout=60)
                act_on(act)
        except Exception as problem:
            problems.append(problem)
        finally:
            holds.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert holds.wait(timeout=60)

    def end() -> None:
        may_end.set()
        thread.join(timeout=60)
        assert not thread.is_alive()
        assert problems == []

    try:
        yield end
    finally:
        end()


def accept(act: Action) -> None:
    """What `advance` does on the edge to selection."""
    act.end_todo(act.facts.todos["edge_accept"], TodoState.DONE, result={"digest": ""})
    move(act, ACCEPT)
    act.commit("accept")


def settled(cast: Cast) -> int:
    return Clinic.objects.get(pk=cast.clinic.id).settled_version


def test_an_action_that_held_its_case_is_settled_after_it_ended(cast: Cast) -> None:
    """Its duties open by the calendar it had read; nobody saw them when the others were moved."""
    walk = ready(cast, "accept")
    closed = calendar_of(cast.clinic.id, 1).add_working_days(walk.today, 4)
    with under_way(walk, cast.cora, accept) as end:
        done = changed(cast, closing(closed), walk.at)
        assert (done.version, done.moved) == (2, 0)
        soon = walk.at + timedelta(hours=1)
        assert settle_calendars(at=soon) == 0
        assert settled(cast) == 1, "somebody still holds a case"
        end()
    opened = Todo.objects.filter(case_id=walk.case_id, stage="selection", state="open")
    before = {todo.id: todo.due_on for todo in opened}
    assert {todo.calendar_version for todo in opened} == {1}
    assert before

    assert settle_calendars(at=soon) == 1
    moved_on = {todo.id: todo for todo in opened.all()}
    new = calendar_of(cast.clinic.id, 2)
    for todo_id, due_on in before.items():
        assert moved_on[todo_id].due_on == new.add_working_days(due_on, 1)
        assert moved_on[todo_id].calendar_version == 2
    assert settled(cast) == 2


def test_a_case_that_changes_while_its_dates_are_moved_is_looked_at_again(cast: Cast) -> None:
    """The change waits for the case, finds another one than was shown, and takes everything back."""
    walk = Walk(cast, referred(cast), NOW)
    other = Walk(cast, referred(cast, mrn="R-1002"), NOW)
    proposal = closing(CLOSED)
    agreed = previewed(cast, proposal, NOW).fingerprint
    results: list[Any] = []

    def change() -> None:
        try:
            results.append(
                change_calendar(
                    clinic_id=cast.clinic.id, proposal=proposal, agreed=agreed, by=cast.cora, at=NOW
                )
            )
        except EngineError as refusal:
            results.append(refusal)
        finally:
            connection.close()

    def goals(act: Action) -> None:
        act.end_todo(act.facts.todos["goals"], TodoState.DONE, result={"digest": ""})
        act.commit("complete", key="goals", occurrence=1)

    with under_way(walk, cast.phil, goals) as end:
        thread = threading.Thread(target=change)
        thread.start()
        wait_until_somebody_waits()
        end()
        thread.join(timeout=60)
    assert isinstance(results[0], Stale)
    assert {todo.calendar_version for todo in (*walk.open(), *other.open())} == {1}
    assert not CalendarVersion.objects.exists()

    done = changed(cast, closing(date(2026, 3, 10)), NOW)
    assert done.cases == 2, (
        "the version that was taken back is forgotten, its number goes to another calendar"
    )
    assert calendar_of(cast.clinic.id, 2).closed_days == {date(2026, 3, 10)}


def wait_until_somebody_waits() -> None:
    """Ask the database until one connection waits for another's lock."""
    sql = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    for _ in range(100_000):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


def test_people_act_while_the_calendar_changes(cast: Cast) -> None:
    """Whoever is faster: in the end no open date is one that the new calendar would not give."""
    walks = [Walk(cast, referred(cast, mrn=f"R-{2000 + number}"), NOW) for number in range(4)]
    proposal = closing(CLOSED)
    agreed = previewed(cast, proposal, NOW).fingerprint
    record = moved("goals", walks[0].today)
    ask = {"clinic_id": cast.clinic.id, "proposal": proposal, "agreed": agreed, "by": cast.cora, "at": NOW}
    results = at_once(
        lambda: change_calendar(**ask),
        *(
            lambda walk=walk: complete(todo_id=walk.todo("goals").id, by=cast.phil, at=NOW, record=record)
            for walk in walks
        ),
    )
    assert not any(isinstance(result, EngineError) for result in results[1:])
    if isinstance(results[0], EngineError):
        assert isinstance(results[0], Stale)
        changed(cast, proposal, NOW)
    settle_calendars(at=LATER)
    assert settled(cast) == 2
    for walk in walks:
        assert {todo.calendar_version for todo in walk.open()} == {2}
        assert CLOSED not in {todo.due_on for todo in walk.open()}


def test_two_people_press_save_at_once(cast: Cast) -> None:
    Walk(cast, referred(cast), NOW)
    proposal = closing(CLOSED)
    agreed = previewed(cast, proposal, NOW).fingerprint
    ask = {"clinic_id": cast.clinic.id, "proposal": proposal, "agreed": agreed, "by": cast.cora, "at": NOW}
    results = at_once(*[lambda: change_calendar(**ask)] * 3)
    assert sorted(result.repeated for result in results) == [False, True, True]
    assert CalendarVersion.objects.count() == 2


def test_two_sweeps_settle_once(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), NOW)
    changed(cast, closing(CLOSED), NOW)
    Todo.objects.filter(case_id=walk.case_id, key="goals").update(
        due_on=date(2026, 3, 23), calendar_version=1
    )
    assert sum(at_once(*[lambda: settle_calendars(at=LATER)] * 3)) == 1
    assert settled(cast) == 2
