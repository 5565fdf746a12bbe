"""Pumps and catheters: PostgreSQL refuses a second pump, half a fill, dates out of order, a bare explant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from pathway.models import Case, Catheter, Clinic, Clinician, Operation, Patient, ProtocolVersion, Pump, Todo
from tests.examples import BIRTH_DATE, EXAMPLES

NOW = datetime(2026, 4, 14, 16, 30, tzinfo=UTC)
DAY = date(2026, 4, 14)
FILLED: dict[str, Any] = {
    "filled_at": NOW,
    "filled_on": DAY,
    "fill_ml": Decimal(18),
    "concentration_mcg_per_ml": 500,
    "daily_dose_mcg_per_day": Decimal(100),
    "dose_since": DAY,
    "alarm_on": DAY + timedelta(days=80),
    "worst_case_on": DAY + timedelta(days=69),
    "dry_on": DAY + timedelta(days=83),
    "stability_on": DAY + timedelta(days=180),
    "refill_by": DAY + timedelta(days=73),
    "end_of_service_on": date(2033, 4, 14),
}
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"filled_at": None}, "pump_fill_whole"),
    ({"fill_ml": None}, "pump_fill_whole"),
    ({"daily_dose_mcg_per_day": None}, "pump_dose_whole"),
    ({"stability_on": None}, "pump_runway_whole"),
    (
        {"filled_at": None, "filled_on": None, "fill_ml": None, "concentration_mcg_per_ml": None},
        "pump_runway_has_fill",
    ),
    ({"refill_by": DAY + timedelta(days=81)}, "pump_refill_before_alarm"),
    ({"stability_on": DAY + timedelta(days=72)}, "pump_refill_before_alarm"),
    ({"dry_on": DAY + timedelta(days=79)}, "pump_dry_after_alarm"),
    ({"fill_ml": Decimal(21)}, "pump_fill_fits"),
    ({"explanted_on": DAY}, "pump_explant_has_reason"),
    ({"explant_reason": "infection"}, "pump_explant_has_reason"),
    ({"explanted_on": DAY - timedelta(days=1), "explant_reason": "infection"}, "pump_explant_has_reason"),
]


@pytest.fixture
def case(db: None) -> Case:
    """A case as raw rows."""
    clinic = Clinic.objects.create(
        name="Riverside", slug="riverside", time_zone="America/Chicago", country="US"
    )
    patient = Patient.objects.create(
        clinic=clinic,
        mrn="R-1",
        given_name="Sample",
        family_name="Person",
        birth_date=BIRTH_DATE,
        sex="female",
    )
    protocol = ProtocolVersion.objects.create(
        name="itb", version=1, title="Test", source={}, sha256="0" * 64, published_at=NOW
    )
    return Case.objects.create(
        clinic=clinic,
        patient=patient,
        protocol=protocol,
        stage_entered_at=NOW,
        opened_at=NOW,
        opened_by=Clinician.objects.create(username="nora"),
    )


def operation(case: Case) -> Operation:
    """One more operation on record."""
    todo = Todo.objects.create(
        case=case,
        clinic=case.clinic,
        key="operation",
        occurrence=Todo.objects.count() + 1,
        stage="implant",
        visit_seq=1,
        role="neurosurgeon",
        due_on=DAY,
        opened_at=NOW,
    )
    values = EXAMPLES["operation"]
    return Operation.objects.create(
        case=case, todo=todo, recorded_at=NOW, recorded_by=case.opened_by, **values
    )


def pump(case: Case, **changes: Any) -> Pump:
    """A pump in place, filled and running, with changes."""
    values = {
        "model": "synchromed-ii",
        "serial": "SYN-004711",
        "reservoir_ml": 20,
        "alarm_ml": Decimal(2),
        "implanted_on": DAY,
        **FILLED,
        **changes,
    }
    with transaction.atomic():
        return Pump.objects.create(case=case, operation=operation(case), **values)


def test_a_filled_pump_is_stored(case: Case) -> None:
    assert pump(case).in_place


def test_a_pump_before_its_first_fill_is_stored(case: Case) -> None:
    assert pump(case, **dict.fromkeys(FILLED)).refill_by is None


def test_the_database_refuses_every_broken_pump(case: Case) -> None:
    for changes, constraint in BROKEN:
        with pytest.raises(IntegrityError) as caught:
            pump(case, **changes)
        assert constraint in str(caught.value), changes


def test_all_checks_of_a_pump_are_in_the_table() -> None:
    checks = {
        constraint.name
        for constraint in Pump._meta.constraints
        if not constraint.name.endswith(("in_place", "case"))
    }
    assert checks == {constraint for _, constraint in BROKEN}


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"model": "Sample 20"}, "pathway_pump_model_check"),
        ({"model": ""}, "pathway_pump_model_check"),
        ({"reservoir_ml": 61}, "pathway_pump_reservoir_ml_check"),
        ({"reservoir_ml": 4, "fill_ml": Decimal(3)}, "pathway_pump_reservoir_ml_check"),
    ],
)
def test_a_code_and_a_size_have_their_shape(case: Case, changes: dict[str, Any], check: str) -> None:
    with pytest.raises(IntegrityError, match=check):
        pump(case, **changes)


def test_a_clinics_own_model_and_size_are_stored(case: Case) -> None:
    assert pump(case, model="sample-20", reservoir_ml=18).in_place


def test_one_pump_in_place_a_case(case: Case) -> None:
    first = pump(case)
    with pytest.raises(IntegrityError, match="one_pump_in_place_per_case"):
        pump(case, serial="SYN-004712")
    Pump.objects.filter(pk=first.pk).update(explanted_on=DAY, explant_reason="end of service")
    assert pump(case, serial="SYN-004712").in_place


def test_one_catheter_in_place_a_pump(case: Case) -> None:
    carrier = pump(case)
    values = {"pump": carrier, "model": "ascenda", "tip_level": "T9", "implanted_on": DAY}
    Catheter.objects.create(**values)
    with pytest.raises(IntegrityError, match="one_catheter_in_place_per_pump"), transaction.atomic():
        Catheter.objects.create(**values)
    with pytest.raises(IntegrityError, match="catheter_removed_after_implant"), transaction.atomic():
        Catheter.objects.create(**values, removed_on=DAY - timedelta(days=1))
