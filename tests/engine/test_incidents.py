"""Incidents: reported from any case, asked of the right roles at once, beside whatever else the case does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from pathway.clinical.signs import Alarm, Signs
from pathway.engine.action import action
from pathway.engine.cases import close, hold, reopen_case
from pathway.engine.errors import Invalid, NotFound, Refused
from pathway.engine.incidents import acknowledge, raise_in, report
from pathway.engine.protocols import publish
from pathway.engine.todos import record_now
from pathway.models import Case, Event, Incident, IncidentAssessment, IncidentTimer, Notice, Pump
from pathway.models.base import new_id
from pathway.protocol.loader import VERSIONS, load
from pathway.protocol.roles import Role, Stage
from pathway.protocol.schema import Protocol
from pathway.queries.case import read_case
from pathway.queries.definitions import protocol_of
from tests.cast import MONDAY, Cast, person, referred
from tests.engine.test_edges import at_stage
from tests.engine.told import (
    AT,
    ITCH,
    SEIZURE,
    SWOLLEN,
    answer,
    answer_all,
    close_it,
    open_keys,
    stored,
    tell,
    told,
)
from tests.engine.traces import nothing_written
from tests.views.desk import Desk
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return Walk(cast, referred(cast), AT)


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
