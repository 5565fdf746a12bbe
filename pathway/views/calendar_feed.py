"""The private address that a calendar program reads. Nobody is signed in: the key in the address is what allows it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import conditional_page, require_safe

from pathway.engine.feeds import feed_was_read
from pathway.notify.calendar_feed import calendar_of
from pathway.queries.calendar_duties import duties_of
from pathway.queries.feeds import owner_of_key


@login_not_required
@require_safe
@conditional_page
def calendar_feed(request: HttpRequest, key: str) -> HttpResponse:
    """GET the duties of the key's person; 304 where nothing changed. An unknown or revoked key is a 404."""
    owner = owner_of_key(key)
    if owner is None:
        raise Http404("There is no such calendar.")
    now = timezone.now()
    body = calendar_of(duties_of(owner.person_id, at=now))
    feed_was_read(feed_id=owner.feed_id, at=now)
    return HttpResponse(
        body,
        headers={
            "Content-Type": "text/calendar; charset=utf-8",
            "Content-Disposition": 'inline; filename="pathway.ics"',
            "Cache-Control": "private, no-cache",
        },
    )
