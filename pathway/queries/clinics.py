"""A clinic as its settings page shows it: hours, closed days, what its cards print, who leads it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pathway.models import Case, Clinic


@dataclass(frozen=True, slots=True)
class ClinicSettings:
    """One clinic's row and its closed days, by date, each with its reason."""

    clinic: Clinic
    closed_days: tuple[tuple[date, str], ...]


def settings_of(clinic_id: UUID) -> ClinicSettings:
    """The clinic as it stands. Two queries."""
    clinic = Clinic.objects.get(pk=clinic_id)
    days = clinic.closed_days.order_by("on").values_list("on", "reason")
    return ClinicSettings(clinic, tuple(days))


@dataclass(frozen=True, slots=True)
class CaseLabel:
    """How a list names a case: its patient; and the protocol that gives its duties their titles."""

    patient: str
    protocol_id: UUID


def labels_of(case_ids: Iterable[UUID]) -> dict[UUID, CaseLabel]:
    """How a list names each of these cases. One query."""
    rows = Case.objects.filter(pk__in=list(case_ids)).values_list(
        "id", "patient__family_name", "patient__given_name", "protocol_id"
    )
    return {
        case_id: CaseLabel(f"{family_name}, {given_name}", protocol_id)
        for case_id, family_name, given_name, protocol_id in rows
    }
