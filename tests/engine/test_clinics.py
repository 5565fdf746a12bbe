"""Naming a clinic: the hospital and the number that its emergency cards print."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathway.engine.clinics import Named, name_clinic
from pathway.engine.errors import Invalid, NotAllowed, NotFound
from pathway.engine.history import Tally, verify
from pathway.models import Clinic, ClinicEvent, Clinician, Event, Pump, Todo
from pathway.protocol.roles import Stage
from tests.cast import MONDAY, Cast, referred
from tests.engine.traces import nothing_written
from tests.walk import Walk

NOW = MONDAY + timedelta(hours=6)
VALUES = {"hospital_name": "Riverside General", "emergency_phone": "+1 555 0100"}


def named(cast: Cast, by: Clinician | None = None, at: Any = NOW, **changes: str) -> Named:
    values = {**VALUES, **changes}
    return name_clinic(clinic_id=cast.clinic.id, values=values, by=by or cast.cora, at=at)


@pytest.fixture
def running(cast: Cast) -> Walk:
    """A pump that runs, its card in the patient's hand; the emergency plan names nobody."""
    walk = Walk(cast, referred(cast), NOW)
    walk.do_all(until=Stage.TITRATION)
    return walk


def test_the_names_are_kept_once(cast: Cast) -> None:
    assert named(cast, hospital_name="  Riverside   General ") == Named(cards=0)
    clinic = Clinic.objects.get(pk=cast.clinic.id)
    assert (clinic.hospital_name, clinic.emergency_phone) == ("Riverside General", "+1 555 0100")
    line = ClinicEvent.objects.get()
    assert (line.verb, line.actor_id, line.role) == ("name_clinic", cast.cora.id, "coordinator")
    assert line.data == {**VALUES, "cards": 0}
    with nothing_written():
        assert named(cast) == Named(repeated=True)

    named(cast, emergency_phone="")
    assert ClinicEvent.objects.latest("at", "id").data == {"emergency_phone": "", "cards": 0}


def test_a_card_that_reads_otherwise_is_to_be_handed_over_anew(cast: Cast, running: Walk) -> None:
    before = Pump.objects.get(case_id=running.case_id)
    assert before.card_is_current
    assert not Todo.objects.filter(case_id=running.case_id, key="emergency_card").exists()

    assert named(cast, at=running.at) == Named(cards=1)
    pump = Pump.objects.get(case_id=running.case_id)
    assert pump.card_hash == running.card().facts_hash
    assert pump.card_issued_hash == before.card_issued_hash
    assert running.todo("emergency_card").is_open
    event = Event.objects.filter(case_id=running.case_id).latest("seq")
    assert (event.verb, event.data["opened"]) == ("name_clinic", ["emergency_card"])
    assert list(verify(Tally())) == []

    running.do("emergency_card")
    assert Pump.objects.get(case_id=running.case_id).card_is_current


def test_a_card_that_names_others_stays_as_it_is(cast: Cast, running: Walk) -> None:
    """The emergency plan says another hospital and another number: those are printed."""
    running.do("emergency_plan", hospital="St. Anne", phone_24h="+1 555 0199")
    seq = running.case.event_seq
    assert named(cast, at=running.at) == Named(cards=0)
    assert running.case.event_seq == seq


def test_only_a_coordinator_or_the_lead_may(cast: Cast) -> None:
    for stranger in (cast.nora, cast.phil, cast.anna):
        with nothing_written(), pytest.raises(NotAllowed):
            named(cast, stranger)
    with nothing_written(), pytest.raises(NotFound):
        named(cast, cast.omar)
    Clinic.objects.filter(pk=cast.clinic.pk).update(lead=cast.anna)
    assert named(cast, cast.anna, hospital_name="Elsewhere") == Named(cards=0)


def test_what_does_not_fit_on_a_card_is_refused(cast: Cast) -> None:
    with nothing_written(), pytest.raises(Invalid) as refusal:
        named(cast, hospital_name="x" * 121, emergency_phone="1" * 41)
    assert set(refusal.value.errors) == {"hospital_name", "emergency_phone"}
