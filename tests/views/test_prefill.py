"""What a form starts with because the case knows it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pathway.models import Pump
from pathway.protocol.roles import Stage
from pathway.views.forms.prefill import known_of
from tests.cast import make_cast
from tests.engine.test_edges import at_stage, do_until
from tests.views.desk import Desk, at, todo_url

pytestmark = pytest.mark.django_db


def test_the_dose_before_comes_from_the_pump_and_the_strength_never() -> None:
    cast = make_cast()
    walk = do_until(at_stage(cast, Stage.TITRATION), "titration_review")
    todo = walk.todo("titration_review")
    known = known_of(todo, "program")
    assert Decimal(known["previous_dose_mcg_per_day"]) == Pump.objects.get().daily_dose_mcg_per_day
    assert "concentration_mcg_per_ml" not in known
    with at(walk.at):
        page = Desk(cast.phil).get(todo_url(todo))
    assert f'name="previous_dose_mcg_per_day" value="{known["previous_dose_mcg_per_day"]}"' in page


def test_a_first_program_has_nothing_before_it() -> None:
    walk = do_until(at_stage(make_cast(), Stage.IMPLANT), "first_program")
    assert known_of(walk.todo("first_program"), "program") == {}


def test_a_booking_knows_what_is_booked_and_a_review_its_goals() -> None:
    cast = make_cast()
    walk = at_stage(cast, Stage.IMPLANT)
    assert known_of(walk.todo("theatre_booking"), "booking") == {"booked": "theatre"}
    rows = known_of(walk.todo("theatre_booking"), "goals_review")["goals"]
    assert len(rows) >= 2
    assert all(set(row) == {"goal", "weight"} for row in rows)
