"""Incidents: reported from any case, asked of the right roles at once, never lowered, closed only when all is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from pathway.clinical.conditions import Condition, Lead, TriageLevel, steps_for
from pathway.clinical.signs import Alarm, Signs, Wound
from pathway.engine.action import action
from pathway.engine.cases import close, hold, reopen_case
from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused, Stale
from pathway.engine.incidents import acknowledge, raise_in, report
from pathway.engine.protocols import publish
from pathway.engine.todos import complete, record_now, reopen
from pathway.models import Case, Event, Incident, IncidentAssessment, IncidentTimer, Notice, Pump
from pathway.models.base import new_id
from pathway.protocol.loader import VERSIONS, load
from pathway.protocol.roles import Role, Stage
from pathway.protocol.schema import Protocol
from pathway.queries.case import read_case
from pathway.queries.definitions import protocol_of
from tests.cast import MONDAY, Cast, person, referred
from tests.engine.test_edges import at_stage
from tests.engine.traces import nothing_written
from tests.examples import example
from tests.views.desk import Desk
from tests.walk import Walk

AT = MONDAY + timedelta(hours=6)
ITCH = Signs(itch=True)
SEIZURE = Signs(seizure=True)
SWOLLEN = Signs(wound=Wound.SWOLLEN)
RED, ORANGE, YELLOW, GREEN = TriageLevel


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return Walk(cast, referred(cast), AT)


def tell(walk: Walk, signs: Signs = ITCH, by: str = "phil", **more: Any) -> Incident:
    """Report signs on the walk's case; the incident as stored."""
    values = {"request_id": new_id(), "at": walk.at, **more}
    report(case_id=walk.case_id, signs=signs, by=getattr(walk.cast, by), **values)
    return stored(walk)


def stored(walk: Walk) -> Incident:
    return Incident.objects.filter(case_id=walk.case_id).latest("number")


def answers(incident: Incident, role: str, **changes: Any) -> dict[str, Any]:
    """What a role would write: every step done."""
    asked = steps_for(Lead(role), [Condition(one) for one in incident.conditions])
    rows = [
        {
            "condition": str(step.condition),
            "step": step.text,
            "minutes": step.minutes,
            "answer": "done",
            "note": "",
        }
        for step in asked
    ]
    return {"steps": rows, "findings": "", **changes}


def answer(walk: Walk, role: str, **changes: Any) -> None:
    todo = walk.todo(f"incident_{role}")
    record = answers(stored(walk), role, **changes)
    complete(todo_id=todo.id, by=walk.cast.of(role), at=walk.at, record=record)


def answer_all(walk: Walk) -> None:
    for role in stored(walk).asked:
        answer(walk, role)


def close_it(walk: Walk, **changes: Any) -> None:
    record = example("incident_closure", **changes)
    complete(todo_id=walk.todo("incident_closure").id, by=walk.cast.phil, at=walk.at, record=record)


def open_keys(walk: Walk) -> set[str]:
    return {todo.key for todo in walk.open() if todo.key.startswith("incident_")}


def told(walk: Walk) -> set[tuple[str, str]]:
    notices = Notice.objects.filter(incident__case_id=walk.case_id)
    return set(notices.values_list("kind", "recipient__username"))


# --- reporting ---


def test_an_itch_opens_an_orange_incident_and_asks_the_roles_of_withdrawal(walk: Walk) -> None:
    incident = tell(walk, note="  Since breakfast. ", onset_at=AT - timedelta(hours=3))
    assert (incident.number, incident.level, incident.conditions) == (1, "orange", ["withdrawal"])
    assert incident.asked == incident.waiting == ["physiatrist", "neurosurgeon", "anesthesiologist"]
    assert incident.contact_by == AT + timedelta(hours=4)
    assert incident.onset_at == AT - timedelta(hours=3)
    assert open_keys(walk) == {"incident_physiatrist", "incident_neurosurgeon", "incident_anesthesiologist"}
    assert {todo.due_on for todo in walk.open() if todo.key in open_keys(walk)} == {walk.today}
    assert told(walk) == {("incident", "phil"), ("incident", "nora"), ("incident", "anna")}
    findings = IncidentAssessment.objects.get()
    assert (findings.by, findings.role, findings.note) == (walk.cast.phil, "physiatrist", "Since breakfast.")
    assert findings.signs == {"itch": True}
    assert findings.candidates == [{"condition": "withdrawal", "level": "orange", "reasons": ["itch"]}]
    assert "Not recorded: temperature." in findings.missing
    event = Event.objects.latest("seq")
    assert (event.verb, event.data["incident"]["level"]) == ("report_incident", "orange")
    assert walk.case.next_due_on == walk.today
    timer = IncidentTimer.objects.get()
    assert (timer.step, timer.due_at) == (1, AT + timedelta(hours=2))


