"""Which appointment stands, on which days it is reminded of, and that the policy's days make sense."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from pathway.protocol.appointment import Appointment, reminder_days, reminder_id
from pathway.protocol.loader import VERSIONS, load
from pathway.protocol.numbers import policy_numbers
from pathway.protocol.schema import Policy

PROTOCOL = load(VERSIONS / "itb-1")
ON = date(2026, 3, 16)
BOOKED = Appointment(UUID(int=1), ON)


def policy(*days: int) -> Policy:
    return Policy.model_validate({**PROTOCOL.policy.model_dump(), "appointment_reminder_days": days})


def test_reminders_leave_a_week_and_a_day_before_unless_a_programme_says_otherwise() -> None:
    assert PROTOCOL.policy.appointment_reminder_days == (7, 1)
    assert reminder_days(PROTOCOL.policy, ON, ON - timedelta(days=30)) == [
        (7, date(2026, 3, 9)),
        (1, date(2026, 3, 15)),
    ]
    assert reminder_days(policy(), ON, ON - timedelta(days=30)) == []


@pytest.mark.parametrize(("days_left", "counts"), [(8, [7, 1]), (7, [7, 1]), (6, [1]), (1, [1]), (0, [])])
def test_a_day_that_is_over_is_left_out(days_left: int, counts: list[int]) -> None:
    left = reminder_days(PROTOCOL.policy, ON, ON - timedelta(days=days_left))
    assert [count for count, _ in left] == counts


@pytest.mark.parametrize("days", [(1, 7), (7, 7), (0,), (-1,), (61,)])
def test_days_that_make_no_sense_are_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        policy(*days)


def test_the_days_are_listed_with_the_other_numbers() -> None:
    [found] = [number for number in policy_numbers(PROTOCOL) if "reminded" in number.title]
    assert (found.group, found.text, found.source[0]) == ("Programme", "7, 1", "P")


def test_the_same_reminder_has_one_id_and_every_other_its_own() -> None:
    one = reminder_id(UUID(int=5), BOOKED, 7)
    others = {
        reminder_id(UUID(int=6), BOOKED, 7),
        reminder_id(UUID(int=5), BOOKED, 1),
        reminder_id(UUID(int=5), Appointment(UUID(int=2), ON), 7),
        reminder_id(UUID(int=5), Appointment(UUID(int=1), ON + timedelta(days=1)), 7),
    }
    assert reminder_id(UUID(int=5), BOOKED, 7) == one
    assert len(others | {one}) == 5
