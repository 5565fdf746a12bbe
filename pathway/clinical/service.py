"""End of service of a pump and when its replacement is planned, scheduled and done (clinical.md section 7).

Counts months from the implant; knows no theatre, calendar or patient.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pathway.clinical.device import PumpModel
from pathway.clinical.results import CannotCompute, cannot
from pathway.clinical.sources import Sourced, Tag

PLAN_MONTHS = Sourced(12, "months", Tag.POLICY, rule="section 7 replacement")
SCHEDULE_MONTHS = Sourced(
    6, "months", Tag.VERIFIED, ("S45",), rule="section 7 replacement", note="manufacturer"
)
DONE_DAYS = Sourced(
    90, "days", Tag.VERIFIED, ("S14",), rule="section 7 replacement", note="consensus, at least"
)
SURGERY_AFTER_ERI_DAYS = Sourced(60, "days", Tag.POLICY, rule="section 7 replacement")


@dataclass(frozen=True, slots=True)
class EndOfService:
    """When the pump stops, and the days before it: plan (12 months), schedule (6 months), done (90 days)."""

    ends_on: date
    plan_on: date
    schedule_on: date
    done_by: date
    constants: tuple[Sourced[Any], ...]


def add_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last day where it is shorter (never later)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def surgery_after_eri(eri_seen_on: date) -> date:
    """The last day for surgery once the elective-replacement alarm was seen; holds also where no life is
    known.
    """
    return eri_seen_on + timedelta(days=SURGERY_AFTER_ERI_DAYS.value)


def end_of_service(
    pump: PumpModel, implanted_on: date, eri_seen_on: date | None = None
) -> EndOfService | CannotCompute:
    """Implant + life of the model; an elective-replacement alarm brings the end to ERI + its days, if that is
    sooner.

    A known ERI alarm also pulls surgery to 60 days after it. Refuses a model without a known life, unless ERI
    was seen
    and its days are known.
    """
    if eri_seen_on and eri_seen_on < implanted_on:
        return cannot("eri_seen_on", "The alarm cannot be older than the implant.")
    ends = []
    if pump.life_months:
        ends.append(add_months(implanted_on, pump.life_months.value))
    if eri_seen_on and pump.eri_to_stop_days:
        ends.append(eri_seen_on + timedelta(days=pump.eri_to_stop_days.value))
    if not ends:
        return cannot(
            "pump_model", f"The service life of {pump.name} is not known: take the date from its manual."
        )
    end = min(ends)
    done_by = end - timedelta(days=DONE_DAYS.value)
    if eri_seen_on:
        done_by = min(done_by, surgery_after_eri(eri_seen_on))
    used = (
        pump.life_months,
        pump.eri_to_stop_days,
        PLAN_MONTHS,
        SCHEDULE_MONTHS,
        DONE_DAYS,
        SURGERY_AFTER_ERI_DAYS,
    )
    return EndOfService(
        ends_on=end,
        plan_on=add_months(end, -PLAN_MONTHS.value),
        schedule_on=add_months(end, -SCHEDULE_MONTHS.value),
        done_by=done_by,
        constants=tuple(constant for constant in used if constant is not None),
    )
