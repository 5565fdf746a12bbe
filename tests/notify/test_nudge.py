"""A nudge is worth losing: it never fails and never reveals anything, and waits for the commit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import current_app
from django.db import transaction

from config.broker import celery_settings
from pathway.tasks import nudge


@pytest.fixture
def no_broker() -> Iterator[None]:
    """Celery's messages go to a socket on which nobody listens."""
    former = current_app.conf.broker_url
    current_app.conf.broker_url = celery_settings("unix:///nowhere/valkey.sock")["broker_url"]
    current_app.pool.force_close_all()
    current_app._pool = None
    yield
    current_app.conf.broker_url = former
    current_app._pool = None


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_action_is_done_and_the_loss_is_logged(
    no_broker: None, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction.atomic():
        nudge()
        assert "nudge_lost" not in caplog.text
    assert "nudge_lost" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_an_action_that_is_undone_nudges_nobody(no_broker: None, caplog: pytest.LogCaptureFixture) -> None:
    with transaction.atomic():
        nudge()
        transaction.set_rollback(True)
    assert "nudge_lost" not in caplog.text
