"""The broker's settings: addresses, the schedule, and what happens to a message when the broker is away."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from config.broker import VISIBILITY_SECONDS, broker_url, celery_settings
from config.celery import app
from config.schedule import PERIODIC


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("rediss://h/1", "rediss://h/1"),
        ("unix:///run/a.sock?db=3", "redis+socket:///run/a.sock?virtual_host=3"),
        ("unix:///run/a.sock", "redis+socket:///run/a.sock?virtual_host=0"),
    ],
)
def test_the_address_in_kombus_spelling(given: str, expected: str) -> None:
    assert broker_url(given) == expected


def test_every_periodic_task_exists_and_ends_before_its_message_comes_again() -> None:
    app.loader.import_default_modules()
    assert {entry.task for entry in PERIODIC} <= set(app.tasks)
    assert len({entry.name for entry in PERIODIC}) == len(PERIODIC)
    assert app.conf.task_time_limit < VISIBILITY_SECONDS
    assert all(0 < entry.every.total_seconds() <= 3600 for entry in PERIODIC)


def test_messages_are_json_and_nothing_comes_back() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert not app.conf.result_backend


@pytest.fixture
def publisher() -> Celery:
    return Celery("publisher", set_as_current=False)


def test_a_missing_broker_is_reported_and_not_waited_for(publisher: Celery, tmp_path: Path) -> None:
    publisher.conf.update(celery_settings(f"unix://{tmp_path}/nobody.sock"))
    with pytest.raises(OperationalError):
        publisher.send_task("anything")


@pytest.mark.timeout(20)
def test_a_broker_that_hangs_is_given_up(publisher: Celery) -> None:
    """It accepts the connection and never answers; the time limit of this test is the assertion."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        publisher.conf.update(celery_settings(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
        with pytest.raises(OperationalError):
            publisher.send_task("anything")
