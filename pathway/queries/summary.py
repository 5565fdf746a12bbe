"""The records that a case summary quotes: the newest of each kind, and every dose. One query; it words nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from pathway.models import (
    Goals,
    GoalsReview,
    Incident,
    MedicationHistory,
    NeuroHistory,
    ProgramRecord,
    Refill,
    TrialReadings,
)
from pathway.queries.records import newest, rows_together, standing

NEWEST = ("neuro_history", "medication_history", "goals", "goals_review")
EVERY = ("trial_readings", "program", "refill")


@dataclass(frozen=True, slots=True)
class SummaryRecords:
    """Standing records, lists oldest first. None where nothing was recorded."""

    neuro_history: NeuroHistory | None = None
    medication_history: MedicationHistory | None = None
    goals: Goals | None = None
    goals_review: GoalsReview | None = None
    readings: list[TrialReadings] = field(default_factory=list)
    programs: list[ProgramRecord] = field(default_factory=list)
    refills: list[Refill] = field(default_factory=list)


def read_summary(case_id: UUID) -> SummaryRecords:
    """What the summary of a case quotes. One query."""
    parts: list[tuple[str, QuerySet[Any]]] = [
        *((kind, newest(kind, case_id)) for kind in NEWEST),
        *((kind, standing(kind, case_id)) for kind in EVERY),
    ]
    found: dict[str, list[Any]] = {kind: [] for kind in (*NEWEST, *EVERY)}
    for kind, record in rows_together(parts):
        found[kind].append(record)
    return SummaryRecords(
        **{kind: next(iter(found[kind]), None) for kind in NEWEST},
        readings=sorted(found["trial_readings"], key=lambda record: (record.read_on, record.id)),
        programs=sorted(found["program"], key=lambda record: record.effective_at),
        refills=sorted(found["refill"], key=lambda record: record.refilled_at),
    )


def read_incidents(case_id: UUID) -> list[Incident]:
    """Every incident of the case, the newest first. One query."""
    return list(Incident.objects.filter(case_id=case_id).order_by("-number"))
