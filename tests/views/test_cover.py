"""The cover screen: the calendar in words, gaps and what closes them, absences entered, changed and ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from pathway.models import Absence, Membership
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from tests.cast import make_cast, referred
from tests.engine.test_absences import AT, Office, day
from tests.engine.traces import nothing_written
from tests.queries.test_cover import safety
from tests.views.desk import MAX_QUERIES, Desk, at, hidden, words

URL = "/cover/"


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    with at(AT):
        yield Office(make_cast())


def sent(office: Office, **changes: Any) -> dict[str, str]:
    """What the form sends: Phil away for a week with Pia as deputy."""
    values = {
        "clinic": str(office.cast.clinic.id),
        "request_id": str(new_id()),
        "first_day": str(day(3)),
        "last_day": str(day(9)),
        "deputy": str(office.pia.id),
        "note": "Congress",
    }
    return {**values, **changes}


def test_nothing_planned_and_nothing_missing(office: Office) -> None:
    text = words(Desk(office.phil).get(URL))
    assert "On each day on which a safety duty falls, somebody who holds its role is there." in text
    assert "No absence is planned." in text
    assert "2 Mar to 8 Mar" in text
    assert "25 May to 30 May" in text


def test_ones_own_absence_is_entered_and_listed(office: Office) -> None:
    desk = Desk(office.phil)
    page = desk.get(URL)
    assert 'name="clinician"' not in page
    answer = desk.post(URL, sent(office, request_id=hidden(page, "request_id")))
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/cover/?clinic={office.cast.clinic.id}#absences"
    absence = Absence.objects.get()
    assert (absence.clinician, absence.deputy, absence.note) == (office.phil, office.pia, "Congress")
    text = words(desk.get(URL))
    assert "the deputy has been told" in text
    assert "phil You Thu 5 Mar 2026 Wed 11 Mar 2026 pia Congress Change or cancel" in text


def test_a_coordinator_enters_one_for_anybody(office: Office) -> None:
    desk = Desk(office.cast.cora)
    assert 'name="clinician"' in desk.get(URL)
    assert desk.post(URL, sent(office, clinician=str(office.phil.id))).status_code == 303
    absence = Absence.objects.get()
    assert (absence.clinician, absence.planned_by) == (office.phil, office.cast.cora)


def test_nobody_else_can_by_naming_somebody(office: Office) -> None:
    """The field is not theirs: what it says is not read."""
    Desk(office.paul).post(URL, sent(office, clinician=str(office.phil.id)))
    assert Absence.objects.get().clinician == office.paul


def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(office: Office) -> None:
    desk = Desk(office.phil)
    with nothing_written():
        answer = desk.post(URL, sent(office, last_day=str(day(2)), note="To keep"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The last day away is before the first." in words(page)
    assert "To keep" in page
    assert desk.post(URL, {}).status_code == 422


def test_the_same_form_twice_is_one(office: Office) -> None:
    desk, data = Desk(office.phil), sent(office)
    assert [desk.post(URL, data).status_code for _ in range(2)] == [303, 303]
    assert Absence.objects.count() == 1


def test_a_link_can_name_the_person_and_the_days(office: Office) -> None:
    page = Desk(office.cast.cora).get(f"{URL}?clinician={office.phil.id}&first_day=2026-03-09")
    assert f'<option value="{office.phil.id}" selected>' in page
    assert 'value="2026-03-09"' in page


def test_a_gap_says_when_why_and_where_it_is_closed(office: Office) -> None:
    safety(referred(office.cast), Role.NEUROSURGEON, day(3))
    absence = office.plan(office.cast.nora, None, 2, 9)
    page = Desk(office.cast.cora).get(URL)
    text = words(page)
    assert "Nobody is there Neurosurgeon Thu 5 Mar 1 safety duty" in text
    assert "nora is away until 11 Mar and has no deputy who is there." in text
    assert f'href="/cover/{absence.id}/"' in page
    assert "1 safety duty: nobody is there" in text


def test_a_day_off_in_a_gap_leads_to_the_clinic_days(office: Office) -> None:
    Membership.objects.filter(clinician=office.cast.nora).update(weekdays=[0, 1])
    safety(referred(office.cast), Role.NEUROSURGEON, day(3))
    page = Desk(office.cast.cora).get(URL)
    assert "nora has no clinic day." in words(page)
    assert f'href="/people/{office.cast.nora.id}/?clinic={office.cast.clinic.id}"' in page


def test_a_chain_in_a_gap_names_its_end(office: Office) -> None:
    Membership.objects.filter(clinician=office.paul).delete()
    office.plan(office.pia, None, 0, 20)
    office.plan(office.phil, office.pia, 0, 20)
    safety(referred(office.cast), Role.PHYSIATRIST, day(3))
    text = words(Desk(office.cast.cora).get(URL))
    assert "phil passes on to pia, who is away until 22 Mar and has no deputy who is there." in text
    assert "Nobody answers" in text


def test_a_role_nobody_holds_says_who_gives_it(office: Office) -> None:
    safety(referred(office.cast), Role.NURSE, day(3))
    assert "Nobody who can sign in holds this role." in words(Desk(office.cast.cora).get(URL))


def test_an_absence_is_changed_by_its_person(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 3, 9)
    desk, url = Desk(office.phil), f"/cover/{absence.id}/"
    assert "Change it" in words(desk.get(url))
    data = {"first_day": str(day(3)), "last_day": str(day(12)), "deputy": str(office.paul.id), "note": ""}
    assert desk.post(url, data).status_code == 303
    absence.refresh_from_db()
    assert (absence.last_day, absence.deputy) == (day(12), office.paul)
    refused = desk.post(url, {**data, "last_day": "2026-02-01"})
    assert refused.status_code == 422
    assert "before the first" in words(refused.content.decode())


def test_others_of_the_clinic_only_read_it(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 3, 9, note="By phone")
    desk, url = Desk(office.paul), f"/cover/{absence.id}/"
    text = words(desk.get(url))
    assert "By phone" in text
    assert "The person themselves or a coordinator changes it." in text
    data = {"first_day": str(day(3)), "last_day": str(day(12)), "deputy": "", "note": ""}
    with nothing_written():
        assert desk.post(url, data).status_code == 403
        assert desk.post(f"{url}cancel/").status_code == 403
        assert Desk(office.cast.omar).client.get(url).status_code == 404
        assert Desk(office.cast.omar).post(f"{url}cancel/").status_code == 404


def test_cancelling_and_ending_early(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 3, 9)
    url = f"/cover/{absence.id}/cancel/"
    with at(AT + timedelta(days=5)):
        desk = Desk(office.cast.cora)
        assert "End it now" in words(desk.get(f"/cover/{absence.id}/"))
        assert desk.post(url).status_code == 303
        assert "over since yesterday" in words(desk.get(URL))
        assert desk.post(url).status_code == 409
        assert "Over" in words(desk.get(f"/cover/{absence.id}/"))
    absence.refresh_from_db()
    assert absence.last_day == date(2026, 3, 6)


def test_a_person_of_two_clinics_chooses_one(office: Office) -> None:
    other = office.cast.other_clinic
    Membership.objects.create(clinician=office.phil, clinic=other, role="physiatrist")
    desk = Desk(office.phil)
    assert f'href="/cover/?clinic={other.id}"' in desk.get(f"{URL}?clinic={office.cast.clinic.id}")
    assert f'name="clinic" value="{other.id}"' in desk.get(f"{URL}?clinic={other.id}")
    assert Desk(office.pia).client.get(f"{URL}?clinic={other.id}").status_code == 404
    assert desk.client.get(f"{URL}?clinic=nonsense").status_code == 404


def test_closed_days_are_said(office: Office) -> None:
    text = words(Desk(office.phil).get(URL))
    assert "Sa 7 , closed" in text
    assert "Mo 2 , today" in text


def test_many_absences_and_duties_cost_no_more_queries(office: Office) -> None:
    desk = Desk(office.cast.cora)
    few = desk.queries(URL)
    case_id = referred(office.cast)
    for number in range(12):
        office.plan(office.phil, office.pia, number * 3, number * 3 + 1)
        safety(case_id, Role.PHYSIATRIST, day(number))
    assert desk.queries(URL) <= few <= MAX_QUERIES
