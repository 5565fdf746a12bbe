"""Notices on their way out: each reaches its person once, whatever the mail server answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from config.machine import free_port
from pathway.engine.todos import mark_not_applicable
from pathway.models import Clinician, Notice, Todo
from pathway.notify.outbox import LEASE, REFUSALS, deliver, drain
from pathway.queries.health import readiness
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.notify.mailserver import Inbox, listening

HOUR = timedelta(hours=1)


def states() -> dict[str, int]:
    """How many notices are in each state."""
    found: dict[str, int] = {}
    for state in Notice.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def renew(notice: Notice, **changes: Any) -> Notice:
    """A further notice about the same to-do, due on Monday."""
    values = {"state": "pending", "sent_at": None, "attempts": 0, "due_at": MONDAY, "error": "", **changes}
    return Notice.objects.create(
        case_id=notice.case_id,
        clinic_id=notice.clinic_id,
        todo_id=values.pop("todo_id", notice.todo_id),
        recipient_id=values.pop("recipient_id", notice.recipient_id),
        role=notice.role,
        kind=values.pop("kind", notice.kind),
        created_at=MONDAY,
        **values,
    )


@pytest.fixture
def smtp(settings: Settings) -> Settings:
    """Mail goes to a port on which a test may listen."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    return settings


@pytest.fixture
def inbox(smtp: Settings) -> Iterator[Inbox]:
    """A mail server that takes everything until told otherwise."""
    inbox = Inbox()
    with listening(inbox, smtp.EMAIL_PORT):
        yield inbox


def test_each_notice_reaches_its_person_once(cast: Cast) -> None:
    referred(cast)
    told = sorted(Notice.objects.values_list("recipient__email", "todo_id"))
    assert drain(at=MONDAY).sent == len(told)
    found = [(sent.to[0], UUID(sent.body.split("/todos/")[1][:36])) for sent in mail.outbox]
    assert sorted(found) == told
    assert drain(at=MONDAY + HOUR).taken == 0


def test_nothing_leaves_before_it_is_due(cast: Cast) -> None:
    referred(cast)
    assert drain(at=MONDAY - HOUR).taken == 0
    assert not mail.outbox


def test_a_batch_is_limited_and_goes_in_order(cast: Cast) -> None:
    referred(cast)
    first, last = Notice.objects.order_by("id")[:2]
    Notice.objects.filter(pk=first.pk).update(due_at=MONDAY - HOUR)
    assert deliver(at=MONDAY, limit=1).sent == 1
    assert Notice.objects.get(state="sent").pk == first.pk
    assert Notice.objects.get(pk=last.pk).attempts == 0


def test_reminders_of_a_to_do_that_is_done_are_dropped_and_the_rest_goes(cast: Cast) -> None:
    referred(cast)
    notice = Notice.objects.filter(todo__key="goals").get()
    for kind in ("remind", "due", "escalate", "handed_over", "unowned"):
        renew(notice, kind=kind)
    other = renew(notice, kind="remind", todo_id=Todo.objects.get(key="surgical_review").pk)
    mark_not_applicable(
        todo_id=Todo.objects.get(key="goals").pk, by=cast.phil, at=MONDAY, reason="No goals today."
    )
    drain(at=MONDAY)
    dropped = set(Notice.objects.filter(state="dropped").values_list("kind", flat=True))
    assert dropped == {"remind", "due", "escalate"}
    assert Notice.objects.get(pk=other.pk).state == "sent"
    assert set(Notice.objects.filter(todo=notice.todo, state="sent").values_list("kind", flat=True)) == {
        "opened",
        "handed_over",
        "unowned",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"email": ""}, "the recipient has no e-mail address"),
        ({"is_active": False}, "the recipient's account is closed"),
    ],
)
def test_whoever_cannot_be_reached_is_written_down(cast: Cast, change: dict[str, Any], reason: str) -> None:
    referred(cast)
    Clinician.objects.filter(pk=cast.phil.pk).update(**change)
    counts = drain(at=MONDAY)
    phils = Notice.objects.filter(recipient=cast.phil)
    assert counts.dead == phils.count() > 0
    assert set(phils.values_list("state", "error")) == {("dead", reason)}
    assert counts.sent == Notice.objects.count() - counts.dead


def test_a_notice_that_cannot_be_put_into_a_message_holds_up_no_other(cast: Cast) -> None:
    referred(cast)
    Clinician.objects.filter(pk=cast.nora.pk).update(email="two@lines\n.example")
    counts = drain(at=MONDAY)
    assert (counts.later, counts.sent) == (1, Notice.objects.count() - 1)
    assert Notice.objects.get(recipient=cast.nora).error.startswith("it could not be put into a message")


def test_a_lease_that_ran_out_is_taken_again(cast: Cast) -> None:
    """What a killed worker leaves behind: leased, never marked."""
    referred(cast)
    Notice.objects.update(state="leased", attempts=1, due_at=MONDAY + LEASE)
    assert drain(at=MONDAY).taken == 0
    assert drain(at=MONDAY + LEASE).sent == Notice.objects.count()


