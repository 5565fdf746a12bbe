"""What the page of one case shows: where it stands, whose turn it is, what the next step needs, and its history.

Reads only; guards judge, the engine decides when something is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from pathway.clinical.runway import SENSITIVE_ALARM_ML
from pathway.clinical.situation import planning_alarm_ml
from pathway.engine.permissions import CASE_KEEPERS
from pathway.models import Pump, Todo
from pathway.protocol.conditions import CONDITIONS
from pathway.protocol.guards import applies, judge
from pathway.protocol.roles import CloseReason, Decision, Role, TodoState
from pathway.protocol.schema import EdgeDef, TodoDef
from pathway.queries.case import around, read_case
from pathway.queries.devices import pump_model_of
from pathway.queries.incidents import names_of
from pathway.queries.people import staff_of
from pathway.queries.timeline import history
from pathway.views.act import Answer, alert_of, case_for, person, reasons_of, who
from pathway.views.away import away_words
from pathway.views.forms.case_actions import (
    CloseForm,
    HoldForm,
    MoveForm,
    ReopenCaseForm,
    ResumeForm,
    TeamForm,
)
from pathway.views.incident_page import LEVEL_LOOK
from pathway.views.records import plain
from pathway.views.reminder_panel import ReminderPanel
from pathway.views.signing import signature_line
from pathway.views.stepper import short, steps
from pathway.views.story import Words, people_in, tell

Forms = Mapping[str, Any]
DONE_SHOWN = 8
"""How many finished to-dos are listed before somebody asks for all."""


class CasePage:
    """One case as one person sees it. Raises Http404 for somebody of another clinic."""

    def __init__(self, request: HttpRequest, case_id: UUID) -> None:
        found = case_for(request, case_id)
        self.case, self.clinic = found, found.clinic
        self.me = person(request)
        self.read = read_case(found, timezone.now())
        self.staff = staff_of(self.clinic.id, self.read.today)
        self.roles = self.staff.roles_of(self.me)
        self.protocol, self.facts = self.read.protocol, self.read.facts
        self.links = {key: todo.id for key, todo in self.read.newest().items()}

    def context(
        self,
        forms: Forms | None = None,
        answer: Answer | None = None,
        *,
        before: int | None = None,
        every: bool = False,
    ) -> dict[str, Any]:
        """Everything the template needs. `forms` are bound forms that were refused, by action."""
        given = forms or {}
        self._refresh(given)
        events, older = history(self.case.id, before)
        people = around(self.case)
        reminders = ReminderPanel(self.read, people.contacts, timezone.now())
        self._learn_names(people_in(events) | reminders.people)
        words = Words(self.protocol, self.staff)
        return {
            "case": self.case,
            "patient": self.case.patient,
            "contact": self._contact(),
            "age": _years(self.case.patient.birth_date, self.read.today),
            "today": self.read.today,
            "stage": self.facts.stage.label,
            "stages": steps(self.read, self.protocol),
            "alert": alert_of(answer, self.links),
            "state": self._state(),
            "incident": self._incident(),
            "turn": self._turn(),
            "pump": self._pump(),
            "gates": self._gates(given),
            "open_todos": [self._row(todo) for todo in self.read.open_todos()],
            "later": self._later(),
            **self._done(every),
            "decisions": self._decisions(),
            "team": self._team(given, people.team),
            "reminders": reminders.context(self.staff, self.roles, given),
            **self._actions(given),
            "events": [tell(event, words) for event in events],
            "older": f"?before={older}#history" if older else "",
            "newer": "?#history" if before else "",
            "reopening": self._reopening(given),
        }

    def _refresh(self, forms: Forms) -> None:
        """A refused form comes back about the case as this page shows it: who presses again has seen it."""
        for form in forms.values():
            if "version" in form.fields and form.is_bound:
                form.data = form.data.copy()
                form.data["version"] = str(self.case.event_seq)

    def _learn_names(self, also: set[Any]) -> None:
        """Names of people who have left since, in one query if any have."""
        todos = self.read.todos
        people = {todo.owner_id for todo in todos} | {todo.ended_by_id for todo in todos}
        people |= {signed.signer_id for signed in self.read.signoffs}
        people |= {self.case.held_by_id, self.case.closed_by_id}
        people |= {self.read.incident.acknowledged_by_id} if self.read.incident else set()
        people |= {UUID(str(person)) for person in also}
        self.staff = self.staff.knowing(person for person in people if person and person.int)

    def _away(self, owner: UUID | None) -> str:
        return away_words(self.staff, owner, self.me)

    def _title(self, key: str) -> str:
        definition = self.protocol.todos.get(key)
        return definition.title if definition else key

    # --- where it stands ---

    def _state(self) -> dict[str, Any]:
        """What a banner must say: hold, closure, or that nothing is open."""
        closed = self.case.close_reason
        return {
            "held_by": self.staff.name(self.case.held_by_id) if self.case.on_hold else "",
            "closed": CloseReason(closed).label if closed else "",
            "closed_by": self.staff.name(self.case.closed_by_id) if closed else "",
            "nothing_open": self.case.is_open and not self.read.open_todos(),
            "reopen_todo": self.links.get("edge_reopen"),
        }

    def _incident(self) -> dict[str, Any] | None:
        """The open incident: how urgent, and whether somebody has it."""
        incident = self.read.incident
        if incident is None:
            return None
        variant, _ = LEVEL_LOOK[incident.level]
        return {
            "row": incident,
            "variant": "danger" if variant == "danger" else "warning",
            "conditions": names_of(incident.conditions),
            "heard_by": self.staff.name(incident.acknowledged_by_id) if incident.acknowledged_at else "",
        }

    def _turn(self) -> dict[str, Any] | None:
        """Whose turn it is: what the engine wrote on the case."""
        if not self.case.next_key:
            return None
        owner = self.case.next_owner_id
        return {
            "title": self._title(self.case.next_key),
            "todo_id": self.links.get(self.case.next_key),
            "role": self.case.next_role,
            "name": self.staff.name(owner) if owner else "",
            "away": self._away(owner),
            "mine": owner == self.me or (owner is None and self.case.next_role in self.roles),
            "due_on": self.case.next_due_on,
        }

    def _pump(self) -> dict[str, Any] | None:
        """The pump in place, its dates, and the live refill duty (its absence is an alarm)."""
        pump: Pump | None = self.read.pump
        if pump is None:
            return None
        refill = next((todo for todo in self.read.open_todos() if todo.key == "refill"), None)
        zone = ZoneInfo(self.read.calendar.time_zone)
        dose = f"{plain(pump.daily_dose_mcg_per_day, zone)} mcg/day" if pump.daily_dose_mcg_per_day else ""
        since = f" since {short(pump.dose_since)}" if pump.dose_since else ""
        fill = f"{plain(pump.fill_ml, zone)} mL on {short(pump.filled_on)}" if pump.filled_on else ""
        return {
            "row": pump,
            "model": pump_model_of(self.case.clinic_id, pump.model).name,
            "dose": dose + since,
            "fill": fill,
            "concentration": f"{pump.concentration_mcg_per_ml} mcg/mL"
            if pump.concentration_mcg_per_ml
            else "",
            "refill": self._row(refill) if refill else None,
            "unsafe": pump.refill_by is not None and refill is None and self.case.is_open,
            "late": pump.refill_by is not None and pump.refill_by < self.read.today,
            "planned_from": self._planned_from(pump),
            "records": self._recordable(),
        }

    def _planned_from(self, pump: Pump) -> str:
        """The volume that refill-by is planned from, where withdrawal is more dangerous; else empty."""
        planned = planning_alarm_ml(pump.alarm_ml, tuple(self.case.withdrawal_risk))
        if planned <= pump.alarm_ml:
            return ""
        volume = plain(planned, ZoneInfo(self.read.calendar.time_zone))
        return f"Planned from {volume} mL, because withdrawal is more dangerous {SENSITIVE_ALARM_ML.bracket}"

    def _recordable(self) -> list[dict[str, str]]:
        """What this person may record outside every planned duty."""
        return [
            {"label": todo.title, "url": reverse("record-now", args=[self.case.id, todo.key])}
            for todo in self.protocol.anytime
            if todo.on_demand and todo.role in self.roles and applies(self.protocol, todo, self.facts)
        ]

    def _contact(self) -> list[tuple[str, str]]:
        patient = self.case.patient
        known = [
            ("Reason for referral", self.case.referral_reason),
            ("Referred by", self.case.referred_by),
            ("Phone", patient.phone),
            ("Caregiver or contact", " · ".join(filter(None, (patient.contact_name, patient.contact_phone)))),
            ("Language", patient.language),
        ]
        return [(term, value) for term, value in known if value]

    # --- duties ---

    def _row(self, todo: Todo) -> dict[str, Any]:
        ended_by = todo.ended_by_id
        return {
            "todo": todo,
            "title": self._title(todo.key),
            "owner": self.staff.name(todo.owner_id) if todo.owner_id else "",
            "away": self._away(todo.owner_id) if todo.is_open else "",
            "mine": todo.owner_id == self.me or (todo.owner_id is None and todo.role in self.roles),
            "state": TodoState(todo.state).label,
            "optional": not (todo.required or todo.safety or todo.key in self.protocol.prompts),
            "ended_by": self.staff.name(ended_by) if ended_by and ended_by.int else "the system",
        }

    def _done(self, every: bool) -> dict[str, Any]:
        """Finished to-dos, the latest first; withdrawn ones only when everything is asked for."""
        ended = [todo for todo in self.read.todos if not todo.is_open]
        ended.sort(key=lambda todo: (todo.ended_at or todo.opened_at, todo.id), reverse=True)
        shown = ended if every else [todo for todo in ended if todo.state != TodoState.WITHDRAWN][:DONE_SHOWN]
        return {"done": [self._row(todo) for todo in shown], "done_more": len(ended) - len(shown)}

    def _later(self) -> list[dict[str, Any]]:
        """Duties of this stage that are not open yet, and what each waits for."""
        if not self.case.is_open:
            return []
        stage = self.protocol.stage[self.facts.stage]
        return [
            {
                "title": todo.title,
                "role": str(todo.role),
                "after": [self._title(key) for key in self._missing(todo)],
            }
            for todo in stage.todo
            if applies(self.protocol, todo, self.facts) and not self._is_known(todo)
        ]

    def _is_known(self, todo: TodoDef) -> bool:
        latest = self.facts.todos.get(todo.key)
        return latest is not None and (latest.is_open or self.facts.done_here(todo.key))

    def _missing(self, todo: TodoDef) -> list[str]:
        return [key for key in todo.after if not self.facts.done_here(key)]

    # --- the next step ---

    def _gates(self, given: Forms) -> list[dict[str, Any]]:
        """Every way on from here: the expected one first, with what it needs."""
        if not self.case.is_open:
            return []
        gates = [self._gate(gate, given) for gate in self.protocol.stage[self.facts.stage].edge]
        return sorted(gates, key=lambda gate: not gate["expected"])

    def _gate(self, gate: EdgeDef, given: Forms) -> dict[str, Any]:
        verdict = judge(self.protocol, gate, self.facts)
        named = gate.prompt_when is None or CONDITIONS[gate.prompt_when](self.protocol, self.facts)
        edge, name = gate.declared, f"advance-{gate.edge}"
        form = given.get(name) or MoveForm(
            initial={"version": self.case.event_seq}, edge=edge.name, needs_reason=edge.needs_reason
        )
        return {
            "label": edge.label,
            "allowed": verdict.allowed,
            "reasons": reasons_of(verdict, self.links),
            "may": bool(self.roles & set(gate.roles)),
            "who": who(gate.roles),
            "expected": bool(gate.prompt) and named,
            "needs_reason": edge.needs_reason,
            "url": reverse("case-advance", args=[self.case.id, edge.name]),
            "form": form,
            "open": name in given,
        }

    def _decisions(self) -> list[dict[str, Any]]:
        """Signatures by decision, the newest first; lapsed ones stay on view."""
        newest = list(reversed(self.read.signoffs))
        return [
            {
                "label": decision.label,
                "votes": [
                    signature_line(signed, self.staff.name(signed.signer_id))
                    for signed in newest
                    if signed.decision == decision
                ],
            }
            for decision in Decision
            if any(signed.decision == decision for signed in newest)
        ]

    # --- people and actions ---

    def _team(self, given: Forms, named: dict[Role, list[UUID]]) -> list[dict[str, Any]]:
        """Who holds each role here, with the form to name them (coordinators only)."""
        may = Role.COORDINATOR in self.roles and self.case.is_open
        used = [role for role in Role if role in self.staff.by_role or role in named]
        return [
            {
                "role": str(role),
                "names": [self._named(person) for person in named.get(role, ())],
                "holders": [name for _, name in self.staff.options(role)],
                "form": (given.get(f"team-{role}") or self.team_form(role, named.get(role, [])))
                if may
                else None,
                "open": f"team-{role}" in given,
            }
            for role in used
        ]

    def _named(self, person_id: UUID) -> str:
        away = self._away(person_id)
        return f"{self.staff.name(person_id)} ({away})" if away else self.staff.name(person_id)

    def team_form(self, role: Role, named: list[UUID], data: Any = None) -> TeamForm:
        """The form that names who holds a role on this case."""
        initial = {"role": str(role), "clinicians": [str(person) for person in named]}
        return TeamForm(data, role=role, people=self.staff.options(role), initial=initial)

    def _actions(self, given: Forms) -> dict[str, Any]:
        """Hold, resume and close, for those who may."""
        version = {"version": self.case.event_seq}
        keeper = bool(self.roles & CASE_KEEPERS) and self.case.is_open
        closer = bool(self.roles & set(self.protocol.close_roles)) and self.case.is_open
        held = self.case.on_hold
        return {
            "hold_form": (given.get("hold") or HoldForm(initial=version)) if keeper and not held else None,
            "resume_form": (given.get("resume") or ResumeForm(initial=version)) if keeper and held else None,
            "close_form": (given.get("close") or self.close_form()) if closer else None,
            "opened_form": next(iter(given), ""),
        }

    def close_form(self, data: Any = None) -> CloseForm:
        """The form that ends the passage."""
        initial = {"version": self.case.event_seq}
        return CloseForm(data, initial=initial, protocol=self.protocol, facts=self.facts)

    def _reopening(self, given: Forms) -> dict[str, Any] | None:
        """A closed case: ask to reopen it, or agree to what somebody asked."""
        if self.case.is_open or not self.roles & CASE_KEEPERS:
            return None
        asked = self.read.newest().get("edge_reopen")
        if asked is not None and asked.is_open:
            by = self.staff.name(asked.result.get("asked_by"))
            return {
                "by": by,
                "reason": asked.result.get("reason", ""),
                "mine": asked.result.get("asked_by") == str(self.me),
            }
        return {"form": given.get("reopen") or ReopenCaseForm(), "open": "reopen" in given}


def _years(birth_date: date, today: date) -> int:
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
