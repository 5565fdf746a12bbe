"""An incident goes on: further findings join and never lower it, calls end when somebody acknowledges it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from pathway.clinical.signs import Alarm, Signs
from pathway.engine.errors import NotAllowed, Refused, Stale
from pathway.engine.incidents import acknowledge
from pathway.models import Event, Incident, IncidentAssessment, IncidentTimer
from pathway.protocol.roles import Role
from tests.cast import Cast, person, referred
from tests.engine.told import (
    AT,
    ORANGE,
    RED,
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
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return Walk(cast, referred(cast), AT)


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
