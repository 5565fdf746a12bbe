"""The emergency card follows the facts: when the duty to hand over a new one opens, closes, and is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pathway.clinical.conditions import Condition, Lead, steps_for
from pathway.clinical.signs import Signs
from pathway.engine.errors import Invalid, NotAllowed, Stale
from pathway.engine.incidents import report
from pathway.engine.reopening import reopen
from pathway.engine.snapshot import read_locked
from pathway.engine.todos import complete, record_now
from pathway.models import CardIssue, Incident, Pump, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Stage
from pathway.queries.card import read_card
from pathway.queries.case import find_case, read_case
from tests.cast import MONDAY, Cast, referred
from tests.engine.traces import nothing_written
from tests.examples import example, moved
from tests.walk import Walk

NONE_OPEN = "none"


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """A case before its operation."""
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    walk.do_all(until=Stage.IMPLANT)
    for key in ("theatre_booking", "surgical_plan", "anesthesia_plan"):
        walk.do(key)
    walk.wait(30)
    return walk


@pytest.fixture
def running(walk: Walk) -> Walk:
    """A pump that runs, and its card in the patient's hand."""
    walk.do("operation")
    walk.do("first_program")
    walk.wait(1)
    walk.do("device_registration")
    return walk


def pump(walk: Walk) -> Pump:
    return Pump.objects.get(case_id=walk.case_id, explanted_on=None)


def duty(walk: Walk, key: str = "emergency_card") -> str:
    """State of the newest duty to hand over a card."""
    newest = Todo.objects.filter(case_id=walk.case_id, key=key).order_by("-occurrence").first()
    return newest.state if newest else NONE_OPEN


def program(walk: Walk, dose: str, **changes: Any) -> None:
    before = pump(walk).daily_dose_mcg_per_day
    assert before is not None
    walk.do(
        "titration_review",
        daily_dose_mcg_per_day=Decimal(dose),
        previous_dose_mcg_per_day=before.quantize(Decimal("0.01")),
        over_limit_reason="A test",
        **changes,
    )


def in_titration(walk: Walk) -> Walk:
    walk.do_all(until=Stage.TITRATION)
    return walk


def test_the_first_card_goes_home_with_the_registration(running: Walk) -> None:
    assert pump(running).card_hash == running.card().facts_hash
    assert pump(running).card_is_current
    assert duty(running) == NONE_OPEN


def test_a_card_handed_over_before_the_first_program_is_out_of_date_with_it(walk: Walk) -> None:
    walk.do("operation")
    walk.do("device_registration")
    assert duty(walk) == NONE_OPEN  # nothing runs yet: there is no dose to print
    walk.do("first_program")
    assert duty(walk) == "open"


def test_a_registration_without_the_card_leaves_the_duty_to_hand_one_over(walk: Walk) -> None:
    walk.do("operation")
    walk.do("first_program")
    walk.do("device_registration", card_handed_over=False, remarks="The printer is broken.")
    assert duty(walk) == "open"
    assert walk.todo("emergency_card").role == "coordinator"


def test_a_new_dose_asks_for_a_new_card_once_and_handing_it_over_ends_that(running: Walk) -> None:
    walk = in_titration(running)
    assert duty(walk) == NONE_OPEN
    program(walk, "120")
    first = walk.todo("emergency_card")
    assert first.is_open

    walk.wait(7)
    program(walk, "140")
    assert walk.todo("emergency_card").id == first.id, "one card is asked for, however often the dose changes"

    walk.do("emergency_card")
    assert duty(walk) == "done"
    assert pump(walk).card_issued_hash == walk.card().facts_hash == CardIssue.objects.get().facts_hash

    walk.wait(7)
    program(walk, "150")
    assert walk.todo("emergency_card").occurrence == 2
    assert duty(walk) == "open"


def test_the_dose_that_the_card_already_says_asks_for_none(running: Walk) -> None:
    walk = in_titration(running)
    program(walk, "100")
    assert duty(walk) == NONE_OPEN


