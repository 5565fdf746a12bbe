"""/healthz and /readyz: answers without sign-in, and each part that fails is named."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.utils import timezone
from redbeat.decoder import RedBeatJSONEncoder

from pathway.models import Alarm
from pathway.queries import health, mails, signs
from pathway.tasks import heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker() -> redis.Redis:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(signs.BEAT_HEARTBEAT)
    yield client
    client.delete(signs.BEAT_HEARTBEAT)
    client.close()


def beat_ran(broker: redis.Redis, seconds_ago: float) -> None:
    """As redbeat writes it."""
    meta = {"last_run_at": timezone.now() - timedelta(seconds=seconds_ago)}
    broker.hset(signs.BEAT_HEARTBEAT, "meta", json.dumps(meta, cls=RedBeatJSONEncoder))


def test_alive_without_sign_in(client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_when_every_part_works(client: Client, broker: redis.Redis) -> None:
    heartbeat()
    beat_ran(broker, 3)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    report = answer.json()
    assert (report["ready"], report["database"], report["broker"]) == (True, True, True)
    assert report["worker_heartbeat_age_s"] in range(3)
    assert report["beat_heartbeat_age_s"] in range(3, 6)
    assert report["oldest_unsent_notice_age_s"] is None
    assert (report["alarms"], report["watch_heartbeat_age_s"]) == ({}, None)


def test_a_worker_that_was_never_seen(client: Client, broker: redis.Redis) -> None:
    beat_ran(broker, 3)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker_heartbeat_age_s"]) == (503, None)


def test_a_beat_that_stopped(client: Client, broker: redis.Redis) -> None:
    heartbeat()
    beat_ran(broker, signs.HEARTBEAT_STALE_S + 5)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["beat_heartbeat_age_s"] > signs.HEARTBEAT_STALE_S


@pytest.mark.parametrize("meta", ["", "nonsense", "{}", '{"last_run_at": null}', '{"last_run_at": 7}'])
def test_a_beat_whose_record_cannot_be_read(client: Client, broker: redis.Redis, meta: str) -> None:
    broker.hset(signs.BEAT_HEARTBEAT, "meta", meta)
    assert client.get("/readyz").json()["beat_heartbeat_age_s"] is None


def test_without_a_broker(client: Client, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert (answer.json()["broker"], answer.json()["database"]) == (False, True)


def test_mail_that_does_not_leave_is_a_failure() -> None:
    waiting = {"database": True, "broker": True, "worker_heartbeat_age_s": 1, "beat_heartbeat_age_s": 1}
    assert health.Readiness(**waiting, oldest_unsent_notice_age_s=mails.NOTICE_STALE_S).ready
    assert not health.Readiness(**waiting, oldest_unsent_notice_age_s=mails.NOTICE_STALE_S + 1).ready


@pytest.mark.parametrize(
    ("rule", "ready"), [("mail_stuck", False), ("case_without_duty", True), ("of_long_ago", True)]
)
def test_alarms_are_counted_and_only_those_of_the_whole_system_are_a_failure(
    client: Client, broker: redis.Redis, rule: str, ready: bool
) -> None:
    heartbeat()
    beat_ran(broker, 3)
    now = timezone.now()
    for subject in ("one", "two"):
        Alarm.objects.create(rule=rule, subject=subject, raised_at=now, seen_at=now, told_at=now)
    Alarm.objects.create(
        rule="worker_silent", subject="old", raised_at=now, seen_at=now, told_at=now, cleared_at=now
    )
    answer = client.get("/readyz")
    assert answer.json()["alarms"] == {rule: 2}
    assert (answer.status_code == 200) is ready
