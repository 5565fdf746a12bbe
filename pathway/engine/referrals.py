"""Referring a patient: the one verb that makes a case, alone or many at once from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from pathway.engine.action import Action, Outcome
from pathway.engine.errors import Invalid, NotFound, Refused
from pathway.engine.permissions import Actor, require_role
from pathway.engine.snapshot import Snapshot
from pathway.engine.staying import keep_here
from pathway.models import (
    CareTeamMember,
    Case,
    Clinic,
    Clinician,
    Patient,
    ProtocolVersion,
    StageVisit,
)
from pathway.models.base import new_id
from pathway.protocol.cover import Roster
from pathway.protocol.facts import CaseFacts
from pathway.protocol.roles import Role, Stage
from pathway.protocol.verdict import Reason, Verdict
from pathway.queries.definitions import calendar_of, protocol_of
from pathway.queries.rosters import rosters_of

PATIENT_FIELDS = (
    "mrn",
    "given_name",
    "family_name",
    "birth_date",
    "sex",
    "phone",
    "email",
    "language",
    "contact_name",
    "contact_phone",
)


@dataclass(frozen=True, slots=True)
class Referral:
    """What a referral says. `request_id` is made with the form: sending the form twice makes one case."""

    request_id: UUID
    patient: Mapping[str, Any]
    referred_by: str = ""
    reason: str = ""
    team: Mapping[Role, Sequence[UUID]] = field(default_factory=dict)


def refer(*, clinic_id: UUID, referral: Referral, by: Clinician, at: datetime) -> Outcome:
    """Open a case for a patient. Raises Invalid by field, Refused for a patient whose case is open, NotAllowed."""
    try:
        with transaction.atomic():
            return _refer(_Desk.open(clinic_id, by, at), referral)
    except IntegrityError as error:
        raise Refused(_open_already(None)) from error


class BadRows(Exception):
    """Rows of a file that were refused: (row number, sentences). Nothing of the file was saved."""

    def __init__(self, problems: Mapping[int, Sequence[str]]) -> None:
        super().__init__(f"{len(problems)} rows were refused.")
        self.problems = {number: list(texts) for number, texts in problems.items()}


def refer_many(
    *, clinic_id: UUID, referrals: Mapping[int, Referral], by: Clinician, at: datetime
) -> list[Outcome]:
    """Open a case for every row of a file, or for none. Raises BadRows with each bad row's sentences."""
    outcomes: list[Outcome] = []
    problems: dict[int, list[str]] = {}
    with transaction.atomic():
        desk = _Desk.open(clinic_id, by, at)
        for number, referral in referrals.items():
            try:
                with transaction.atomic():
                    outcomes.append(_refer(desk, referral))
            except Invalid as error:
                problems[number] = [text for texts in error.errors.values() for text in texts]
            except (Refused, IntegrityError) as error:
                problems[number] = [str(error) if isinstance(error, Refused) else str(_open_already(None))]
        if problems:
            raise BadRows(problems)
    return outcomes


@dataclass(frozen=True, slots=True)
class _Desk:
    """What all referrals of one call share: the clinic, who refers, and the protocol in force."""

    clinic: Clinic
    by: Clinician
    actor: Actor
    roster: Roster
    protocol_id: UUID
    at: datetime

    @classmethod
    def open(cls, clinic_id: UUID, by: Clinician, at: datetime) -> _Desk:
        clinic = Clinic.objects.filter(pk=clinic_id).first()
        roster = rosters_of([clinic_id], at).get(clinic_id, Roster({}))
        actor = Actor(by.id, frozenset(role for role, people in roster.members.items() if by.id in people))
        if clinic is None or not actor.roles:
            raise NotFound("There is no such clinic for you.")
        require_role(actor, frozenset({Role.COORDINATOR}), "refer a patient")
        protocol = ProtocolVersion.objects.filter(retired_at__isnull=True).order_by("-published_at").first()
        if protocol is None:
            reason = Reason("no_protocol", "No protocol is published; run publish_protocol first.")
            raise Refused(Verdict((reason,)))
        return cls(clinic, by, actor, roster, protocol.id, at)


