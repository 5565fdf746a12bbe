"""One case read for a screen, without a lock: the row, its duties, signatures and pump, and the facts guards look at.

A person who holds no role in the case's clinic finds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from pathway.calendars import WorkCalendar
from pathway.clinical.conditions import TriageLevel
from pathway.models import Case, Incident, Membership, Pump, ReminderContact, SignOff, StageVisit, Todo
from pathway.protocol.facts import CaseFacts, IncidentFact, PumpFact, SignOffFact, TodoFact
from pathway.protocol.roles import CLOSE, REOPEN, Decision, Role, Stage, TodoState
from pathway.protocol.schema import Protocol
from pathway.queries.definitions import calendar_of, protocol_of


@dataclass(frozen=True, slots=True)
class CaseRead:
    """A case as it stands. `todos` oldest first, `signoffs` oldest first (lapsed ones too), `visits` in order."""

    case: Case
    protocol: Protocol
    calendar: WorkCalendar
    facts: CaseFacts
    todos: Sequence[Todo]
    signoffs: Sequence[SignOff]
    pump: Pump | None
    visits: Sequence[StageVisit]
    incident: Incident | None = None

    @property
    def today(self) -> date:
        """The clinic's date."""
        return self.facts.today

    def newest(self) -> dict[str, Todo]:
        """The newest occurrence of each duty."""
        return {todo.key: todo for todo in sorted(self.todos, key=lambda todo: todo.occurrence)}

    def open_todos(self) -> list[Todo]:
        """Open duties, the most pressing first."""
        return sorted((todo for todo in self.todos if todo.is_open), key=lambda todo: (todo.due_on, todo.id))


def _my_clinics(person_id: UUID) -> Any:
    return Membership.objects.filter(clinician_id=person_id).values("clinic_id")


def find_case(case_id: UUID, person_id: UUID) -> Case | None:
    """The case with its patient and clinic, for somebody who works there. One query."""
    cases = Case.objects.select_related("patient", "clinic")
    return cases.filter(pk=case_id, clinic_id__in=_my_clinics(person_id)).first()


def find_todo(todo_id: UUID, person_id: UUID) -> Todo | None:
    """The to-do with its case, patient and clinic, for somebody who works there. One query."""
    todos = Todo.objects.select_related("case__patient", "case__clinic")
    return todos.filter(pk=todo_id, case__clinic_id__in=_my_clinics(person_id)).first()


def read_case(case: Case, at: datetime) -> CaseRead:
    """Everything about a case that its rules look at. Five queries."""
    calendar = calendar_of(case.clinic_id, case.clinic.calendar_version)
    todos = list(Todo.objects.filter(case_id=case.id).order_by("opened_at", "id"))
    signoffs = list(SignOff.objects.filter(case_id=case.id).order_by("signed_at"))
    pump = Pump.objects.filter(case_id=case.id, explanted_on__isnull=True).first()
    visits = list(StageVisit.objects.filter(case_id=case.id).order_by("seq"))
    incident = Incident.objects.filter(case_id=case.id, closed_at__isnull=True).first()
    facts = facts_of(case, todos, signoffs, pump, visits, incident, calendar, at)
    protocol = protocol_of(case.protocol_id)
    return CaseRead(case, protocol, calendar, facts, todos, signoffs, pump, visits, incident)


def facts_of(
    case: Case,
    todos: Sequence[Todo],
    signoffs: Sequence[SignOff],
    pump: Pump | None,
    visits: Sequence[StageVisit],
    incident: Incident | None,
    calendar: WorkCalendar,
    at: datetime,
) -> CaseFacts:
    """The same facts that the engine's locked read gives; a test holds the two together."""
    newest = {todo.key: todo for todo in sorted(todos, key=lambda todo: todo.occurrence)}
    return CaseFacts(
        stage=Stage(case.stage),
        visit_seq=case.visit_seq,
        stage_entered_on=calendar.local_date(case.stage_entered_at),
        today=calendar.local_date(at),
        decision_round=case.decision_round,
        hold_review_on=case.hold_review_on,
        todos={key: todo_fact(todo, calendar) for key, todo in newest.items()},
        signoffs=tuple(_signoff_fact(signed) for signed in signoffs if signed.lapsed_at is None),
        pump=pump_fact(pump, calendar) if pump else None,
        since_visit=max(
            visit.seq for visit in visits if visit.entered_by_edge not in (CLOSE.name, REOPEN.name)
        ),
        incident=incident_fact(incident) if incident else None,
    )