def test_a_red_one_pages_at_once_and_again_within_minutes(walk: Walk) -> None:
    incident = tell(walk, SEIZURE)
    assert (incident.level, incident.contact_by) == ("red", AT + timedelta(minutes=15))
    assert told(walk) == {("page", "phil"), ("page", "nora"), ("page", "anna")}
    assert IncidentTimer.objects.get().due_at == AT + timedelta(minutes=5)


def test_on_a_sunday_the_duty_is_due_that_sunday(walk: Walk) -> None:
    walk.at = datetime(2026, 3, 8, 18, tzinfo=UTC)
    tell(walk)
    assert walk.todo("incident_physiatrist").due_on == walk.today


@pytest.mark.parametrize("by", ["nora", "phil", "anna", "cora", "nick"])
def test_anybody_of_the_clinic_may_report(cast: Cast, walk: Walk, by: str) -> None:
    reporter = person("nick", cast.clinic, Role.NURSE) if by == "nick" else getattr(cast, by)
    report(case_id=walk.case_id, request_id=new_id(), signs=ITCH, by=reporter, at=AT)
    assert stored(walk).opened_by == reporter


def test_nobody_of_another_clinic_may(cast: Cast, walk: Walk) -> None:
    incident = tell(walk)
    with nothing_written(), pytest.raises(NotFound):
        report(case_id=walk.case_id, request_id=new_id(), signs=ITCH, by=cast.omar, at=AT)
    for incident_id in (incident.id, new_id()):
        with nothing_written(), pytest.raises(NotFound):
            acknowledge(incident_id=incident_id, by=cast.omar, at=AT)


@pytest.mark.parametrize("stage", [Stage.EVALUATION, Stage.TRIAL, Stage.TITRATION, Stage.LONG_TERM])
def test_from_any_open_stage_with_or_without_a_pump(cast: Cast, stage: Stage) -> None:
    walk = at_stage(cast, stage)
    assert tell(walk).level in ("orange", "red")
    assert "incident_physiatrist" in open_keys(walk)


@pytest.mark.parametrize(
    ("signs", "more", "field", "sentence"),
    [
        (Signs(), {}, "", "Nothing is recorded yet. In doubt call the emergency number first."),
        (
            Signs(temp_c=Decimal("99.5")),
            {},
            "temp_c",
            "Enter 25 to 45 degrees C; 99.5 °F is 37.5 °C.",
        ),
        (Signs(temp_c=Decimal(370)), {}, "temp_c", "Enter 25 to 45 degrees C."),
        (Signs(breaths_per_min=81), {}, "breaths_per_min", "Enter 0 to 80 breaths/min."),
        (Signs(gcs=2), {}, "gcs", "Enter 3 to 15 points."),
        (Signs(heart_rate=301), {}, "heart_rate", "Enter 0 to 300 beats/min."),
        (Signs(systolic_mmhg=-1), {}, "systolic_mmhg", "Enter 0 to 300 mmHg."),
        (Signs(spo2_pct=101), {}, "spo2_pct", "Enter 0 to 100 %."),
        (ITCH, {"onset_at": AT + timedelta(minutes=1)}, "onset_at", "The onset lies in the future."),
        (
            ITCH,
            {"onset_at": datetime(1980, 5, 16, 12, tzinfo=UTC)},
            "onset_at",
            "The onset is before the patient's birth.",
        ),
        (ITCH, {"note": "x" * 2001}, "note", "Write at most 2000 characters."),
    ],
)
def test_what_cannot_be_true_is_said_at_its_field(
    walk: Walk, signs: Signs, more: dict[str, Any], field: str, sentence: str
) -> None:
    with nothing_written(), pytest.raises(Invalid) as caught:
        tell(walk, signs, **more)
    assert caught.value.errors == {field: [sentence]}


