"""What the page of one incident shows: how urgent and why, what to think of with its steps, who is asked, the findings.

Reads only; the level is the engine's, the steps and their sources are the clinical layer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest
from django.utils import timezone

from pathway.clinical.conditions import CONDITION_PLANS, Condition, ConditionPlan, Step, minutes_of
from pathway.engine.incidents import ANSWERERS
from pathway.models import Incident, IncidentAssessment, Todo
from pathway.models.incident import REMEDIES
from pathway.models.incident_records import ANSWERS
from pathway.protocol.roles import Role
from pathway.queries.case import newest_todos
from pathway.queries.incidents import find_incident, is_late, read_incident
from pathway.queries.people import staff_of
from pathway.views.act import Answer, alert_of, person, who
from pathway.views.forms.signs import ALARMS, WOUNDS, ReportForm
from pathway.views.records import plain

LEVEL_LOOK: Mapping[str, tuple[str, str]] = {
    "red": ("danger", "siren"),
    "orange": ("warning", "triangle-alert"),
    "yellow": ("info", "clock-alert"),
    "green": ("success", "circle-check"),
}
"""How a level is drawn: variant and icon. Its word says the same."""


DAYS_FROM_H = 48
"""From so many hours on, days are said too."""


def in_words(length: timedelta) -> str:
    """A stretch of time, rounded down: 5 min, 3 h 20 min, 4 days."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"


