"""Who sees which clinic."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from pathway.models import Membership
from pathway.queries.access import access_of
from tests.cast import Cast


def test_roles_are_held_clinic_by_clinic(cast: Cast, django_assert_num_queries: Any) -> None:
    Membership.objects.create(clinician=cast.cora, clinic=cast.other_clinic, role="nurse")
    with django_assert_num_queries(1):
        access = access_of(cast.cora.id)
    assert [clinic.name for clinic in access.clinics] == ["Hillside", "Riverside"]
    assert access.several
    assert access.holds(cast.clinic.id, "coordinator")
    assert access.holds(cast.other_clinic.id, "nurse")
    assert not access.holds(cast.other_clinic.id, "coordinator")
    assert set(access.pairs) == {(cast.clinic.id, "coordinator"), (cast.other_clinic.id, "nurse")}


def test_an_outsider_holds_nothing(cast: Cast) -> None:
    assert not access_of(cast.omar.id).holds(cast.clinic.id, "coordinator")


def test_today_is_the_clinics_date(cast: Cast) -> None:
    (clinic,) = access_of(cast.cora.id).clinics
    assert clinic.today(datetime(2026, 3, 3, 3, 0, tzinfo=UTC)) == date(2026, 3, 2)
