"""The page of a screening dose: which dose, how much, from when, and what is not clear yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathway.engine.todos import complete
from pathway.protocol.roles import Stage
from tests.cast import Cast, make_cast
from tests.engine.test_edges import at_stage, do_until
from tests.engine.test_trials import TrialDay
from tests.examples import moved
from tests.views.desk import MAX_QUERIES, Desk, at, todo_url
from tests.views.test_trial_day import said, sources
from tests.walk import Walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def first_dose(cast: Cast, **changes: Any) -> Walk:
    return do_until(at_stage(cast, Stage.TRIAL, **changes), "trial_dose")


def shown(walk: Walk) -> tuple[str, str]:
    with at(walk.at):
        html = Desk(walk.cast.nora).get(todo_url(walk.todo("trial_dose")))
    return html, said(html)


def test_the_first_dose_says_how_much_and_what_clears_it(cast: Cast) -> None:
    html, text = shown(first_dose(cast))
    assert "Next dose 50 mcg Volume 1 mL of 50 mcg/mL" in text
    assert "Not before Once infection, blood thinner and consent are clear" in text
    assert "Blood thinner None taken" in text
    assert "Consent On file" in text
    assert {"S4", "S3", "S5"} <= sources(html)
    assert '<option value="50" selected>' in html
    assert 'name="concentration_mcg_per_ml" value=' not in html, "the strength is read from the ampule"


def test_what_is_not_clear_is_said(cast: Cast) -> None:
    _, text = shown(first_dose(cast, trial_booking={"consent_on_file": False}))
    assert "The patient's consent to the trial must be on file." in text


def test_a_held_blood_thinner_is_shown_with_its_first_day(cast: Cast) -> None:
    hold = {"anticoagulant_hold": "confirmed", "prescriber": "Stroke clinic"}
    walk = at_stage(cast, Stage.TRIAL)
    day = walk.today - timedelta(days=1)
    walk.values = lambda todo, values: (
        {**values, **hold, "hold_from": day} if todo.key == "trial_plan" else values
    )
    _, text = shown(do_until(walk, "trial_dose"))
    assert f"Held from {day.day} {day:%b %Y}, confirmed by the prescriber" in text


def test_a_cautious_course_starts_with_25_mcg_and_is_suggested_where_the_patient_walks(cast: Cast) -> None:
    walk = do_until(at_stage(cast, Stage.TRIAL, neuro_history={"ambulatory": True}), "trial_plan")
    with at(walk.at):
        page = Desk(cast.anna).get(todo_url(walk.todo("trial_plan")))
    assert "Suggested here: this patient walks; you decide" in page
    assert 'name="cautious" aria-describedby="id_cautious_helptext" id="id_cautious" checked' in page
    walk.do("trial_plan", cautious=True)
    html, text = shown(do_until(walk, "trial_dose"))
    assert "Next dose 25 mcg Volume 0.5 mL" in text
    assert '<option value="25" selected>' in html


def test_the_next_dose_says_its_earliest_time_and_what_came_before(cast: Cast) -> None:
    day = TrialDay(cast)
    record = moved("trial_readings", day.walk.today) | {"verdict": "inadequate"}
    complete(todo_id=day.todo.id, by=cast.phil, at=day.at(500), record=record)
    day.walk.at = day.at(510)
    _, text = shown(day.walk)
    given = day.injected_at - timedelta(hours=6)  # Chicago before the clocks change
    earliest = given + timedelta(hours=24)
    assert "Next dose 75 mcg Volume 1.5 mL" in text
    assert f"Not before {earliest:%H:%M} on {earliest.day} {earliest:%b %Y}, 24 h after the last dose" in text
    assert f"50 mcg at {given:%H:%M} on {given.day} {given:%b %Y}: inadequate response" in text
    with at(day.walk.at):
        assert Desk(cast.nora).queries(todo_url(day.walk.todo("trial_dose"))) <= MAX_QUERIES
