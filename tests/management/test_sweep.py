"""`manage.py sweep`: one pass does every duty and tells of what is wrong; it says what it did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import override_settings

from pathway.models import Case, Heartbeat, Notice, Timer
from pathway.queries.signs import SWEEP
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.engine.watched import HOUR, forget_beat
from tests.views.desk import at

pytestmark = pytest.mark.django_db
NOW = MONDAY + HOUR


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """A clinic with one case; its first notices are out of the way."""
    cast = make_cast()
    referred(cast)
    Notice.objects.update(state="kept")
    yield cast
    forget_beat()


def sweep(moment: object = NOW) -> str:
    out = StringIO()
    with at(moment):
        call_command("sweep", stdout=out)
    return out.getvalue()


def test_one_sweep_finds_what_is_wrong_and_mails_it(cast: Cast) -> None:
    Case.objects.update(next_key="")
    said = sweep()
    assert "mails sent: 1" in said
    assert "alarms raised: 1, standing: 0, cleared: 0" in said
    [message] = mail.outbox
    assert message.to == ["cora@clinic.example"]
    assert "A case without a next duty" in message.subject
    assert "/watch/" in message.body
    assert not {"Sample", "R-1001"} & set(message.body.split())


def test_the_next_sweep_tells_nobody_again_and_the_one_after_mending_clears(cast: Cast) -> None:
    Case.objects.update(next_key="")
    sweep()
    assert "mails sent: 0" in sweep(NOW + timedelta(seconds=20))
    Case.objects.update(next_key="baseline_spasticity")
    assert "raised: 0, standing: 0, cleared: 1" in sweep(NOW + timedelta(seconds=40))
    assert len(mail.outbox) == 1


def test_what_it_does_itself_is_no_trouble(cast: Cast) -> None:
    """The timers are late only until this very pass has fired them."""
    Timer.objects.update(due_at=NOW - HOUR)
    said = sweep()
    assert f"timers fired: {Timer.objects.count()}" in said
    assert "alarms raised: 0" in said


def test_one_pass_by_hand_does_not_promise_to_come_again(cast: Cast) -> None:
    sweep()
    assert not Heartbeat.objects.filter(pk=SWEEP).exists()


@override_settings(
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=1
)
def test_a_mail_server_that_is_away_fails_the_pass_after_everything_else_is_done(cast: Cast) -> None:
    Case.objects.update(next_key="")
    Notice.objects.update(state="pending")
    with pytest.raises(CommandError, match="mail server"):
        sweep()
    assert Notice.objects.filter(kind="alarm").count() == 1


@pytest.mark.parametrize("every", ["0", "-5", "soon", "3601", "1.5", ""])
def test_a_pause_that_is_none_is_refused(every: str) -> None:
    with pytest.raises(CommandError, match="whole seconds from 1 to 3600"):
        call_command("sweep", "--every", every)
