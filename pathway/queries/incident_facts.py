"""What the system knows for triage without asking: the pump's dates, the last refill, the risk in withdrawal."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from pathway.clinical.residual import ABSOLUTE_ML
from pathway.clinical.signs import Signs
from pathway.models import Pump, Refill


def known_signs(case_id: UUID, *, risky: bool, today: date, at: datetime) -> Signs:
    """The signs that follow from the records. Two queries. `risky`: the case is at high risk in withdrawal."""
    risk = True if risky else None
    pump = Pump.objects.filter(case_id=case_id, explanted_on__isnull=True).first()
    if pump is None:
        return Signs(withdrawal_high_risk=risk)
    refills = Refill.objects.filter(case_id=case_id, superseded_at__isnull=True)
    refill = refills.filter(refilled_at=pump.filled_at).first() if pump.filled_at else None
    return Signs(
        days_to_dry=Decimal((pump.dry_on - today).days) if pump.dry_on else None,
        alarm_date_passed=pump.alarm_on <= today if pump.alarm_on else None,
        end_of_service_passed=pump.end_of_service_on <= today if pump.end_of_service_on else None,
        infusion_off=True if pump.stopped_at else None,
        hours_since_refill=_hours(at - pump.filled_at) if pump.filled_at else None,
        residual_alert=_is_off(refill) if refill else None,
        withdrawal_high_risk=risk,
    )


def _hours(since: timedelta) -> Decimal:
    return Decimal(int(since.total_seconds() // 360)) / 10


def _is_off(refill: Refill) -> bool:
    expected = refill.expected_ml
    return expected is not None and abs(refill.aspirated_ml - expected) > ABSOLUTE_ML.value


def merged(known: Signs, found: Signs) -> Signs:
    """What is known, with what was found. Where both speak a person counts, but a bad sign of either is kept:
    nothing here may lower a level.
    """
    values = {}
    for field in fields(Signs):
        mine, theirs = getattr(known, field.name), getattr(found, field.name)
        if theirs is not None and not (mine is True and theirs is False):
            values[field.name] = theirs
    return replace(known, **values)
