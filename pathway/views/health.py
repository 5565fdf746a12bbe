"""/healthz: this process answers. /readyz: the system can work, as JSON. Both without sign-in and without
identity.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from pathway.queries.health import readiness


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """Touches nothing but this process, so that a slow database does not get the web server restarted."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when every part works, 503 when one does not; the parts and their ages either way."""
    report = readiness()
    return JsonResponse(report.as_json(), status=200 if report.ready else 503)
