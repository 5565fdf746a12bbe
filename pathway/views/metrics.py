"""/metrics: what monitoring reads, in Prometheus' text format. Only counts and ages; a bearer token opens it.

Built from the database at each scrape, so that any web process gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from pathway.protocol.alarms import ALARM_RULES
from pathway.protocol.roles import OPEN_STAGES
from pathway.queries.metrics import Figures, figures


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """404 where no token is set, 401 without it, else the numbers."""
    token = settings.METRICS_TOKEN
    if not token:
        raise Http404("Metrics are not switched on.")
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}"):
        return HttpResponse(
            "A bearer token is needed.\n",
            content_type="text/plain; charset=utf-8",
            status=401,
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shown(figures(timezone.now())))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Shown(Collector):
    """The figures as metric families. A rule or a stage that has none reads 0, so that a graph has no holes."""

    def __init__(self, read: Figures) -> None:
        self._read = read

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Each family with its samples."""
        read = self._read
        yield _by("pathway_alarms", "Alarms that stand", "rule", _whole(ALARM_RULES, read.alarms))
        yield _by("pathway_heartbeat_age_seconds", "Since the last sign of life", "part", read.heartbeat_ages)
        yield _one("pathway_notices_pending", "Notices of which no mail is made yet", read.notices_pending)
        yield _one("pathway_notices_due", "Pending notices whose time has come", read.notices_due)
        yield _one("pathway_unsent_age_seconds", "Since the oldest mail should have left", read.unsent_age)
        states = ("pending", "leased", "dead")
        yield _by("pathway_mails", "Mails that are not sent", "state", _whole(states, read.mails))
        yield _one("pathway_mail_age_seconds", "Age of the oldest mail on its way", read.mail_age)
        yield _one("pathway_timers_due", "Timers of to-dos whose time has come", read.timers_due)
        yield _one("pathway_timers_late", "Timers that should have fired ten minutes ago", read.timers_late)
        yield _one("pathway_incident_calls_due", "Calls about incidents whose time has come", read.calls_due)
        levels = ("green", "yellow", "orange", "red")
        yield _by(
            "pathway_incidents_unacknowledged",
            "Open incidents nobody has acknowledged",
            "level",
            _whole(levels, read.unacknowledged),
        )
        yield _by("pathway_todos_overdue", "Open to-dos past their day", "role", read.overdue)
        stages = [str(stage) for stage in OPEN_STAGES]
        yield _by("pathway_cases_open", "Open cases", "stage", _whole(stages, read.cases))


def _whole(names: Iterable[str], found: Mapping[str, int]) -> dict[str, float]:
    """Every name with its number, 0 where there is none; and what is there besides."""
    return {**dict.fromkeys(names, 0), **found}


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _by(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
