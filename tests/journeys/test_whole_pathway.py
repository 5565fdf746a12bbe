"""A patient goes through the whole pathway, told as the clinic would tell it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pathway.models import Event, Notice, Pump, StageCount, StageVisit, Todo
from pathway.protocol.roles import Stage
from tests.cast import MONDAY, make_cast, referred
from tests.walk import Walk


@pytest.mark.django_db
def test_from_referral_to_long_term() -> None:
    cast = make_cast()
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))

    assert {todo.key for todo in walk.open()} == {
        "baseline_spasticity",
        "medication_history",
        "neuro_history",
        "goals",
        "surgical_review",
        "anesthesia_review",
        "social_checklist",
        "education_first",
    }
    walk.wait(3)
    walk.do_all(until=Stage.SELECTION)
    assert walk.case.stage == Stage.SELECTION
    walk.wait(5)
    walk.do_all(until=Stage.TRIAL)
    assert walk.case.stage == Stage.TRIAL
    walk.wait(7)
    walk.do_all(until=Stage.IMPLANT)
    assert walk.case.stage == Stage.IMPLANT
    walk.wait(20)
    walk.do_all(until=Stage.TITRATION)
    assert walk.case.stage == Stage.TITRATION
    pump = Pump.objects.get()
    assert walk.todo("refill").due_on <= pump.refill_by <= min(pump.alarm_on, pump.stability_on)
    walk.wait(40)
    walk.do_all(until=Stage.LONG_TERM)
    assert walk.case.stage == Stage.LONG_TERM
    assert [visit.stage for visit in StageVisit.objects.order_by("seq")] == [
        "evaluation",
        "selection",
        "trial",
        "implant",
        "titration",
        "long_term",
    ]
    counts = dict(StageCount.objects.values_list("stage", "cases"))
    assert {stage: number for stage, number in counts.items() if number} == {"long_term": 1}
    assert walk.case.next_due_on is not None
    assert walk.case.event_seq == Event.objects.count()
    assert Notice.objects.filter(kind="opened").count() == Todo.objects.count()
