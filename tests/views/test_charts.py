"""The drawing itself: ticks, scales and marks stay true and on the paper, whatever the numbers and the clocks do."""

from __future__ import annotations

import doctest
import math
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathway.views.charts import drawing, panel, scale
from pathway.views.charts.course import Course, Dose, Score, draw_course, steps
from pathway.views.charts.drawing import Drawing, Words, apart
from pathway.views.charts.panel import NARROW, WIDE, Box, Moment, Panel, Paper, Sheet, clip
from pathway.views.charts.reservoir import Measured, Reservoir, draw_reservoir
from pathway.views.charts.scale import Scale, TimeSpan, date_ticks, number_ticks
from pathway.views.charts.trial import Response, draw_trial

CHICAGO = ZoneInfo("America/Chicago")
ZONES = st.sampled_from(
    [
        CHICAGO,
        ZoneInfo("Europe/Berlin"),
        ZoneInfo("Asia/Kolkata"),
        ZoneInfo("Australia/Lord_Howe"),
        ZoneInfo("UTC"),
    ]
)
INSTANTS = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
DOSES = st.floats(0.01, 9999, allow_nan=False)
GRADES = st.none() | st.floats(0, 4, allow_nan=False)
PAPERS = st.sampled_from([WIDE, NARROW])
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def places(found: Drawing) -> list[tuple[float, float]]:
    """Every absolute place of every path."""
    strokes = "".join(stroke.d for stroke in found.strokes)
    assert not re.search("nan|inf", strokes, re.IGNORECASE)
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", strokes)]


def assert_on_paper(found: Drawing) -> None:
    """Nothing is drawn or written beside the paper."""
    for x, y in places(found):
        assert -1 <= x <= found.width + 1
        assert -1 <= y <= found.height + 1
    for words in found.words:
        left, right = words.extent
        assert all(map(math.isfinite, (words.x, words.y)))
        assert right > 0
        assert left < found.width
        assert 0 < words.y <= found.height


def texts(found: Drawing, kind: str = "") -> list[str]:
    return [words.text for words in found.words if not kind or words.kind == kind]


def marks(found: Drawing, kind: str) -> int:
    """How many shapes of a kind there are."""
    return sum(stroke.d.count("Z") for stroke in found.strokes if stroke.kind == kind)


# --- scales and ticks ---


@pytest.mark.parametrize("module", [scale, drawing, panel])
def test_examples_of_the_documentation(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
    assert doctest.testmod(module).attempted  # type: ignore[arg-type]


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_place_never_leaves_its_range(one: float, other: float, value: float) -> None:
    low, high = sorted((one, other))
    assert 100 <= Scale(low, high, 100, 200).place(value) <= 200
    assert 100 <= Scale(low, high, 200, 100).place(value) <= 200


@given(NUMBERS, st.floats(0, 1e6, allow_nan=False), st.integers(2, 9))
def test_number_ticks_rise_and_cover_the_domain(low: float, length: float, about: int) -> None:
    ticks = number_ticks(low, low + length, about)
    values = [tick.at for tick in ticks]
    assert values == sorted(set(values))
    assert values[0] <= low + 1e-6
    assert values[-1] >= low + length - 1e-6
    assert 2 <= len(ticks) <= 2 * about + 2
    assert len({tick.text for tick in ticks}) == len(ticks)


@given(INSTANTS, st.floats(0.5, 40_000), ZONES, st.integers(2, 10))
def test_date_ticks_rise_inside_the_span_at_local_midnights(
    first: datetime, days: float, zone: ZoneInfo, most: int
) -> None:
    span = TimeSpan(first, first + timedelta(days=days), zone)
    ticks = date_ticks(span, most)
    values = [tick.at for tick in ticks]
    assert 1 <= len(ticks) <= most
    assert values == sorted(set(values))
    assert span.low <= values[0] <= values[-1] <= span.high
    if len(ticks) > 1:
        for value in values:
            local = datetime.fromtimestamp(value, zone)
            assert (local.hour, local.minute) == (0, 0)


@given(INSTANTS, st.floats(20, 40_000), st.integers(3, 10))
def test_dates_stand_as_close_as_they_may(first: datetime, days: float, most: int) -> None:
    """No part of the axis goes without a date for longer than two thirds of it."""
    span = TimeSpan(first, first + timedelta(days=days), CHICAGO)
    edges = [span.low, *(tick.at for tick in date_ticks(span, max(most, 4))), span.high]
    assert max(b - a for a, b in pairwise(edges)) <= (span.high - span.low) * 0.67


def test_days_are_counted_by_the_clinics_clock_when_it_changes() -> None:
    span = TimeSpan(
        datetime(2026, 3, 6, 12, tzinfo=CHICAGO), datetime(2026, 3, 10, 12, tzinfo=CHICAGO), CHICAGO
    )
    ticks = date_ticks(span, 9)
    assert [tick.text for tick in ticks] == ["7 Mar", "8 Mar", "9 Mar", "10 Mar"]
    assert [b.at - a.at for a, b in pairwise(ticks)] == [86400, 82800, 86400]


def test_the_year_stands_below_the_first_date_and_where_it_changes() -> None:
    span = TimeSpan(datetime(2025, 10, 20, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC), CHICAGO)
    assert [(tick.text, tick.below) for tick in date_ticks(span, 6)] == [
        ("Nov", "2025"),
        ("Dec", ""),
        ("Jan", "2026"),
        ("Feb", ""),
        ("Mar", ""),
    ]


def test_weeks_begin_on_monday() -> None:
    span = TimeSpan(MONDAY - timedelta(days=3), MONDAY + timedelta(days=33), CHICAGO)
    assert [tick.text for tick in date_ticks(span, 7)] == ["2 Mar", "9 Mar", "16 Mar", "23 Mar", "30 Mar"]


# --- lines and labels ---


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12), NUMBERS, NUMBERS)
def test_a_clipped_line_stays_between_the_edges_and_keeps_what_was_inside(
    points: list[tuple[float, float]], one: float, other: float
) -> None:
    points.sort()
    low, high = sorted((one, other))
    kept = clip(points, low, high)
    assert all(low <= x <= high for x, _ in kept)
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)
    assert set(kept) >= {point for point in points if low <= point[0] <= high}