def test_the_same_report_twice_is_one(walk: Walk) -> None:
    key = new_id()
    tell(walk, request_id=key)
    with nothing_written():
        outcome = report(
            case_id=walk.case_id, request_id=key, signs=ITCH, by=walk.cast.phil, at=AT + timedelta(minutes=1)
        )
    assert outcome.repeated
    assert outcome.incident_id == stored(walk).id


def test_nothing_is_reported_on_a_closed_case(walk: Walk) -> None:
    close(case_id=walk.case_id, reason="withdrew", evidence={"note": "Moved."}, by=walk.cast.cora, at=AT)
    with nothing_written(), pytest.raises(Refused, match="reopen it first"):
        tell(walk)


# --- what the system knows ---


def test_what_the_records_know_is_not_asked(cast: Cast) -> None:
    walk = at_stage(cast, Stage.TITRATION)
    pump = Pump.objects.get(case_id=walk.case_id)
    Case.objects.filter(pk=walk.case_id).update(withdrawal_risk=["earlier_withdrawal"])
    walk.at = pump.filled_at + timedelta(days=(pump.dry_on - pump.filled_on).days - 3)
    incident = tell(walk, Signs(temp_c=Decimal("36.6")))
    findings = IncidentAssessment.objects.get()
    assert findings.signs["days_to_dry"] == "3"
    assert set(findings.known) >= {"days_to_dry", "alarm_date_passed", "withdrawal_high_risk"}
    assert "temp_c" not in findings.known
    assert (incident.level, incident.conditions) == ("red", ["low_reservoir"])
    assert incident.contact_by == walk.at + timedelta(minutes=7), "high risk halves the target"
    assert "coordinator" in incident.asked


def test_an_itch_while_the_infusion_is_off_is_red(cast: Cast) -> None:
    """Somebody stopped the pump and wrote it down: nobody has to say so again for it to count."""
    walk = at_stage(cast, Stage.TITRATION)
    walk.wait(2)
    record_now(
        case_id=walk.case_id,
        key="pump_event",
        request_id=new_id(),
        by=cast.phil,
        at=walk.at,
        record={
            "happened_at": walk.at,
            "happened_on": walk.today,
            "event": "stopped",
            "reason": "Before an MRI.",
        },
    )
    incident = tell(walk, ITCH)
    findings = IncidentAssessment.objects.get()
    assert incident.level == "red"
    assert "infusion_off" in findings.known
    assert findings.candidates[0]["reasons"] == ["itch", "the infusion is off"]
    assert "The infusion is off" in Desk(cast.phil).get(f"/incidents/{incident.id}/")


def test_an_incident_is_raised_inside_another_action(walk: Walk) -> None:
    with action(case_id=walk.case_id, by=walk.cast.phil, at=AT) as act:
        raise_in(act, signs=Signs(residual_alert=True), note="Residual 2.5 mL over.")
        raise_in(act, signs=Signs(alarm=Alarm.TWO_TONE), note="And it sounds.")
        act.commit("claim", Role.PHYSIATRIST, key="goals", occurrence=1)
    incident = stored(walk)
    assert (incident.level, incident.conditions) == ("red", ["catheter", "motor_stall"])
    assert IncidentAssessment.objects.count() == 2
    assert Event.objects.latest("seq").data["incident"]["conditions"] == ["motor_stall"]
    assert open_keys(walk) == {"incident_physiatrist", "incident_neurosurgeon"}
    assert ("page", "nora") in told(walk)


# --- further findings ---


def test_further_findings_join_and_the_level_never_falls(walk: Walk) -> None:
    tell(walk)
    walk.at += timedelta(minutes=10)
    incident = tell(walk, SWOLLEN, by="nora")
    assert Incident.objects.count() == 1
    assert (incident.level, incident.conditions) == ("orange", ["withdrawal", "seroma"])
    assert incident.contact_by == AT + timedelta(hours=4), "the target never moves later"
    assert Event.objects.latest("seq").verb == "add_findings"
    assert [one.level for one in IncidentAssessment.objects.order_by("at")] == ["orange", "yellow"]
    with pytest.raises(DatabaseError, match="never falls"), transaction.atomic():
        Incident.objects.update(level="yellow", urgency=1)


