"""Every case's history is checked to its last line: nothing can be changed, added or cut off unnoticed."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pathway.engine.history import Break, Tally, verify
from pathway.models import Case, Event
from pathway.protocol.roles import Stage
from tests.cast import MONDAY, Cast, referred
from tests.engine.watched import unprotected
from tests.walk import Walk


@pytest.fixture
def cases(cast: Cast) -> list[UUID]:
    """Three cases with some history, by id."""
    ids = [referred(cast, mrn=f"R-{number}") for number in range(3)]
    for case_id in ids:
        Walk(cast, case_id, MONDAY + timedelta(hours=6)).do_all(until=Stage.SELECTION)
    return sorted(ids)


def breaks() -> list[Break]:
    """All breaks that are found now."""
    return list(verify(Tally()))


def test_a_sound_history_is_counted_and_read_in_one_statement(cases: list[UUID]) -> None:
    tally = Tally()
    with CaptureQueriesContext(connection) as queries:
        assert list(verify(tally)) == []
    assert (tally.cases, tally.events) == (3, Event.objects.count())
    assert tally.events > 20
    assert len(queries) <= 1
    out = StringIO()
    call_command("verify_events", stdout=out)
    assert out.getvalue() == f"{tally.events} events of 3 cases: every chain holds.\n"


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"key": "goals"}},
        {"verb": "other"},
        {"role": "coordinator"},
        {"actor_id": None},
        {"at": MONDAY + timedelta(hours=7, microseconds=1)},
        {"hash": b"0" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_edited_line_is_found(cases: list[UUID], change: dict[str, object]) -> None:
    with unprotected():
        assert Event.objects.filter(case_id=cases[1], seq=3).update(**change) == 1
    assert breaks() == [Break(cases[1], 3, "this event was changed")]


def test_a_missing_line_is_found(cases: list[UUID]) -> None:
    with unprotected():
        Event.objects.filter(case_id=cases[0], seq=2).delete()
    assert breaks() == [Break(cases[0], 2, "this event is missing")]


@pytest.mark.parametrize("kept", [0, 1, 5])
def test_a_cut_off_tail_is_found(cases: list[UUID], kept: int) -> None:
    last = Case.objects.get(pk=cases[2]).event_seq
    with unprotected():
        Event.objects.filter(case_id=cases[2], seq__gt=kept).delete()
    assert breaks() == [
        Break(cases[2], kept + 1, f"the case counts {last} events, its history {kept}"),
    ]


def test_a_line_moved_to_another_case_is_found_twice(cases: list[UUID]) -> None:
    last = Case.objects.get(pk=cases[0]).event_seq
    with unprotected():
        Event.objects.filter(case_id=cases[0], seq=last).update(case_id=cases[1], seq=last + 1)
    assert [found.case_id for found in breaks()] == cases[:2]


def test_the_command_names_every_broken_case_and_fails(cases: list[UUID]) -> None:
    with unprotected():
        Event.objects.filter(seq=2, case_id__in=cases[:2]).update(verb="other")
    err = StringIO()
    with pytest.raises(CommandError, match="of 2 of 3 cases"):
        call_command("verify_events", stderr=err)
    assert err.getvalue().splitlines() == [
        f"case {case_id}, event 2: this event was changed" for case_id in cases[:2]
    ]
