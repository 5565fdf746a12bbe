"""Incidents beside the rest: on their case, in my work, on the board, in the list, in notices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from pathway.clinical.signs import Alarm, Signs, Wound
from pathway.engine.incidents import acknowledge
from pathway.models import Incident, Notice
from pathway.models.base import new_id
from pathway.queries import incidents as listed
from tests.cast import Cast, make_cast, referred
from tests.engine.told import answer_all, close_it
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, fresh_case, todo_url, words
from tests.views.incident_desk import found, new_url, url_of
from tests.walk import Walk


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def walk(cast: Cast) -> Iterator[Walk]:
    walk = fresh_case(cast)
    with at(walk.at):
        yield walk


def test_the_case_shows_its_open_incident_first_and_offers_the_report(walk: Walk) -> None:
    desk = Desk(walk.cast.cora)
    before = desk.get(case_url(walk.case_id))
    assert f'href="{new_url(walk)}"' in before
    assert "Report a problem" in words(before)
    incident = found(walk, Signs(alarm=Alarm.TWO_TONE))
    html = desk.get(case_url(walk.case_id))
    text = words(html)
    assert f'href="{url_of(incident)}"' in html
    assert "Incident, red: Motor stall or pump failure" in text
    assert "Nobody has acknowledged it yet." in text
    assert "Add findings to the incident" in text
    assert "Incident 1 reported" in text
    acknowledge(incident_id=incident.id, by=walk.cast.nora, at=walk.at)
    text = words(desk.get(case_url(walk.case_id)))
    assert "Acknowledged by nora." in text
    assert "Acknowledged: incident, red" in text


def test_my_work_and_the_board_say_that_nobody_has_it(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.phil)
    [name] = re.findall(r'name="seen" value="([^"]+)"', desk.get("/"))
    incident = found(walk, Signs(seizure=True))
    changed = desk.client.get(f"/?part=rows&seen={name}").content.decode()
    said = "Nobody has acknowledged this red incident: Person, Sample"
    assert said in changed, "the poll brings it"
    assert f'href="{url_of(incident)}"' in changed
    assert changed.index(said) < changed.index("Overdue"), "before the list"
    assert "Red incident" in words(desk.get("/board/"))
    assert "Answer your steps" in desk.get(url_of(incident))
    assert "Answer your steps" not in Desk(cast.cora).get(url_of(incident)), "nobody asks the coordinator"
    with at(walk.at + timedelta(minutes=16)):
        assert "the time is over" in words(desk.get("/"))
    acknowledge(incident_id=incident.id, by=cast.nora, at=walk.at)
    assert "Nobody has acknowledged" not in words(desk.get("/"))
    assert "Red incident" in words(desk.get("/board/")), "until it is closed"
    assert "Red incident" not in words(Desk(cast.omar).get("/board/"))


def test_a_line_names_three_conditions_and_counts_the_rest() -> None:
    few = ["withdrawal", "seroma", "catheter"]
    assert "more" not in listed.names_of(few)
    assert listed.names_of([*few, "overdose", "infection"]).endswith("; 2 more")


def test_who_is_asked_finds_the_own_steps_on_top_and_further_plans_folded(walk: Walk) -> None:
    incident = found(walk, Signs(itch=True, wound=Wound.OPEN_OR_PUS, alarm=Alarm.SINGLE))
    html = Desk(walk.cast.nora).get(url_of(incident))
    mine = walk.todo("incident_neurosurgeon")
    assert "Answer your steps" in html
    assert html.index(todo_url(mine)) < html.index('id="why"')
    plans = len(incident.conditions)
    assert plans > 1
    assert html.count('<summary class="app-list-note">') == plans - 1


def several(cast: Cast, walk: Walk) -> dict[str, Incident]:
    """A closed one, a yellow, an orange that waits, a red that somebody has."""
    made = {}
    for name, signs in (
        ("closed", Signs(wound=Wound.SWOLLEN)),
        ("yellow", Signs(wound=Wound.SWOLLEN)),
        ("orange", Signs(itch=True)),
        ("red", Signs(seizure=True)),
    ):
        other = Walk(cast, referred(cast, mrn=f"X-{name}"), walk.at)
        made[name] = found(other, signs)
        walk.at += timedelta(minutes=1)
        if name == "closed":
            answer_all(other)
            close_it(other)
    acknowledge(incident_id=made["red"].id, by=cast.phil, at=walk.at)
    return made


def order(html: str) -> list[str]:
    return re.findall(r"X-(\w+)", words(html))


def test_the_list_puts_open_ones_first_by_level_and_filters(cast: Cast, walk: Walk) -> None:
    several(cast, walk)
    desk = Desk(cast.cora)
    assert order(desk.get("/incidents/")) == ["red", "orange", "yellow", "closed"]
    assert order(desk.get("/incidents/?state=open")) == ["red", "orange", "yellow"]
    assert order(desk.get("/incidents/?state=waiting")) == ["orange", "yellow"]
    assert order(desk.get("/incidents/?state=closed")) == ["closed"]
    assert order(desk.get("/incidents/?level=yellow")) == ["yellow", "closed"]
    assert "No incident fits this filter" in words(desk.get("/incidents/?level=green"))
    assert order(Desk(cast.omar).get("/incidents/")) == []
    assert "No incident yet" in words(Desk(cast.omar).get("/incidents/"))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_follow_each_other_without_a_gap(
    cast: Cast, walk: Walk, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(cast, walk)
    monkeypatch.setattr(listed, "PAGE_ROWS", size)
    desk, seen, url = Desk(cast.cora), [], "/incidents/"
    while url:
        html = desk.get(url)
        seen += order(html)
        more = re.search(r'rel="next" href="([^"]+)"', html)
        url = "/incidents/" + more[1].replace("&amp;", "&") if more else ""
    assert seen == ["red", "orange", "yellow", "closed"]
    assert order(desk.get("/incidents/?after=nonsense"))[0] == "red"


def test_time_that_is_over_is_said_in_the_list(cast: Cast, walk: Walk) -> None:
    found(walk, Signs(seizure=True))
    with at(walk.at + timedelta(minutes=16)):
        text = words(Desk(cast.cora).get("/incidents/"))
    assert "Nobody, time is over" in text
    assert "16 min ago" in text


def test_the_pages_ask_few_questions(cast: Cast, walk: Walk) -> None:
    incident = found(walk, Signs(itch=True, wound=Wound.OPEN_OR_PUS, alarm=Alarm.SINGLE))
    for _ in range(3):
        found(walk, Signs(itch=True))
    desk = Desk(cast.phil)
    for url in ("/incidents/", new_url(walk), url_of(incident), case_url(walk.case_id)):
        assert desk.queries(url) <= MAX_QUERIES, url


def test_everybody_asked_is_told_by_a_notice(walk: Walk) -> None:
    Desk(walk.cast.cora).post(new_url(walk), {"request_id": str(new_id()), "seizure": "yes"})
    told = Notice.objects.filter(kind="page").values_list("recipient__username", flat=True)
    assert sorted(told) == ["anna", "nora", "phil"]
