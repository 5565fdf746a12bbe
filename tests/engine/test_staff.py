"""Clinic days and leads: who may set them, what is refused, and one line of history each."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from pathway.engine.errors import Invalid, NotAllowed, NotFound
from pathway.engine.staff import set_clinic_days, set_clinic_lead, set_lead
from pathway.models import Clinic, ClinicEvent, Clinician, Membership
from tests.cast import MONDAY, Cast
from tests.engine.traces import nothing_written

AT = MONDAY + timedelta(hours=6)


def membership(cast: Cast) -> Membership:
    return Membership.objects.get(clinician=cast.phil)


def test_a_coordinator_sets_clinic_days(cast: Cast) -> None:
    key = membership(cast).id
    set_clinic_days(membership_id=key, weekdays=[2, 0, 0], by=cast.cora, at=AT)
    assert membership(cast).weekdays == [0, 2]
    with nothing_written():
        set_clinic_days(membership_id=key, weekdays=[0, 2], by=cast.cora, at=AT)
    event = ClinicEvent.objects.get()
    assert (event.verb, event.data["weekdays"], event.data["of"]) == (
        "set_clinic_days",
        [0, 2],
        "physiatrist",
    )


@pytest.mark.parametrize("weekdays", [[], [7], [-1, 2]])
def test_days_that_are_none_are_refused(cast: Cast, weekdays: list[int]) -> None:
    with nothing_written(), pytest.raises(Invalid) as error:
        set_clinic_days(membership_id=membership(cast).id, weekdays=weekdays, by=cast.cora, at=AT)
    assert set(error.value.errors) == {"weekdays"}


def test_a_coordinator_names_leads(cast: Cast) -> None:
    key = membership(cast).id
    set_lead(membership_id=key, is_lead=True, by=cast.cora, at=AT)
    assert membership(cast).is_lead
    with nothing_written():
        set_lead(membership_id=key, is_lead=True, by=cast.cora, at=AT)
    set_lead(membership_id=key, is_lead=False, by=cast.cora, at=AT)
    set_clinic_lead(clinic_id=cast.clinic.id, clinician_id=cast.nora.id, by=cast.cora, at=AT)
    assert Clinic.objects.get(pk=cast.clinic.pk).lead == cast.nora
    set_clinic_lead(clinic_id=cast.clinic.id, clinician_id=None, by=cast.cora, at=AT)
    assert Clinic.objects.get(pk=cast.clinic.pk).lead is None
    assert list(ClinicEvent.objects.order_by("id").values_list("verb", flat=True)) == [
        "set_lead",
        "set_lead",
        "set_clinic_lead",
        "set_clinic_lead",
    ]


def test_the_lead_works_here_and_can_sign_in(cast: Cast) -> None:
    Clinician.objects.filter(pk=cast.nora.pk).update(is_active=False)
    for nobody in (cast.omar, cast.nora):
        with nothing_written(), pytest.raises(Invalid) as refusal:
            set_clinic_lead(clinic_id=cast.clinic.id, clinician_id=nobody.id, by=cast.cora, at=AT)
        assert list(refusal.value.errors) == ["lead"]


def test_nobody_else_may(cast: Cast) -> None:
    key, clinic = membership(cast).id, cast.clinic.id
    for by, refusal in ((cast.phil, NotAllowed), (cast.omar, NotFound)):
        with nothing_written(), pytest.raises(refusal):
            set_clinic_days(membership_id=key, weekdays=[0], by=by, at=AT)
        with nothing_written(), pytest.raises(refusal):
            set_lead(membership_id=key, is_lead=True, by=by, at=AT)
        with nothing_written(), pytest.raises(refusal):
            set_clinic_lead(clinic_id=clinic, clinician_id=cast.phil.id, by=by, at=AT)
    with pytest.raises(NotFound):
        set_lead(membership_id=uuid4(), is_lead=True, by=cast.cora, at=AT)