def test_a_card_that_is_true_again_is_not_asked_for_any_more(running: Walk) -> None:
    walk = in_titration(running)
    before = pump(walk)
    program(walk, "120")
    Pump.objects.filter(pk=before.id).update(
        card_issued_hash=""
    )  # nobody may ever count on a card that was not handed over
    assert duty(walk) == "open"
    Pump.objects.filter(pk=before.id).update(card_issued_hash=pump(walk).card_hash)
    walk.do("rehab_plan")
    assert duty(walk) == "withdrawn"


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("refill", {"daily_dose_mcg_per_day": Decimal(100), "previous_dose_mcg_per_day": Decimal(100)}),
        ("emergency_plan", {"allergies": "latex"}),
    ],
)
def test_a_refill_and_a_new_plan_are_printed_too(running: Walk, key: str, changes: dict[str, Any]) -> None:
    walk = in_titration(running)
    walk.do(key, **changes)
    assert duty(walk) == "open"


def test_a_corrected_history_is_printed_too(running: Walk, cast: Cast) -> None:
    walk = in_titration(running)
    todo = walk.todo("neuro_history")
    reopen(todo_id=todo.id, by=cast.phil, at=walk.at, reason="The diagnosis was wrong.")
    walk.do("neuro_history", diagnosis="cerebral_palsy", origin="cerebral")
    assert walk.card().diagnosis == "Cerebral palsy"
    assert duty(walk) == "open"


def test_a_card_printed_before_the_facts_moved_on_is_refused_and_nothing_is_written(running: Walk) -> None:
    walk = in_titration(running)
    program(walk, "120")
    printed = walk.card().facts_hash
    walk.wait(7)
    program(walk, "140")
    with nothing_written(), pytest.raises(Stale, match="has changed since it was printed"):
        walk.do("emergency_card", facts_hash=printed)
    assert duty(walk) == "open"
    walk.do("emergency_card")


def test_a_hash_that_is_none_and_a_card_of_the_wrong_person_are_refused(running: Walk, cast: Cast) -> None:
    walk = in_titration(running)
    program(walk, "120")
    todo, record = walk.todo("emergency_card"), moved("card_issue", walk.today)
    with nothing_written(), pytest.raises(Invalid, match="Open the card and this form again"):
        complete(todo_id=todo.id, by=cast.cora, at=walk.at, record=record | {"facts_hash": "print"})
    with nothing_written(), pytest.raises(NotAllowed, match="coordinator"):
        complete(todo_id=todo.id, by=cast.phil, at=walk.at, record=record)
    late = record | {"issued_on": walk.today + timedelta(days=1)}
    with nothing_written(), pytest.raises(Invalid, match="lies in the future"):
        complete(todo_id=todo.id, by=cast.cora, at=walk.at, record=late)


def test_what_nobody_told_the_engine_is_found_when_the_card_is_handed_over(running: Walk) -> None:
    """A telephone number changed in the administration writes no event; the card page and the handing over see it."""
    walk = in_titration(running)
    program(walk, "120")
    printed = walk.card().facts_hash
    patient = walk.case.patient
    patient.contact_phone = "+1 555 0199"
    patient.save()
    with pytest.raises(Stale):
        walk.do("emergency_card", facts_hash=printed)
    walk.do("emergency_card")
    assert pump(walk).card_is_current


def test_the_yearly_check_asks_for_a_new_plan_once(running: Walk) -> None:
    walk = in_titration(running)
    walk.do("emergency_plan")
    walk.do_all(until=Stage.LONG_TERM)
    for _ in range(8):
        if walk.case.stage == Stage.LONG_TERM:
            break
        walk.wait(7)
        walk.do_all(until=Stage.LONG_TERM)
    assert walk.case.stage == Stage.LONG_TERM
    assert walk.todo("emergency_plan").state == "done"
    walk.do("emergency_check", plan_current=False, action="New tablets since spring.")
    assert walk.todo("emergency_plan").occurrence == 2
    assert walk.todo("emergency_plan").is_open
    walk.do("emergency_plan", oral_rescue="New tablets, see the letter of today")
    assert walk.todo("emergency_plan").occurrence == 2
    assert not walk.todo("emergency_plan").is_open


