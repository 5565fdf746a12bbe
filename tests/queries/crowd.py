"""Many cases at once, referred through the engine, for tests of lists and of the number of queries."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from pathway.engine.referrals import Referral, refer
from pathway.models import Clinic, Clinician, Operation, Pump, Todo
from pathway.models.base import new_id
from tests.cast import Cast, patient_values


def refer_to(clinic: Clinic, by: Clinician, at: datetime, mrn: str, **patient: object) -> UUID:
    """Refer one patient to a clinic; returns the case's id."""
    referral = Referral(request_id=new_id(), patient=patient_values(mrn, **patient))
    return refer(clinic_id=clinic.id, referral=referral, by=by, at=at).case_id


def crowd(cast: Cast, size: int, *, last: datetime, every: timedelta = timedelta(hours=5)) -> list[UUID]:
    """Cases of the cast's clinic, referred one after the other, the last one at `last`."""
    return [
        refer_to(
            cast.clinic,
            cast.cora,
            last - every * (size - number),
            f"R-{2000 + number}",
            family_name=f"Crowd{number}",
        )
        for number in range(size)
    ]


def copy_pump(pump: Pump, case_id: UUID, serial: str, **changes: object) -> Pump:
    """The same pump in another patient, for lists of many: storage only, the case itself has not come so far."""
    operation = Operation.objects.get(pk=pump.operation_id)
    operation.id, operation.case_id = new_id(), case_id
    operation.todo_id = Todo.objects.filter(case_id=case_id).values_list("id", flat=True)[0]
    operation.pump_serial = serial
    operation._state.adding = True
    operation.save(force_insert=True)
    copied = Pump.objects.get(pk=pump.pk)
    copied.id, copied.case_id, copied.operation_id, copied.serial = new_id(), case_id, operation.id, serial
    for name, value in changes.items():
        setattr(copied, name, value)
    copied._state.adding = True
    copied.save(force_insert=True)
    return copied
