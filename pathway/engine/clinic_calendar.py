"""Changing when a clinic works: show which dates move, ask, then move them together with the calendar.

A change is one transaction: the clinic's row is held, every case whose dates move gets an action of its own. An action
that read the calendar before may still write a date by the old one: `settle_calendars` looks again until nobody can.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F

from pathway.calendars import WorkCalendar
from pathway.engine.action import action
from pathway.engine.clinic_action import ClinicAction, clinic_action, note_in_clinic
from pathway.engine.clinic_proposal import Proposal, checked, closed_reasons, source_of_proposal
from pathway.engine.errors import Stale
from pathway.engine.permissions import SYSTEM
from pathway.models import CalendarVersion, Case, Clinic, Clinician, ClosedDay
from pathway.models.base import new_id
from pathway.protocol.recalendar import Move, moved_dates
from pathway.protocol.roles import Role, Stage
from pathway.protocol.verdict import refused
from pathway.queries.definitions import calendar_of, source_of
from pathway.queries.open_dates import open_cases

SETTLES_AFTER = timedelta(minutes=10)
"""How long an action may have been under way when the calendar changed; the longest is a file of referrals (P)."""
DOING = "change when the clinic works"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CaseMoves:
    """The dates that move on one case, as it stood in this version."""

    case_id: UUID
    event_seq: int
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would move, by case. `fingerprint` names exactly this answer; `same`: nothing would change."""

    version: int
    cases: tuple[CaseMoves, ...]
    fingerprint: str
    same: bool = False

    @property
    def moves(self) -> tuple[Move, ...]:
        """Every date that moves."""
        return tuple(move for case in self.cases for move in case.moves)

    @property
    def by_role(self) -> dict[Role, int]:
        """How many dates move for each role, by name of the role."""
        return dict(sorted(Counter(move.role for move in self.moves).items()))

    @property
    def earlier(self) -> int:
        """How many dates move earlier; the others move later."""
        return sum(move.is_earlier for move in self.moves)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: the calendar's version now, and how many dates moved on how many cases."""

    version: int
    moved: int = 0
    cases: int = 0
    repeated: bool = False


def preview_calendar(*, clinic_id: UUID, proposal: Proposal, by: Clinician, at: datetime) -> Preview:
    """Which open dates this calendar would move. It writes nothing. Raises NotFound, NotAllowed, Invalid by field."""
    with clinic_action(clinic_id=clinic_id, by=by, at=at, lock=False) as act:
        act.require_keeper(DOING)
        return _preview(act.clinic, proposal, at)


def change_calendar(
    *, clinic_id: UUID, proposal: Proposal, agreed: str, by: Clinician, at: datetime
) -> Changed:
    """Change the calendar and move the dates that were shown. `agreed`: the fingerprint of the preview.

    Pressing twice changes once. Raises Stale where other dates would move than those shown, and as `preview_calendar`.
    """
    try:
        with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
            act.require_keeper(DOING)
            return _change(act, proposal, agreed, by)
    except BaseException:
        calendar_of.cache_clear()  # it may hold a version that was just taken back
        raise


def _change(act: ClinicAction, proposal: Proposal, agreed: str, by: Clinician) -> Changed:
    clinic, at = act.clinic, act.at
    preview = _preview(clinic, proposal, at)
    if preview.same and not _reasons_changed(clinic, proposal):
        return Changed(clinic.calendar_version, repeated=True)
    if preview.fingerprint != agreed:
        text = "Other dates would move now than those you were shown. Look again, then save."
        raise Stale(refused("dates_changed", text, Role.COORDINATOR))
    if not preview.same:
        _keep_versions(clinic, proposal, by, at)
    _keep_closed_days(clinic, proposal)
    for case in preview.cases:
        _move_dates(case, clinic.calendar_version, by, at)
    done = Changed(clinic.calendar_version, len(preview.moves), len(preview.cases))
    act.record("change_calendar", version=done.version, moved=done.moved, cases=done.cases)
    return done


def settle_calendars(*, at: datetime) -> int:
    """Look again at every clinic whose calendar changed, for dates written by the old one meanwhile, and move them.

    Returns how many cases were moved. A clinic is settled once nobody can still write by the old calendar.
    """
    waiting = Clinic.objects.filter(settled_version__lt=F("calendar_version")).order_by("id")
    return sum(_settle(clinic_id, at) for clinic_id in waiting.values_list("id", flat=True))


def _settle(clinic_id: UUID, at: datetime) -> int:
    """One clinic, unless another worker is at it. A case that moves on meanwhile is left for the next pass."""
    with transaction.atomic():
        clinic = (
            Clinic.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(pk=clinic_id, settled_version__lt=F("calendar_version"))
            .first()
        )
        if clinic is None:
            return 0
        nobody_left = _nobody_left(clinic, at)  # asked first: what they wrote is then seen
        late = _moves(clinic, calendar_of(clinic.id, clinic.calendar_version), at)
        moved = sum(_moved(case, clinic.calendar_version, at) for case in late)
        if nobody_left and moved == len(late):
            clinic.settled_version = clinic.calendar_version
            clinic.save(update_fields=["settled_version"])
            version = clinic.calendar_version
            note_in_clinic(clinic.id, SYSTEM, at, "settle_calendar", version=version, cases=moved)
        return moved


