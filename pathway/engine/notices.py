"""Reading one's notices. To read is not to acknowledge: calls about an incident go on until somebody has it.

The rows are the trace (`read_at`); nothing else changes, so there is no event.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from pathway.engine.errors import NotFound
from pathway.models import Clinician, Notice

ABOUT = ("todo_id", "incident_id", "alarm_id", "absence_id")


def mark_read(
    *,
    ids: Iterable[UUID] | None = None,
    told_until: datetime | None = None,
    by: Clinician,
    at: datetime,
) -> int:
    """Mark the person's own notices read: these, or without `ids` all of them. Returns how many were unread.

    `told_until`: only what they were told until then, so that what came after they looked stays unread.
    """
    found = _unread(by)
    if ids is not None:
        found = found.filter(pk__in=list(ids))
    if told_until is not None:
        found = found.filter(created_at__lte=told_until)
    return found.update(read_at=at)


def open_notice(*, notice_id: UUID, by: Clinician, at: datetime) -> Notice:
    """Mark a notice read, and the person's others about the same thing: its page answers them all.

    Raises NotFound for a notice of somebody else.
    """
    notice = Notice.objects.filter(pk=notice_id, recipient=by).first()
    if notice is None:
        raise NotFound("There is no such notice for you.")
    same = Q(pk=notice.pk)
    for column in ABOUT:
        if (key := getattr(notice, column)) is not None:
            same |= Q(**{column: key})
    _unread(by).filter(same).update(read_at=at)
    return notice


def _unread(by: Clinician) -> QuerySet[Notice]:
    return Notice.objects.filter(recipient=by, read_at__isnull=True)
