"""The link in a mail by which a clinician mutes their news, without signing in: the signed token says whose.

A person presses the button; a mail program sends the POST of RFC 8058 by itself. Neither carries our form token, and
none is needed: whoever holds the link could do the same by following it.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from pathway.engine.attention import mute_news
from pathway.engine.errors import NotFound
from pathway.notify.unsubscribe import Whose, read_token
from pathway.queries.attention import taste_of
from pathway.queries.people import is_active
from pathway.views.attention import kinds


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def mute(request: HttpRequest, token: str) -> HttpResponse:
    """GET says what would happen; POST mutes the news of whoever the link was sent to. A changed link is a 404."""
    person_id = read_token(token, Whose.CLINICIAN)
    if person_id is None or not is_active(person_id):
        raise Http404("This link is not valid.")
    if request.method == "POST":
        try:
            mute_news(clinician_id=person_id, at=timezone.now())
        except NotFound as error:
            raise Http404("This link is not valid.") from error
    context = {"muted": taste_of(person_id).news_muted, "kinds": kinds()}
    return render(request, "notices/mute.html", context)
