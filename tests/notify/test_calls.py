"""An incident calls people until one of them acknowledges it: again, wider, and each call once however many sweep."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from threading import Barrier
from uuid import UUID

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection

from pathway.clinical.signs import Signs, Wound
from pathway.engine.incidents import acknowledge, report
from pathway.engine.paging import call_due
from pathway.engine.todos import claim
from pathway.models import Incident, IncidentTimer, Membership, Notice, Patient
from pathway.models.base import new_id
from pathway.notify.outbox import drain
from pathway.protocol.roles import Role
from pathway.tasks import call_all, call_people
from tests.cast import MONDAY, Cast, make_cast, patient_values, person, referred
from tests.views.desk import at
from tests.walk import Walk

AT = MONDAY + timedelta(hours=6)
OVERDOSE = Signs(gcs=7)  # red; asks physiatrist, neurosurgeon, anesthesiologist
SWOLLEN = Signs(wound=Wound.SWOLLEN)  # yellow; asks the neurosurgeon
EVERYBODY = {"phil", "nora", "anna", "cora"}


def later(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def reported(cast: Cast, signs: Signs, mrn: str = "R-1001") -> UUID:
    """An incident reported by the coordinator; its id."""
    case_id = referred(cast, mrn=mrn)
    outcome = report(case_id=case_id, request_id=new_id(), signs=signs, by=cast.cora, at=AT)
    assert outcome.incident_id is not None
    Notice.objects.filter(incident__isnull=True).update(state="dropped")
    return outcome.incident_id


def heard(minutes: float) -> dict[str, set[str]]:
    """Who was called at one moment, by kind."""
    found: dict[str, set[str]] = {}
    rows = Notice.objects.filter(incident__isnull=False, created_at=later(minutes))
    for kind, name in rows.values_list("kind", "recipient__username"):
        found.setdefault(kind, set()).add(name)
    return found


def test_a_red_one_calls_every_five_minutes_and_climbs_at_the_target(cast: Cast) -> None:
    reported(cast, OVERDOSE)
    asked = {"page": {"phil", "nora", "anna"}}
    assert heard(0) == asked
    for minutes in (5, 10):
        assert call_all(at=later(minutes - 0.1)) == 0
        assert call_all(at=later(minutes)) == 1
        assert heard(minutes) == asked
    for minutes in (15, 20, 25):
        call_all(at=later(minutes))
        assert heard(minutes) == {"incident_climb": EVERYBODY}


def test_a_yellow_one_waits_half_its_time_and_climbs_at_the_target(cast: Cast) -> None:
    reported(cast, SWOLLEN)
    assert heard(0) == {"incident": {"nora"}}
    hour = 60
    call_all(at=later(36 * hour))
    assert heard(36 * hour) == {"incident": {"nora"}}
    for hours in (72, 144):
        call_all(at=later(hours * hour))
        assert heard(hours * hour) == {"incident_climb": EVERYBODY}


def test_a_sweep_that_slept_makes_the_newest_call_only(cast: Cast) -> None:
    reported(cast, OVERDOSE)
    assert call_all(at=later(62)) == 1
    assert heard(62) == {"incident_climb": EVERYBODY}
    assert IncidentTimer.objects.get().due_at == later(65)


def test_acknowledging_ends_the_calls_and_drops_what_is_still_queued(cast: Cast) -> None:
    incident_id = reported(cast, OVERDOSE)
    acknowledge(incident_id=incident_id, by=cast.phil, at=later(1))
    assert call_all(at=later(600)) == 0
    assert drain(at=later(1)).sent == 0
    assert set(Notice.objects.filter(incident_id=incident_id).values_list("state", flat=True)) == {"dropped"}


def test_whoever_owns_the_duty_is_called_alone_unless_they_left(cast: Cast) -> None:
    person("paul", cast.clinic, Role.PHYSIATRIST)
    incident_id = reported(cast, SWOLLEN)
    nils = person("nils", cast.clinic, Role.NEUROSURGEON)
    walk = Walk(cast, Incident.objects.get(pk=incident_id).case_id, AT)
    claim(todo_id=walk.todo("incident_neurosurgeon").id, by=nils, at=AT)
    call_all(at=later(36 * 60))
    assert heard(36 * 60) == {"incident": {"nils"}}
    nils.is_active = False
    nils.save()
    call_all(at=later(72 * 60))
    assert heard(72 * 60) == {"incident_climb": EVERYBODY | {"paul"}}


def test_a_role_nobody_holds_goes_to_the_coordinators_at_once(cast: Cast) -> None:
    Membership.objects.filter(role="neurosurgeon").delete()
    reported(cast, SWOLLEN)
    assert heard(0) == {"incident_climb": {"cora"}}


def test_a_call_that_would_reach_nobody_climbs_at_once(cast: Cast) -> None:
    case_id = referred(cast)
    Membership.objects.filter(role__in=["neurosurgeon", "coordinator"]).delete()
    report(case_id=case_id, request_id=new_id(), signs=SWOLLEN, by=cast.phil, at=AT)
    assert heard(0) == {"incident_climb": {"phil", "anna"}}


def test_the_message_leads_to_the_incident_and_names_nobody(cast: Cast) -> None:
    incident_id = reported(cast, OVERDOSE)
    drain(at=AT)
    call_all(at=later(15))
    drain(at=later(15))
    assert len(mail.outbox) == 7
    names = [str(value) for value in patient_values().values()]
    patient = Patient.objects.get()
    for message in mail.outbox:
        text = f"{message.subject} {message.body}"
        assert f"/incidents/{incident_id}/" in text
        for secret in (patient.family_name, patient.mrn, *names[:3]):
            assert secret not in text


def test_the_task_and_the_sweep_make_the_calls(cast: Cast) -> None:
    reported(cast, OVERDOSE)
    with at(later(5)):
        call_people()
    assert heard(5)
    with at(later(10)):
        call_command("sweep", stdout=(out := StringIO()))
    assert "calls about incidents: 1" in out.getvalue()
    assert heard(10)


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_each_call_once(transactional_db: None) -> None:
    cast = make_cast()
    for number in range(6):
        reported(cast, OVERDOSE, mrn=f"R-{number}")
    barrier = Barrier(2)

    def work() -> int:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return sum(call_due(at=later(5), limit=3) for _ in range(3))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        fired = [pool.submit(work) for _ in range(2)]
    assert sum(one.result() for one in fired) == 6
    assert Notice.objects.filter(created_at=later(5)).count() == 18


def test_a_mail_server_that_was_away_for_a_day_comes_back_to_one_call_a_person(cast: Cast) -> None:
    """Calls go on being made while nobody can send them; the newest says all that the older ones did."""
    reported(cast, OVERDOSE)
    for minutes in range(5, 24 * 60, 5):
        call_due(at=later(minutes))
    while drain(at=later(24 * 60)).taken:
        pass
    assert sorted(sent.to[0] for sent in mail.outbox) == sorted(
        f"{name}@clinic.example" for name in EVERYBODY
    )
    call_due(at=later(24 * 60))
    drain(at=later(24 * 60))
    assert len(mail.outbox) == 2 * len(EVERYBODY)
