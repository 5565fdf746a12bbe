"""The trial day on the page of its to-do: clock, due observations, change as it is typed, arithmetic, the record."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from pathway.models import TrialObservation
from tests.cast import Cast, make_cast
from tests.engine.test_trials import BETTER, TONE, TrialDay
from tests.engine.traces import nothing_written
from tests.views.desk import MAX_QUERIES, Desk, at, todo_url, words

pytestmark = pytest.mark.django_db
ZONE_H = -6  # Chicago in March, before the clocks change


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def day(cast: Cast) -> TrialDay:
    return TrialDay(cast)


def page(day: TrialDay, minute: float, person: Any = None, query: str = "", status: int = 200) -> str:
    with at(day.at(minute)):
        return Desk(person or day.cast.phil).get(todo_url(day.todo) + query, status)


def sent(day: TrialDay, minute: int, taken: float | None = None, **changes: str) -> dict[str, str]:
    """What a browser would send for an observation."""
    moment = day.at(minute if taken is None else taken) + timedelta(hours=ZONE_H)
    return {
        "minute": str(minute),
        "see-observed_at": f"{moment:%Y-%m-%dT%H:%M}",
        "see-heart_rate": "74",
        "see-systolic": "122",
        "see-diastolic": "76",
        "see-spo2": "97",
        "see-respiratory_rate": "14",
        "see-sedation": "awake",
        **changes,
    }


def tone(rows: list[dict[str, str]], fixed: list[str]) -> dict[str, str]:
    """Tone as the table of the form sends it; `fixed`: the muscles that it shows, in order."""
    return {
        f"see-tone-{fixed.index(row['muscle'])}-{side}": row[side]
        for row in rows
        for side in ("left", "right")
        if side in row
    }


def press(
    day: TrialDay, verb: str, data: dict[str, str], minute: float, by: Any = None, **headers: str
) -> Any:
    with at(day.at(minute)):
        return Desk(by or day.nurse).post(todo_url(day.todo, verb), data, **headers)


def said(html: str) -> str:
    """The page as it is read, without the links to sources; `sources` has those."""
    return words(re.sub(r' ?<a class="app-source.*?</a>', "", html, flags=re.DOTALL))


def sources(html: str) -> set[str]:
    """Where the links to sources lead."""
    return set(re.findall(r'href="/help/sources/#([^"]+)"', html))


def states(html: str) -> dict[str, str]:
    """The state of each observation by its minute."""
    rows = re.findall(r'<tr [^>]*id="minute-(\d+)">(.*?)</tr>', html, flags=re.DOTALL)
    return {minute: re.search(r'label__text">([^<]+)<', row)[1] for minute, row in rows}  # type: ignore[index]


def test_the_clock_starts_at_the_injection_and_says_what_is_due(day: TrialDay) -> None:
    day.observe(0, tone=TONE)
    day.observe(15)
    html = page(day, 80)
    shown = states(html)
    assert shown == {
        "0": "Done",
        "15": "Done",
        "30": "Late by 50 min",
        "45": "Late by 35 min",
        "60": "Late by 20 min",
        **dict.fromkeys(("90", "120", "180", "240", "300", "360", "420", "480"), "Later"),
    }
    text = words(html)
    assert "Since then 1 h 20 min" in text
    assert "50 mcg in 1 mL" in text
    assert "Observation to take 1 h Late by 20 min," in text
    assert "Observation at 1 h" in text, "the one that can still be taken"
    assert states(page(day, 94))["90"] == "Due now"
    assert states(page(day, 95))["90"] == "Late by 5 min"


def test_another_observation_may_be_chosen_without_a_script(day: TrialDay) -> None:
    day.observe(60)
    assert 'name="minute" value="120"' in page(day, 70, query="?minute=120")
    html = page(day, 70, query="?minute=60")
    assert "Why it is corrected" in words(html)
    assert 'name="see-heart_rate" value="74"' in html
    assert "see-tone-0-left" not in page(day, 70, query="?minute=15"), "tone is not asked at 15 min"
    assert 'name="minute" value="0"' in page(day, 70, query="?minute=7"), "an unknown minute: the one to take"


def test_a_nurse_records_by_the_form_and_the_physiatrist_sees_it(day: TrialDay) -> None:
    html = page(day, 16, day.nurse)
    assert "You may record observations; the verdict is not yours" in words(html)
    assert "Save and complete" not in html
    assert 'id="observation"' in html
    answer = press(day, "observe", sent(day, 15), 16)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{todo_url(day.todo)}#trial-day")
    row = TrialObservation.objects.get()
    assert (row.minute, row.recorded_by, row.observed_at) == (15, day.nurse, day.at(15))
    text = words(page(day, 17))
    assert "74/min, 122/76 mmHg, SpO2 97 %, 14 breaths, awake" in text
    with nothing_written():
        assert press(day, "observe", sent(day, 15), 17).status_code == 303


def test_the_coordinator_reads_and_may_not_record(day: TrialDay) -> None:
    html = page(day, 16, day.cast.cora)
    assert "minute-15" in html
    assert 'id="observation"' not in html
    with nothing_written():
        answer = press(day, "observe", sent(day, 15), 16, day.cast.cora)
    assert answer.status_code == 403
    assert "may record an observation" in words(answer.content.decode())
    for verb in ("observe", "preview"):
        assert press(day, verb, sent(day, 15), 16, day.cast.omar).status_code == 404


@pytest.mark.parametrize(
    ("minute", "taken", "changes", "name", "sentence"),
    [
        (15, 40, {}, "observed_at", "This is 40 min after the injection: that is the observation at 45 min."),
        (15, -10, {}, "observed_at", "only the reading at 0 min is"),
        (0, 5, {}, "observed_at", "taken before the injection, not after it"),
        (15, 15, {"see-spo2": "970"}, "spo2", "from 40 to 100 %"),
        (15, 15, {"see-heart_rate": ""}, "heart_rate", "required"),
        (15, 15, {"see-temperature_c": "98.6"}, "temperature_c", "from 30 to 43 °C"),
        (15, 15, {"see-diastolic": "130"}, "diastolic", "lies below the systolic"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    day: TrialDay, minute: int, taken: float, changes: dict[str, str], name: str, sentence: str
) -> None:
    with nothing_written():
        answer = press(day, "observe", sent(day, minute, taken, **changes), 60)
    html = answer.content.decode()
    assert answer.status_code == 422
    error = re.search(rf'id="id_see-{name}_error">(.*?)</div>', html, flags=re.DOTALL)
    assert error is not None
    assert sentence in error[1]


def test_a_minute_that_the_schedule_lacks_is_said_on_top(day: TrialDay) -> None:
    with nothing_written():
        for minute, sentence in (
            ("540", "Observations end 8 h after the injection."),
            ("x", "no observation at -1"),
        ):
            answer = press(day, "observe", {**sent(day, 15), "minute": minute}, 60)
            assert answer.status_code == 422
            assert sentence in words(answer.content.decode())


def test_missing_muscles_are_named_at_the_table(day: TrialDay) -> None:
    day.observe(0, tone=TONE)
    data = sent(day, 60) | tone(BETTER[:1], ["hip_adductors", "knee_flexors"])
    answer = press(day, "observe", data, 61)
    assert answer.status_code == 422
    assert "Knee flexors (hamstrings), left is missing: it was scored before the dose." in words(
        answer.content.decode()
    )


def test_the_change_is_shown_as_it_is_typed_and_nothing_is_written(day: TrialDay) -> None:
    day.observe(0, tone=TONE, penn=3)
    muscles = ["hip_adductors", "knee_flexors"]
    half = sent(day, 60, **{"see-heart_rate": "80", "see-spo2": ""}) | tone(BETTER[:1], muscles)
    with nothing_written():
        answer = press(day, "preview", half, 61, **{"HX-Request": "true"})
    fragment = answer.content.decode()
    assert answer.status_code == 200
    assert "<main" not in fragment
    text = words("<main>" + fragment)
    assert (
        "Still to score for the mean: Knee flexors (hamstrings), left, Knee flexors (hamstrings), right."
        in text
    )
    assert "Hip adductors, left 3 1+ lower" in text
    assert "Heart rate 74 /min 80 /min +6 /min" in text
    assert "SpO2" not in text, "what is not typed is not compared"
    whole = sent(day, 60, **{"see-penn": "2"}) | tone(BETTER, muscles)
    fragment = press(day, "preview", whole, 61, **{"HX-Request": "true"}).content.decode()
    text = said("<main>" + fragment)
    assert "Mean MAS 2.75 - 1.625 = 1.125; the limit is a fall of 1." in text
    assert "Penn 3 - 2 = 1; the limit is a fall of 1." in text
    assert sources(fragment) == {"S28", "tag-P"}
    assert "A met threshold is not a positive trial." in text


def test_without_a_script_a_button_shows_the_change_on_the_page(day: TrialDay) -> None:
    day.observe(0, tone=TONE)
    html = page(day, 61)
    assert f'formaction="{todo_url(day.todo, "preview")}"' in html
    with nothing_written():
        answer = press(day, "preview", sent(day, 60, **{"see-heart_rate": "81"}), 61)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="see-heart_rate" value="81"' in html, "what was typed stays"
    assert "Heart rate 74 /min 81 /min +7 /min" in words(html)


def test_without_a_reading_before_the_dose_nothing_is_compared(day: TrialDay) -> None:
    answer = press(day, "preview", sent(day, 60), 61, **{"HX-Request": "true"})
    assert "There is no reading before the injection to compare with." in answer.content.decode()
    answer = press(day, "preview", sent(day, 0, -5), 61, **{"HX-Request": "true"})
    assert "Later readings are compared with this one." in answer.content.decode()


def test_the_arithmetic_the_next_dose_and_the_record_follow_from_the_observations(day: TrialDay) -> None:
    assert "no reading before the injection" in words(page(day, 5))
    day.observe(0, tone=TONE, penn=3, adverse_events=["nausea"])
    day.observe(60, tone=BETTER, penn=2)
    day.observe(90)
    html = page(day, 100)
    text = said(html)
    assert "1 h: mean 2.75 - 1.625 = 1.125; Penn down by 1" in text
    assert "A met threshold is not a positive trial: the physiatrist says so in the record." in text
    assert "the next dose is 75 mcg (1.5 mL), from" in text
    assert "24 h after this one." in text
    assert {"S4", "S28"} <= sources(html)
    assert 'name="readings-0-mas_mean" value="2.75"' in html
    assert 'name="readings-1-mas_mean" value="1.625"' in html
    assert 'name="readings-2-mas_mean" value=' not in html
    assert re.search(r'name="adverse_events" value="nausea"[^>]* checked', html)
    assert 'value="Hip adductors, Knee flexors (hamstrings)"' in html
    assert "The reading at 0 min, before this dose, is the baseline that counts." in text


def test_the_panel_refreshes_itself_and_leaves_the_form_alone(day: TrialDay) -> None:
    html = page(day, 10)
    url = todo_url(day.todo, "clock")
    assert re.search(rf'id="trial-clock" data-poll hx-get="{url}" hx-trigger="every 30s"', html)
    with at(day.at(20)):
        fragment = Desk(day.cast.phil).get(url)
    assert states(fragment)["15"] == "Late by 5 min"
    assert "<form" not in fragment
    assert Desk(day.cast.phil).get(todo_url(day.walk.todo("goals"), "clock"), 404)
    assert Desk(day.cast.omar).get(url, 404)


def test_the_page_asks_the_database_little(day: TrialDay) -> None:
    day.observe(0, tone=TONE)
    day.observe(60, tone=BETTER)
    with at(day.at(70)):
        assert Desk(day.cast.phil).queries(todo_url(day.todo)) <= MAX_QUERIES
        assert Desk(day.cast.phil).queries(todo_url(day.todo, "clock")) <= MAX_QUERIES
