"""When a person is mailed: urgency, paces, quiet hours, and what the two changes of the clock do to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pathway.models.notice import KINDS
from pathway.protocol.attention import (
    RED_KINDS,
    SAFE_KINDS,
    SOON_KINDS,
    Pace,
    Taste,
    Urgency,
    is_quiet,
    leaves_at,
    urgency_of,
)

CHICAGO, BERLIN = ZoneInfo("America/Chicago"), ZoneInfo("Europe/Berlin")
#: Half and three quarters of an hour off UTC; Lord Howe's clock changes by half an hour.
ODD = [
    ZoneInfo(name) for name in ("Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe")
]
ZONES = [CHICAGO, BERLIN, ZoneInfo("UTC"), *ODD]
LOUD = Taste(quiet_from=None, quiet_to=None)
NEWS, SOON = Urgency.NEWS, Urgency.SOON


def local(zone: ZoneInfo, text: str, *, fold: int = 0) -> datetime:
    """An instant from a local wall time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """An instant as the clinic's clock shows it."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


# --- what is how urgent ---


@pytest.mark.parametrize(
    ("kind", "safety", "urgency"),
    [
        ("page", False, "red"),
        ("incident_climb", True, "red"),
        ("incident", False, "safety"),
        ("unowned", False, "safety"),
        ("alarm", False, "safety"),
        ("due", True, "safety"),
        ("escalate", True, "safety"),
        ("due", False, "soon"),
        ("escalate", False, "soon"),
        ("handed_over", True, "soon"),
        ("lapsed", False, "soon"),
        ("cover_begins", False, "soon"),
        ("opened", True, "news"),
        ("remind", False, "news"),
        ("cover_ends", False, "news"),
    ],
)
def test_urgency_of_a_kind(kind: str, safety: bool, urgency: str) -> None:
    assert urgency_of(kind, safety=safety) == urgency


def test_every_kind_that_is_named_exists() -> None:
    assert {key for key, _ in KINDS} >= RED_KINDS | SAFE_KINDS | SOON_KINDS


def test_only_soon_and_news_wait() -> None:
    assert [urgency for urgency in Urgency if urgency.waits] == [SOON, NEWS]
    assert Taste(soon=Pace.DAILY, news=Pace.DAILY).pace(Urgency.SAFETY) is Pace.INSTANT


# --- tables ---


@pytest.mark.parametrize(
    ("told", "leaves"),
    [
        ("2026-03-02 18:59", "2026-03-02 18:59"),
        ("2026-03-02 19:00", "2026-03-03 06:30"),
        ("2026-03-02 21:40", "2026-03-03 06:30"),
        ("2026-03-03 00:00", "2026-03-03 06:30"),
        ("2026-03-03 06:29", "2026-03-03 06:30"),
        ("2026-03-03 06:30", "2026-03-03 06:30"),
    ],
)
def test_quiet_hours_over_midnight(told: str, leaves: str) -> None:
    moment = leaves_at(SOON, Taste(), local(CHICAGO, told), CHICAGO)
    assert clock(moment, CHICAGO) == leaves


def test_quiet_hours_within_a_day() -> None:
    siesta = Taste(quiet_from=time(13), quiet_to=time(15))
    assert clock(leaves_at(SOON, siesta, local(BERLIN, "2026-03-02 14:10"), BERLIN), BERLIN).endswith("15:00")
    assert clock(leaves_at(SOON, siesta, local(BERLIN, "2026-03-02 15:00"), BERLIN), BERLIN).endswith("15:00")
    assert clock(leaves_at(SOON, siesta, local(BERLIN, "2026-03-02 12:59"), BERLIN), BERLIN).endswith("12:59")


@pytest.mark.parametrize("quiet", [(None, None), (time(8), time(8))])
def test_no_quiet_hours(quiet: tuple[time | None, time | None]) -> None:
    told = local(CHICAGO, "2026-03-02 03:00")
    assert leaves_at(SOON, Taste(quiet_from=quiet[0], quiet_to=quiet[1]), told, CHICAGO) == told


@pytest.mark.parametrize(
    ("zone", "told", "leaves"),
    [
        (CHICAGO, "2026-03-02 10:00", "2026-03-02 10:00"),
        (CHICAGO, "2026-03-02 10:01", "2026-03-02 11:00"),
        (ODD[0], "2026-03-02 10:01", "2026-03-02 11:00"),
        (ODD[0], "2026-03-02 10:31", "2026-03-02 11:00"),
        (ODD[1], "2026-03-02 10:50", "2026-03-02 11:00"),
        (ODD[2], "2026-03-02 23:30", "2026-03-03 00:00"),
    ],
)
def test_hourly_mail_leaves_on_the_local_full_hour(zone: ZoneInfo, told: str, leaves: str) -> None:
    assert clock(leaves_at(NEWS, LOUD, local(zone, told), zone), zone) == leaves


def test_hourly_mail_of_the_night_leaves_when_quiet_hours_end() -> None:
    assert (
        clock(leaves_at(NEWS, Taste(), local(BERLIN, "2026-03-02 18:20"), BERLIN), BERLIN)
        == "2026-03-03 06:30"
    )


@pytest.mark.parametrize(
    ("told", "leaves"),
    [
        ("2026-03-02 07:29", "2026-03-02 07:30"),
        ("2026-03-02 07:30", "2026-03-02 07:30"),
        ("2026-03-02 07:31", "2026-03-03 07:30"),
    ],
)
def test_daily_mail(told: str, leaves: str) -> None:
    assert clock(leaves_at(NEWS, Taste(news=Pace.DAILY), local(CHICAGO, told), CHICAGO), CHICAGO) == leaves


def test_daily_mail_waits_for_the_end_of_quiet_hours_too() -> None:
    early = Taste(news=Pace.DAILY, daily_at=time(5))
    assert (
        clock(leaves_at(NEWS, early, local(CHICAGO, "2026-03-02 04:00"), CHICAGO), CHICAGO)
        == "2026-03-02 06:30"
    )


# --- the two changes of the clock: Chicago on 8 March 2026 (02:00 -> 03:00) and 1 November 2026 (02:00 -> 01:00) ---


def test_in_spring_a_daily_time_that_is_skipped_leaves_within_the_hour_after() -> None:
    nightly = replace(LOUD, news=Pace.DAILY, daily_at=time(2, 30))
    assert (
        clock(leaves_at(NEWS, nightly, local(CHICAGO, "2026-03-08 00:10"), CHICAGO), CHICAGO)
        == "2026-03-08 03:30"
    )
    assert (
        clock(leaves_at(NEWS, nightly, local(CHICAGO, "2026-03-08 04:00"), CHICAGO), CHICAGO)
        == "2026-03-09 02:30"
    )


def test_in_autumn_a_daily_time_that_comes_twice_counts_once() -> None:
    nightly = replace(LOUD, news=Pace.DAILY, daily_at=time(1, 30))
    first = leaves_at(NEWS, nightly, local(CHICAGO, "2026-11-01 00:10"), CHICAGO)
    assert first == local(CHICAGO, "2026-11-01 01:30")
    between = local(CHICAGO, "2026-11-01 01:10", fold=1)
    assert clock(leaves_at(NEWS, nightly, between, CHICAGO), CHICAGO) == "2026-11-02 01:30"


def test_in_autumn_an_hour_that_comes_twice_is_quiet_twice() -> None:
    night = replace(LOUD, quiet_from=time(22), quiet_to=time(1, 30))
    told = local(CHICAGO, "2026-11-01 00:30")
    assert leaves_at(SOON, night, told, CHICAGO) == local(CHICAGO, "2026-11-01 01:30", fold=1)


def test_in_spring_quiet_hours_that_end_in_the_skipped_hour_end() -> None:
    night = replace(LOUD, quiet_from=time(22), quiet_to=time(2, 30))
    told = local(CHICAGO, "2026-03-08 01:00")
    assert clock(leaves_at(SOON, night, told, CHICAGO), CHICAGO) == "2026-03-08 03:30"


def test_a_short_waking_time_that_is_skipped_is_waited_for_until_the_next_day() -> None:
    hardly = replace(LOUD, quiet_from=time(3, 15), quiet_to=time(2, 30))
    told = local(CHICAGO, "2026-03-08 01:00")
    assert clock(leaves_at(SOON, hardly, told, CHICAGO), CHICAGO) == "2026-03-09 02:30"


def test_in_autumn_hourly_mail_leaves_on_both_full_hours() -> None:
    for fold, wanted in (
        (0, local(CHICAGO, "2026-11-01 01:00", fold=1)),
        (1, local(CHICAGO, "2026-11-01 02:00")),
    ):
        told = local(CHICAGO, "2026-11-01 01:40", fold=fold)
        assert leaves_at(NEWS, LOUD, told, CHICAGO) == wanted


@pytest.mark.parametrize(
    ("told", "leaves"), [("2026-04-05 01:40", "2026-04-05 02:00"), ("2026-10-04 01:50", "2026-10-04 03:00")]
)
def test_a_clock_that_changes_by_half_an_hour_still_strikes_the_hour(told: str, leaves: str) -> None:
    lord_howe = ODD[3]
    assert clock(leaves_at(NEWS, LOUD, local(lord_howe, told), lord_howe), lord_howe) == leaves


# --- for every moment, zone and taste ---

MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
QUIET = st.tuples(MINUTES, MINUTES) | st.just((None, None))
TASTES = st.builds(
    lambda soon, news, daily, quiet: Taste(soon, news, False, daily, *quiet),
    st.sampled_from(Pace),
    st.sampled_from(Pace),
    MINUTES,
    QUIET,
)
CHANGES = [datetime(2026, *day, tzinfo=UTC) for day in ((3, 8), (3, 29), (4, 5), (10, 4), (10, 25), (11, 1))]
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda at: at.replace(tzinfo=UTC)
) | st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds),
    st.sampled_from(CHANGES),
    st.integers(-36 * 3600, 36 * 3600),
)
WAITING = st.sampled_from([SOON, NEWS])
SOMEWHERE = st.sampled_from(ZONES)


@given(WAITING, TASTES, MOMENTS, SOMEWHERE)
def test_nothing_leaves_before_it_is_told_nor_in_quiet_hours(
    urgency: Urgency, taste: Taste, told: datetime, zone: ZoneInfo
) -> None:
    moment = leaves_at(urgency, taste, told, zone)
    assert told <= moment
    assert not is_quiet(moment.astimezone(zone).time(), taste.quiet_from, taste.quiet_to)


@given(st.sampled_from([Urgency.RED, Urgency.SAFETY]), TASTES, MOMENTS, SOMEWHERE)
def test_red_and_safety_never_wait(urgency: Urgency, taste: Taste, told: datetime, zone: ZoneInfo) -> None:
    assert leaves_at(urgency, taste, told, zone) == told


@given(WAITING, TASTES, MOMENTS, MOMENTS, SOMEWHERE)
def test_without_quiet_hours_what_is_told_later_does_not_leave_earlier(
    urgency: Urgency, taste: Taste, one: datetime, other: datetime, zone: ZoneInfo
) -> None:
    """With them it may, in the hour that is there twice: awake, then quiet again."""
    loud = replace(taste, quiet_from=None, quiet_to=None)
    first, second = sorted((one, other))
    assert leaves_at(urgency, loud, first, zone) <= leaves_at(urgency, loud, second, zone)


@given(TASTES, MOMENTS, SOMEWHERE)
def test_daily_mail_leaves_once_on_each_local_day(taste: Taste, told: datetime, zone: ZoneInfo) -> None:
    """Over eight days told every half hour: one instant a local day, none twice, none left out."""
    daily = replace(taste, news=Pace.DAILY, quiet_from=None, quiet_to=None)
    instants = {leaves_at(NEWS, daily, told + timedelta(minutes=30 * step), zone) for step in range(8 * 48)}
    days = sorted(instant.astimezone(zone).date() for instant in instants)
    assert len(days) == len(set(days))
    assert (days[-1] - days[0]).days + 1 == len(days) >= 8


@given(MOMENTS, SOMEWHERE)
def test_hourly_mail_leaves_within_ninety_minutes_on_a_full_hour(told: datetime, zone: ZoneInfo) -> None:
    """An hour and a half: where the clock changes by half an hour, one hour is that long."""
    moment = leaves_at(NEWS, LOUD, told, zone)
    assert (moment.astimezone(zone).minute, moment.second, moment.microsecond) == (0, 0, 0)
    assert moment - told <= timedelta(minutes=90)


@given(WAITING, TASTES, MOMENTS, SOMEWHERE)
def test_waiting_is_settled_once(urgency: Urgency, taste: Taste, told: datetime, zone: ZoneInfo) -> None:
    """Asked again at the moment it leaves, the rule says: now. Else a notice could be put off for ever."""
    assume(taste.pace(urgency) is Pace.INSTANT or taste.quiet_from is None)
    moment = leaves_at(urgency, taste, told, zone)
    assert leaves_at(urgency, taste, moment, zone) == moment
