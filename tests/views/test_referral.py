"""Refer a patient: one case from one form, however often it is sent; errors at their fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from pathway.models import CareTeamMember, Case, Patient
from pathway.protocol.roles import Role
from tests.cast import MONDAY, Cast, make_cast, person, referred
from tests.engine.traces import nothing_written
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, hidden, words

pytestmark = pytest.mark.django_db
URL = "/cases/new/"


@pytest.fixture
def cast() -> Iterator[Cast]:
    with at(MONDAY + timedelta(hours=6)):
        yield make_cast()


def filled(desk: Desk, **changes: Any) -> dict[str, Any]:
    """A form filled in by a coordinator."""
    return {
        "request_id": hidden(desk.get(URL), "request_id"),
        "mrn": "R-55",
        "family_name": "Sample",
        "given_name": "Pat",
        "birth_date": "1980-05-17",
        "sex": "female",
        "reason": "Severe spasticity of both legs",
        **changes,
    }


def test_a_referral_opens_a_case_and_leads_to_it(cast: Cast) -> None:
    desk = Desk(cast.cora)
    data = filled(desk, phone="+1 555 0100", referred_by="Dr Example", team_physiatrist=str(cast.phil.id))
    answer = desk.post(URL, data)
    case = Case.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, case_url(case.id))
    assert case.id == UUID(data["request_id"])
    assert CareTeamMember.objects.get().clinician_id == cast.phil.id
    text = words(desk.get(case_url(case.id)))
    for part in (
        "Sample, Pat",
        "Severe spasticity of both legs",
        "Dr Example",
        "+1 555 0100",
        "The case is open.",
    ):
        assert part in text


def test_sending_the_form_twice_opens_one_case(cast: Cast) -> None:
    desk = Desk(cast.cora)
    data = filled(desk)
    first = desk.post(URL, data)
    with nothing_written():
        assert desk.post(URL, data).headers["Location"] == first.headers["Location"]
    assert Case.objects.count() == 1


def test_wrong_values_stay_with_their_errors(cast: Cast) -> None:
    desk = Desk(cast.cora)
    wrong = {
        "mrn": ("MRN!!", "Use 2 to 32 letters"),
        "birth_date": ("2027-01-01", "in the future"),
        "email": ("nobody", "valid email"),
        "sex": ("", "required"),
        "reason": ("", "required"),
        "family_name": ("x" * 81, "at most 80"),
        "team_physiatrist": (str(cast.nora.id), "not one of the available choices"),
    }
    with nothing_written():
        answer = desk.post(URL, filled(desk, **{name: value for name, (value, _) in wrong.items()}))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert set(re.findall(r'id="id_(\w+)_error"', html)) == set(wrong)
    for name, (value, text) in wrong.items():
        error = html[html.index(f'id="id_{name}_error"') :]
        assert text in error[: error.index("</div>")], name
        assert value in html
    for day in ("17.05.1980", "1899-12-31", "1980-02-30", ""):
        assert desk.post(URL, filled(desk, birth_date=day)).status_code == 422


def test_a_patient_whose_case_is_open_is_named_with_a_link(cast: Cast) -> None:
    case_id, desk = referred(cast, mrn="R-55"), Desk(cast.cora)
    with nothing_written():
        answer = desk.post(URL, filled(desk, mrn="r-55"))
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "A case for this MRN is already open." in words(html)
    assert f'href="{case_url(case_id)}"' in html
    assert 'value="r-55"' in html
    with nothing_written():
        other = desk.post(URL, filled(desk, mrn="R-55", birth_date="1990-01-01"))
    assert other.status_code == 422
    assert "another birth date" in words(other.content.decode())


def test_the_same_mrn_in_another_clinic_is_another_patient(cast: Cast) -> None:
    referred(cast, mrn="R-55")
    desk = Desk(cast.omar)
    assert desk.post(URL, filled(desk)).status_code == 303
    assert Patient.objects.count() == 2


def test_only_coordinators_refer(cast: Cast) -> None:
    desk = Desk(cast.phil)
    assert "Coordinators refer patients" in words(desk.get(URL, 403))
    with nothing_written():
        assert desk.post(URL, {"mrn": "R-55"}).status_code == 403
        assert desk.post("/cases/import/").status_code == 403


def test_who_coordinates_two_clinics_chooses_one(cast: Cast) -> None:
    bea = person("bea", cast.clinic, Role.COORDINATOR)
    bea.memberships.create(clinic=cast.other_clinic, role="coordinator")
    desk = Desk(bea)
    assert "at Hillside" in words(desk.get(URL))
    assert "at Riverside" in words(desk.get(f"{URL}?clinic=riverside"))
    assert desk.post(f"{URL}?clinic=riverside", filled(desk)).status_code == 303
    assert Case.objects.get().clinic_id == cast.clinic.id
    Desk(cast.cora).get(f"{URL}?clinic=hillside", 404)


def test_the_page_within_the_budget(cast: Cast) -> None:
    assert Desk(cast.cora).queries(URL) <= MAX_QUERIES