def test_worse_findings_raise_it_call_anew_and_ask_to_be_acknowledged_again(walk: Walk) -> None:
    tell(walk)
    acknowledge(incident_id=stored(walk).id, by=walk.cast.phil, at=AT, level=ORANGE)
    assert not IncidentTimer.objects.exists()
    walk.at += timedelta(hours=1)
    incident = tell(walk, SEIZURE, by="cora")
    assert (incident.level, incident.acknowledged_at, incident.acknowledged_by) == ("red", None, None)
    assert incident.contact_by == walk.at + timedelta(minutes=15)
    assert IncidentTimer.objects.get().due_at == walk.at + timedelta(minutes=5)
    assert ("page", "phil") in told(walk)


def test_a_rise_never_moves_an_earlier_target_later(walk: Walk) -> None:
    tell(walk, SWOLLEN)
    walk.at += timedelta(hours=71, minutes=55)
    assert tell(walk, SEIZURE).contact_by == AT + timedelta(hours=72)


def test_further_findings_of_an_acknowledged_one_call_only_whom_they_newly_ask(walk: Walk) -> None:
    tell(walk, SWOLLEN)
    acknowledge(incident_id=stored(walk).id, by=walk.cast.nora, at=AT)
    walk.at += timedelta(hours=1)
    incident = tell(walk, Signs(alarm=Alarm.NONE, temp_c=Decimal("36.5")))
    assert incident.conditions == ["seroma", "unclear"]
    assert incident.acknowledged_at == AT
    assert told(walk) == {("incident", "nora"), ("incident", "phil")}
    assert not IncidentTimer.objects.exists()


def test_whoever_answered_is_asked_again_by_findings_that_ask(walk: Walk) -> None:
    tell(walk, SWOLLEN)
    answer(walk, "neurosurgeon")
    assert open_keys(walk) == {"incident_closure"}
    walk.at += timedelta(hours=1)
    tell(walk, SWOLLEN)
    assert open_keys(walk) == {"incident_neurosurgeon"}
    assert walk.todo("incident_neurosurgeon").occurrence == 2
    assert walk.todo("incident_closure").state == "withdrawn"
    answer(walk, "neurosurgeon")
    assert open_keys(walk) == {"incident_closure"}


def test_an_earlier_onset_is_kept(walk: Walk) -> None:
    tell(walk, onset_at=AT - timedelta(hours=2))
    assert tell(walk, onset_at=AT - timedelta(hours=1)).onset_at == AT - timedelta(hours=2)
    assert tell(walk, onset_at=AT - timedelta(hours=5)).onset_at == AT - timedelta(hours=5)
    walk.at += timedelta(hours=1)
    assert tell(walk, onset_at=AT + timedelta(minutes=5)).onset_at == AT - timedelta(hours=5)


# --- acknowledging ---


def test_acknowledging_stops_the_calls_and_ends_no_duty(walk: Walk) -> None:
    incident = tell(walk, SEIZURE)
    acknowledge(incident_id=incident.id, by=walk.cast.cora, at=AT + timedelta(minutes=4), level=RED)
    incident = stored(walk)
    assert (incident.acknowledged_by, incident.acknowledged_at) == (walk.cast.cora, AT + timedelta(minutes=4))
    assert not IncidentTimer.objects.exists()
    assert len(open_keys(walk)) == 3
    event = Event.objects.latest("seq")
    assert (event.verb, event.role) == ("acknowledge_incident", "coordinator")
    for again in (walk.cast.cora, walk.cast.anna):
        with nothing_written():
            assert acknowledge(incident_id=incident.id, by=again, at=AT + timedelta(minutes=5)).repeated


def test_a_therapist_may_report_and_not_acknowledge(cast: Cast, walk: Walk) -> None:
    incident = tell(walk)
    tess = person("tess", cast.clinic, Role.THERAPIST)
    with nothing_written(), pytest.raises(NotAllowed, match="acknowledge an incident"):
        acknowledge(incident_id=incident.id, by=tess, at=AT)
    nick = person("nick", cast.clinic, Role.NURSE)
    assert not acknowledge(incident_id=incident.id, by=nick, at=AT).repeated


def test_nobody_acknowledges_what_became_worse_behind_the_page(walk: Walk) -> None:
    incident = tell(walk)
    tell(walk, SEIZURE)
    with nothing_written(), pytest.raises(Stale, match="It is red now"):
        acknowledge(incident_id=incident.id, by=walk.cast.phil, at=AT, level=ORANGE)


