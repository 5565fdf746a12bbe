"""A case's history a page at a time, newest first. It hands out rows; the words are made where they are shown."""

from __future__ import annotations

from uuid import UUID

from pathway.models import Event

PAGE = 15
"""What fits under the rest of a case on a phone; older events are one press away."""


def history(case_id: UUID, before: int | None = None) -> tuple[list[Event], int | None]:
    """At most `PAGE` events older than `before`, newest first, and the `before` of the next page. One query."""
    events = Event.objects.filter(case_id=case_id)
    if before is not None:
        events = events.filter(seq__lt=before)
    page = list(events.defer("hash").order_by("-seq")[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].seq if len(page) > PAGE else None
