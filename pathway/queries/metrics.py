"""Numbers for monitoring: counts and ages of the whole installation, never an id. Read at each scrape; none writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Sum

from pathway.models import Incident, IncidentTimer, Mail, Notice, StageCount, Timer
from pathway.protocol.roles import Stage
from pathway.queries.findings import rows_of
from pathway.queries.health import standing_by_rule
from pathway.queries.mails import oldest_unsent
from pathway.queries.signs import heartbeats
from pathway.queries.watch_system import LATE, MANY

# By clinic and role from the front of the indexes of open duties, up to each clinic's own today.
_OVERDUE = """
SELECT t.role, count(*) FROM pathway_clinic k
JOIN pathway_todo t ON t.clinic_id = k.id AND t.state = 'open' AND t.due_on < (%(at)s AT TIME ZONE k.time_zone)::date
GROUP BY t.role ORDER BY t.role
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What monitoring reads. Ages in seconds. `late`: timers that should have fired ten minutes ago."""

    alarms: dict[str, int]
    heartbeat_ages: dict[str, float]
    notices_pending: int
    notices_due: int
    unsent_age: float
    mails: dict[str, int]
    mail_age: float
    timers_due: int
    timers_late: int
    calls_due: int
    unacknowledged: dict[str, int]
    overdue: dict[str, int]
    cases: dict[str, int]


def figures(at: datetime) -> Figures:
    """Every number, each by one statement on an index or a small table."""

    def age(moment: datetime | None) -> float:
        return 0.0 if moment is None else max(0.0, (at - moment).total_seconds())

    pending = Notice.objects.filter(state="pending")
    waiting = Mail.objects.filter(state__in=["pending", "leased"])
    unheard = Incident.objects.filter(closed_at__isnull=True, acknowledged_at__isnull=True)
    return Figures(
        alarms=standing_by_rule(),
        heartbeat_ages={name: age(moment) for name, moment in heartbeats().items()},
        notices_pending=_count(pending),
        notices_due=_count(pending.filter(due_at__lte=at)),
        unsent_age=age(oldest_unsent(at)),
        mails=dict(
            Mail.objects.filter(state__in=["pending", "leased", "dead"])
            .values_list("state")
            .annotate(number=Count("id"))
            .order_by("state")
        ),
        mail_age=age(waiting.aggregate(oldest=Min("created_at"))["oldest"]),
        timers_due=_count(Timer.objects.filter(due_at__lte=at)),
        timers_late=_count(Timer.objects.filter(due_at__lt=at - LATE)),
        calls_due=_count(IncidentTimer.objects.filter(due_at__lte=at)),
        unacknowledged=dict(unheard.values_list("level").annotate(number=Count("id")).order_by("level")),
        overdue=dict(rows_of(_OVERDUE, at=at)),
        cases=dict(
            StageCount.objects.exclude(stage=str(Stage.CLOSED))
            .values_list("stage")
            .annotate(number=Sum("cases"))
            .order_by("stage")
        ),
    )


def _count(rows: object) -> int:
    """How many, counted up to MANY x 100: a flood is told from a handful, and costs no more."""
    limited = rows[: MANY * 100]  # type: ignore[index]
    return int(limited.count())