def test_a_line_that_crosses_the_whole_window_is_cut_at_both_edges() -> None:
    assert clip([(0, 0), (10, 100)], 2, 4) == [(2, 20), (4, 40)]


@given(st.lists(st.tuples(st.floats(0, 700), st.text("0123456789", min_size=1, max_size=8)), max_size=30))
def test_labels_of_a_row_never_run_into_each_other(row: list[tuple[float, str]]) -> None:
    labels = [Words("tick", x, 50, text, "middle") for x, text in sorted(row)]
    kept = apart(labels)
    extents = sorted(words.extent for words in kept)
    assert all(a[1] < b[0] for a, b in pairwise(extents))
    assert not labels or labels[-1] in kept


def test_moments_on_the_right_have_their_words_on_the_left_and_the_other_way_round() -> None:
    for at, anchor in ((90, "end"), (10, "start")):
        sheet = Sheet(400, 200)
        one = Panel(sheet, Box(40, 60, 360, 160), Scale(0, 100, 40, 360), Scale(0, 1, 160, 60))
        one.moments([Moment(at, "today", "today"), Moment(at + 5, "moment", "later")])
        assert {words.anchor for words in sheet.words} == {anchor}
        assert len({words.y for words in sheet.words}) == 2


# --- dose and spasticity ---

COURSES = st.builds(
    lambda first, days, zone, doses, scores, baseline: Course(
        span=TimeSpan(first, first + timedelta(days=days), zone),
        doses=tuple(Dose(first + timedelta(days=at), dose) for at, dose in sorted(doses)),
        doses_end=first + timedelta(days=days),
        scores=tuple(
            Score(first + timedelta(days=at), mas, penn, joined)
            for at, mas, penn, joined in sorted(scores, key=lambda score: score[0])
        ),
        baseline=baseline,
        moments=((first, "pump filled 2 Mar 2026"),),
        notes=((first, "500 mcg/mL"),),
    ),
    INSTANTS,
    st.floats(14, 30_000),
    ZONES,
    st.lists(st.tuples(st.floats(-100, 30_000), DOSES), min_size=1, max_size=20),
    st.lists(st.tuples(st.floats(-100, 30_000), GRADES, GRADES, st.booleans()), min_size=1, max_size=20),
    GRADES,
)


@given(COURSES, PAPERS)
def test_a_course_stays_on_its_paper(course: Course, paper: Paper) -> None:
    assert_on_paper(draw_course(course, paper))


