"""Verbs on a whole case: hold, resume, close for each reason, reopen by two people, the care team."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pathway.engine.cases import close, hold, name_team, refresh, reopen_case, resume
from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused, Stale
from pathway.engine.todos import record_now
from pathway.models import CareTeamMember, Event, Pump, StageCount, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import CloseReason, Role, Stage
from tests.cast import MONDAY, Cast, person, referred
from tests.engine.test_edges import at_stage, do_until, press
from tests.engine.traces import nothing_written
from tests.examples import example
from tests.walk import Walk

AT = MONDAY + timedelta(hours=6)


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return Walk(cast, referred(cast), AT)


def held(walk: Walk, days: int = 14) -> None:
    hold(
        case_id=walk.case_id,
        reason="Pressure injury.",
        review_on=walk.today + timedelta(days=days),
        by=walk.cast.cora,
        at=walk.at,
    )


def test_a_hold_needs_a_reason_and_a_day_to_look_again(cast: Cast, walk: Walk) -> None:
    tomorrow = walk.today + timedelta(days=1)
    for reason, review, wrong in (
        ("", tomorrow, "reason"),
        ("Ill.", None, "review_on"),
        ("Ill.", walk.today, "review_on"),
    ):
        with nothing_written(), pytest.raises(Invalid) as caught:
            hold(case_id=walk.case_id, reason=reason, review_on=review, by=cast.cora, at=AT)
        assert set(caught.value.errors) == {wrong}
    with nothing_written(), pytest.raises(NotFound):
        hold(case_id=walk.case_id, reason="Ill.", review_on=tomorrow, by=cast.omar, at=AT)
    with nothing_written(), pytest.raises(Stale):
        hold(case_id=walk.case_id, reason="Ill.", review_on=tomorrow, by=cast.cora, at=AT, version=0)
    held(walk)
    review = walk.todo("hold_review")
    assert (review.due_on, walk.case.next_key) == (walk.today + timedelta(days=14), "hold_review")
    with nothing_written(), pytest.raises(Refused, match="already on hold"):
        held(walk)


def test_resuming_gives_the_held_days_back(cast: Cast, walk: Walk) -> None:
    before = walk.todo("goals").due_on
    with nothing_written(), pytest.raises(Refused, match="not on hold"):
        resume(case_id=walk.case_id, by=cast.cora, at=AT)
    held(walk)
    walk.wait(10)
    resume(case_id=walk.case_id, by=cast.phil, at=walk.at)
    assert walk.todo("goals").due_on == before + timedelta(days=10)
    assert walk.todo("hold_review").state == "withdrawn"
    assert not walk.case.on_hold


def test_a_hold_never_moves_pump_safety(cast: Cast) -> None:
    walk = at_stage(cast, Stage.TITRATION)
    before = walk.todo("refill").due_on
    held(walk)
    walk.wait(7)
    assert walk.case.next_key in ("hold_review", "refill", "book_refill", "titration_review")
    resume(case_id=walk.case_id, by=cast.cora, at=walk.at)
    assert walk.todo("refill").due_on == before


NOTE = {"note": "Talked with the family on the phone."}


def dissented(cast: Cast) -> Walk:
    walk = do_until(at_stage(cast, Stage.SELECTION), "candidacy_physiatrist")
    walk.sign("candidacy_physiatrist", vote="against", reason="Goals cannot be met.")
    return walk


def failed_trial(cast: Cast) -> Walk:
    walk = do_until(at_stage(cast, Stage.TRIAL), "trial_readings")
    walk.do(
        "trial_readings", verdict="adverse", reasons="Drowsy for six hours; breathing fell to 8 a minute."
    )
    return walk


def fresh(cast: Cast) -> Walk:
    return Walk(cast, referred(cast), AT)


def with_pump(cast: Cast) -> Walk:
    return at_stage(cast, Stage.TITRATION)


ON = {"on": "2026-03-02"}
THERE = {"receiving_clinic": "Hillside"}
CLOSES: list[tuple[str, Callable[[Cast], Walk], dict[str, str]]] = [
    ("declined", dissented, NOTE),
    ("non_responder", failed_trial, NOTE),
    ("withdrew", fresh, NOTE),
    ("lost", fresh, NOTE),
    ("transferred", with_pump, {**NOTE, **THERE}),
    ("explanted", with_pump, {**NOTE, **ON}),
    ("died", with_pump, {**NOTE, **ON}),
]


def shut(walk: Walk, reason: str, evidence: dict[str, str], **more: Any) -> Any:
    return close(
        case_id=walk.case_id,
        reason=reason,
        evidence=evidence,
        **{"by": walk.cast.cora, "at": walk.at, **more},
    )


def test_every_reason_has_a_closing_test() -> None:
    assert {reason for reason, _, _ in CLOSES} == {str(reason) for reason in CloseReason}


@pytest.mark.parametrize(("reason", "case_of", "evidence"), CLOSES)
def test_closing_with_its_evidence(
    cast: Cast, reason: str, case_of: Callable[[Cast], Walk], evidence: dict[str, str]
) -> None:
    walk = case_of(cast)
    before = walk.case.stage
    for name in evidence:
        with nothing_written(), pytest.raises(Refused) as caught:
            shut(walk, reason, {**evidence, name: " "})
        assert f"missing_{name}" in caught.value.verdict.codes()
    shut(walk, reason, evidence)
    case = walk.case
    assert (case.stage, case.close_reason, case.closed_from, case.closed_by) == (
        "closed",
        reason,
        before,
        cast.cora,
    )
    assert walk.open() == []
    assert StageCount.objects.get(stage="closed").cases == 1
    assert Event.objects.get(case=case, seq=case.event_seq).data["evidence"] == evidence
    with nothing_written():
        assert shut(walk, reason, evidence).repeated
    if reason == "explanted":
        assert Pump.objects.get().explanted_on == date(2026, 3, 2)


REFUSALS: list[tuple[str, Callable[[Cast], Walk], str]] = [
    ("declined", fresh, "not_declined"),
    ("non_responder", fresh, "trial_not_failed"),
    ("explanted", fresh, "no_pump"),
    ("withdrew", with_pump, "pump_in_place"),
    ("lost", with_pump, "pump_in_place"),
    ("declined", with_pump, "pump_in_place"),
    ("non_responder", with_pump, "pump_in_place"),
]


@pytest.mark.parametrize(("reason", "case_of", "code"), REFUSALS)
def test_closing_refused(cast: Cast, reason: str, case_of: Callable[[Cast], Walk], code: str) -> None:
    walk = case_of(cast)
    with nothing_written(), pytest.raises(Refused) as caught:
        shut(walk, reason, {**NOTE, **ON, **THERE})
    assert code in caught.value.verdict.codes()


def test_closing_bad_input(cast: Cast, walk: Walk) -> None:
    for reason, evidence, field in (
        ("bored", NOTE, "reason"),
        ("died", {**NOTE, "on": "yesterday"}, "on"),
        ("died", {**NOTE, "on": "2030-01-01"}, "on"),
    ):
        with nothing_written(), pytest.raises(Invalid) as caught:
            shut(walk, reason, evidence)
        assert set(caught.value.errors) == {field}
    with nothing_written(), pytest.raises(Stale):
        shut(walk, "lost", NOTE, version=99)
    nurse = person("nils", cast.clinic, Role.NURSE)
    with nothing_written(), pytest.raises(NotAllowed):
        shut(walk, "lost", NOTE, by=nurse)


@pytest.mark.parametrize("stage", [Stage.EVALUATION, Stage.SELECTION, Stage.TITRATION])
def test_two_people_reopen_a_case_where_it_left(cast: Cast, stage: Stage) -> None:
    walk = at_stage(cast, stage) if stage != Stage.EVALUATION else fresh(cast)
    shut(walk, "transferred", {**NOTE, **THERE})
    case_id = walk.case_id
    with nothing_written(), pytest.raises(Invalid):
        reopen_case(case_id=case_id, by=cast.cora, at=walk.at)
    reopen_case(case_id=case_id, by=cast.cora, at=walk.at, reason="Came back.")
    asked = walk.todo("edge_reopen")
    assert (asked.role, walk.case.stage) == ("physiatrist", "closed")
    peer = person("cleo", cast.clinic, Role.COORDINATOR)
    for by in (cast.cora, peer):
        with nothing_written(), pytest.raises(NotAllowed):
            reopen_case(case_id=case_id, by=by, at=walk.at)
    reopen_case(case_id=case_id, by=cast.nora, at=walk.at)
    assert (walk.case.stage, walk.case.close_reason) == (stage, "")
    assert walk.open()
    with nothing_written():
        assert reopen_case(case_id=case_id, by=cast.nora, at=walk.at).repeated
    if stage is Stage.TITRATION:
        assert walk.todo("refill").is_open


def test_a_pump_that_was_explanted_by_mistake_has_its_duty_and_dates_again(cast: Cast) -> None:
    walk = with_pump(cast)
    before = Pump.objects.get()
    shut(walk, "explanted", {**NOTE, "on": str(walk.today)})
    assert not Pump.objects.get().in_place
    reopen_case(case_id=walk.case_id, by=cast.cora, at=walk.at, reason="The wrong patient.")
    reopen_case(case_id=walk.case_id, by=cast.nora, at=walk.at)
    pump = Pump.objects.get()
    assert (pump.in_place, pump.explant_reason) == (True, "")
    assert (pump.refill_by, pump.alarm_on) == (before.refill_by, before.alarm_on)
    refill = walk.todo("refill")
    assert refill.is_open
    assert refill.due_on <= pump.refill_by


def test_a_replaced_pump_never_comes_back(cast: Cast) -> None:
    walk = at_stage(cast, Stage.LONG_TERM)
    press(walk, "revise")
    walk.values = lambda todo, values: {
        **values,
        **({"pump_serial": "SYN-2"} if todo.key == "operation" else {}),
    }
    walk.do_all(until=Stage.TITRATION)
    shut(walk, "explanted", {**NOTE, "on": str(walk.today)})
    reopen_case(case_id=walk.case_id, by=cast.cora, at=walk.at, reason="The wrong patient.")
    reopen_case(case_id=walk.case_id, by=cast.nora, at=walk.at)
    assert Pump.objects.get(explanted_on__isnull=True).serial == "SYN-2"


def test_an_explant_is_not_before_the_implant(cast: Cast) -> None:
    walk = with_pump(cast)
    evidence = {"note": "Infected.", "on": "2020-01-01"}
    with nothing_written(), pytest.raises(Invalid, match="before the pump was implanted"):
        shut(walk, "explanted", evidence)


def test_a_second_check_that_fell_with_the_case_comes_back_with_it(cast: Cast) -> None:
    walk = at_stage(cast, Stage.TITRATION)
    walk.wait(2)
    record = example(
        "program", effective_at=walk.at, effective_on=walk.today, daily_dose_mcg_per_day=Decimal(1100)
    )
    record_now(
        case_id=walk.case_id,
        key="program_change",
        request_id=new_id(),
        by=cast.phil,
        at=walk.at,
        record={**record, "over_limit_reason": "Transferred at this dose."},
        second=cast.nora.id,
    )
    before = walk.todo("second_check")
    shut(walk, "transferred", {**NOTE, **THERE})
    walk.wait(1)
    reopen_case(case_id=walk.case_id, by=cast.cora, at=walk.at, reason="The wrong patient.")
    reopen_case(case_id=walk.case_id, by=cast.phil, at=walk.at)
    check = walk.todo("second_check")
    assert check.is_open
    assert (check.owner_id, check.result, check.due_on) == (cast.nora.id, before.result, walk.today)


def test_a_case_closed_by_mistake_goes_on_with_what_was_done(cast: Cast) -> None:
    walk = at_stage(cast, Stage.TITRATION)
    walk.do("rehab_plan")
    before = {todo.key for todo in walk.open()}
    shut(walk, "transferred", {**NOTE, **THERE})
    reopen_case(case_id=walk.case_id, by=cast.cora, at=walk.at, reason="The wrong patient.")
    reopen_case(case_id=walk.case_id, by=cast.nora, at=walk.at)
    assert {todo.key for todo in walk.open()} == before


def test_reopening_refused(cast: Cast, walk: Walk) -> None:
    with nothing_written(), pytest.raises(Refused, match="is open"):
        reopen_case(case_id=walk.case_id, by=cast.cora, at=AT, reason="Why not.")
    nurse = person("nils", cast.clinic, Role.NURSE)
    shut(walk, "lost", NOTE)
    with nothing_written(), pytest.raises(NotAllowed):
        reopen_case(case_id=walk.case_id, by=nurse, at=AT, reason="Found.")
    with nothing_written(), pytest.raises(NotFound):
        reopen_case(case_id=walk.case_id, by=cast.omar, at=AT, reason="Found.")


def test_naming_the_team_moves_what_nobody_claimed(cast: Cast, walk: Walk) -> None:
    peer = person("paul", cast.clinic, Role.PHYSIATRIST)
    with nothing_written(), pytest.raises(NotAllowed):
        name_team(case_id=walk.case_id, role=Role.PHYSIATRIST, clinicians=[peer.id], by=cast.phil, at=AT)
    with nothing_written(), pytest.raises(Refused):
        name_team(case_id=walk.case_id, role=Role.PHYSIATRIST, clinicians=[cast.nora.id], by=cast.cora, at=AT)
    name_team(case_id=walk.case_id, role=Role.PHYSIATRIST, clinicians=[peer.id], by=cast.cora, at=AT)
    assert {todo.owner for todo in Todo.objects.filter(role="physiatrist")} == {peer}
    with nothing_written():
        again = name_team(
            case_id=walk.case_id, role=Role.PHYSIATRIST, clinicians=[peer.id], by=cast.cora, at=AT
        )
    assert again.repeated
    name_team(case_id=walk.case_id, role=Role.PHYSIATRIST, clinicians=[], by=cast.cora, at=AT)
    assert not CareTeamMember.objects.exists()
    assert {todo.owner for todo in Todo.objects.filter(role="physiatrist")} == {None}


def test_time_alone_opens_the_gate_to_long_term(cast: Cast) -> None:
    walk = at_stage(cast, Stage.TITRATION)
    for _ in range(30):
        ready_now = [t for t in walk.open() if t.required and not t.safety and not t.key.startswith("edge_")]
        if not ready_now:
            break
        walk.do(ready_now[0].key)
    assert not Todo.objects.filter(key="edge_settle").exists()
    day = walk.case.replan_on
    assert day is not None
    with nothing_written():
        assert refresh(case_id=walk.case_id, at=walk.at).repeated
    walk.wait((day - walk.today).days)
    refresh(case_id=walk.case_id, at=walk.at)
    assert walk.todo("edge_settle").is_open
    assert walk.case.replan_on is None