def test_a_new_pump_makes_a_new_card_by_its_own_surgeon(running: Walk, cast: Cast) -> None:
    card = running.card()
    assert card.implanted_by == str(cast.nora)
    assert card.catheter_model == "ascenda"
    assert card.tip_level == "T9"
    assert pump(running).card_hash == card.facts_hash, "what the operation noted is what the page reads"


def test_page_and_engine_agree_whether_the_card_is_current(running: Walk, cast: Cast) -> None:
    walk = in_titration(running)
    for dose in ("100", "120"):
        program(walk, dose)
        walk.wait(7)
        case = find_case(walk.case_id, cast.cora.id)
        assert case is not None
        seen = read_case(case, walk.at).facts.pump
        locked = read_locked(case_id=walk.case_id, actor_id=cast.cora.id, at=walk.at).facts.pump
        assert seen is not None
        assert locked is not None
        assert seen.card_is_current == locked.card_is_current == (dose == "100")


def test_the_card_is_read_in_one_query_and_a_case_without_a_pump_has_none(running: Walk, cast: Cast) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert read_card(running.case_id) is not None
    assert len(asked) == 1
    assert read_card(referred(cast, running.at, mrn="R-1002")) is None


FLEX = {
    "mode": "flex",
    "schedule": [
        {"kind": "step", "at": "00:00", "dose_mcg": "60"},
        {"kind": "step", "at": "12:00", "dose_mcg": "50"},
    ],
}


def on_demand(walk: Walk, at: datetime, dose: str, **changes: Any) -> UUID:
    """A program that was set at a time, recorded now; its to-do."""
    values = {
        "effective_at": at,
        "effective_on": at.date(),
        "daily_dose_mcg_per_day": Decimal(dose),
        **changes,
    }
    outcome = record_now(
        case_id=walk.case_id,
        key="program_change",
        request_id=new_id(),
        by=walk.cast.phil,
        at=walk.at,
        record=example("program", **values),
    )
    assert outcome.todo_id is not None
    return outcome.todo_id


def test_a_program_entered_late_does_not_change_the_mode_on_the_card(running: Walk) -> None:
    walk = in_titration(running)
    walk.wait(4)
    on_demand(walk, walk.at, "110", **FLEX)
    assert walk.card().mode.startswith("flex")
    on_demand(walk, walk.at - timedelta(days=2), "105")
    assert walk.card().mode.startswith("flex"), "what was set last runs, whenever it was written"
    assert pump(walk).card_hash == walk.card().facts_hash


def test_a_program_that_is_taken_back_leaves_the_card_with_it(running: Walk) -> None:
    """The card that was handed over is right again, and nobody is asked for another one."""
    walk = in_titration(running)
    walk.wait(4)
    todo_id = on_demand(walk, walk.at, "110", **FLEX)
    assert not pump(walk).card_is_current
    reopen(todo_id=todo_id, by=walk.cast.phil, at=walk.at, reason="The wrong patient.")
    assert pump(walk).card_hash == walk.card().facts_hash
    assert pump(walk).card_is_current


def test_a_confirmed_withdrawal_is_printed_and_asks_for_a_new_card(running: Walk) -> None:
    walk = in_titration(running)
    assert walk.card().risks == ()
    asked = {"case_id": walk.case_id, "request_id": new_id(), "by": walk.cast.phil, "at": walk.at}
    report(**asked, signs=Signs(itch=True))
    for role in Incident.objects.get().asked:
        todo = walk.todo(f"incident_{role}")
        steps = [
            {"condition": str(step.condition), "step": step.text, "answer": "done"}
            for step in steps_for(Lead(role), [Condition(one) for one in Incident.objects.get().conditions])
        ]
        complete(todo_id=todo.id, by=walk.cast.of(role), at=walk.at, record={"steps": steps})
    walk.do("incident_closure", confirmed=["withdrawal"])
    assert walk.card().risks == ("earlier baclofen withdrawal",)
    assert pump(walk).card_hash == walk.card().facts_hash
    assert duty(walk) == "open"
