"""Verbs on an incident: report it or add findings, and acknowledge it. It raises suspicion; it never lowers a level.

At most one incident of a case is open: findings of anybody, at any time, join it. What completes its duties is in
`incident_effects`.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pathway.clinical.conditions import CONTACT_MINUTES, TriageLevel, shortened
from pathway.clinical.results import CannotCompute
from pathway.clinical.signs import Signs, impossible
from pathway.clinical.triage import Triage, conditions_of, leads_of, triage
from pathway.engine import paging
from pathway.engine.action import Action, Outcome, action
from pathway.engine.errors import Invalid, NotFound, Refused, Stale
from pathway.engine.permissions import require_role
from pathway.models import ClinicalRecord, Clinician, Incident, IncidentAssessment
from pathway.models.base import new_id
from pathway.protocol.facts import IncidentFact
from pathway.protocol.roles import PHYSICIANS, CloseReason, Role
from pathway.protocol.verdict import refused
from pathway.queries.case import incident_fact
from pathway.queries.incident_facts import known_signs, merged

NOTE_LENGTH = 2000
ANSWERERS: frozenset[Role] = PHYSICIANS | {Role.NURSE, Role.COORDINATOR}
"""Who may say "I have it": acknowledging stops the calls, so it takes somebody who can act or find who can."""


def report(
    *,
    case_id: UUID,
    request_id: UUID,
    signs: Signs,
    by: Clinician,
    at: datetime,
    onset_at: datetime | None = None,
    note: str = "",
) -> Outcome:
    """Report what was found on a case: opens an incident, or joins the open one. Any role of the clinic may.

    `request_id` is made with the form: sending it twice keeps it once. Raises Invalid by field, Refused, NotFound.
    """
    with action(case_id=case_id, by=by, at=at) as act:
        before = IncidentAssessment.objects.select_related("incident").filter(pk=request_id).first()
        if before is not None and before.incident.case_id == act.case.id:
            return Outcome(act.case.id, act.case.event_seq, repeated=True, incident_id=before.incident_id)
        if not act.case.is_open:
            raise Refused(refused("case_closed", "The case is closed; reopen it first.", Role.COORDINATOR))
        _require_sound(act, signs, onset_at, note)
        joined = act.facts.incident is not None
        incident = _assess(act, request_id, signs, note.strip(), onset_at)
        outcome = act.commit("add_findings") if joined else act.commit("report_incident")
        return replace(outcome, incident_id=incident.id)


def raise_in(act: Action, *, signs: Signs, note: str, record: ClinicalRecord | None = None) -> None:
    """Raise (or join) an incident because of a record, inside the action that writes it. Call it after the effect's own
    changes: they are written first, so that what is known of pump and refill is what the effect has just made of it.

    Taking the record back later ends nothing: the findings then say so.
    """
    act.changes.flush()
    _assess(act, new_id(), signs, note[:NOTE_LENGTH], None, record)


def acknowledge(
    *, incident_id: UUID, by: Clinician, at: datetime, level: TriageLevel | None = None
) -> Outcome:
    """Say that a person has it: the calls end, the duties stay. `level` is what the page showed.

    Raises Stale where the incident is more urgent than the page said, NotAllowed, Refused. A second changes nothing.
    """
    with action(case_id=_case_of(incident_id), by=by, at=at) as act:
        require_role(act.actor, ANSWERERS, "acknowledge an incident")
        fact = act.facts.incident
        if fact is None or fact.id != incident_id:
            raise Refused(
                refused("incident_closed", "This incident is closed; nothing is left to acknowledge.")
            )
        if level is not None and fact.level.urgency > level.urgency:
            text = f"It is {fact.level} now. Read it again, then acknowledge."
            raise Stale(refused("incident_rose", text))
        if fact.acknowledged:
            return Outcome(act.case.id, act.case.event_seq, repeated=True, incident_id=incident_id)
        act.changes.update(Incident, incident_id, acknowledged_at=at, acknowledged_by_id=by.id)
        act.facts = replace(act.facts, incident=replace(fact, acknowledged=True))
        paging.stop(act, incident_id)
        role = act.actor.acting_as(*sorted(fact.asked), *sorted(ANSWERERS))
        outcome = act.commit("acknowledge_incident", role, incident={"level": str(fact.level)})
        return replace(outcome, incident_id=incident_id)


def _case_of(incident_id: UUID) -> UUID:
    case_id: UUID | None = Incident.objects.filter(pk=incident_id).values_list("case_id", flat=True).first()
    if case_id is None:
        raise NotFound("There is no such incident for you.")
    return case_id


def _require_sound(act: Action, signs: Signs, onset_at: datetime | None, note: str) -> None:
    errors: dict[str, list[str]] = {}
    for reason in impossible(signs):
        errors.setdefault(reason.field, []).append(reason.text)
    if onset_at is not None and onset_at > act.at:
        errors["onset_at"] = ["The onset lies in the future."]
    elif onset_at is not None and act.calendar.local_date(onset_at) < act.snapshot.birth_date:
        errors["onset_at"] = ["The onset is before the patient's birth."]
    if len(note) > NOTE_LENGTH:
        errors["note"] = [f"Write at most {NOTE_LENGTH} characters."]
    if isinstance(empty := triage(signs), CannotCompute):
        errors[""] = [empty.text]
    if errors:
        raise Invalid(errors)


def _assess(
    act: Action,
    key: UUID,
    signs: Signs,
    note: str,
    onset_at: datetime | None,
    record: ClinicalRecord | None = None,
) -> Incident:
    """Judge the signs together with what is known, and open the incident or add to it."""
    assert act.actor.id is not None  # the system finds nothing by itself; a person's record does
    known = known_signs(act.case.id, risky=bool(act.case.withdrawal_risk), today=act.facts.today, at=act.at)
    whole = merged(known, signs)
    judged = triage(whole)
    if isinstance(judged, CannotCompute):
        raise Invalid({"": [judged.text]})
    incident = _add(act, judged, onset_at) if act.facts.incident else _open(act, judged, onset_at)
    act.changes.add(
        IncidentAssessment(
            id=key,
            incident_id=incident.id,
            at=act.at,
            by_id=act.actor.id,
            role=str(act.actor.acting_as(*sorted(PHYSICIANS))),
            signs=as_json(whole),
            known=[name for name in as_json(known) if getattr(signs, name) is None],
            note=note,
            record_kind=record.kind if record else "",
            record_key=record.pk if record else None,
            **_judgement(judged),
        )
    )
    act.facts = replace(act.facts, incident=incident_fact(incident))
    act.data["incident"] = {
        "number": incident.number,
        "level": incident.level,
        "conditions": [str(condition) for condition in conditions_of(judged)],
    }
    return incident


def as_json(signs: Signs) -> dict[str, Any]:
    """The signs that were recorded, by name; amounts as text, so that nothing is rounded."""
    found = {name: value for name, value in asdict(signs).items() if value is not None}
    return {name: str(value) if isinstance(value, Decimal | str) else value for name, value in found.items()}


def _judgement(judged: Triage) -> dict[str, Any]:
    return {
        "level": str(judged.level),
        "reasons": list(judged.reasons),
        "candidates": [
            {"condition": str(one.condition), "level": str(one.level), "reasons": list(one.reasons)}
            for one in judged.candidates
        ],
        "missing": [reason.text for reason in judged.missing],
    }


def _open(act: Action, judged: Triage, onset_at: datetime | None) -> Incident:
    assert act.actor.id is not None  # see _assess
    asked = [str(lead) for lead in leads_of(judged)]
    incident = Incident(
        id=new_id(),
        case_id=act.case.id,
        clinic_id=act.case.clinic_id,
        number=Incident.objects.filter(case_id=act.case.id).count() + 1,
        opened_at=act.at,
        opened_by_id=act.actor.id,
        onset_at=onset_at,
        level=str(judged.level),
        urgency=judged.level.urgency,
        conditions=[str(condition) for condition in conditions_of(judged)],
        asked=asked,
        waiting=asked,
        contact_by=_contact_by(act, judged),
    )
    act.changes.add(incident)
    paging.start(act, incident, judged.contact_minutes)
    return incident


def _contact_by(act: Action, judged: Triage) -> datetime | None:
    minutes = judged.contact_minutes
    return None if minutes is None else act.at + timedelta(minutes=minutes)


def _add(act: Action, judged: Triage, onset_at: datetime | None) -> Incident:
    """Further findings: conditions and roles add up, the level only rises, and whoever answered is asked again."""
    assert act.facts.incident is not None
    incident = Incident.objects.get(pk=act.facts.incident.id)
    before = {field.attname: getattr(incident, field.attname) for field in incident._meta.concrete_fields}
    leads = [str(lead) for lead in leads_of(judged)]
    fresh = [Role(role) for role in leads if role not in incident.asked]
    incident.conditions = _joined(incident.conditions, [str(one) for one in conditions_of(judged)])
    incident.asked = _joined(incident.asked, leads)
    incident.waiting = _joined(incident.waiting, leads)
    if onset_at is not None and (incident.onset_at is None or onset_at < incident.onset_at):
        incident.onset_at = onset_at if onset_at <= incident.opened_at else incident.onset_at
    if _sharpen(incident, judged, _contact_by(act, judged)):
        paging.start(act, incident, judged.contact_minutes)
    elif fresh:
        paging.tell_now(act, incident, fresh, f"{act.at.isoformat()}:asked")
    changed = {
        name: getattr(incident, name) for name, old in before.items() if getattr(incident, name) != old
    }
    act.changes.update(Incident, incident.id, **changed)
    return incident


def _joined(before: list[str], more: list[str]) -> list[str]:
    return [*before, *(one for one in more if one not in before)]


def _sharpen(incident: Incident, judged: Triage, contact_by: datetime | None) -> bool:
    """Raise level and target where these findings are worse; then it must be acknowledged anew. Never lowers either."""
    rises = judged.level.urgency > incident.urgency
    waiting = incident.acknowledged_at is None
    sooner = contact_by is not None and (incident.contact_by is None or contact_by < incident.contact_by)
    if rises:
        incident.level, incident.urgency = str(judged.level), judged.level.urgency
        incident.acknowledged_at = incident.acknowledged_by_id = None
        if sooner or not waiting:
            incident.contact_by = contact_by
    elif waiting and sooner:
        incident.contact_by = contact_by
    return rises or (waiting and sooner)


def end(act: Action, incident: IncidentFact, **columns: Any) -> None:
    """Close the open incident in this action: with its closure record, or with the case of a patient who died."""
    act.changes.update(
        Incident, incident.id, waiting=[], closed_at=act.at, closed_by_id=act.actor.id, **columns
    )
    act.facts = replace(act.facts, incident=None)
    paging.stop(act, incident.id)


def take_up_again(act: Action) -> None:
    """A case closed as died is open again: the incident that ended with it goes on, and must be acknowledged anew."""
    ended = Incident.objects.filter(case_id=act.case.id, closed_at=act.case.closed_at).first()
    if act.case.closed_at is None or act.case.close_reason != CloseReason.DIED or ended is None:
        return
    again = {
        **dict.fromkeys(("closed_at", "closed_by_id", "acknowledged_at", "acknowledged_by_id"), None),
        "cause": "",
        "outcome": "",
        "remedies": [],
        "waiting": ended.asked,
    }
    for name, value in again.items():
        setattr(ended, name, value)
    act.changes.update(Incident, ended.id, **again)
    act.facts = replace(act.facts, incident=incident_fact(ended))
    minutes = CONTACT_MINUTES.value[ended.triage_level]
    paging.start(act, ended, shortened(minutes, high_risk=bool(act.case.withdrawal_risk)))


def end_with_death(act: Action, note: str) -> None:
    """The patient died: the incident ends with the case, and says so."""
    if act.facts.incident is not None:
        outcome = f"The patient died. {note.strip()}"[:2000]
        end(act, act.facts.incident, cause="not_found", remedies=["none"], outcome=outcome)
