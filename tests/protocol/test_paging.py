"""When an incident calls again and whom: the pure rule, with the numbers of local policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathway.clinical.conditions import CONTACT_MINUTES, TriageLevel
from pathway.protocol.paging import Call, next_rung, rung

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
RED, ORANGE, YELLOW, GREEN = TriageLevel


def minutes(level: TriageLevel, target: int, steps: int) -> list[tuple[float, Call]]:
    rungs = [rung(level, timedelta(minutes=target), step) for step in range(steps)]
    return [(one.after / timedelta(minutes=1), one.call) for one in rungs]


def test_red_pages_at_every_third_and_climbs_from_the_target_on() -> None:
    assert minutes(RED, 15, 6) == [
        (0, Call.PAGE),
        (5, Call.PAGE),
        (10, Call.PAGE),
        (15, Call.CLIMB),
        (20, Call.CLIMB),
        (25, Call.CLIMB),
    ]


@pytest.mark.parametrize("level", [ORANGE, YELLOW])
def test_others_call_once_at_half_and_climb_at_each_target(level: TriageLevel) -> None:
    target = CONTACT_MINUTES.value[level]
    assert target is not None
    assert minutes(level, target, 5) == [
        (0, Call.INCIDENT),
        (target / 2, Call.INCIDENT),
        (target, Call.CLIMB),
        (target * 2, Call.CLIMB),
        (target * 3, Call.CLIMB),
    ]


def test_the_next_call_lies_strictly_ahead() -> None:
    target = timedelta(minutes=15)
    assert next_rung(RED, target, START, START, start=1) == (1, START + timedelta(minutes=5))
    at_five = START + timedelta(minutes=5)
    assert next_rung(RED, target, START, at_five, start=1) == (2, START + timedelta(minutes=10))
    late = START + timedelta(minutes=61)
    assert next_rung(RED, target, START, late, start=1) == (13, START + timedelta(minutes=65))


@given(
    st.sampled_from([RED, ORANGE, YELLOW]),
    st.integers(1, 5000),
    st.integers(0, 60),
)
def test_calls_only_get_later_and_never_end(level: TriageLevel, target: int, step: int) -> None:
    length = timedelta(minutes=target)
    here, there = rung(level, length, step), rung(level, length, step + 1)
    assert there.after > here.after
    assert there.after - here.after <= length, "nobody waits longer than one target for the next call"
    assert here.call is Call.CLIMB or here.after < length
