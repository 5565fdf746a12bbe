"""Reading notices: one's own, together with the others about the same thing, and never more than one has seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pathway.engine.errors import NotFound
from pathway.engine.notices import mark_read, open_notice
from pathway.models import Notice, Todo
from tests.cast import MONDAY, Cast, referred
from tests.engine.traces import nothing_written
from tests.inboxes import tell

NOW = MONDAY + timedelta(days=1)


def unread(cast: Cast) -> int:
    return Notice.objects.filter(recipient=cast.nora, read_at=None).count()


def test_only_ones_own_are_marked(cast: Cast) -> None:
    mine, theirs = tell(cast.nora, cast.clinic, 3), tell(cast.phil, cast.clinic)
    assert mark_read(ids=[mine[0].id, theirs[0].id], by=cast.nora, at=NOW) == 1
    assert unread(cast) == 2
    assert mark_read(by=cast.nora, at=NOW) == 2
    assert Notice.objects.get(recipient=cast.phil).read_at is None


def test_marked_twice_the_first_moment_stays(cast: Cast) -> None:
    (one,) = tell(cast.nora, cast.clinic)
    mark_read(ids=[one.id], by=cast.nora, at=NOW)
    with nothing_written():
        assert mark_read(ids=[one.id], by=cast.nora, at=NOW + timedelta(days=1)) == 0


def test_what_came_after_one_looked_stays_unread(cast: Cast) -> None:
    tell(cast.nora, cast.clinic, 10)
    assert mark_read(told_until=MONDAY + timedelta(minutes=6), by=cast.nora, at=NOW) == 7
    assert unread(cast) == 3


def test_opening_one_reads_all_about_the_same_thing(cast: Cast) -> None:
    referred(cast)
    Notice.objects.all().delete()
    here, other = Todo.objects.filter(role="physiatrist")[:2]
    told = [
        tell(cast.nora, cast.clinic, todo=todo, kind=kind)[0]
        for todo in (here, other)
        for kind in ("remind", "due")
    ]
    tell(cast.phil, cast.clinic, todo=here, kind="due")
    assert open_notice(notice_id=told[0].id, by=cast.nora, at=NOW).todo_id == here.id
    read = set(Notice.objects.exclude(read_at=None).values_list("id", flat=True))
    assert read == {told[0].id, told[1].id}


def test_a_notice_about_nothing_is_read_alone(cast: Cast) -> None:
    first, second = tell(cast.nora, cast.clinic, 2)
    open_notice(notice_id=first.id, by=cast.nora, at=NOW)
    assert Notice.objects.get(read_at=None) == second


def test_somebody_elses_notice_is_not_there(cast: Cast) -> None:
    (theirs,) = tell(cast.phil, cast.clinic)
    with nothing_written(), pytest.raises(NotFound):
        open_notice(notice_id=theirs.id, by=cast.nora, at=NOW)
