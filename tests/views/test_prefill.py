"""What a form starts with because the case knows it."""

from __future__ import annotations

import pytest

from pathway.protocol.roles import Stage
from pathway.views.forms.prefill import known_of
from tests.cast import make_cast
from tests.engine.test_edges import at_stage

pytestmark = pytest.mark.django_db


def test_a_booking_knows_what_is_booked_and_a_review_its_goals() -> None:
    cast = make_cast()
    walk = at_stage(cast, Stage.IMPLANT)
    assert known_of(walk.todo("theatre_booking"), "booking") == {"booked": "theatre"}
    rows = known_of(walk.todo("theatre_booking"), "goals_review")["goals"]
    assert len(rows) >= 2
    assert all(set(row) == {"goal", "weight"} for row in rows)
