"""A coordinator adds people and roles on the screens; what was typed stays where it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pathway.models import Clinician, Membership, Notice
from tests.access.clinic_presses import NEWCOMER
from tests.cast import make_cast
from tests.engine.test_absences import AT, Office
from tests.engine.traces import nothing_written
from tests.views.desk import MAX_QUERIES, Desk, at, words

URL = "/people/"


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    with at(AT):
        yield Office(make_cast())


def add(office: Office, desk: Desk | None = None, **changes: Any) -> Any:
    data = {"clinic": str(office.cast.clinic.id), **NEWCOMER, **changes}
    return (desk or Desk(office.cast.cora)).post(f"{URL}add/", data)


def test_a_coordinator_adds_somebody_who_then_stands_in_the_list(office: Office) -> None:
    desk = Desk(office.cast.cora)
    answer = add(office, desk)
    sam = Clinician.objects.get(username="sam")
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/people/{sam.id}/?clinic={office.cast.clinic.id}",
    )
    page = words(desk.get(answer["Location"]))
    assert "They work here now. They are told by mail how to set a password." in page
    assert "No password is set yet" in page
    assert "Sam Newcomb Nurse Every day Invited has set no password yet" in words(desk.get(URL))


def test_what_was_typed_stays_and_the_form_stays_open(office: Office) -> None:
    with nothing_written():
        refused = add(office, username="phil")
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "This user name is taken." in page
    assert 'value="Newcomb"' in page
    assert '<details class="app-confirm" open>' in page
    with nothing_written():
        assert add(office, roles=[]).status_code == 422


def test_the_link_is_sent_again(office: Office) -> None:
    add(office)
    sam, desk = Clinician.objects.get(username="sam"), Desk(office.cast.cora)
    with at(AT.replace(hour=AT.hour + 1)):
        assert desk.post(f"{URL}{sam.id}/invite/").status_code == 303
    assert Notice.objects.filter(recipient=sam, kind="invited").count() == 2
    assert desk.post(f"{URL}{office.phil.id}/invite/").status_code == 409


def test_a_role_is_given_and_ended_on_the_persons_page(office: Office) -> None:
    desk, phil = Desk(office.cast.cora), office.phil
    page = f"{URL}{phil.id}/"
    assert "End this role" not in desk.get(page)
    assert (
        desk.post(f"{page}roles/", {"clinic": str(office.cast.clinic.id), "role": "nurse"}).status_code == 303
    )
    shown = desk.get(page)
    assert "They are nurse here now." in shown
    assert shown.count("End this role") == 2
    ending = {"clinic": str(office.cast.clinic.id), "role": "physiatrist"}
    with nothing_written():
        refused = desk.post(f"{page}roles/end/", ending)
    assert refused.status_code == 422
    assert "<details open>" in refused.content.decode()
    assert desk.post(f"{page}roles/end/", {**ending, "reason": "Nurse only"}).status_code == 303
    assert [member.role for member in Membership.objects.filter(clinician=phil)] == ["nurse"]
    with nothing_written():
        refused = desk.post(f"{page}roles/end/", {**ending, "role": "nurse", "reason": "None left"})
    assert refused.status_code == 409
    assert "leaves the clinic" in refused.content.decode()


def test_others_see_no_forms(office: Office) -> None:
    desk = Desk(office.cast.anna)
    assert "Add a person" not in desk.get(URL)
    page = desk.get(f"{URL}{office.phil.id}/")
    assert "Another role" not in page
    assert "End this role" not in page


def test_few_queries(office: Office) -> None:
    assert Desk(office.cast.cora).queries(URL) <= MAX_QUERIES
    assert Desk(office.cast.cora).queries(f"{URL}{office.phil.id}/") <= MAX_QUERIES
