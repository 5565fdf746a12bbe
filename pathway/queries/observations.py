"""What a case's screening trial has come to: the doses given, each with its response, and the observations of a dose.

Reads the facts that to-dos keep of their records, so a whole course is one query. Decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pathway.clinical.observation import Reading
from pathway.clinical.scales import AshworthVariant
from pathway.clinical.trial import CONCENTRATION_MCG_PER_ML, Clearance, Injection, Response
from pathway.models import Assessment, Todo, TrialObservation
from pathway.protocol.roles import TodoState

COURSE = ("trial_booking", "trial_plan", "trial_dose", "trial_readings")


def observations_of(todo_id: UUID) -> list[TrialObservation]:
    """The live observations of one dose (of the to-do that reads it), by minute. One query."""
    rows = TrialObservation.objects.filter(todo_id=todo_id, superseded_at__isnull=True)
    return list(rows.order_by("minute"))


def readings_of(observations: list[TrialObservation]) -> list[Reading]:
    """The observations that scored tone, as the verdict reads them."""
    return [Reading(Decimal(row.minute) / 60, row.grades(), row.penn) for row in observations if row.grades()]


def baseline_of(case_id: UUID) -> Assessment | None:
    """The newest assessment of the case: it says which muscles are scored, and on which scale. One query."""
    rows = Assessment.objects.filter(case_id=case_id, superseded_at__isnull=True)
    return rows.order_by("recorded_at").last()


def variant_of(baseline: Assessment | None) -> AshworthVariant:
    """The scale of the baseline; the modified one where there is none."""
    return AshworthVariant(baseline.scale_variant) if baseline else AshworthVariant.MODIFIED


@dataclass(frozen=True, slots=True)
class Given:
    """One dose that was given: the to-do it was given in, and the injection with the response to it."""

    todo_id: UUID
    injection: Injection


@dataclass(frozen=True, slots=True)
class TrialCourse:
    """The one trial of a case: what was planned, and every dose given, oldest first."""

    given: tuple[Given, ...]
    cautious: bool
    hold: str
    hold_from: str | None
    consent: bool | None

    def before(self, todo_id: UUID) -> tuple[Injection, ...]:
        """The doses given in to-dos that are older than this one."""
        return tuple(one.injection for one in self.given if one.todo_id < todo_id)

    def read_in(self, todo_id: UUID) -> Injection | None:
        """The dose that this to-do reads: the newest one given before it opened."""
        return next(iter(reversed(self.before(todo_id))), None)

    @property
    def clearance(self) -> Clearance:
        """What the records of the case say before the dose; infection is judged at the dose itself."""
        return Clearance(True, True if self.hold else None, self.consent)


def course_of(case_id: UUID) -> TrialCourse:
    """The course of a case's trial. One query."""
    todos = Todo.objects.filter(case_id=case_id, key__in=COURSE, state=str(TodoState.DONE))
    return _course(list(todos.order_by("id").values_list("id", "key", "result")))


def _course(rows: list[tuple[UUID, str, dict[str, Any]]]) -> TrialCourse:
    given: list[Given] = []
    plan: dict[str, Any] = {}
    booking: dict[str, Any] = {}
    for todo_id, key, result in rows:
        if key == "trial_dose":
            given.append(Given(todo_id, _injection(result)))
        elif key == "trial_plan":
            plan = result
        elif key == "trial_booking":
            booking = result
        elif given and result.get("verdict"):
            answered = replace(given[-1].injection, response=Response(result["verdict"]))
            given[-1] = replace(given[-1], injection=answered)
    return TrialCourse(
        given=tuple(given),
        cautious=bool(plan.get("cautious")),
        hold=plan.get("hold", ""),
        hold_from=plan.get("hold_from"),
        consent=booking.get("consent_on_file"),
    )


def _injection(result: dict[str, Any]) -> Injection:
    """Only the screening strength can be on record: a constraint of the table says so."""
    return Injection(
        Decimal(result["dose_mcg"]),
        CONCENTRATION_MCG_PER_ML.value,
        datetime.fromisoformat(result["given_at"]),
    )
