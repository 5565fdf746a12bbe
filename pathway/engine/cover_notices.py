"""Telling people about absences: when one is planned, changed or cancelled, when it begins and when it is over.

Each notice has an id that follows from what it says and to whom, so that nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, DateField, DateTimeField, F, Func, Q, Value
from django.db.models.functions import Cast

from pathway.engine.action import NOTICE_SPACE
from pathway.engine.clinic_action import ClinicAction
from pathway.models import Absence, Membership, Notice, Todo
from pathway.protocol.attention import urgency_of
from pathway.queries.cover import staffing_of

BATCH = 200


def cover_notice(
    absence: Absence, kind: str, what: str, recipient: UUID, role: str, at: datetime, **data: Any
) -> Notice:
    """One notice about an absence. `what` tells two notices of one kind apart."""
    return Notice(
        id=uuid5(NOTICE_SPACE, f"absence:{absence.id}:{what}:{recipient}"),
        clinic_id=absence.clinic_id,
        absence_id=absence.id,
        recipient_id=recipient,
        role=role,
        kind=kind,
        urgency=str(urgency_of(kind, safety=False)),
        data={"first_day": str(absence.first_day), "last_day": str(absence.last_day), **data},
        created_at=at,
        due_at=at,
    )


def tell_planned(act: ClinicAction, absence: Absence, *, to_person: bool) -> None:
    """To the deputy, and to the absent person where somebody else entered it."""
    _tell(act, absence, "cover_planned", f"planned:{act.at.isoformat()}", to_person=to_person)


def tell_cancelled(act: ClinicAction, absence: Absence, *, to_person: bool, **data: Any) -> None:
    """To the deputy who no longer is one, and to the person whose absence it was."""
    _tell(act, absence, "cover_cancelled", f"cancelled:{act.at.isoformat()}", to_person=to_person, **data)


def tell_over(act: ClinicAction, absence: Absence) -> None:
    """To both, at once: the person is back early."""
    duties = _duties([absence]).get((absence.clinic_id, absence.clinician_id), 0)
    _tell(act, absence, "cover_ends", f"ends:{absence.last_day}", to_person=True, duties=duties)


def _tell(act: ClinicAction, absence: Absence, kind: str, what: str, *, to_person: bool, **data: Any) -> None:
    """Whoever acts is not told what they just did."""
    people = {absence.deputy_id, absence.clinician_id if to_person else None} - {None, act.actor.id}
    role = str(min(act.roles.get(absence.clinician_id, ()), default=""))
    Notice.objects.bulk_create(
        [
            cover_notice(absence, kind, what, person, role, act.at, **data)
            for person in people
            if person is not None
        ],
        ignore_conflicts=True,
    )


def announce_covers(*, at: datetime, limit: int = BATCH) -> int:
    """Tell people of absences that began, or are over, on the clinic's own date; at most `limit` absences.

    Returns how many were announced; 0 when none is left for this worker: rows another worker holds are skipped. One
    that is found when it is over already is announced as over only.
    """
    today = Cast(
        Func(F("clinic__time_zone"), Value(at), function="timezone", output_field=DateTimeField()),
        DateField(),
    )
    with transaction.atomic():
        absences = list(
            Absence.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("clinic")
            .annotate(today=today)
            .filter(
                Q(begun_at__isnull=True, first_day__lte=F("today"))
                | Q(over_at__isnull=True, last_day__lt=F("today")),
                cancelled_at__isnull=True,
            )
            .order_by("first_day", "id")[:limit]
        )
        if not absences:
            return 0
        notices = _announcements(absences, at)
        Notice.objects.bulk_create(notices, ignore_conflicts=True)
        Absence.objects.bulk_update(absences, ["begun_at", "over_at"])
    return len(absences)


def _announcements(absences: Sequence[Absence], at: datetime) -> list[Notice]:
    """What is told of these absences, whose marks are set. Four statements."""
    today = {absence.clinic_id: _today(absence, at) for absence in absences}
    staffing, duties, roles = staffing_of(today, 1), _duties(absences), _roles(absences)
    notices: list[Notice] = []
    for absence in absences:
        over = absence.last_day < today[absence.clinic_id]
        absence.begun_at = absence.begun_at or at
        absence.over_at = at if over else None
        people = [absence.clinician_id, absence.deputy_id]
        if not over:
            roster = staffing[absence.clinic_id].on(today[absence.clinic_id])
            people.append(roster.answering(absence.clinician_id))  # a deputy who is away passes on
        kind, what = ("cover_ends", f"ends:{absence.last_day}") if over else ("cover_begins", "begins")
        count = duties.get((absence.clinic_id, absence.clinician_id), 0)
        role = roles.get((absence.clinic_id, absence.clinician_id), "")
        notices += [
            cover_notice(absence, kind, what, person, role, at, duties=count)
            for person in dict.fromkeys(people)
            if person is not None
        ]
    return notices


def _today(absence: Absence, at: datetime) -> date:
    return at.astimezone(ZoneInfo(absence.clinic.time_zone)).date()


def _duties(absences: Iterable[Absence]) -> dict[tuple[UUID, UUID], int]:
    """How many open duties each absent person owns, by clinic and person. One statement."""
    places = {(absence.clinic_id, absence.clinician_id) for absence in absences}
    rows = (
        Todo.objects.filter(state="open", owner_id__in={person for _, person in places})
        .values_list("clinic_id", "owner_id")
        .annotate(count=Count("id"))
    )
    return {(clinic_id, owner): count for clinic_id, owner, count in rows if owner is not None}


def _roles(absences: Iterable[Absence]) -> dict[tuple[UUID, UUID], str]:
    """The first role of each absent person, by clinic and person. One statement."""
    people = {absence.clinician_id for absence in absences}
    rows = Membership.objects.filter(clinician_id__in=people).order_by("-role")
    return {
        (clinic_id, person): role
        for clinic_id, person, role in rows.values_list("clinic_id", "clinician_id", "role")
    }
