"""A clinic under watch: a case with a running pump, every part alive, and what people see of an alarm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import redis
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client, override_settings
from prometheus_client.parser import text_string_to_metric_families
from redbeat.decoder import RedBeatJSONEncoder

from pathway.engine.sentinel import Watched, beat, watch
from pathway.models import Alarm, Notice, Timer
from pathway.notify.outbox import drain
from pathway.protocol.alarms import ALARM_RULES
from pathway.queries.signs import BEAT_HEARTBEAT, WATCH, WATCHING, WORKER
from tests.cast import Cast
from tests.engine.running_pump import titrating
from tests.views.desk import Desk, at

TOKEN = "a-token-of-the-tests-only"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def beat_ran(moment: datetime) -> None:
    """Beat's own record in the broker, as redbeat writes it."""
    meta = json.dumps({"last_run_at": moment}, cls=RedBeatJSONEncoder)
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.hset(BEAT_HEARTBEAT, "meta", meta)


def forget_beat() -> None:
    """The broker knows nothing of a beat."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.delete(BEAT_HEARTBEAT)


def all_alive(moment: datetime) -> None:
    """Every part has just given a sign of life, and the watch has looked without a break for an hour."""
    beat_ran(moment)
    for name, ago in ((WORKER, 0 * MINUTE), (WATCH, MINUTE), (WATCHING, HOUR)):
        beat(name, moment - ago)


@contextmanager
def unprotected() -> Iterator[None]:
    """What a superuser could do: rows without their triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = origin")


class Watch:
    """One clinic with a running pump in which nothing is wrong, and its clock."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.walk = titrating(cast)
        self.case_id, self.at = self.walk.case_id, self.walk.at
        Notice.objects.update(state="kept")  # the pathway so far is not what is tested
        Timer.objects.update(due_at=self.at + DAY)
        all_alive(self.at)

    def look(self) -> Watched:
        """One look of the sentinel."""
        return watch(at=self.at)

    def sql(self, text: str, *values: Any) -> None:
        """What no verb does."""
        with connection.cursor() as cursor:
            cursor.execute(text, values)

    def wait(self, span: timedelta) -> None:
        """Let time pass; the parts go on living."""
        self.at += span

    def standing(self) -> list[tuple[str, str]]:
        """Alarms that stand, as (rule, subject)."""
        return list(Alarm.objects.filter(cleared_at=None).order_by("rule").values_list("rule", "subject"))

    def told(self, rule: str) -> set[str]:
        """Who has a notice about a rule."""
        notices = Notice.objects.filter(kind="alarm", alarm__rule=rule, urgency="safety", case=None)
        return set(notices.values_list("recipient__username", flat=True))

    def mailed(self, words: str) -> set[str]:
        """The addresses that a message with these words in its subject reaches."""
        mail.outbox.clear()
        drain(at=self.at)
        return {address for message in mail.outbox if words in message.subject for address in message.to}

    def banner(self, name: str) -> str:
        """What stands above a person's page."""
        with at(self.at):
            page = Desk(getattr(self.cast, name)).get("/cases/")
        bars = re.findall(r'<div class="pf-v6-c-banner pf-m-warning".*?</div>', page, flags=re.DOTALL)
        return unescape(" ".join(bars))

    def ready(self) -> tuple[int, dict[str, Any]]:
        """What /readyz says."""
        with at(self.at):
            answer = Client().get("/readyz")
        return answer.status_code, answer.json()

    def metric(self, name: str, **labels: str) -> float | None:
        """One sample of /metrics as Prometheus reads it."""
        with at(self.at), override_settings(METRICS_TOKEN=TOKEN):
            answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        for family in text_string_to_metric_families(answer.content.decode()):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return float(sample.value)
        return None


def title(rule: str) -> str:
    """How a rule is called on a page."""
    return ALARM_RULES[rule].title
