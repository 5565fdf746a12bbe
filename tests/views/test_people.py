"""The people of a clinic: the list, clinic days and leads, one person's page, and leaving."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from pathway.engine.sentinel import watch
from pathway.engine.todos import claim
from pathway.models import Clinic, Clinician, Membership, Todo
from pathway.protocol.roles import Role
from tests.cast import make_cast, person, referred
from tests.engine.test_absences import AT, Office
from tests.engine.traces import nothing_written
from tests.views.desk import MAX_QUERIES, Desk, at, words

URL = "/people/"


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    with at(AT):
        yield Office(make_cast())


def page_of(who: Clinician) -> str:
    return f"{URL}{who.id}/"


def membership(who: Clinician) -> Membership:
    return Membership.objects.get(clinician=who)


def test_everybody_with_their_roles_days_and_who_answers(office: Office) -> None:
    Membership.objects.filter(clinician=office.phil).update(weekdays=[0, 2], is_lead=True)
    Clinician.objects.filter(pk=office.cast.anna.pk).update(email_refused_at=AT)
    Clinic.objects.filter(pk=office.cast.clinic.pk).update(lead=office.cast.nora)
    office.plan(office.phil, office.pia, 0, 3)
    text = words(Desk(office.cast.anna).get(URL))
    assert "phil Physiatrist Mon, Wed Lead Away until Thu 5 Mar; pia answers Arrives" in text
    assert "anna Anesthesiologist Every day Here Address refused since 2 Mar 2026" in text
    assert "nora Leads the clinic Neurosurgeon Every day" in text
    assert "omar" not in text


def test_a_coordinator_sets_clinic_days_and_leads(office: Office) -> None:
    desk, member = Desk(office.cast.cora), membership(office.phil)
    url = f"/people/members/{member.id}"
    assert desk.post(f"{url}/days/", {"weekdays": ["0", "4"]}).status_code == 303
    assert desk.post(f"{url}/lead/", {"lead": "1"}).status_code == 303
    member.refresh_from_db()
    assert (member.weekdays, member.is_lead) == ([0, 4], True)
    assert "Lead Mon, Fri" in words(desk.get(page_of(office.phil)))
    assert desk.post(f"{url}/lead/", {"lead": "0"}).status_code == 303
    refused = desk.post(f"{url}/days/", {})
    assert refused.status_code == 422
    assert "<details open>" in refused.content.decode()


def test_a_coordinator_names_the_lead_of_the_clinic(office: Office) -> None:
    desk = Desk(office.cast.cora)
    data = {"clinic": str(office.cast.clinic.id), "lead": str(office.phil.id)}
    assert desk.post(f"{URL}lead/", data).status_code == 303
    assert Clinic.objects.get(pk=office.cast.clinic.pk).lead == office.phil
    assert desk.post(f"{URL}lead/", {**data, "lead": str(office.cast.omar.id)}).status_code == 422
    assert desk.post(f"{URL}lead/", {**data, "lead": ""}).status_code == 303


def test_others_look_but_may_not(office: Office) -> None:
    desk, key = Desk(office.pia), membership(office.phil).id
    page = desk.get(page_of(office.phil))
    assert "Make lead" not in page
    assert "Leaving the clinic" not in page
    data = {"clinic": str(office.cast.clinic.id), "reason": "Moves away"}
    with nothing_written():
        assert desk.post(f"/people/members/{key}/days/", {"weekdays": ["0"]}).status_code == 403
        assert desk.post(f"/people/members/{key}/lead/", {"lead": "1"}).status_code == 403
        assert desk.post(f"{URL}lead/", {**data, "lead": ""}).status_code == 403
        assert desk.post(f"{page_of(office.phil)}leave/", data).status_code == 403
        omar = Desk(office.cast.omar)
        assert omar.client.get(page_of(office.phil)).status_code == 404
        assert omar.post(f"/people/members/{key}/days/", {"weekdays": ["0"]}).status_code == 404


def test_one_person_with_everything_in_their_name(office: Office) -> None:
    referred(office.cast, team={Role.PHYSIATRIST: [office.phil.id]})
    office.plan(office.phil, office.pia, 3, 5)
    office.plan(office.paul, office.phil, 8, 9)
    text = words(Desk(office.cast.cora).get(page_of(office.phil)))
    assert "Physiatrist 4 open duties, 1 care team" in text
    assert "Person, Sample R-1001" in text
    assert "Coming 5 Mar 2026 to 7 Mar 2026 deputy: pia" in text
    assert "deputy for paul" in text
    assert "Takes over as physiatrist" in text


def test_leaving_hands_everything_over(office: Office) -> None:
    case_id = referred(office.cast)
    todo = Todo.objects.filter(case_id=case_id, role="physiatrist")[0]
    claim(todo_id=todo.id, by=office.phil, at=AT)
    desk, url = Desk(office.cast.cora), f"{page_of(office.phil)}leave/"
    data = {"clinic": str(office.cast.clinic.id), "reason": "Moves away"}
    with nothing_written():
        refused = desk.post(url, data)
    assert refused.status_code == 422
    assert "Moves away" in refused.content.decode()
    answer = desk.post(url, {**data, "successor_physiatrist": str(office.pia.id)})
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/people/?clinic={office.cast.clinic.id}",
    )
    text = words(desk.get(URL))
    assert "1 to-dos and 0 care-team places were handed over. Their account is closed." in text
    assert "phil" not in text
    todo.refresh_from_db()
    assert todo.owner == office.pia
    assert desk.client.get(page_of(office.phil)).status_code == 404


def test_the_last_of_a_role_stays_and_it_is_said_why(office: Office) -> None:
    data = {"clinic": str(office.cast.clinic.id), "reason": "Moves away"}
    answer = Desk(office.cast.cora).post(f"{page_of(office.cast.nora)}leave/", data)
    assert answer.status_code == 409
    assert "Nobody else is a neurosurgeon of this clinic" in words(answer.content.decode())


def test_who_answers_for_whom_stands_beside_owners(office: Office) -> None:
    case_id = referred(office.cast)
    todo = Todo.objects.filter(case_id=case_id, role="physiatrist").order_by("due_on", "id")[0]
    claim(todo_id=todo.id, by=office.phil, at=AT)
    office.plan(office.phil, office.pia, 0, 3)
    for url in (f"/cases/{case_id}/", f"/todos/{todo.id}/"):
        assert "away until 5 Mar, pia answers" in words(Desk(office.paul).get(url))
        assert "away until 5 Mar, you answer" in words(Desk(office.pia).get(url))
    with at(AT + timedelta(days=4)):
        assert "away until" not in words(Desk(office.pia).get(f"/todos/{todo.id}/"))


def test_many_people_cost_no_more_queries(office: Office) -> None:
    desk = Desk(office.cast.cora)
    referred(office.cast, team={Role.PHYSIATRIST: [office.phil.id]})
    few, few_one = desk.queries(URL), desk.queries(page_of(office.phil))
    for number in range(9):
        office.plan(person(f"pat{number}", office.cast.clinic, Role.PHYSIATRIST), office.pia, 0, 3)
        referred(office.cast, mrn=f"R-3{number}", team={Role.PHYSIATRIST: [office.phil.id]})
    assert desk.queries(URL) <= few <= MAX_QUERIES
    assert desk.queries(page_of(office.phil)) <= few_one <= MAX_QUERIES


def test_what_stands_in_the_name_of_somebody_gone_is_found_from_the_watch_and_handed_over(
    office: Office,
) -> None:
    todo = Todo.objects.filter(case_id=referred(office.cast), role="physiatrist").first()
    assert todo is not None
    Membership.objects.filter(clinician=office.paul).delete()
    desk, url = Desk(office.cast.cora), page_of(office.paul)
    desk.get(url, status=404)
    Todo.objects.filter(pk=todo.pk).update(owner=office.paul)
    watch(at=AT)
    href = f"{url}?clinic={office.cast.clinic.id}"
    assert f'href="{href}#duties"' in desk.get("/watch/")
    text = words(desk.get(href))
    assert "this person works here no more" in text
    assert "Enter an absence" not in text
    Desk(office.cast.omar).get(url, status=404)
    data = {
        "clinic": str(office.cast.clinic.id),
        "reason": "Left",
        "successor_physiatrist": str(office.pia.id),
    }
    assert desk.post(f"{url}leave/", data).status_code == 303
    assert Todo.objects.get(pk=todo.pk).owner == office.pia
    watch(at=AT)
    assert "See their duties" not in desk.get("/watch/")
