"""Whom an alarm tells, and when again: coordinators at once and at each opening, the clinic's lead from the second day.

An alarm of the whole system tells the coordinators and the lead of every clinic at once. Several alarms of one rule in
one clinic are one notice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from pathway.engine.action import NOTICE_SPACE
from pathway.engine.telling import clinic_lead, keepers
from pathway.models import Alarm, Clinic, Notice
from pathway.protocol.alarms import rule_of
from pathway.protocol.attention import Urgency
from pathway.protocol.cover import Roster
from pathway.protocol.roles import Role
from pathway.queries.definitions import calendar_of
from pathway.queries.rosters import rosters_of


@dataclass(frozen=True, slots=True)
class _Told:
    """One telling: about these alarms of one rule, in this clinic."""

    clinic: Clinic
    alarms: tuple[Alarm, ...]
    lead_too: bool
    turn: str


def tell(*, raised: Iterable[Alarm], standing: Iterable[Alarm], at: datetime) -> int:
    """Queue the notices about alarms that are new, and about those whose day has come again. Returns how many."""
    raised, standing = list(raised), list(standing)
    if not raised and not standing:
        return 0
    clinics = {clinic.id: clinic for clinic in Clinic.objects.all()}
    tellings = [*_first(raised, clinics), *_again(standing, clinics, at)]
    notices = _notices(tellings, at)
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    again = {alarm for telling in tellings if telling.turn for alarm in telling.alarms}
    for alarm in again:
        alarm.told_at = at
    Alarm.objects.bulk_update(again, ["told_at"])
    return len(notices)


def _first(raised: list[Alarm], clinics: dict[UUID, Clinic]) -> list[_Told]:
    return [
        _Told(clinics[clinic_id], tuple(alarms), lead_too=alarms[0].clinic_id is None, turn="")
        for (_, clinic_id), alarms in _by_clinic(raised, clinics).items()
    ]


def _again(standing: list[Alarm], clinics: dict[UUID, Clinic], at: datetime) -> list[_Told]:
    """Alarms raised on an earlier day of the clinic that were not told since it opened today."""
    tellings = []
    for (_, clinic_id), alarms in _by_clinic(standing, clinics).items():
        clinic = clinics[clinic_id]
        calendar = calendar_of(clinic.id, clinic.calendar_version)
        today = calendar.local_date(at)
        opening = calendar.at_opening(today)
        waiting = tuple(
            alarm
            for alarm in alarms
            if calendar.local_date(alarm.raised_at) < today and alarm.told_at < opening <= at
        )
        if waiting and calendar.is_working_day(today):
            tellings.append(_Told(clinic, waiting, lead_too=True, turn=today.isoformat()))
    return tellings


def _by_clinic(alarms: list[Alarm], clinics: dict[UUID, Clinic]) -> dict[tuple[str, UUID], list[Alarm]]:
    """Alarms by rule and clinic; one of the whole system stands under every clinic."""
    found: dict[tuple[str, UUID], list[Alarm]] = defaultdict(list)
    for alarm in alarms:
        for clinic_id in [alarm.clinic_id] if alarm.clinic_id else clinics:
            found[alarm.rule, clinic_id].append(alarm)
    return found


def _notices(tellings: list[_Told], at: datetime) -> list[Notice]:
    """One notice a person and telling."""
    rosters = rosters_of({telling.clinic.id for telling in tellings}, at)
    notices = []
    for telling in tellings:
        first = telling.alarms[0]
        for person, role in _recipients(telling, rosters[telling.clinic.id]):
            notices.append(
                Notice(
                    id=uuid5(NOTICE_SPACE, f"alarm:{first.id}:{telling.turn}:{telling.clinic.id}:{person}"),
                    clinic_id=telling.clinic.id,
                    alarm_id=first.id,
                    recipient_id=person,
                    role=str(role),
                    kind="alarm",
                    urgency=str(Urgency.SAFETY),
                    data=_data(telling.alarms),
                    created_at=at,
                    due_at=at,
                )
            )
    return notices


def _data(alarms: tuple[Alarm, ...]) -> dict[str, object]:
    """What a message says: the rule, its first alarm in words, and how many there are."""
    first = alarms[0]
    rule = rule_of(first.rule)
    return {"rule": rule.key, "says": rule.describe(first.detail), "count": len(alarms)}


def _recipients(telling: _Told, roster: Roster) -> list[tuple[UUID, Role]]:
    """Whoever keeps the clinic's cases today, the lead too where it is time; where neither answers, everybody."""
    told = dict(keepers({}, roster, safety=True))
    if telling.lead_too:
        told |= {lead: _role_of(lead, roster) for lead in clinic_lead(roster) if lead not in told}
    everybody = sorted({person for people in roster.members.values() for person in people})
    return list((told or {person: _role_of(person, roster) for person in everybody}).items())


def _role_of(person: UUID, roster: Roster) -> Role:
    """A role this person is told in."""
    return min(
        (role for role, people in roster.members.items() if person in people), default=Role.COORDINATOR
    )
