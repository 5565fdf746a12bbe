"""The page of trends as its reader meets it: sentences, plots with their numbers beside them, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pathway.engine.cases import close
from pathway.models import ProgramRecord, Pump, Refill
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.titrate import record, refill, step
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, todo_url, words
from tests.walk import Walk


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def fresh(cast: Cast) -> Iterator[Walk]:
    """A case that was just referred."""
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    with at(walk.at):
        yield walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """A pump was just put in and programmed."""
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    walk.do_all(until="titration")
    return walk


def page_of(walk: Walk, query: str = "", days: float = 0.5) -> str:
    """The page as the physiatrist sees it half a day after the walk's last act."""
    with at(walk.at + timedelta(days=days)):
        return Desk(walk.cast.phil).get(case_url(walk.case_id, "trends") + query)


def card(page: str, key: str) -> str:
    """One figure of the page."""
    start = page.index(f'id="{key}"')
    return page[start : page.index("</section>", start)]


def rows(page: str) -> list[list[str]]:
    """Every row of every table, as its cells' words."""
    found = re.findall(r'<tr class="pf-v6-c-table__tr">\s*<td.*?</tr>', page, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]
        for row in found
    ]


def test_the_course_in_a_sentence_for_the_eye_and_for_the_screen_reader(walk: Walk) -> None:
    step(walk, 120, mas_mean=Decimal("2.10"), penn_frequency=2)
    step(walk, 140, mas_mean=Decimal("1.90"), penn_frequency=1)
    figure = card(page_of(walk), "course")
    said = "The dose rose from 100 to 140 mcg/day in 2 weeks; mean MAS fell from 2.8 to 1.9; Penn fell from 3 to 1."
    assert f"<p>{said}</p>" in figure
    for width in ("wide", "narrow"):
        assert f'<title id="course-{width}-name">Dose and spasticity</title>' in figure
        assert re.search(f'<desc id="course-{width}-told">{re.escape(said)} ', figure)
        assert f'aria-labelledby="course-{width}-name" aria-describedby="course-{width}-told"' in figure


def test_every_dose_and_score_of_the_picture_stands_in_a_table(walk: Walk) -> None:
    step(walk, 120, mas_mean=Decimal("2.10"), penn_frequency=2)
    table = rows(card(page_of(walk), "course"))
    [set_at] = ProgramRecord.objects.filter(daily_dose_mcg_per_day=120).values_list("effective_at", flat=True)
    day = f"{walk.today.day} {walk.today:%b %Y}, {set_at.astimezone(ZoneInfo('America/Chicago')):%H:%M}"
    assert [day, "120", "+20 %", "500", "Program", "phil"] in table
    assert [day, "2.1", "2", "Program", "phil"] in table
    assert any(row[1:4] == ["100", "first", "500"] for row in table)
    assert any(row[3] == "Trial, before the dose" for row in table if len(row) == 5)


def test_a_record_is_one_press_away(walk: Walk) -> None:
    todo = walk.todo("first_program")
    assert f'href="{todo_url(todo)}"' in card(page_of(walk), "course")


def test_the_reservoir_with_the_dates_that_the_pump_carries(walk: Walk) -> None:
    pump = Pump.objects.get()
    figure = card(page_of(walk), "reservoir")
    assert pump.alarm_on is not None
    assert pump.refill_by is not None
    alarm, by = (f"{day.day} {day:%b %Y}" for day in (pump.alarm_on, pump.refill_by))
    assert (
        f"the refill is due by {by}; the alarm at 2 mL is expected on {alarm}; no refill is on record yet."
        in figure
    )
    assert f">refill by {pump.refill_by.day} {pump.refill_by:%b}</text>" in figure
    assert f">alarm {pump.alarm_on.day} {pump.alarm_on:%b}</text>" in figure
    assert ">alarm</text>" in figure
    assert ", at 1.4 mL <a" in figure


def test_refills_with_their_discrepancy(walk: Walk) -> None:
    refill(walk, "15.0", "12.0", 100, 30)
    figure = card(page_of(walk), "reservoir")
    assert "1 of 1 refill found another volume than expected." in figure
    assert ">+3 mL</text>" in figure
    [row] = [row for row in rows(figure) if row[3] == "15"]
    assert row[1:6] == ["12", "12", "15", "+3", "20"]
    assert "3 mL off the expected volume; the limit is 2 mL." in row[6]
    assert "off by more than 2 mL <a" in figure


