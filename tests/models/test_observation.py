"""What the table of observations holds by itself: one live row a minute, known minutes and roles, plausible numbers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from pathway.models import TrialObservation
from pathway.models.observation import grades_of, muscle_problems
from tests.cast import MONDAY, make_cast, referred
from tests.engine.test_trials import BETTER, TONE, values
from tests.walk import Walk


@pytest.fixture
def row(db: None) -> dict[str, Any]:
    """A row that may be stored."""
    cast = make_cast()
    walk = Walk(cast, referred(cast), MONDAY)
    bound = {
        "case_id": walk.case_id,
        "todo_id": walk.todo("goals").id,
        "recorded_by": cast.phil,
        "recorded_at": MONDAY,
        "role": "physiatrist",
    }
    return {**values(MONDAY - timedelta(minutes=2)), **bound, "minute": 15}


def test_one_live_row_a_minute(row: dict[str, Any]) -> None:
    TrialObservation.objects.create(**row, superseded_at=MONDAY)
    TrialObservation.objects.create(**row)
    TrialObservation.objects.create(**row | {"minute": 30})
    with pytest.raises(IntegrityError, match="observation_once_a_minute"), transaction.atomic():
        TrialObservation.objects.create(**row)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"minute": 540}, "observation_minute_known"),
        ({"role": "system"}, "observation_role_known"),
        ({"systolic": 80, "diastolic": 90}, "observation_pressures_in_order"),
        ({"spo2": 101}, "spo2"),
        ({"heart_rate": 10}, "heart_rate"),
        ({"penn": 5}, "penn"),
        ({"temperature_c": Decimal("98.6")}, "temperature_c"),
        ({"sedation": "asleep"}, "sedation"),
        ({"adverse_events": ["rash"]}, "adverse_events"),
        ({"tone": {"hip": "3"}}, "tone"),
    ],
)
def test_the_database_refuses_what_cannot_be(
    row: dict[str, Any], changes: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        TrialObservation.objects.create(**row | changes)


def test_a_later_row_adds_or_changes() -> None:
    first = TrialObservation(**values(MONDAY))
    assert TrialObservation(**values(MONDAY, tone=TONE, penn=2)).adds_only(first)
    assert TrialObservation(**values(MONDAY)).adds_only(first)
    assert not TrialObservation(**values(MONDAY, heart_rate=75)).adds_only(first)
    scored = TrialObservation(**values(MONDAY, tone=TONE))
    assert not first.adds_only(scored)
    assert not TrialObservation(**values(MONDAY, tone=BETTER)).adds_only(scored)


def test_grades_belong_to_the_scale_of_the_baseline() -> None:
    five = TrialObservation(**values(MONDAY, tone=[{"muscle": "hip_adductors", "left": "5"}]))
    with pytest.raises(ValidationError, match="Hip adductors, left: 5 is not on the scale"):
        five.clean()
    five.scale_variant = "original_1_5"
    five.clean()
    plus = TrialObservation(**values(MONDAY, tone=BETTER), scale_variant="original_0_4")
    with pytest.raises(ValidationError, match=r"Hip adductors, left: 1\+ is not on the scale"):
        plus.clean()
    TrialObservation(
        **values(MONDAY, tone=[{"muscle": "hip", "left": "9"}])
    ).clean()  # the field says what is wrong


def test_muscles_are_compared_with_one_reading() -> None:
    before, now = grades_of(TONE), grades_of(BETTER[:1])
    assert list(muscle_problems(now, scored_before=None, minute=60)) == []
    assert list(muscle_problems({}, scored_before=before, minute=60)) == []
    assert list(muscle_problems(grades_of(BETTER), scored_before=before, minute=60)) == []
    texts = [text for _, text in muscle_problems(now, scored_before=before, minute=60)]
    assert texts[0] == "Knee flexors (hamstrings), left is missing: it was scored before the dose."
    texts = [text for _, text in muscle_problems(before, scored_before=now, minute=0)]
    assert "was not scored in the other readings of this dose: leave it out." in texts[0]