def test_a_closed_one_cannot_be_acknowledged(walk: Walk) -> None:
    incident = tell(walk, SWOLLEN)
    answer_all(walk)
    close_it(walk)
    with nothing_written(), pytest.raises(Refused, match="is closed"):
        acknowledge(incident_id=incident.id, by=walk.cast.phil, at=AT)


# --- answering and closing ---


def test_a_step_left_out_says_why(walk: Walk) -> None:
    incident = tell(walk)
    todo = walk.todo("incident_physiatrist")
    record = answers(incident, "physiatrist")
    record["steps"][1] |= {"answer": "not_done", "note": " "}
    sentence = "“Interrogate the pump.” not done: write why in its note."
    with nothing_written(), pytest.raises(Invalid) as caught:
        complete(todo_id=todo.id, by=walk.cast.phil, at=AT, record=record)
    assert caught.value.errors == {"steps": [sentence]}
    record["steps"][1]["note"] = "No programmer here."
    complete(todo_id=todo.id, by=walk.cast.phil, at=AT, record=record)
    assert stored(walk).waiting == ["anesthesiologist", "neurosurgeon"]


def test_every_asked_step_is_answered_once_and_no_other(walk: Walk) -> None:
    incident = tell(walk)
    todo = walk.todo("incident_physiatrist")
    record = answers(incident, "physiatrist")
    first, *rest = record["steps"]
    for steps, sentence in (
        (rest, f"Not answered yet: {first['step']}"),
        ([*record["steps"], {**first, "step": "Wait."}], "This step is not asked: Wait."),
        ([*record["steps"], first], "A step is answered twice."),
    ):
        with nothing_written(), pytest.raises(Invalid) as caught:
            complete(todo_id=todo.id, by=walk.cast.phil, at=AT, record={**record, "steps": steps})
        assert caught.value.errors == {"steps": [sentence]}


def test_findings_that_came_meanwhile_add_steps_to_an_open_duty(walk: Walk) -> None:
    before = tell(walk, SWOLLEN)
    tell(walk, Signs(wound=Wound.OPEN_OR_PUS))
    with nothing_written(), pytest.raises(Invalid, match="Not answered yet: Vitals, blood count"):
        complete(
            todo_id=walk.todo("incident_neurosurgeon").id,
            by=walk.cast.nora,
            at=AT,
            record=answers(before, "neurosurgeon"),
        )


def test_closing_keeps_cause_and_remedy_and_the_next_incident_asks_anew(walk: Walk) -> None:
    tell(walk, SWOLLEN)
    assert open_keys(walk) == {"incident_neurosurgeon"}
    answer_all(walk)
    close_it(walk, cause="pump", remedies=["revision", "refill"], outcome="Well again.")
    incident = stored(walk)
    assert (incident.cause, incident.remedies, incident.outcome) == (
        "pump",
        ["revision", "refill"],
        "Well again.",
    )
    assert (incident.closed_by, incident.closed_at) == (walk.cast.phil, AT)
    assert not open_keys(walk)
    assert not IncidentTimer.objects.exists()
    again = tell(walk, SWOLLEN)
    assert again.number == 2
    assert (open_keys(walk), walk.todo("incident_neurosurgeon").occurrence) == ({"incident_neurosurgeon"}, 2)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        (
            {"symptoms_resolved": False},
            "follow_up",
            "Something is not settled: write what follows, who does it and when.",
        ),
        (
            {"pump_interrogated": "no"},
            "follow_up",
            "Something is not settled: write what follows, who does it and when.",
        ),
        ({"remedies": ["none", "refill"]}, "remedies", "“None” cannot stand beside another remedy."),
        ({"outcome": ""}, "outcome", "This field cannot be blank."),
        ({"remedies": []}, "remedies", "This field cannot be blank."),
    ],
)
def test_a_closure_that_leaves_something_open_is_refused(
    walk: Walk, changes: dict[str, Any], field: str, sentence: str
) -> None:
    tell(walk, SWOLLEN)
    answer_all(walk)
    with nothing_written(), pytest.raises(Invalid) as caught:
        close_it(walk, **changes)
    assert caught.value.errors == {field: [sentence]}