class IncidentPage:
    """One incident as one person sees it. Raises Http404 for somebody of another clinic."""

    def __init__(self, request: HttpRequest, incident_id: UUID) -> None:
        self.me = person(request)
        found = find_incident(incident_id, self.me)
        if found is None:
            raise Http404("There is no such incident for you.")
        self.incident: Incident = found
        self.case, self.clinic = found.case, found.case.clinic
        request.clinic = self.clinic  # type: ignore[attr-defined]  # the frame shows it, see views.context
        self.staff = staff_of(self.clinic.id)
        self.roles = self.staff.roles_of(self.me)
        self.read = read_incident(found)
        self.now = timezone.now()

    def context(self, answer: Answer | None = None) -> dict[str, Any]:
        """Everything the template needs."""
        incident = self.incident
        self._learn_names()
        links = newest_todos(self.case.id) if answer and answer.verdict else {}
        variant, icon = LEVEL_LOOK[incident.level]
        latest = self.read.assessments[0]
        return {
            "incident": incident,
            "case": self.case,
            "patient": self.case.patient,
            "level": (variant, incident.level.capitalize(), icon),
            "alert": alert_of(answer, links),
            "opened_by": self.staff.name(incident.opened_by_id),
            "since": in_words((incident.closed_at or self.now) - incident.opened_at),
            "contact": self._contact(),
            "may_acknowledge": bool(self.roles & ANSWERERS),
            "answerers": who(sorted(ANSWERERS)),
            "acknowledged_by": self.staff.name(incident.acknowledged_by_id),
            "closed_by": self.staff.name(incident.closed_by_id),
            "confirmed": [CONDITION_PLANS[Condition(one)].name for one in incident.confirmed],
            "remedies": [dict(REMEDIES)[one] for one in incident.remedies],
            "asked": [self._asked(Role(role)) for role in incident.asked],
            "closure": self.read.newest("incident_closure"),
            "my_steps": self._my_steps(),
            "plans": [self._plan(CONDITION_PLANS[Condition(one)]) for one in incident.conditions],
            "latest": self._assessment(latest),
            "assessments": [self._assessment(one) for one in self.read.assessments],
        }

    def _learn_names(self) -> None:
        incident = self.incident
        people = [incident.opened_by_id, incident.acknowledged_by_id, incident.closed_by_id]
        people += [one.by_id for one in self.read.assessments]
        people += [todo.owner_id for todo in self.read.todos] + [todo.ended_by_id for todo in self.read.todos]
        self.staff = self.staff.knowing(one for one in people if one and one.int)

    def _contact(self) -> dict[str, Any]:
        """By when contact must be made, and whether it was."""
        incident = self.incident
        by, heard = incident.contact_by, incident.acknowledged_at
        late = is_late(by, heard, incident.closed_at or self.now)
        return {
            "by": by,
            "late": late,
            "late_by": in_words((heard or incident.closed_at or self.now) - by) if by and late else "",
            "left": in_words(by - self.now) if by and not heard and by > self.now else "",
        }

    def _asked(self, role: Role) -> dict[str, Any]:
        """One role that is asked: its duty, whose it is, and whether it has answered."""
        todo: Todo | None = self.read.newest(f"incident_{role}")
        ended_by = todo.ended_by_id if todo else None
        return {
            "role": str(role),
            "todo": todo,
            "waits": str(role) in self.incident.waiting or bool(todo and todo.is_open),
            "owner": self.staff.name(todo.owner_id) if todo and todo.owner_id else "",
            "holders": [name for _, name in self.staff.options(role)],
            "ended_by": self.staff.name(ended_by) if ended_by and ended_by.int else "",
        }

    def _my_steps(self) -> Todo | None:
        """The open duty that this person answers: theirs, or anybody's of a role they hold."""
        mine = [
            todo
            for todo in map(self.read.newest, (f"incident_{role}" for role in self.incident.asked))
            if todo and todo.is_open and todo.role in self.roles and todo.owner_id in (None, self.me)
        ]
        return mine[0] if mine else None

    def _plan(self, plan: ConditionPlan) -> dict[str, Any]:
        """One thing to think of: its steps in order with who, by when, and what came of each."""
        steps = [self._step(step) for step in plan.steps]
        return {
            "name": plan.name,
            "causes": plan.causes,
            "steps": steps,
            "open": sum(not step["answer"] for step in steps),
            "also_exclude": plan.also_exclude,
            "reference": [f"{text.value} {text.bracket}" for text in plan.reference],
        }

    def _step(self, step: Step) -> dict[str, Any]:
        answer = self._answer(step)
        minutes = minutes_of(step, high_risk=bool(self.case.withdrawal_risk))
        if answer:  # the time that counted when it was answered: the patient's risk may be another since
            minutes = answer["minutes"]
        return {
            "text": step.text,
            "role": str(step.lead),
            "time": f"within {in_words(timedelta(minutes=minutes))} {step.minutes.bracket}"
            if step.minutes and minutes
            else "",
            "answer": answer,
        }

    def _answer(self, step: Step) -> dict[str, Any] | None:
        """The newest answer of the step's role; None while there is none."""
        for todo in reversed(self.read.todos):
            record = self.read.answers.get(todo.id) if todo.role == step.lead else None
            for row in record.steps if record else ():
                if row["step"] == step.text:
                    said = {"text": dict(ANSWERS)[row["answer"]], "note": row.get("note") or ""}
                    return {**said, "minutes": row.get("minutes")}
        return None

    def _assessment(self, one: IncidentAssessment) -> dict[str, Any]:
        variant, icon = LEVEL_LOOK[one.level]
        return {
            "at": one.at,
            "who": f"{self.staff.name(one.by_id)}, {one.role}",
            "level": (variant, one.level.capitalize(), icon),
            "reasons": one.reasons,
            "candidates": [
                {
                    "name": CONDITION_PLANS[Condition(found["condition"])].name,
                    "level": found["level"],
                    "reasons": ", ".join(found["reasons"]),
                }
                for found in one.candidates
            ],
            "missing": [text.removeprefix("Not recorded: ").removesuffix(".") for text in one.missing],
            "signs": [
                (sign_label(name).partition(" [")[0], self._sign(name, value))
                for name, value in one.signs.items()
            ],
            "known": [sign_label(name) for name in one.known],
            "note": one.note,
            "taken_back": self.read.taken_back.get(one.record_key) if one.record_key else None,
        }

    def _sign(self, name: str, value: Any) -> str:
        if name == "hours_since_refill" and value is not None:
            hours = int(Decimal(str(value)))
            return f"{hours} ({in_words(timedelta(hours=hours))})" if hours >= DAYS_FROM_H else str(hours)
        words = {str(code): text for code, text in (*ALARMS, *WOUNDS) if code}
        return words.get(str(value)) or plain(value, ZoneInfo(self.clinic.time_zone))


KNOWN_LABELS = {
    "days_to_dry": "Days until the reservoir is dry",
    "alarm_date_passed": "Date of the reservoir alarm has passed",
    "end_of_service_passed": "End of service has passed",
    "infusion_off": "The infusion is off",
    "hours_since_refill": "Hours since the last refill",
    "residual_alert": "Residual volume off at the last refill",
    "withdrawal_high_risk": "High risk in withdrawal [V:S2,S7]",
}


def sign_label(name: str) -> str:
    """A sign as the form asks it, or as the system knows it."""
    field = ReportForm.base_fields.get(name)
    if field is None:
        return KNOWN_LABELS[name]
    unit = ReportForm.units.get(name, "")
    return f"{field.label} ({unit})" if unit else str(field.label)