@given(COURSES)
def test_steps_stay_inside_the_span_and_only_rise_and_fall_where_a_dose_was_set(course: Course) -> None:
    corners = steps(course.doses, course.doses_end, course.span)
    assert all(course.span.low <= x <= course.span.high for x, _ in corners)
    assert {y for _, y in corners} <= {dose.mcg_per_day for dose in course.doses}
    flat = zip(corners[::2], corners[1::2], strict=True)
    assert all(start[1] == end[1] and start[0] <= end[0] for start, end in flat)


def course_of(*doses: float, scores: tuple[Score, ...] = ()) -> Course:
    """A dose a week from Monday on."""
    end = MONDAY + timedelta(days=7 * max(len(doses), 2))
    return Course(
        span=TimeSpan(MONDAY - timedelta(days=1), end, CHICAGO),
        doses=tuple(Dose(MONDAY + timedelta(days=7 * week), dose) for week, dose in enumerate(doses)),
        doses_end=end,
        scores=scores,
    )


@pytest.mark.parametrize("paper", [WIDE, NARROW])
def test_one_dose_and_one_score(paper: Paper) -> None:
    found = draw_course(course_of(100, scores=(Score(MONDAY, 3.25, 3),)), paper)
    assert texts(found, "dose-text") == ["100", "100"]
    assert texts(found, "mas-text") == ["MAS 3.25"]
    assert texts(found, "penn-text") == ["Penn 3"]
    assert (marks(found, "dose-mark"), marks(found, "mas-mark"), marks(found, "penn-mark")) == (1, 1, 1)
    assert_on_paper(found)


def test_a_dose_that_did_not_change_has_no_mark() -> None:
    found = draw_course(course_of(100, 100, 120, 120), WIDE)
    assert marks(found, "dose-mark") == 2
    assert texts(found, "dose-text") == ["120", "100", "120"]


def test_a_panel_without_data_is_left_out() -> None:
    only_scores = draw_course(course_of(scores=(Score(MONDAY, 3, 3),)), WIDE)
    only_doses = draw_course(course_of(100, 120), WIDE)
    assert "Dose, mcg/day" not in texts(only_scores)
    assert "Mean MAS and Penn" not in texts(only_doses)
    assert (
        only_scores.height
        == only_doses.height
        < draw_course(course_of(100, scores=(Score(MONDAY, 3, 3),)), WIDE).height
    )


def test_what_does_not_compare_is_not_joined() -> None:
    later = MONDAY + timedelta(days=3)
    joined = draw_course(course_of(scores=(Score(MONDAY, 3, 3), Score(later, 2, 2))), WIDE)
    apart_ = draw_course(course_of(scores=(Score(MONDAY, 3, 3), Score(later, 2, 2, joined=False))), WIDE)
    assert [stroke.kind for stroke in joined.strokes].count("mas") == 1
    assert [stroke.kind for stroke in apart_.strokes].count("mas") == 0
    assert marks(apart_, "mas-mark") == 2


def test_two_lines_that_end_at_one_value_keep_their_names_apart() -> None:
    found = draw_course(course_of(scores=(Score(MONDAY, 3, 3),)), NARROW)
    heights = [words.y for words in found.words if words.kind in ("mas-text", "penn-text")]
    assert abs(heights[0] - heights[1]) >= 14


# --- reservoir ---

RESERVOIRS = st.builds(
    lambda first, days, levels, ahead: Reservoir(
        span=TimeSpan(first, first + timedelta(days=days), CHICAGO),
        capacity_ml=40,
        past=tuple((first + timedelta(days=at), ml) for at, ml in sorted(levels)),
        ahead=((first + timedelta(days=days / 2), 20), (first + timedelta(days=ahead + days / 2), 0)),
        measured=tuple(
            Measured(first + timedelta(days=at), ml, "+2.4 mL" if ml > 30 else "") for at, ml in levels
        ),
        levels=(("alarm", 2, "alarm"),),
        moments=(
            ("today", first + timedelta(days=days / 2), "today 2 Mar"),
            ("refill-by", first, "refill by 9 Mar"),
        ),
    ),
    INSTANTS,
    st.floats(14, 5_000),
    st.lists(st.tuples(st.floats(-100, 5_000), st.floats(0, 40)), min_size=1, max_size=40),
    st.floats(0, 4_000),
)


