"""The message of one mail, from the notices in it that still say something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.conf import settings

from pathway.clinical.tags import without_tags
from pathway.notify.compose import (
    AbsenceSubject,
    AlarmSubject,
    IncidentSubject,
    Message,
    Subject,
    case_link,
    compose,
    compose_absence,
    compose_alarm,
    compose_incident,
    day,
    incident_link,
    todo_link,
)
from pathway.notify.compose_appointment import AppointmentSubject, compose_appointment
from pathway.notify.compose_joining import JoiningSubject, compose_joining, role_words
from pathway.notify.rows import NoticeRow
from pathway.notify.together import Group, Line, Together, compose_together
from pathway.notify.unsubscribe import headers_for
from pathway.notify.wording import LABELS, why_changed
from pathway.protocol.alarms import rule_of, told
from pathway.protocol.attention import Urgency
from pathway.protocol.roles import Stage
from pathway.queries.definitions import title_of

JOINING = frozenset({"invited", "joined"})


def letter(mail_id: UUID, notices: Sequence[NoticeRow]) -> Message:
    """One notice as itself, several as a list by case. What may be muted carries the header that mutes it."""
    rows = newest(notices)
    message = _alone(mail_id, rows[0]) if len(rows) == 1 else compose_together(_together(mail_id, rows))
    recipient = rows[0].recipient_id
    if recipient is not None and all(row.urgency is Urgency.NEWS for row in rows):
        message.headers.update(headers_for(recipient))
    return message


def newest(notices: Sequence[NoticeRow]) -> list[NoticeRow]:
    """The notices, of several about one duty or incident the newest only: it says what the others said, and more."""
    found: dict[object, NoticeRow] = {}
    for row in notices:
        found[row.todo_id or row.incident_id or row.id] = row
    return list(found.values())


def _alone(mail_id: UUID, row: NoticeRow) -> Message:
    if row.contact_id is not None:
        on = date.fromisoformat(row.data["date"])
        return compose_appointment(
            AppointmentSubject(mail_id, row.contact_id, on, row.hospital or row.clinic, row.phone)
        )
    if row.incident_id is not None:
        return compose_incident(
            mail_id,
            IncidentSubject(
                kind=row.kind,
                told_as=row.told_as,
                incident_id=row.incident_id,
                level=row.level,
                opened_at=row.opened_at,
                contact_by=row.contact_by,
                time_zone=row.time_zone,
                clinic=row.clinic,
            ),
        )
    if row.alarm_id is not None:
        alarm = AlarmSubject(row.told_as, row.rule, row.data, row.raised_at, row.time_zone, row.clinic)
        return compose_alarm(mail_id, alarm)
    if row.kind in JOINING:
        return compose_joining(mail_id, _joining(row))
    if row.absence_id is not None:
        duties = int(row.data.get("duties", 0))
        why = row.data.get("why", "")
        about = AbsenceSubject(row.kind, row.told_as, row.first_day, row.last_day, row.clinic, duties, why)
        return compose_absence(mail_id, about)
    assert row.todo_id is not None  # a notice is about one of these
    return compose(
        mail_id,
        Subject(
            kind=row.kind,
            told_as=row.told_as,
            todo_id=row.todo_id,
            role=row.role,
            title=title_of(row.protocol_id, row.key),
            stage=row.stage,
            due_on=row.due_on,
            clinic=row.clinic,
            covering="for" in row.data,
        ),
    )


def _joining(row: NoticeRow) -> JoiningSubject:
    assert row.recipient_id is not None  # a role is never given to a patient's contact
    return JoiningSubject(row.kind, row.told_as, row.recipient_id, row.data["roles"], row.clinic)


def _together(mail_id: UUID, rows: Sequence[NoticeRow]) -> Together:
    by_case: dict[UUID | None, list[NoticeRow]] = defaultdict(list)
    for row in rows:
        by_case[row.case_id].append(row)
    return Together(
        mail_id=mail_id,
        clinic=rows[0].clinic,
        told_as=rows[0].told_as,
        groups=tuple(_group(case_id, lines) for case_id, lines in by_case.items()),
        inbox_link=f"{settings.SITE_URL}/notices/",
        settings_link=f"{settings.SITE_URL}/settings/notices/",
    )


def _group(case_id: UUID | None, rows: Sequence[NoticeRow]) -> Group:
    lines = tuple(_line(row) for row in rows)
    if case_id is None:
        return Group("The clinic", "", lines)
    return Group(f"A case in {Stage(rows[0].case_stage).label.lower()}", case_link(case_id), lines)


def _line(row: NoticeRow) -> Line:
    label = LABELS[row.kind]
    if row.todo_id is not None:
        title = without_tags(title_of(row.protocol_id, row.key))
        return Line(label, f"{title}, due {day(row.due_on)}", todo_link(row.todo_id), row.kind == "escalate")
    if row.incident_id is not None:
        return Line(label, f"Level {row.level}", incident_link(row.incident_id))
    if row.alarm_id is not None:
        return Line(label, told(rule_of(row.rule), row.data), f"{settings.SITE_URL}/watch/")
    if row.kind in JOINING:
        return Line(label, role_words(row.data["roles"]), f"{settings.SITE_URL}/")
    span = f"{day(row.first_day)} to {day(row.last_day)}"
    if row.kind == "cover_cancelled":
        span = f"{span}: {why_changed(row.data.get('why', ''))}"
    return Line(label, span, f"{settings.SITE_URL}/cover/")
