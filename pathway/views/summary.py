"""The summary of a case on paper: one or two pages for a colleague or another hospital. Reading changes nothing."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pathway.clinical.card import Line, Section, day, sections_of
from pathway.clinical.results import plain
from pathway.models import Case, Incident, ProgramRecord, Refill
from pathway.models.incident import CONDITIONS, REMEDIES
from pathway.protocol.roles import CloseReason, Decision, Role, Stage
from pathway.queries.card import read_sources
from pathway.queries.case import CaseRead, read_case
from pathway.queries.people import Staff, staff_of
from pathway.queries.summary import SummaryRecords, read_incidents, read_summary
from pathway.views.act import case_for
from pathway.views.pdf import paper
from pathway.views.records import NOTHING

TEMPLATE = "print/summary.html"
PAGES = 2
ATTEMPTS = (("10", 16, 14), ("9", 12, 12), ("9", 8, 8), ("85", 5, 5))
"""(text size in points, doses, to-dos) shown, most first: the first that fits on two pages is printed [P]."""


@require_safe
def summary_pdf(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The case on one or two pages. What was left out for want of room is counted on the paper."""
    case = case_for(request, case_id)
    context = summary_context(case)
    attempts = [_with_room_for(context, *room) for room in ATTEMPTS]
    return paper(request, TEMPLATE, attempts, filename="case-summary.pdf", pages=PAGES)


def summary_context(case: Case) -> dict[str, Any]:
    """Everything the summary says, uncut."""
    read = read_case(case, timezone.now())
    records, staff, facts = read_summary(case.id), staff_of(case.clinic_id), read_sources(case.id).facts()
    staff = staff.knowing(signed.signer_id for signed in read.signoffs)
    return {
        "case": case,
        "patient": case.patient,
        "printed_on": read.today,
        "stage": read.facts.stage.label,
        "closed": CloseReason(case.close_reason).label if case.close_reason else "",
        "visits": _visits(read),
        "background": _background(case, records),
        "goals": _goals(records),
        "reviewed_on": records.goals_review.reviewed_on if records.goals_review else None,
        "gas_t": records.goals_review.gas_t() if records.goals_review else None,
        "readings": records.readings,
        "pump": _pump(sections_of(facts)) if facts else (),
        "doses": doses_of(records, read),
        "todos": [
            {
                "title": read.protocol.todos[todo.key].title,
                "role": Role(todo.role).label,
                "due_on": todo.due_on,
            }
            for todo in read.open_todos()
        ],
        "incidents": [_incident(incident, read) for incident in read_incidents(case.id)],
        "signoffs": _signoffs(read, staff),
    }


def _with_room_for(context: dict[str, Any], points: str, doses: int, todos: int) -> dict[str, Any]:
    """The same with the newest doses and the most pressing to-dos, and how many are left out."""
    kept = context["doses"][:doses]
    open_todos = context["todos"][:todos]
    return context | {
        "points": points,
        "doses": kept,
        "doses_left_out": len(context["doses"]) - len(kept),
        "todos": open_todos,
        "todos_left_out": len(context["todos"]) - len(open_todos),
    }


def _visits(read: CaseRead) -> list[dict[str, Any]]:
    """Every stay in a stage with its days."""
    days = [read.calendar.local_date(visit.entered_at) for visit in read.visits]
    return [
        {"stage": Stage(visit.stage).label, "entered": entered, "left": left}
        for visit, entered, left in zip(read.visits, days, [*days[1:], None], strict=True)
    ]


def _background(case: Case, records: SummaryRecords) -> list[tuple[str, str]]:
    history, drugs = records.neuro_history, records.medication_history
    known = [
        ("Diagnosis", (history.diagnosis_text or history.get_diagnosis_display()) if history else ""),
        ("Origin", case.get_origin_display() if case.origin else ""),
        ("Level of injury", history.sci_level if history else ""),
        ("Oral baclofen", drugs.get_oral_baclofen_display() if drugs else ""),
        ("Blood thinner", drugs.anticoagulant if drugs else ""),
    ]
    return [(term, value) for term, value in known if value]


def _goals(records: SummaryRecords) -> list[dict[str, Any]]:
    """The goals with their scores at the start and at the last review."""
    review = records.goals_review
    scores = {row["goal"]: row["score"] for row in review.goals} if review else {}
    rows = records.goals.goals if records.goals else []
    return [
        {"goal": row["goal"], "baseline": row["baseline"], "now": scores.get(row["goal"], NOTHING)}
        for row in rows
    ]


def _pump(sections: tuple[Section, ...]) -> list[Line]:
    """Pump, drug, catheter and runway, in the words of the emergency card."""
    return [
        line for section in sections if section.title in ("Pump and drug", "Dates") for line in section.lines
    ]


def doses_of(records: SummaryRecords, read: CaseRead) -> list[dict[str, Any]]:
    """Every change of dose or strength, the newest first, with the change in percent."""
    moments: list[tuple[datetime, ProgramRecord | Refill]] = [
        *((program.effective_at, program) for program in records.programs),
        *((refill.refilled_at, refill) for refill in records.refills),
    ]
    rows: list[dict[str, Any]] = []
    last: tuple[Decimal, int] | None = None
    for at, record in sorted(moments, key=lambda pair: pair[0]):
        now = (record.daily_dose_mcg_per_day, record.concentration_mcg_per_ml)
        if now == last:
            continue
        rows.append(
            {
                "on": read.calendar.local_date(at),
                "dose": plain(now[0]),
                "change": _change(last[0] if last else None, now[0]),
                "strength": now[1],
                "how": "at a refill" if isinstance(record, Refill) else record.get_mode_display().lower(),
            }
        )
        last = now
    return rows[::-1]


def _change(old: Decimal | None, new: Decimal) -> str:
    """A step in percent: "+12.5 %"; empty for the first dose and for a new strength alone."""
    if old is None or old == new:
        return ""
    return f"{(new - old) / old * 100:+.1f}".removesuffix(".0") + " %"


def _incident(incident: Incident, read: CaseRead) -> str:
    """One incident in a line: when, how grave, what was suspected, and what became of it."""
    named = dict(CONDITIONS)
    # What was confirmed counts once it is closed; before that, all that was suspected.
    conditions = ", ".join(named[one] for one in (incident.confirmed or incident.conditions))
    opened, level = day(_day(read, incident.opened_at)), incident.get_level_display().lower()
    said = f"{opened}, {level}: {conditions}"
    if incident.closed_at is None:
        return f"{said}. Open."
    remedies = ", ".join(dict(REMEDIES)[one].lower() for one in incident.remedies)
    closed = day(_day(read, incident.closed_at))
    return f"{said}. Cause: {incident.get_cause_display().lower()}. Remedy: {remedies}. Closed {closed}."


def _signoffs(read: CaseRead, staff: Staff) -> list[dict[str, Any]]:
    """Signatures that stand, oldest first."""
    return [
        {
            "decision": Decision(signed.decision).label,
            "role": Role(signed.role).label,
            "signer": staff.name(signed.signer_id),
            "vote": signed.get_vote_display(),
            "on": _day(read, signed.signed_at),
            "waives_trial": signed.waives_trial,
        }
        for signed in read.signoffs
        if signed.lapsed_at is None
    ]


def _day(read: CaseRead, at: datetime) -> date:
    return read.calendar.local_date(at)
