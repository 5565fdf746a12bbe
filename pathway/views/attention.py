"""How one is told: paces, quiet hours, what may be muted and what not, and the private address for a calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from pathway.engine.attention import choose
from pathway.engine.feeds import create_feed, revoke_feed
from pathway.models.notice import KINDS
from pathway.protocol.attention import DUE_KINDS, Taste, Urgency, leaves_at, urgency_of
from pathway.queries.attention import taste_of
from pathway.queries.feeds import feed_of
from pathway.queries.noise import led_by
from pathway.views.access import access_for
from pathway.views.act import Answer, attempt, person, show_errors
from pathway.views.forms.attention import AttentionForm

EXAMPLES = (
    (Urgency.SOON, "A reminder that something is due", time(21, 40)),
    (Urgency.SOON, "A reminder that something is due", time(10, 5)),
    (Urgency.NEWS, "News", time(10, 5)),
    (Urgency.SAFETY, "Something about safety", time(21, 40)),
)
"""What the page shows the choices on: a notice of this urgency, told today at this local time."""
NOT_CHOSEN = frozenset({"appointment", "invited"})
"""Kinds that nobody chooses about: told to patients, or before there is a password to sign in with."""


@dataclass(frozen=True, slots=True)
class Example:
    """One notice and when it would reach the person, on the clinic's clock."""

    what: str
    told: str
    reaches: str


@require_http_methods(["GET", "HEAD", "POST"])
def attention(request: HttpRequest) -> HttpResponse:
    """GET the person's choices; POST changes them."""
    if request.method != "POST":
        return _show(request, AttentionForm.showing(taste_of(person(request))))
    form = AttentionForm(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    chosen = attempt(request, choose, **form.cleaned_data)
    if isinstance(chosen, Answer):
        show_errors(form, chosen)
        return _show(request, form, status=chosen.status)
    messages.success(request, "This is how you are told from now on.")
    return HttpResponseRedirect(reverse("attention"), status=303)


@require_POST
def new_feed(request: HttpRequest) -> HttpResponse:
    """POST makes a private calendar address and answers the page that shows it, once.

    It is no redirect: an address in a session or in a message would be kept somewhere.
    """
    key = attempt(request, create_feed)
    if isinstance(key, Answer):
        return _show(request, AttentionForm.showing(taste_of(person(request))), status=key.status)
    return _show(request, AttentionForm.showing(taste_of(person(request))), key=key)


@require_POST
def end_feed(request: HttpRequest) -> HttpResponse:
    """POST closes the private calendar address."""
    revoked = attempt(request, revoke_feed)
    text = "The address no longer answers." if revoked is True else "There was no address to close."
    messages.success(request, text)
    return HttpResponseRedirect(f"{reverse('attention')}#calendar", status=303)


def _show(request: HttpRequest, form: AttentionForm, *, status: int = 200, key: str = "") -> HttpResponse:
    access = access_for(request)
    zone = ZoneInfo(access.clinics[0].time_zone if access.clinics else settings.TIME_ZONE)
    taste = taste_of(person(request))
    context = {
        "form": form,
        "examples": examples(taste, zone, timezone.now()),
        "zone": zone,
        "kinds": kinds(),
        "feed": feed_of(person(request)),
        "address": f"{settings.SITE_URL}{reverse('calendar-feed', args=[key])}" if key else "",
        "noise": bool(led_by(person(request))),
    }
    return render(request, "attention/attention.html", context, status=status)


def examples(taste: Taste, zone: ZoneInfo, now: datetime) -> list[Example]:
    """The choices on a few notices of today, by the rule that the mail follows."""
    return [example(urgency, what, at, taste, zone, now) for urgency, what, at in EXAMPLES]


def example(urgency: Urgency, what: str, at: time, taste: Taste, zone: ZoneInfo, now: datetime) -> Example:
    """One notice told today at a local time."""
    told = datetime.combine(now.astimezone(zone).date(), at, tzinfo=zone)
    if urgency is Urgency.NEWS and taste.news_muted:
        return Example(what, f"{at:%H:%M}", "stands in your inbox only")
    leaves = leaves_at(urgency, taste, told, zone).astimezone(zone)
    tomorrow = " the next day" if leaves.date() > told.date() else ""
    return Example(what, f"{at:%H:%M}", f"reaches you at {leaves:%H:%M}{tomorrow}")


def kinds() -> dict[str, list[str]]:
    """The kinds of notices in words: which may be muted, which may wait, and which leave at once whatever is chosen."""
    found: dict[str, list[str]] = {"muted": [], "wait": [], "always": []}
    for kind, label in KINDS:
        if kind in NOT_CHOSEN:
            continue
        urgency = urgency_of(kind, safety=False)
        found["always" if not urgency.waits else "muted" if urgency is Urgency.NEWS else "wait"].append(label)
        if kind in DUE_KINDS:
            found["always"].append(f"{label}, where it protects a pump or a patient")
    return found