def test_a_real_server_gets_each_message_whole(cast: Cast, inbox: Inbox) -> None:
    referred(cast)
    drain(at=MONDAY)
    ids = {str(pk) for pk in Notice.objects.values_list("pk", flat=True)}
    assert inbox.counts() == dict.fromkeys(ids, 1)
    message = inbox.to("nora@clinic.example")[0]
    assert message["Message-ID"] == f"<{message['X-Pathway-Notice']}@127.0.0.1>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_refusal_for_now_is_tried_again_later_and_later(cast: Cast, inbox: Inbox) -> None:
    referred(cast)
    inbox.refuse_recipients["nora@clinic.example"] = "451 4.3.0 <nora@clinic.example> mailbox busy"
    counts = drain(at=MONDAY)
    assert (counts.later, counts.sent) == (1, Notice.objects.count() - 1)
    minutes = []
    at = MONDAY
    for _ in range(8):
        notice = Notice.objects.get(recipient=cast.nora)
        assert (notice.state, notice.error) == ("pending", "the mail server answered 451 4.3.0")
        minutes.append(round((notice.due_at - at) / timedelta(minutes=1)))
        at = notice.due_at + timedelta(seconds=1)
        drain(at=at)
    assert minutes == sorted(minutes)
    assert minutes[0] == 1
    assert 60 <= minutes[-1] <= 75
    inbox.refuse_recipients.clear()
    assert drain(at=at + 2 * HOUR).sent == 1
    assert states() == {"sent": Notice.objects.count()}


@pytest.mark.parametrize("where", ["refuse_recipients", "refuse_content"])
def test_a_refusal_for_good_is_believed_the_third_time(cast: Cast, inbox: Inbox, where: str) -> None:
    referred(cast)
    getattr(inbox, where)["nora@clinic.example"] = "550 5.1.1 <nora@clinic.example> unknown"
    for attempt in range(1, REFUSALS + 1):
        drain(at=MONDAY + attempt * 24 * HOUR)
        assert Notice.objects.get(recipient=cast.nora).attempts == attempt
    notice = Notice.objects.get(recipient=cast.nora)
    assert (notice.state, notice.error) == ("dead", "the mail server answered 550 5.1.1")
    assert not inbox.to("nora@clinic.example")
    assert states() == {"dead": 1, "sent": Notice.objects.count() - 1}


def test_no_mail_server_costs_no_attempt(cast: Cast, smtp: Settings) -> None:
    referred(cast)
    total = Notice.objects.count()
    for minute in range(5):
        counts = drain(at=MONDAY + timedelta(minutes=minute))
        assert counts.away
        assert counts.returned == total
    assert set(Notice.objects.values_list("state", "attempts")) == {("pending", 0)}
    inbox = Inbox()
    with listening(inbox, smtp.EMAIL_PORT):
        drain(at=MONDAY + HOUR)
    assert set(inbox.counts().values()) == {1}
    assert states() == {"sent": total}


def test_a_server_that_closes_keeps_what_it_took(cast: Cast, inbox: Inbox) -> None:
    referred(cast)
    inbox.refuse_content["nora@clinic.example"] = "421 4.3.2 closing"
    counts = drain(at=MONDAY)
    assert counts.away
    assert counts.sent == len(inbox.taken) < Notice.objects.count()
    inbox.refuse_content.clear()
    drain(at=MONDAY + HOUR)
    assert set(inbox.counts().values()) == {1}
    assert states() == {"sent": Notice.objects.count()}


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_notice_once(smtp: Settings) -> None:
    cast = make_cast()
    for number in range(6):
        referred(cast, mrn=f"R-{number}")
    inbox, together = Inbox(), Barrier(2)

    def work() -> int:
        together.wait(timeout=30)
        try:
            return sum(deliver(at=MONDAY, limit=5).sent for _ in range(12))
        finally:
            connection.close()

    with listening(inbox, smtp.EMAIL_PORT), ThreadPoolExecutor(2) as pool:
        sent = [future.result(timeout=60) for future in [pool.submit(work), pool.submit(work)]]
    assert sum(sent) == Notice.objects.count()
    assert all(sent)
    assert set(inbox.counts().values()) == {1}


def test_readiness_tells_of_a_server_that_is_away_but_not_of_one_full_mailbox(
    cast: Cast, smtp: Settings
) -> None:
    before = timezone.now() - HOUR
    referred(cast, at=before)
    assert age_of_oldest() >= HOUR.total_seconds()
    drain(at=timezone.now())
    assert Notice.objects.filter(due_at__gt=timezone.now()).exists()  # given back for some seconds
    assert age_of_oldest() >= HOUR.total_seconds()
    inbox = Inbox()
    inbox.refuse_recipients["nora@clinic.example"] = "452 4.2.2 mailbox full"
    with listening(inbox, smtp.EMAIL_PORT):
        drain(at=timezone.now() + HOUR)
    assert Notice.objects.exclude(state="sent").get().recipient_id == cast.nora.pk
    assert readiness().oldest_unsent_notice_age_s is None


def age_of_oldest() -> int:
    """What /readyz says of the oldest unsent notice, in seconds."""
    age = readiness().oldest_unsent_notice_age_s
    assert age is not None
    return age
