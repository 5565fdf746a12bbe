"""What was written by a clinic's old calendar while it changed is moved after; then the clinic counts as settled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command

from pathway.engine.clinic_calendar import settle_calendars
from pathway.models import Case, Clinic, ClinicEvent, Event, Todo
from tests.cast import Cast, referred
from tests.engine.calendar_desk import AFTER, CLOSED, NOW, TEN_DAYS, changed, closing, dated, sent
from tests.engine.traces import nothing_written
from tests.views.desk import at
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """A case referred on Monday 2 March: duties at +10 and +15 working days."""
    return Walk(cast, referred(cast), NOW)


def late(walk: Walk, key: str = "baseline_spasticity") -> Todo:
    """A duty as an action leaves it that had read the calendar before it changed."""
    todo = walk.todo(key)
    Todo.objects.filter(pk=todo.pk).update(due_on=TEN_DAYS, calendar_version=1)
    return todo


def settled(cast: Cast) -> int:
    return Clinic.objects.get(pk=cast.clinic.id).settled_version


def test_what_was_written_by_the_old_calendar_meanwhile_is_moved(cast: Cast, walk: Walk) -> None:
    changed(cast, closing(CLOSED), NOW)
    todo, seq = late(walk), walk.case.event_seq
    assert settle_calendars(at=NOW + timedelta(minutes=1)) == 1
    assert dated(todo) == (AFTER, 2)
    event = Event.objects.get(case_id=walk.case_id, seq=seq + 1)
    assert (event.verb, event.actor_id, event.role) == ("calendar", None, "system")
    assert settled(cast) == 1, "an action of a minute ago may still be under way"

    later = late(walk)
    assert settle_calendars(at=NOW + timedelta(minutes=10)) == 1
    assert dated(later) == (AFTER, 2)
    assert settled(cast) == 2
    line = ClinicEvent.objects.get(verb="settle_calendar")
    assert (line.actor_id, line.role, line.data) == (None, "system", {"version": 2, "cases": 1})
    with nothing_written():
        assert settle_calendars(at=NOW + timedelta(minutes=20)) == 0


def test_a_clinic_whose_calendar_stands_is_not_looked_at(cast: Cast, walk: Walk) -> None:
    with nothing_written():
        assert settle_calendars(at=NOW + timedelta(days=1)) == 0
    assert sent(lambda: settle_calendars(at=NOW + timedelta(days=1))) == 1


def test_a_case_that_cannot_be_moved_keeps_nobody_else_waiting(cast: Cast, walk: Walk) -> None:
    """Its event is there already, as after a restore gone wrong: the clinic is not settled until it is mended."""
    other = Walk(cast, referred(cast, NOW, mrn="R-1002"), NOW)
    changed(cast, closing(CLOSED), NOW)
    broken, sound = late(walk), late(other)
    Case.objects.filter(pk=walk.case_id).update(event_seq=1)
    assert settle_calendars(at=NOW + timedelta(minutes=10)) == 1
    assert (dated(broken), dated(sound)) == ((TEN_DAYS, 1), (AFTER, 2))
    assert settled(cast) == 1


def test_the_sweep_settles(cast: Cast, walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    changed(cast, closing(CLOSED), NOW)
    todo = late(walk)
    with at(NOW + timedelta(minutes=10)):
        call_command("sweep")
    assert "cases moved to a new calendar: 1;" in capsys.readouterr().out
    assert (dated(todo), settled(cast)) == ((AFTER, 2), 2)