def test_a_red_one_is_not_closed_before_somebody_acknowledged_it(walk: Walk) -> None:
    incident = tell(walk, SEIZURE)
    answer_all(walk)
    with nothing_written(), pytest.raises(Refused) as caught:
        close_it(walk)
    assert caught.value.verdict.codes() == {"not_acknowledged"}
    acknowledge(incident_id=incident.id, by=walk.cast.phil, at=AT)
    close_it(walk)


def test_a_duty_reopened_to_be_corrected_takes_the_closure_back(walk: Walk) -> None:
    tell(walk, SWOLLEN)
    answer_all(walk)
    todo = walk.todo("incident_neurosurgeon")
    reopen(todo_id=todo.id, by=walk.cast.nora, at=AT, reason="The wrong side.")
    assert open_keys(walk) == {"incident_neurosurgeon"}
    answer(walk, "neurosurgeon")
    close_it(walk)
    with nothing_written(), pytest.raises(Refused, match="nothing to correct it for"):
        reopen(todo_id=todo.id, by=walk.cast.nora, at=AT, reason="Once more.")


@pytest.mark.parametrize(("confirmed", "risk"), [(["withdrawal"], ["withdrawal_here"]), ([], [])])
def test_a_confirmed_withdrawal_makes_the_next_one_more_dangerous(
    walk: Walk, confirmed: list[str], risk: list[str]
) -> None:
    for _ in range(2):
        tell(walk)
        answer_all(walk)
        acknowledge(incident_id=stored(walk).id, by=walk.cast.phil, at=walk.at)
        close_it(walk, confirmed=confirmed)
        assert walk.case.withdrawal_risk == risk
        walk.wait(1)
    assert tell(walk).level == ("red" if risk else "orange")


def test_a_confirmed_withdrawal_moves_the_pumps_dates_earlier_and_its_refill_with_them(cast: Cast) -> None:
    walk = at_stage(cast, Stage.TITRATION)
    before = Pump.objects.get(case_id=walk.case_id)
    tell(walk)
    answer_all(walk)
    acknowledge(incident_id=stored(walk).id, by=cast.phil, at=walk.at)
    close_it(walk, confirmed=["withdrawal"], cause="refill", remedies=["refill"])
    after = Pump.objects.get(case_id=walk.case_id)
    assert after.refill_by < before.refill_by
    assert walk.todo("refill").due_on <= after.refill_by


# --- beside the rest of the case ---


def test_a_hold_silences_nothing(walk: Walk) -> None:
    later = (walk.at + timedelta(days=20)).date()
    hold(case_id=walk.case_id, by=walk.cast.cora, at=AT, reason="Abroad.", review_on=later)
    tell(walk, SEIZURE)
    assert open_keys(walk) == {f"incident_{role}" for role in stored(walk).asked}
    assert walk.case.next_key in open_keys(walk)
    assert IncidentTimer.objects.exists()


def test_a_case_does_not_close_over_an_open_incident(walk: Walk) -> None:
    tell(walk, SEIZURE)
    with nothing_written(), pytest.raises(Refused, match="An incident is open"):
        close(case_id=walk.case_id, reason="withdrew", evidence={"note": "Moved."}, by=walk.cast.cora, at=AT)


def test_a_death_ends_the_incident_with_the_case(walk: Walk) -> None:
    tell(walk, SEIZURE)
    evidence = {"note": "Died at home.", "on": str(walk.today)}
    close(case_id=walk.case_id, reason="died", evidence=evidence, by=walk.cast.cora, at=AT)
    incident = stored(walk)
    assert (incident.closed_at, incident.closed_by) == (AT, walk.cast.cora)
    assert (incident.cause, incident.remedies) == ("not_found", ["none"])
    assert incident.outcome == "The patient died. Died at home."
    assert not walk.open()
    assert not IncidentTimer.objects.exists()


def test_a_death_recorded_by_mistake_takes_the_incident_up_again(walk: Walk) -> None:
    tell(walk, SEIZURE)
    acknowledge(incident_id=stored(walk).id, by=walk.cast.phil, at=AT)
    evidence = {"note": "The wrong patient.", "on": str(walk.today)}
    close(case_id=walk.case_id, reason="died", evidence=evidence, by=walk.cast.cora, at=AT)
    walk.wait(1)
    reopen_case(case_id=walk.case_id, by=walk.cast.cora, at=walk.at, reason="The wrong patient.")
    reopen_case(case_id=walk.case_id, by=walk.cast.phil, at=walk.at)
    incident = stored(walk)
    assert (incident.closed_at, incident.cause, incident.remedies, incident.outcome) == (None, "", [], "")
    assert (incident.waiting, incident.level) == (incident.asked, "red")
    assert {f"incident_{role}" for role in incident.asked} <= open_keys(walk)
    assert incident.acknowledged_at is None
    assert IncidentTimer.objects.get().started_at == walk.at
    assert Notice.objects.filter(kind="page", created_at=walk.at).exists()


