"""A dose and its readings against the doses given before: each hard stop at its field, in words that help."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from pathway.clinical.trial import Injection, Response
from pathway.models.trial_rules import dose_problems, readings_problems

ZONE = ZoneInfo("America/Chicago")
FIRST = datetime(2026, 3, 3, 15, 10, tzinfo=UTC)  # 09:10 in the clinic
DAY = timedelta(days=1)


def given(dose: int, at: datetime = FIRST, answer: Response | None = Response.INADEQUATE) -> Injection:
    return Injection(Decimal(dose), Decimal(50), at, answer)


def problems(
    dose: int, *before: Injection, at: datetime = FIRST + DAY, cautious: bool = False
) -> list[tuple[str, str]]:
    return list(dose_problems(dose, at, before, cautious=cautious, zone=ZONE))


def test_the_course_goes_up_step_by_step() -> None:
    assert problems(50, at=FIRST) == []
    assert problems(75, given(50)) == []
    assert problems(25, at=FIRST, cautious=True) == []
    assert problems(50, given(25), cautious=True) == []
    assert problems(75, at=FIRST) == [("dose_mcg", "The next dose of this course is 50 mcg.")]
    assert problems(25, at=FIRST) == [("dose_mcg", "The next dose of this course is 50 mcg.")]
    assert problems(50, at=FIRST, cautious=True) == [("dose_mcg", "The next dose of this course is 25 mcg.")]
    assert problems(50, given(50)) == [("dose_mcg", "The next dose of this course is 75 mcg.")]
    assert problems(200, given(50)) == [("dose_mcg", "200 mcg is above the largest dose, 100 mcg.")]


def test_twenty_four_hours_are_counted_in_instants() -> None:
    assert problems(75, given(50), at=FIRST + timedelta(hours=23, minutes=59)) == [
        (
            "given_at",
            "The last dose was given at 09:10 on 3 Mar 2026: the next one is possible from 09:10 on 4 Mar 2026, "
            "24 h later.",
        )
    ]
    [(field, text)] = problems(75, given(50), at=FIRST - timedelta(hours=1))
    assert (field, text) == ("given_at", "The last dose was given later than this, at 09:10 on 3 Mar 2026.")


def test_the_night_the_clock_changes_has_its_own_earliest_time() -> None:
    before = given(50, datetime(2026, 3, 7, 15, 10, tzinfo=UTC))  # 09:10 on the day before summer time begins
    [(_, text)] = problems(75, before, at=datetime(2026, 3, 8, 14, 30, tzinfo=UTC))
    assert "possible from 10:10 on 8 Mar 2026" in text


def test_no_dose_follows_an_open_or_a_positive_response() -> None:
    assert problems(75, given(50, answer=None)) == [
        ("dose_mcg", "The response to the last dose is not recorded.")
    ]
    assert problems(75, given(50, answer=Response.POSITIVE)) == [
        ("dose_mcg", "This trial has no further dose.")
    ]
    assert problems(100, given(100)) == [("dose_mcg", "This trial has no further dose.")]


@pytest.mark.parametrize(
    ("dose", "read_on", "expected"),
    [
        (50, date(2026, 3, 3), []),
        (
            75,
            date(2026, 3, 3),
            [("dose_mcg", "The dose given at 09:10 on 3 Mar 2026 was 50 mcg, not 75 mcg.")],
        ),
        (50, date(2026, 3, 2), [("read_on", "This is before the dose, which was given on 3 Mar 2026.")]),
        (
            50,
            date(2026, 3, 4),
            [("read_on", "This is after the dose was read: it was given at 09:10 on 3 Mar 2026.")],
        ),
        (None, None, []),
    ],
)
def test_readings_are_those_of_the_dose_that_was_given(
    dose: int | None, read_on: date | None, expected: list[tuple[str, str]]
) -> None:
    assert list(readings_problems(dose, read_on, given(50), zone=ZONE)) == expected


def test_a_late_dose_is_read_past_midnight() -> None:
    late = given(50, datetime(2026, 3, 4, 1, 0, tzinfo=UTC))  # 19:00: eight hours end on the next day
    assert list(readings_problems(50, date(2026, 3, 4), late, zone=ZONE)) == []
    assert [field for field, _ in readings_problems(50, date(2026, 3, 5), late, zone=ZONE)] == ["read_on"]


def test_without_a_dose_on_record_the_paper_is_trusted() -> None:
    assert list(readings_problems(75, date(2026, 3, 1), None, zone=ZONE)) == []
