"""Rows of a site's pump models are never edited or deleted, and hold only numbers that a pump can have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from pathway.models import SitePumpModel
from tests.cast import MONDAY, Cast, make_cast
from tests.pumps import typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def row(cast: Cast, **changes: Any) -> SitePumpModel:
    values: dict[str, Any] = {
        "clinic": cast.clinic,
        "code": "sample-20",
        "name": "Sample 20",
        "maker": "Sample",
        "numbers": typed(),
        "added_at": MONDAY,
        "added_by": cast.nora,
    }
    return SitePumpModel(**values | changes)


def test_a_row_gives_its_model(cast: Cast) -> None:
    kept = row(cast)
    kept.full_clean()
    kept.save()
    found = SitePumpModel.objects.get()
    assert found.model() == kept.model()
    assert found.model().stability_days.value == 90
    assert str(found) == f"Sample 20 of clinic {cast.clinic.id}"


def test_numbers_that_cannot_belong_to_a_pump_are_refused(cast: Cast) -> None:
    with pytest.raises(ValidationError) as error:
        row(cast, numbers=typed(alarm_ml="20")).full_clean()
    assert error.value.message_dict == {"numbers": ["alarm_ml: Enter 0.5 to 10 mL [P]; check the unit."]}


@pytest.mark.parametrize("code", ["", "a", "Sample", "sample 20", "-sample", "x" * 41])
def test_a_code_has_its_shape(cast: Cast, code: str) -> None:
    with pytest.raises(ValidationError):
        row(cast, code=code).full_clean()
    with pytest.raises(DatabaseError), transaction.atomic():
        row(cast, code=code).save()


def change(found: SitePumpModel) -> None:
    found.name = "Other"
    found.save()


def renumber(found: SitePumpModel) -> None:
    SitePumpModel.objects.update(numbers=typed(stability_days="180"))


def remove(found: SitePumpModel) -> None:
    SitePumpModel.objects.all().delete()


def half_retire(found: SitePumpModel) -> None:
    SitePumpModel.objects.update(retired_at=MONDAY)


def retire_before(found: SitePumpModel) -> None:
    SitePumpModel.objects.update(retired_at=MONDAY - timedelta(days=1), retired_by=found.added_by_id)


@pytest.mark.parametrize("wrong", [change, renumber, remove, half_retire, retire_before])
def test_the_database_keeps_what_was_added(cast: Cast, wrong: Callable[[SitePumpModel], None]) -> None:
    kept = row(cast)
    kept.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        wrong(kept)


def test_a_code_is_once_in_a_clinic_until_it_is_retired(cast: Cast) -> None:
    row(cast).save()
    with pytest.raises(DatabaseError), transaction.atomic():
        row(cast).save()
    row(cast, clinic=cast.other_clinic, added_by=cast.omar).save()
    SitePumpModel.objects.filter(clinic=cast.clinic).update(retired_at=MONDAY, retired_by=cast.cora)
    row(cast).save()
    with pytest.raises(DatabaseError), transaction.atomic():
        SitePumpModel.objects.filter(retired_at__isnull=False).update(retired_at=None, retired_by=None)