def test_an_incident_that_was_closed_before_the_death_stays_closed(walk: Walk) -> None:
    tell(walk, ITCH)
    answer_all(walk)
    close_it(walk)
    walk.wait(1)
    evidence = {"note": "The wrong patient.", "on": str(walk.today)}
    close(case_id=walk.case_id, reason="died", evidence=evidence, by=walk.cast.cora, at=walk.at)
    reopen_case(case_id=walk.case_id, by=walk.cast.cora, at=walk.at, reason="The wrong patient.")
    reopen_case(case_id=walk.case_id, by=walk.cast.phil, at=walk.at)
    assert stored(walk).closed_at is not None


def test_a_case_on_a_protocol_older_than_incidents_asks_the_same_people(cast: Cast) -> None:
    """Its text is frozen, and its patients have incidents all the same: an alarm without a duty waits on nobody."""
    whole = load(VERSIONS / "itb-1")
    kept = [todo for todo in whole.anytime if not todo.key.startswith("incident_") and not todo.on_demand]
    older = Protocol.model_validate({**whole.model_dump(), "name": "itb-0", "version": 1, "anytime": kept})
    publish(by=None, at=MONDAY - timedelta(days=1), protocol=older)
    walk = Walk(cast, referred(cast), AT)
    assert walk.case.protocol.name == "itb-0"
    tell(walk, ITCH)
    assert {f"incident_{role}" for role in stored(walk).asked} <= open_keys(walk)
    answer_all(walk)
    close_it(walk)
    assert stored(walk).closed_at is not None
    assert "program_change" in protocol_of(walk.case.protocol_id).todos


def test_a_role_that_nobody_holds_alarms_the_coordinators(cast: Cast, walk: Walk) -> None:
    cast.nora.memberships.all().delete()
    tell(walk, SWOLLEN)
    assert told(walk) == {("incident_climb", "cora")}


def test_the_engine_and_the_screens_see_the_same_incident(walk: Walk) -> None:
    tell(walk)
    answer(walk, "physiatrist")
    shown = read_case(Case.objects.select_related("clinic").get(pk=walk.case_id), AT).facts
    with action(case_id=walk.case_id, by=walk.cast.phil, at=AT) as act:
        assert act.facts == shown
    assert shown.incident is not None
    assert shown.incident.waiting == {Role.NEUROSURGEON, Role.ANESTHESIOLOGIST}


# --- what the database holds by itself ---


@pytest.mark.parametrize(
    "change",
    [
        {"acknowledged_at": AT},
        {"closed_at": AT},
        {"waiting": ["coordinator"]},
        {"asked": []},
        {"onset_at": AT + timedelta(days=1)},
        {"urgency": 3},
        {"cause": "pump"},
        {"level": "purple"},
    ],
)
def test_the_database_keeps_an_incident_whole(walk: Walk, change: dict[str, Any]) -> None:
    tell(walk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.update(**change)


def test_the_database_keeps_one_open_incident_a_case_and_what_was_found(walk: Walk) -> None:
    incident = tell(walk)
    values = {field.attname: getattr(incident, field.attname) for field in Incident._meta.concrete_fields}
    with pytest.raises(IntegrityError, match="one_open_incident_per_case"), transaction.atomic():
        Incident.objects.create(**{**values, "id": new_id(), "number": 2})
    changes: list[Callable[[], Any]] = [
        lambda: IncidentAssessment.objects.update(note="Never mind."),
        lambda: IncidentAssessment.objects.all().delete(),
        lambda: connection.cursor().execute("DELETE FROM pathway_incident"),
    ]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_amounts_are_kept_as_text_so_that_nothing_is_rounded(walk: Walk) -> None:
    tell(walk, replace(ITCH, temp_c=Decimal("38.5")))
    assert IncidentAssessment.objects.get().signs == {"itch": True, "temp_c": "38.5"}
