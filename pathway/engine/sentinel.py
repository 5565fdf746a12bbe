"""The system watches itself: every check becomes an alarm that stands while it is true, and its people are told.

An alarm is opened and cleared here alone. Whoever runs the watch (beat's task or `manage.py sweep`) may do so at any
time and beside others: a lock lets one look at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from django.db import connection, transaction

from pathway.engine.alarm_notices import tell
from pathway.engine.history import Tally, next_window, verify
from pathway.models import Alarm, Case, Heartbeat
from pathway.queries.findings import AT_MOST, Finding
from pathway.queries.signs import (
    BEAT,
    BROKER,
    CHAIN,
    CHAIN_ROUND,
    ROUNDS,
    WATCH,
    WATCH_STALE_S,
    WATCHING,
    BrokerSign,
    ask_broker,
)
from pathway.queries.watch import CHECKS, ROLLING
from pathway.queries.watch_clinics import window_of

LOCK = 4_011_500_417
"""The advisory lock that one watch at a time holds; any number will do that nobody else uses."""
CHAIN_RULE = "chain_broken"
_BY_ROW = {CHAIN_RULE, *(rule for rules in ROLLING.values() for rule in rules)}  # their subject is a row's id
QUIET = timedelta(hours=1)
"""An alarm of the whole system that comes and goes is told once in this time (P)."""

log = structlog.get_logger(__name__)
Standing = dict[tuple[str, str], Alarm]


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look found: alarms raised, still standing, cleared; and how many notices it queued."""

    raised: int = 0
    standing: int = 0
    cleared: int = 0
    told: int = 0


@dataclass(frozen=True, slots=True)
class _Look:
    """What the checks found. `unsure`: rules that failed or found more than fits; nothing of theirs is cleared."""

    findings: tuple[Finding, ...]
    unsure: frozenset[str]


def watch(*, at: datetime) -> Watched:
    """Check everything, raise and clear alarms, tell their people. One transaction; nothing while another looks.

    A check that fails becomes an alarm of its own; the others go on.
    """
    broker = ask_broker()  # may take seconds: not inside the transaction
    with transaction.atomic():
        if not _alone():
            return Watched()
        _write_signs(broker, at)
        standing = {
            (alarm.rule, alarm.subject): alarm for alarm in Alarm.objects.filter(cleared_at__isnull=True)
        }
        look = _look(at, standing)
        raised = _raise(look, standing, at)
        cleared = _clear(look, standing, at)
        kept = [alarm for alarm in standing.values() if alarm not in cleared]
        told = tell(raised=[alarm for alarm in raised if alarm.told_at == at], standing=kept, at=at)
    watched = Watched(len(raised), len(kept), len(cleared), told)
    if raised or cleared:
        log.warning("alarms_changed", raised=len(raised), standing=len(kept), cleared=len(cleared))
    return watched


def beat(name: str, at: datetime) -> None:
    """Write a part's sign of life (see `queries.signs`)."""
    _beat({name: at})


def fall_silent(name: str) -> None:
    """A part was told to stop: nobody waits for its signs of life any more."""
    Heartbeat.objects.filter(pk=name).delete()