def test_a_stopped_infusion_is_said_and_its_events_are_listed(walk: Walk) -> None:
    record(walk, 10, event="measured", volume_ml=Decimal("12.5"))
    record(walk, 10, event="stopped")
    page = page_of(walk)
    off = f"{walk.today.day} {walk.today:%b %Y}, 01:00"
    assert f"The infusion is off since {off};" in card(page, "course")
    assert f"the infusion is off since {off}, and the dates count as if it ran;" in card(page, "reservoir")
    assert any(row[1:4] == ["0", "stop", "–"] for row in rows(card(page, "course")))
    assert any(
        row[1:3] == ["Volume measured (a correction)", "12.5"] for row in rows(card(page, "reservoir"))
    )


def test_an_empty_reservoir_is_said_and_keeps_its_dates(walk: Walk) -> None:
    figure = card(page_of(walk, days=200), "reservoir")
    assert "By the programs on record the reservoir is empty; the refill was due by " in figure
    assert ">refill by " in figure


def test_the_trial_with_its_threshold_and_its_tag(walk: Walk) -> None:
    figure = card(page_of(walk), "trial")
    assert (
        "After 50 mcg mean MAS fell from 3.1 to 1.5 at 4 h; Penn fell from 3 to 1 at 2 h; verdict: positive."
        in figure
    )
    assert figure.count(">fall of 1</text>") == 4  # two scales in two widths
    assert ["4 h", "1.5", "−1.6", "1", "−2"] in rows(figure)


def test_nothing_yet_names_the_to_do_that_brings_it(fresh: Walk) -> None:
    page = page_of(fresh, days=0)
    assert '<svg class="app-plot' not in page
    course = card(page, "course")
    assert "The first scores come with the to-do “Baseline spasticity”, which is open now." in words(
        f"<main {course}"
    )
    assert f'href="{todo_url(fresh.todo("baseline_spasticity"))}"' in course
    text = words(page)
    assert "The readings come with the to-do “Read the trial” of the stage Trial." in text
    assert "The first fill comes with the to-do “Operation note” of the stage Implant." in text


def test_a_closed_case_promises_nothing(fresh: Walk) -> None:
    close(
        case_id=fresh.case_id,
        by=fresh.cast.cora,
        at=fresh.at,
        reason="withdrew",
        evidence={"note": "No longer wanted."},
    )
    text = words(page_of(fresh, days=0))
    assert "No pump None came on record before the case ended." in text
    assert "come with the to-do" not in text


def test_a_case_in_evaluation_shows_its_first_scores_alone(fresh: Walk) -> None:
    fresh.do("baseline_spasticity")
    figure = card(page_of(fresh), "course")
    assert "Mean MAS was 2.8; Penn was 3." in figure
    assert "Dose, mcg/day" not in figure


def test_how_far_back_is_a_choice_and_nonsense_falls_back(walk: Walk) -> None:
    assert 'aria-current="true">Since the implant</a>' in page_of(walk)
    assert 'aria-current="true">Whole course</a>' in page_of(walk, "?window=all")
    assert 'aria-current="true">Since the implant</a>' in page_of(walk, "?window=nonsense")
    assert "Last 12 months" not in page_of(walk)
    assert 'aria-current="true">Last 12 months</a>' in page_of(walk, days=600)
    assert "Last 12 months" in page_of(walk, days=400)


def test_before_the_implant_there_is_nothing_to_choose(fresh: Walk) -> None:
    assert "How far back" not in page_of(fresh, days=0)


def test_the_case_page_leads_here_and_back(walk: Walk) -> None:
    with at(walk.at):
        case_page = Desk(walk.cast.cora).get(case_url(walk.case_id))
    assert f'href="{case_url(walk.case_id, "trends")}"' in case_page
    assert f'href="{case_url(walk.case_id)}"' in page_of(walk)


def test_another_clinics_case_does_not_exist(walk: Walk) -> None:
    Desk(walk.cast.omar).get(case_url(walk.case_id, "trends"), status=404)


def test_few_queries_and_no_more_with_a_longer_course(walk: Walk) -> None:
    with at(walk.at + timedelta(days=100)):
        desk, url = Desk(walk.cast.phil), case_url(walk.case_id, "trends")
        few = desk.queries(url)
    step(walk, 120)
    refill(walk, "12.0", "12.0", 120, 20)
    with at(walk.at + timedelta(days=100)):
        assert Desk(walk.cast.phil).queries(url) == few <= MAX_QUERIES
    assert Refill.objects.count() == 1


class Look(HTMLParser):
    """What the strict content policy forbids, and ids that stand twice."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.forbidden += [f"{tag} {name}" for name, _ in attrs if name == "style" or name.startswith("on")]
        self.ids += [value for name, value in attrs if name == "id"]


def test_no_inline_style_and_no_id_twice(walk: Walk) -> None:
    look = Look()
    look.feed(page_of(walk))
    assert look.forbidden == []
    assert len(look.ids) == len(set(look.ids))