@given(RESERVOIRS, PAPERS)
def test_a_reservoir_stays_on_its_paper(reservoir: Reservoir, paper: Paper) -> None:
    assert_on_paper(draw_reservoir(reservoir, paper))


def test_what_was_measured_is_marked_and_what_was_off_says_by_how_much() -> None:
    reservoir = Reservoir(
        span=TimeSpan(MONDAY, MONDAY + timedelta(days=60), CHICAGO),
        capacity_ml=20,
        past=((MONDAY, 18), (MONDAY + timedelta(days=30), 3), (MONDAY + timedelta(days=30), 20)),
        ahead=((MONDAY + timedelta(days=30), 20), (MONDAY + timedelta(days=70), 0)),
        measured=(
            Measured(MONDAY + timedelta(days=10), 12),
            Measured(MONDAY + timedelta(days=30), 5.4, "+2.4 mL"),
            Measured(MONDAY + timedelta(days=90), 4),
        ),
        levels=(("alarm", 2, "alarm"),),
        moments=(
            ("refill-by", MONDAY + timedelta(days=50), "refill by 21 Apr"),
            ("today", MONDAY - timedelta(days=9), "x"),
        ),
    )
    found = draw_reservoir(reservoir, WIDE)
    assert (marks(found, "measured"), marks(found, "measured-off")) == (1, 1)
    assert texts(found, "measured-off-text") == ["+2.4 mL"]
    assert texts(found, "refill-by-text") == ["refill by 21 Apr"]
    assert texts(found, "alarm-text") == ["alarm"]
    assert "x" not in texts(found)


# --- trial ---

POINTS = st.lists(st.tuples(st.floats(0, 24), st.floats(0, 4)), max_size=12).map(tuple)


@given(
    st.lists(
        st.builds(Response, st.just("50 mcg on 3 Mar: positive"), POINTS, POINTS), min_size=1, max_size=4
    ),
    PAPERS,
)
def test_a_trial_stays_on_its_paper(responses: list[Response], paper: Paper) -> None:
    assert_on_paper(draw_trial(responses, 1, "fall of 1 [P]", paper))


def test_each_scale_has_its_own_baseline_and_threshold() -> None:
    response = Response("50 mcg", ((0, 3.1), (1, 2.6), (4, 1.5)), ((0, 3), (4, 1)))
    found = draw_trial([response, response], 1, "fall of 1 [P]", WIDE)
    assert texts(found, "threshold-text") == ["fall of 1 [P]"] * 4
    assert texts(found, "baseline-text") == ["before 3.1", "before 3"] * 2
    assert texts(found, "mas-text") == ["1.5"] * 2
    assert texts(found, "penn-text") == ["1"] * 2


def test_the_threshold_lies_the_fall_below_the_baseline() -> None:
    found = draw_trial([Response("50 mcg", ((0, 3), (4, 2)), ())], 1, "fall of 1 [P]", WIDE)
    height = {words.kind: words.y for words in found.words}
    ticks = {words.text: words.y for words in found.words if words.kind == "tick" and words.anchor == "end"}
    assert height["baseline-text"] == pytest.approx(ticks["3"])
    assert height["threshold-text"] == pytest.approx(ticks["2"])
    [level] = [stroke.d for stroke in found.strokes if stroke.kind == "threshold"]
    assert level.split()[-1] == drawing.number(ticks["2"] - 4)


def test_without_a_reading_before_the_dose_there_is_no_threshold() -> None:
    found = draw_trial([Response("50 mcg", ((1, 2.6), (4, 1.5)), ())], 1, "fall of 1 [P]", NARROW)
    assert texts(found, "threshold-text") == []
    assert "not scored" in texts(found)


def test_a_threshold_below_zero_is_not_drawn() -> None:
    found = draw_trial([Response("50 mcg", ((0, 0.5), (4, 0.2)), ())], 1, "fall of 1 [P]", WIDE)
    assert texts(found, "threshold-text") == []


def test_a_dose_that_was_read_longer_gets_further_hours() -> None:
    usual = draw_trial([Response("50 mcg", ((0, 3), (8, 2)), ())], 1, "", WIDE)
    longer = draw_trial([Response("50 mcg", ((0, 3), (24, 2)), ())], 1, "", WIDE)
    assert {"10", "20", "30"} & set(texts(usual)) == set()
    assert {"10", "20", "30"} <= set(texts(longer))