def _nobody_left(clinic: Clinic, at: datetime) -> bool:
    """Whether no action can still hold the old calendar: long enough ago, and no case is in anybody's hands."""
    versions = CalendarVersion.objects.filter(clinic=clinic, version=clinic.calendar_version)
    if versions.filter(at__gt=at - SETTLES_AFTER).exists():
        return False
    cases = Case.objects.filter(clinic=clinic).exclude(stage=str(Stage.CLOSED))
    free = cases.select_for_update(no_key=True, skip_locked=True).values_list("id", flat=True)
    return len(free) == cases.count()


def _moved(case: CaseMoves, version: int, at: datetime) -> bool:
    try:
        _move_dates(case, version, None, at)
    except Exception:  # one broken case must not keep every later case waiting
        log.exception("dates_not_moved", case_id=str(case.case_id))
        return False
    return True


def _preview(clinic: Clinic, proposal: Proposal, at: datetime) -> Preview:
    calendar = checked(clinic, proposal, at)
    source = source_of_proposal(proposal)
    if source == source_of(clinic):
        return Preview(clinic.calendar_version, (), _fingerprint(clinic, source, ()), same=True)
    cases = _moves(clinic, calendar, at)
    return Preview(clinic.calendar_version, cases, _fingerprint(clinic, source, cases))


def _moves(clinic: Clinic, calendar: WorkCalendar, at: datetime) -> tuple[CaseMoves, ...]:
    """Every date that is older than this calendar and moves in it, by case. The cases are not held yet."""
    found = (
        CaseMoves(
            case.case_id,
            case.event_seq,
            moved_dates(case.protocol, case.facts, case.dated_in, calendar),
        )
        for case in open_cases(clinic.id, before=calendar.version, today=calendar.local_date(at))
    )
    return tuple(case for case in found if case.moves)


def _fingerprint(clinic: Clinic, source: dict[str, Any], cases: tuple[CaseMoves, ...]) -> str:
    moves = [
        [str(move.todo_id), move.was_due_on.isoformat(), move.due_on.isoformat()]
        for case in cases
        for move in case.moves
    ]
    text = json.dumps([str(clinic.id), clinic.calendar_version, source, moves], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _move_dates(case: CaseMoves, version: int, by: Clinician | None, at: datetime) -> None:
    """One action on one case. Raises Stale where the case is not the one that was looked at."""
    with action(case_id=case.case_id, by=by, at=at) as act:
        if act.case.event_seq != case.event_seq:
            text = "A case changed while its dates were moved. Look again, then save."
            raise Stale(refused("case_changed", text, Role.COORDINATOR))
        for move in case.moves:
            act.set_todo(act.todo(move.todo_id), columns={"due_on": move.due_on}, due_on=move.due_on)
            act.ring(move.todo_id, move.due_on)
        act.snapshot = replace(act.snapshot, facts=act.facts)  # the plan starts from the dates agreed on
        moved = [
            {
                "key": move.key,
                "occurrence": move.occurrence,
                "from": move.was_due_on.isoformat(),
                "to": move.due_on.isoformat(),
            }
            for move in case.moves
        ]
        act.commit("calendar", act.actor.acting_as(Role.COORDINATOR), version=version, moved=moved)


def _keep_versions(clinic: Clinic, proposal: Proposal, by: Clinician, at: datetime) -> None:
    """Keep the new version, and the present one where nobody has kept it yet; then change the clinic's columns."""
    kept = CalendarVersion.objects.filter(clinic=clinic, version=clinic.calendar_version)
    present, source = clinic.calendar_version, source_of_proposal(proposal)
    rows: list[tuple[int, dict[str, Any], UUID | None]] = [(present + 1, source, by.id)]
    if not kept.exists():
        rows.insert(0, (present, source_of(clinic), None))
    CalendarVersion.objects.bulk_create(
        CalendarVersion(id=new_id(), clinic=clinic, version=version, source=text, at=at, by_id=who)
        for version, text, who in rows
    )
    clinic.calendar_version = present + 1
    clinic.time_zone, clinic.week = source["time_zone"], source["week"]
    clinic.country, clinic.subdivision = source["country"], source["subdivision"]
    clinic.save(update_fields=["calendar_version", "time_zone", "week", "country", "subdivision"])


def _reasons_changed(clinic: Clinic, proposal: Proposal) -> bool:
    return closed_reasons(proposal) != dict(clinic.closed_days.values_list("on", "reason"))


def _keep_closed_days(clinic: Clinic, proposal: Proposal) -> None:
    wanted = closed_reasons(proposal)
    clinic.closed_days.exclude(on__in=wanted).delete()
    ClosedDay.objects.bulk_create(
        [ClosedDay(id=new_id(), clinic=clinic, on=on, reason=reason) for on, reason in wanted.items()],
        update_conflicts=True,
        unique_fields=["clinic", "on"],
        update_fields=["reason"],
    )
