"""What the watch screen shows: standing alarms and who was told, mended ones, dead letters, refused addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Max, OuterRef, Q, Subquery

from pathway.models import Alarm, Case, Clinician, Mail, Membership, Notice
from pathway.protocol.alarms import ALARM_RULES, rule_of
from pathway.queries.access import Access

SHOWN = 100
"""More rows than this of one kind are not listed at once."""
KEPT = timedelta(days=30)
"""So long a mended alarm is listed (P)."""


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm in words. `told`: the names of who was told, `told_at` when last. `clinic` is "" for every clinic.

    `gone_id`: whose duties are to be handed over in the clinic of `clinic_id`, else "".
    """

    id: UUID
    title: str
    says: str
    ask: str
    clinic: str
    raised_at: datetime
    cleared_at: datetime | None
    told: tuple[str, ...]
    told_at: datetime | None
    case_id: str
    person: str
    clinic_id: UUID | None
    gone_id: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was not delivered. `case_id`: the case of the patient whose contact it was for."""

    id: UUID
    clinic_id: UUID
    clinic: str
    recipient: str
    refused: bool
    kinds: tuple[str, ...]
    created_at: datetime
    error: str
    case_id: UUID | None


@dataclass(frozen=True, slots=True)
class RefusedAddress:
    """A colleague whom no mail reaches. `corrects`: whether the reader may put in another address."""

    id: UUID
    name: str
    email: str
    since: datetime
    corrects: bool


def standing(access: Access) -> list[AlarmRow]:
    """Alarms of the reader's clinics and of the whole system that stand, weightiest rule first."""
    order = {rule: number for number, rule in enumerate(ALARM_RULES)}
    alarms = _concerning(access).filter(cleared_at__isnull=True).order_by("raised_at", "id")[:SHOWN]
    return _rows(sorted(alarms, key=lambda alarm: order.get(alarm.rule, 0)), access)


def mended(access: Access, at: datetime) -> list[AlarmRow]:
    """Alarms of the last thirty days that have cleared, newest first."""
    alarms = _concerning(access).filter(cleared_at__gt=at - KEPT).order_by("-cleared_at", "id")[:SHOWN]
    return _rows(list(alarms), access)


def _concerning(access: Access) -> Any:
    return Alarm.objects.filter(Q(clinic_id__in=access.clinic_ids) | Q(clinic__isnull=True))


def _rows(alarms: list[Alarm], access: Access) -> list[AlarmRow]:
    told = _told(alarms, access)
    about = {str(alarm.detail.get("clinician", "")) for alarm in alarms}
    people = _names(about | {person for each in told.values() for person in each})
    rows = []
    for alarm in alarms:
        rule = rule_of(alarm.rule)
        moments = told.get((alarm.rule, alarm.clinic_id), {})
        clinic = access.by_id.get(alarm.clinic_id) if alarm.clinic_id else None
        rows.append(
            AlarmRow(
                id=alarm.id,
                title=rule.title,
                says=rule.describe(alarm.detail),
                ask=rule.ask,
                clinic=clinic.name if clinic else "",
                raised_at=alarm.raised_at,
                cleared_at=alarm.cleared_at,
                told=tuple(sorted({people.get(person, "a former colleague") for person in moments})),
                told_at=max(moments.values(), default=None),
                case_id=str(alarm.detail.get("case", "")),
                person=people.get(str(alarm.detail.get("clinician", "")), ""),
                clinic_id=alarm.clinic_id,
                gone_id=alarm.detail["clinician"] if alarm.rule == "owner_gone" else "",
            )
        )
    return rows


Told = Mapping[tuple[str, UUID | None], Mapping[str, datetime]]


def _told(alarms: list[Alarm], access: Access) -> Told:
    """By rule and clinic: which colleagues were told, by id, and when last. One notice may stand for several alarms."""
    found: dict[tuple[str, UUID | None], dict[str, datetime]] = defaultdict(dict)
    notices = (
        Notice.objects.filter(
            alarm_id__in=[alarm.id for alarm in alarms],
            clinic_id__in=access.clinic_ids,
            recipient__isnull=False,
        )
        .values_list("alarm__rule", "alarm__clinic_id", "recipient_id")
        .annotate(last=Max("created_at"))
        .order_by()
    )
    for rule, clinic_id, person, last in notices:
        found[rule, clinic_id][str(person)] = last
    return found


def _names(ids: Iterable[str]) -> dict[str, str]:
    wanted = {key for key in ids if key}
    if not wanted:
        return {}
    return {str(person.id): str(person) for person in Clinician.objects.filter(pk__in=wanted)}


def dead_letters(access: Access) -> list[DeadLetter]:
    """Messages of the reader's clinics that could not be delivered, oldest first. One query."""
    carried = Notice.objects.filter(mail_id=OuterRef("pk")).values("kind").distinct()
    newest = Case.objects.filter(patient_id=OuterRef("contact__patient_id")).order_by("-id").values("id")
    mails = list(
        Mail.objects.filter(state="dead", clinic_id__in=access.clinic_ids)
        .select_related("recipient", "contact")
        .annotate(case_id=Subquery(newest[:1]), kinds=ArraySubquery(carried))
        .order_by("created_at", "id")[:SHOWN]
    )
    labels = dict(Notice._meta.get_field("kind").flatchoices)
    return [
        DeadLetter(
            id=mail.id,
            clinic_id=mail.clinic_id,
            clinic=access.by_id[mail.clinic_id].name,
            recipient=str(mail.recipient) if mail.recipient else "A patient or caregiver",
            refused=bool(mail.recipient and mail.recipient.email_refused_at)
            or bool(mail.contact and mail.contact.refused_at),
            kinds=tuple(sorted(labels.get(kind, kind) for kind in mail.kinds)),
            created_at=mail.created_at,
            error=mail.error,
            case_id=mail.case_id,
        )
        for mail in mails
    ]


def refused_addresses(access: Access) -> list[RefusedAddress]:
    """Active colleagues of the reader's clinics whose address mail servers refuse, by name. One query."""
    kept = [clinic.id for clinic in access.clinics if "coordinator" in clinic.roles]
    theirs = Membership.objects.filter(clinician_id=OuterRef("pk"), clinic_id__in=kept)
    found = (
        Clinician.objects.filter(
            email_refused_at__isnull=False, is_active=True, memberships__clinic_id__in=access.clinic_ids
        )
        .annotate(kept=Exists(theirs))
        .distinct()[:SHOWN]
    )
    return sorted(
        (
            RefusedAddress(
                id=person.id,
                name=str(person),
                email=person.email,
                since=person.email_refused_at,
                corrects=person.id == access.person_id or (not person.is_superuser and person.kept),
            )
            for person in found
            if person.email_refused_at is not None
        ),
        key=lambda row: row.name,
    )