def todo_fact(todo: Todo, calendar: WorkCalendar) -> TodoFact:
    """One duty as rules see it."""
    return TodoFact(
        id=todo.id,
        key=todo.key,
        occurrence=todo.occurrence,
        visit_seq=todo.visit_seq,
        role=Role(todo.role),
        state=TodoState(todo.state),
        due_on=todo.due_on,
        opened_on=calendar.local_date(todo.opened_at),
        ended_on=calendar.local_date(todo.ended_at) if todo.ended_at else None,
        owner_id=todo.owner_id,
        required=todo.required,
        safety=todo.safety,
        result=todo.result,
    )


def _signoff_fact(signed: SignOff) -> SignOffFact:
    return SignOffFact(
        id=signed.id,
        decision=Decision(signed.decision),
        round=signed.round,
        role=Role(signed.role),
        signer_id=signed.signer_id,
        vote=signed.vote,
        waives_trial=signed.waives_trial,
        facts_hash=signed.facts_hash,
        has_reason=bool(signed.reason),
    )


def pump_fact(pump: Pump, calendar: WorkCalendar) -> PumpFact:
    """A pump in place as rules see it."""
    filled_on = calendar.local_date(pump.filled_at) if pump.filled_at else None
    return PumpFact(
        id=pump.id,
        implanted_on=pump.implanted_on,
        filled_on=filled_on,
        refill_by=pump.refill_by,
        end_of_service_on=pump.end_of_service_on,
        dose_since=pump.dose_since,
        eri_seen_on=pump.eri_seen_on,
        card_is_current=pump.card_is_current,
        is_stopped=pump.stopped_at is not None,
    )


def incident_fact(incident: Incident) -> IncidentFact:
    """An open incident as rules see it."""
    return IncidentFact(
        incident.id,
        TriageLevel(incident.level),
        frozenset(Role(role) for role in incident.asked),
        frozenset(Role(role) for role in incident.waiting),
        incident.acknowledged_at is not None,
    )


def newest_todos(case_id: UUID) -> dict[str, UUID]:
    """The id of the newest occurrence of each duty, for links. One query."""
    rows = Todo.objects.filter(case_id=case_id).order_by("occurrence").values_list("key", "id")
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Around:
    """The people around a case: the care team by role, and every consent to reminders, the newest first."""

    team: dict[Role, list[UUID]]
    contacts: Sequence[ReminderContact]


AROUND = """
SELECT (SELECT json_agg(json_build_array(t.role, t.clinician_id)) FROM pathway_careteammember t WHERE t.case_id = %s),
  (SELECT json_agg(row_to_json(k) ORDER BY k.recorded_at DESC, k.id DESC) FROM pathway_remindercontact k
     WHERE k.patient_id = %s)
"""


def around(case: Case) -> Around:
    """Who is named on a case, and who agreed to be reminded of its appointments. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(AROUND, [case.id, case.patient_id])
        named, agreed = cursor.fetchone() or (None, None)
    team: dict[Role, list[UUID]] = {}
    for role, person in named or ():
        team.setdefault(Role(role), []).append(UUID(person))
    return Around(team, [_contact(row) for row in agreed or ()])


def _contact(row: dict[str, Any]) -> ReminderContact:
    fields = ReminderContact._meta.concrete_fields
    return ReminderContact(**{field.attname: field.to_python(row[field.attname]) for field in fields})
