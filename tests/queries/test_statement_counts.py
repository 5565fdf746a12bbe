"""How many statements the hot paths send: counted, never timed. The clock belongs to `make bench`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pathway.engine.advance import advance
from pathway.engine.signoffs import sign
from pathway.engine.todos import claim, complete
from pathway.protocol.roles import Decision, Stage
from pathway.queries.access import access_of
from pathway.queries.board import board_of
from pathway.queries.facts import facts_hash
from pathway.queries.inbox import counts_of, work_of
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.examples import moved
from tests.walk import Walk

FRAME = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def sent(act: Callable[[], Any]) -> list[str]:
    """The statements that an act sends, without those that only open and close its transaction."""
    with CaptureQueriesContext(connection) as caught:
        act()
    return [query["sql"] for query in caught if not query["sql"].startswith(FRAME)]


def test_an_action_is_one_read_and_one_write(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    todo = walk.todo("goals")
    record = moved("goals", walk.today)

    [_, keeps_phil_here, _] = sent(lambda: claim(todo_id=todo.id, by=cast.phil, at=walk.at))
    assert "FOR KEY SHARE" in keeps_phil_here, "a duty is put in a name: nobody of that name leaves meanwhile"
    assert len(sent(lambda: complete(todo_id=todo.id, by=cast.phil, at=walk.at, record=record))) == 2


def test_a_repeated_action_only_reads(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    todo = walk.todo("goals")
    claim(todo_id=todo.id, by=cast.phil, at=walk.at)

    assert len(sent(lambda: claim(todo_id=todo.id, by=cast.phil, at=walk.at))) == 1


def test_a_move_and_a_signature_are_one_read_and_one_write_however_much_they_open(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    while "edge_accept" not in open_keys(walk):
        walk.do(next(todo.key for todo in walk.open() if todo.required))

    assert len(sent(lambda: advance(case_id=walk.case_id, edge="accept", by=cast.cora, at=walk.at))) == 2

    while "candidacy_physiatrist" not in open_keys(walk):
        walk.do(next(todo.key for todo in walk.open() if todo.required))
    todo = walk.todo("candidacy_physiatrist")
    signature = {"vote": "for", "facts_hash": facts_hash(walk.case_id, Decision.CANDIDACY)}
    assert len(sent(lambda: sign(todo_id=todo.id, by=cast.phil, at=walk.at, **signature))) == 2


def test_a_whole_passage_keeps_its_budget(cast: Cast) -> None:
    """At most 90 statements for 35 actions, the walk's own looking-around left out."""
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    statements = sent(lambda: walk.do_all(until=Stage.TITRATION))
    by_engine = [sql for sql in statements if sql.startswith("WITH ") or "FOR NO KEY UPDATE" in sql]
    actions = walk.case.event_seq - 1

    assert walk.case.stage == Stage.TITRATION
    assert len(by_engine) == 2 * actions
    assert len(by_engine) <= 90 * actions / 35


@pytest.mark.parametrize("cases", [1, 12])
def test_a_list_is_one_statement_however_long(cast: Cast, cases: int) -> None:
    for number in range(cases):
        referred(cast, mrn=f"R-{2000 + number}")
    access = access_of(cast.cora.pk)
    now = timezone.now()

    assert len(work_of(access, at=now).rows) == 2 * cases
    assert len(sent(lambda: work_of(access, at=now))) == 1
    assert len(sent(lambda: counts_of(access, at=now))) == 1
    assert len(sent(lambda: board_of(access, at=now))) == 1


def open_keys(walk: Walk) -> set[str]:
    return {todo.key for todo in walk.open()}