def _refer(desk: _Desk, referral: Referral) -> Outcome:
    known = Case.objects.filter(
        pk=referral.request_id, clinic_id=desk.clinic.id, opened_by_id=desk.by.id
    ).first()
    if known is not None:
        return Outcome(known.id, known.event_seq, repeated=True)
    team = _checked_team(desk, referral)
    patient, is_new = _patient(desk, referral.patient)
    act = _first_action(desk, referral, patient, team)
    if is_new:
        act.changes.add(patient)
    for role, people in team.items():
        for person in people:
            act.changes.add(
                CareTeamMember(
                    id=new_id(), case_id=act.case.id, role=str(role), clinician_id=person, since=desk.at
                )
            )
    act.changes.add(
        StageVisit(
            case_id=act.case.id,
            seq=1,
            stage=str(Stage.EVALUATION),
            entered_at=desk.at,
            entered_by_id=desk.by.id,
            entered_by_edge="refer",
        )
    )
    act.changes.count(desk.clinic.id, str(Stage.EVALUATION), +1)
    return act.commit("refer", Role.COORDINATOR)


def _checked_team(desk: _Desk, referral: Referral) -> dict[Role, tuple[UUID, ...]]:
    team = {Role(role): tuple(sorted(set(people))) for role, people in referral.team.items() if people}
    for role, people in team.items():
        if not set(people) <= set(desk.roster.members.get(role, ())):
            raise Invalid({f"team_{role}": [f"Choose a {role} of this clinic."]})
    keep_here(desk.clinic.id, *{person for people in team.values() for person in people})
    return team


def _patient(desk: _Desk, values: Mapping[str, Any]) -> tuple[Patient, bool]:
    """The patient of this MRN: the known one, or a new one. Raises Invalid, Refused."""
    patient = Patient(
        id=new_id(), clinic_id=desk.clinic.id, **{name: values.get(name, "") for name in PATIENT_FIELDS}
    )
    try:
        patient.clean_fields(exclude=("clinic",))
    except ValidationError as error:
        raise Invalid(error.message_dict) from error
    if patient.birth_date > calendar_of(desk.clinic.id, desk.clinic.calendar_version).local_date(desk.at):
        raise Invalid({"birth_date": ["This birth date is in the future."]})
    if patient.birth_date.year < 1900:
        raise Invalid({"birth_date": ["This birth date is before 1900."]})
    known = Patient.objects.filter(clinic_id=desk.clinic.id, mrn__iexact=patient.mrn).first()
    if known is None:
        return patient, True
    if known.birth_date != patient.birth_date:
        raise Invalid({"mrn": ["This MRN belongs to a patient with another birth date."]})
    case = known.cases.exclude(stage=str(Stage.CLOSED)).first()
    if case is not None:
        raise Refused(_open_already(case.id))
    return known, False


def _open_already(case_id: UUID | None) -> Verdict:
    text = "A case for this MRN is already open."
    return Verdict((Reason("already_open", text, (Role.COORDINATOR,), str(case_id or "")),))


def _first_action(
    desk: _Desk, referral: Referral, patient: Patient, team: dict[Role, tuple[UUID, ...]]
) -> Action:
    """An action on a case that is about to exist."""
    case = Case(
        id=referral.request_id,
        clinic_id=desk.clinic.id,
        patient_id=patient.id,
        protocol_id=desk.protocol_id,
        stage_entered_at=desk.at,
        referred_by=referral.referred_by.strip(),
        referral_reason=referral.reason.strip(),
        opened_at=desk.at,
        opened_by_id=desk.by.id,
    )
    calendar = calendar_of(desk.clinic.id, desk.clinic.calendar_version)
    today = calendar.local_date(desk.at)
    snapshot = Snapshot(
        case=case,
        facts=CaseFacts(stage=Stage.EVALUATION, visit_seq=1, stage_entered_on=today, today=today),
        protocol=protocol_of(desk.protocol_id),
        calendar=calendar,
        actor_roles=desk.actor.roles,
        team=team,
        roster=desk.roster,
        birth_date=patient.birth_date,
        entered_by_id=None,
        entered_by_edge="",
        ended_by={},
        claimed=frozenset(),
    )
    return Action(snapshot, desk.actor, desk.at)
