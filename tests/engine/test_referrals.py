"""Referring: one case a form, however often it is sent; many from a file, or none."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused
from pathway.engine.referrals import BadRows, Referral, refer, refer_many
from pathway.models import Case, Patient, ProtocolVersion, StageCount
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from tests.cast import MONDAY, Cast, patient_values
from tests.engine.traces import nothing_written


def referral(mrn: str = "R-1", **changes: Any) -> Referral:
    return Referral(request_id=new_id(), patient=patient_values(mrn, **changes))


def test_sending_the_form_twice_makes_one_case(cast: Cast) -> None:
    form = referral()
    first = refer(clinic_id=cast.clinic.id, referral=form, by=cast.cora, at=MONDAY)
    with nothing_written():
        second = refer(clinic_id=cast.clinic.id, referral=form, by=cast.cora, at=MONDAY)
    assert (second.case_id, second.repeated) == (first.case_id, True)
    assert StageCount.objects.get(stage="evaluation").cases == 1


def test_who_may_refer(cast: Cast) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match="coordinator"):
        refer(clinic_id=cast.clinic.id, referral=referral(), by=cast.phil, at=MONDAY)
    with nothing_written(), pytest.raises(NotFound):
        refer(clinic_id=cast.clinic.id, referral=referral(), by=cast.omar, at=MONDAY)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mrn": ""}, "mrn"),
        ({"mrn": "=cmd()"}, "mrn"),
        ({"given_name": ""}, "given_name"),
        ({"birth_date": None}, "birth_date"),
        ({"birth_date": date(2090, 1, 1)}, "birth_date"),
        ({"birth_date": date(1890, 1, 1)}, "birth_date"),
        ({"sex": "yes"}, "sex"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_a_wrong_field_is_named(cast: Cast, changes: dict[str, Any], field: str) -> None:
    form = Referral(request_id=new_id(), patient=patient_values(**changes))
    with nothing_written(), pytest.raises(Invalid) as caught:
        refer(clinic_id=cast.clinic.id, referral=form, by=cast.cora, at=MONDAY)
    assert set(caught.value.errors) == {field}


def test_a_patient_has_one_open_case(cast: Cast) -> None:
    refer(clinic_id=cast.clinic.id, referral=referral("r-1"), by=cast.cora, at=MONDAY)
    with nothing_written(), pytest.raises(Refused, match="already open"):
        refer(clinic_id=cast.clinic.id, referral=referral("R-1"), by=cast.cora, at=MONDAY)
    other = referral("R-1", birth_date=date(1970, 1, 1))
    with nothing_written(), pytest.raises(Invalid, match="another birth date"):
        refer(clinic_id=cast.clinic.id, referral=other, by=cast.cora, at=MONDAY)
    refer(clinic_id=cast.other_clinic.id, referral=referral("R-1"), by=cast.omar, at=MONDAY)


def test_a_team_is_of_the_clinic_and_of_the_role(cast: Cast) -> None:
    for person in (cast.nora, cast.omar):
        form = Referral(request_id=new_id(), patient=patient_values(), team={Role.PHYSIATRIST: [person.id]})
        with nothing_written(), pytest.raises(Invalid) as caught:
            refer(clinic_id=cast.clinic.id, referral=form, by=cast.cora, at=MONDAY)
        assert set(caught.value.errors) == {"team_physiatrist"}


def test_without_a_published_protocol_nothing_starts(cast: Cast) -> None:
    ProtocolVersion.objects.update(retired_at=MONDAY)
    with nothing_written(), pytest.raises(Refused, match="No protocol"):
        refer(clinic_id=cast.clinic.id, referral=referral(), by=cast.cora, at=MONDAY)


def test_a_file_is_saved_whole_or_not_at_all(cast: Cast) -> None:
    refer(clinic_id=cast.clinic.id, referral=referral("OPEN-1"), by=cast.cora, at=MONDAY)
    rows = {2: referral("F-1"), 3: referral("OPEN-1"), 4: referral("F-2", sex="?"), 5: referral("F-1")}
    with nothing_written(), pytest.raises(BadRows) as caught:
        refer_many(clinic_id=cast.clinic.id, referrals=rows, by=cast.cora, at=MONDAY)
    assert set(caught.value.problems) == {3, 4, 5}
    outcomes = refer_many(clinic_id=cast.clinic.id, referrals={2: rows[2]}, by=cast.cora, at=MONDAY)
    assert Case.objects.filter(pk=outcomes[0].case_id).exists()
    assert Patient.objects.count() == 2


def test_a_referral_is_a_handful_of_statements(cast: Cast) -> None:
    refer(clinic_id=cast.clinic.id, referral=referral("WARM-1"), by=cast.cora, at=MONDAY)
    with CaptureQueriesContext(connection) as captured:
        refer(clinic_id=cast.clinic.id, referral=referral("R-9"), by=cast.cora, at=MONDAY)
    work = [query for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(work) <= 7