def _alone() -> bool:
    """Whether nobody else looks at this moment; holds the lock until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _beat(signs: dict[str, datetime]) -> None:
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=moment) for name, moment in sorted(signs.items())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def _write_signs(broker: BrokerSign, at: datetime) -> None:
    """What this look knows at once: that it looks, since when without a break, and what the broker answered."""
    last = Heartbeat.objects.filter(pk=WATCH).values_list("at", flat=True).first()
    signs = {WATCH: at}
    if last is None or at - last > timedelta(seconds=WATCH_STALE_S):
        signs[WATCHING] = at
    if broker.answers:
        signs[BROKER] = at
    if broker.beat_at is not None:
        signs[BEAT] = broker.beat_at
    _beat(signs)


def _look(at: datetime, standing: Standing) -> _Look:
    """Run every check, each in a savepoint of its own."""
    findings: list[Finding] = []
    unsure: set[str] = set()
    for rule, check in _checks(at, standing).items():
        try:
            with transaction.atomic():
                found = check()
        except Exception:  # whatever is wrong with one check, the others are made
            log.exception("check_failed", rule=rule)
            found, unsure = [Finding("rule_failed", None, rule, {"rule": rule})], unsure | {rule}
        if len(found) >= AT_MOST:
            unsure.add(rule)
        findings.extend(found)
    return _Look(tuple(findings), frozenset(unsure))


def _checks(at: datetime, standing: Standing) -> dict[str, Callable[[], list[Finding]]]:
    """Every check of this look. Those of large tables go on where the last look stopped, and see to what stands."""
    known: dict[str, list[UUID]] = defaultdict(list)
    for rule, subject in standing:
        if rule in _BY_ROW:
            known[rule].append(UUID(subject))
    marks = dict(Heartbeat.objects.filter(pk__in=ROUNDS.values()).values_list("name", "mark"))
    checks: dict[str, Callable[[], list[Finding]]] = {}
    for table, rules in ROLLING.items():
        window = window_of(table, marks.get(ROUNDS[table], ""))
        Heartbeat.objects.update_or_create(pk=ROUNDS[table], defaults={"at": at, "mark": window.mark})
        for rule, rolling in rules.items():
            checks[rule] = partial(rolling, replace(window, known=tuple(known[rule])))
    checks |= {rule: partial(check, at) for rule, check in CHECKS.items()}
    return checks | {CHAIN_RULE: partial(_broken_chains, at, known[CHAIN_RULE])}


def _broken_chains(at: datetime, known: Iterable[UUID]) -> list[Finding]:
    """Histories that do not hold: among the next few hundred cases of the round, and those known to be broken."""
    place = Heartbeat.objects.filter(pk=CHAIN).values_list("mark", flat=True).first()
    window, mark = next_window(place or "")
    broken = list(verify(Tally(), among={*window, *known}))
    clinics = dict(
        Case.objects.filter(pk__in=[found.case_id for found in broken]).values_list("id", "clinic_id")
    )
    Heartbeat.objects.update_or_create(pk=CHAIN, defaults={"at": at, "mark": mark})
    if not mark:
        beat(CHAIN_ROUND, at)
    return [
        Finding(
            CHAIN_RULE,
            clinics[found.case_id],
            str(found.case_id),
            {"case": str(found.case_id), "seq": found.seq, "reason": found.reason},
        )
        for found in broken
    ]


def _raise(look: _Look, standing: Standing, at: datetime) -> list[Alarm]:
    """Open an alarm for each new finding, and note of the others that they are still true."""
    fresh: list[Alarm] = []
    known: list[Alarm] = []
    for finding in look.findings:
        alarm = standing.get((finding.rule, finding.subject))
        if alarm is None:
            fresh.append(_alarm(finding, at))
        else:
            alarm.seen_at, alarm.detail = at, dict(finding.detail)
            known.append(alarm)
    _keep_quiet(fresh, at)
    Alarm.objects.bulk_create(fresh)
    Alarm.objects.bulk_update(known, ["seen_at", "detail"])
    return fresh


def _alarm(finding: Finding, at: datetime) -> Alarm:
    return Alarm(
        rule=finding.rule,
        subject=finding.subject,
        clinic_id=finding.clinic_id,
        detail=dict(finding.detail),
        raised_at=at,
        seen_at=at,
        told_at=at,
    )


def _keep_quiet(fresh: list[Alarm], at: datetime) -> None:
    """An alarm of the system that was told a moment ago, cleared and is back keeps the moment of its telling."""
    systems = [alarm for alarm in fresh if alarm.clinic_id is None]
    if not systems:
        return
    told = Alarm.objects.filter(clinic__isnull=True, told_at__gt=at - QUIET, told_at__lte=at).order_by(
        "told_at"
    )
    last = {
        (rule, subject): moment for rule, subject, moment in told.values_list("rule", "subject", "told_at")
    }
    for alarm in systems:
        alarm.told_at = last.get((alarm.rule, alarm.subject), at)


def _clear(look: _Look, standing: Standing, at: datetime) -> list[Alarm]:
    """Close the alarms that are no longer true; of a check that is unsure, none."""
    still = {(finding.rule, finding.subject) for finding in look.findings}
    over = [alarm for key, alarm in standing.items() if key not in still and alarm.rule not in look.unsure]
    for alarm in over:
        alarm.cleared_at = at
    Alarm.objects.bulk_update(over, ["cleared_at"])
    return over
