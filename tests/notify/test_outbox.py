"""Mails on their way out: each reaches its person once, whatever the mail server answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from pytest_django.fixtures import Settings

from config.machine import free_port
from pathway.models import Clinician, Mail, Notice
from pathway.notify.outbox import GIVE_UP, LEASE, REFUSALS, Counts, deliver, drain
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.notify.mailserver import Inbox, listening
from tests.notify.tastes import all_at_once

HOUR = timedelta(hours=1)
WORKERS = 10
NORA = "nora@clinic.example"


@pytest.fixture
def told(cast: Cast) -> Cast:
    """A case fresh from referral: each of the four people has a mail coming, of one to three notices."""
    all_at_once(cast)
    referred(cast)
    return cast


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


def states() -> dict[str, int]:
    """How many mails are in each state."""
    found: dict[str, int] = {}
    for state in Mail.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def noras() -> Mail:
    """Nora's mail."""
    return Mail.objects.get(recipient__username="nora")


def test_each_person_gets_one_mail_with_everything(told: Cast) -> None:
    counts = drain(at=MONDAY)
    assert (counts.sent, states()) == (4, {"sent": 4})
    assert counts.bundled == Notice.objects.count()
    by_person = {sent.to[0]: sent.body for sent in mail.outbox}
    for notice in Notice.objects.select_related("recipient"):
        assert notice.state == "mailed"
        assert notice.recipient is not None
        assert f"/todos/{notice.todo_id}/" in by_person[notice.recipient.email]
    assert drain(at=MONDAY + HOUR) == Counts()


def test_nothing_leaves_before_it_is_due(told: Cast) -> None:
    assert drain(at=MONDAY - HOUR) == Counts()
    assert not mail.outbox


def test_a_batch_is_limited(told: Cast) -> None:
    drain(at=MONDAY - HOUR)
    Mail.objects.all().delete()
    drained = deliver(at=MONDAY, limit=1)
    assert drained.taken == 0, "nothing was bundled yet"
    drain(at=MONDAY)
    Mail.objects.update(state="pending", sent_at=None, due_at=MONDAY)
    assert deliver(at=MONDAY, limit=1).sent == 1
    assert states() == {"sent": 1, "pending": 3}


def test_an_alarm_overtakes_a_backlog(told: Cast) -> None:
    """Hundreds of mails wait; the one about a red incident, told last, leaves first."""
    drain(at=MONDAY)
    Mail.objects.update(state="pending", sent_at=None, due_at=MONDAY - HOUR)
    last = Mail.objects.order_by("-due_at", "id").last()
    assert last is not None
    Mail.objects.filter(pk=last.pk).update(urgency="red", due_at=MONDAY)
    assert deliver(at=MONDAY, limit=1).sent == 1
    assert Mail.objects.get(state="sent").pk == last.pk


def test_whoever_has_no_address_is_flagged_at_once(told: Cast) -> None:
    Clinician.objects.filter(pk=told.phil.pk).update(email="")
    counts = drain(at=MONDAY)
    assert (counts.dead, counts.sent) == (1, 3)
    dead = Mail.objects.get(state="dead")
    assert (dead.recipient_id, dead.error) == (told.phil.pk, "the recipient has no e-mail address")
    assert Clinician.objects.get(email_refused_at__isnull=False).pk == told.phil.pk


def test_a_closed_account_gets_nothing(told: Cast) -> None:
    Clinician.objects.filter(pk=told.phil.pk).update(is_active=False)
    assert drain(at=MONDAY).sent == 3
    assert set(Notice.objects.filter(recipient=told.phil).values_list("state", flat=True)) == {"dropped"}


def test_an_address_with_a_line_break_never_reaches_a_header(told: Cast) -> None:
    Clinician.objects.filter(pk=told.nora.pk).update(email="nora@clinic.example\nBcc: all@else.example")
    for attempt in range(1, REFUSALS + 1):
        drain(at=MONDAY + attempt * HOUR)
    assert (noras().state, noras().error) == ("dead", "this is no e-mail address")
    assert Clinician.objects.get(pk=told.nora.pk).email_refused_at is not None
    assert {to for sent in mail.outbox for to in sent.recipients()} == {
        f"{name}@clinic.example" for name in ("phil", "anna", "cora")
    }


def test_a_mail_that_cannot_be_put_into_words_holds_up_no_other(told: Cast) -> None:
    """A notice about nothing cannot be written; neither the address nor anybody else is to blame."""
    notice = Notice.objects.filter(recipient=told.nora).first()
    assert notice is not None
    Notice.objects.filter(pk=notice.pk).update(todo=None, case=None)
    counts = drain(at=MONDAY)
    assert (counts.later, counts.sent) == (1, 3)
    assert noras().error.startswith("it could not be put into a message")
    for attempt in range(1, REFUSALS + 1):
        drain(at=MONDAY + attempt * HOUR)
    assert noras().state == "dead"
    assert Clinician.objects.get(pk=told.nora.pk).email_refused_at is None


def test_a_lease_that_ran_out_is_taken_again(told: Cast) -> None:
    """What a killed worker leaves behind: leased, never marked."""
    drain(at=MONDAY)
    mail.outbox.clear()
    Mail.objects.update(state="leased", sent_at=None, attempts=1, due_at=MONDAY + LEASE)
    assert drain(at=MONDAY).taken == 0
    assert drain(at=MONDAY + LEASE).sent == 4
    ids = {sent.extra_headers["Message-ID"] for sent in mail.outbox}
    assert ids == {f"<{pk}@127.0.0.1>" for pk in Mail.objects.values_list("pk", flat=True)}


def test_a_real_server_gets_each_message_whole(told: Cast, inbox: Inbox) -> None:
    drain(at=MONDAY)
    assert inbox.counts() == {str(pk): 1 for pk in Mail.objects.values_list("pk", flat=True)}
    message = inbox.to(NORA)[0]
    assert message["Message-ID"] == f"<{noras().pk}@127.0.0.1>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_refusal_for_now_is_tried_later_and_later_and_given_up_after_days(told: Cast, inbox: Inbox) -> None:
    inbox.refuse_recipients[NORA] = "451 4.3.0 <nora@clinic.example> mailbox busy"
    counts = drain(at=MONDAY)
    assert (counts.later, counts.sent) == (1, 3)
    minutes, at = [], MONDAY
    while at < MONDAY + timedelta(days=1):
        assert (noras().state, noras().error) == ("pending", "the mail server answered 451 4.3.0")
        minutes.append(round((noras().due_at - at) / timedelta(minutes=1)))
        at = noras().due_at + timedelta(seconds=1)
        drain(at=at)
    assert minutes == sorted(minutes)
    assert minutes[0] == 1
    assert 60 <= minutes[-1] <= 75
    drain(at=MONDAY + GIVE_UP)
    assert noras().state == "dead"
    assert Clinician.objects.get(pk=told.nora.pk).email_refused_at is None, "the address may be right"


def test_a_mailbox_that_was_busy_for_a_day_gets_its_mail(told: Cast, inbox: Inbox) -> None:
    inbox.refuse_recipients[NORA] = "452 4.2.2 mailbox full"
    drain(at=MONDAY)
    drain(at=MONDAY + 12 * HOUR)
    inbox.refuse_recipients.clear()
    assert drain(at=MONDAY + 24 * HOUR).sent == 1
    assert (states(), len(inbox.to(NORA))) == ({"sent": 4}, 1)


@pytest.mark.parametrize(
    ("where", "flagged"), [("refuse_recipients", True), ("refuse_content", False)], ids=["nobody", "content"]
)
def test_a_refusal_for_good_is_believed_the_third_time(
    told: Cast, inbox: Inbox, where: str, flagged: bool
) -> None:
    getattr(inbox, where)[NORA] = "550 5.1.1 <nora@clinic.example> unknown"
    for attempt in range(1, REFUSALS + 1):
        drain(at=MONDAY + attempt * HOUR)
        assert noras().attempts == attempt
    assert (noras().state, noras().error) == ("dead", "the mail server answered 550 5.1.1")
    assert (Clinician.objects.get(pk=told.nora.pk).email_refused_at is not None) is flagged
    assert not inbox.to(NORA)
    assert states() == {"dead": 1, "sent": 3}


def test_a_flagged_address_is_tried_once_and_good_again_when_it_takes_mail(told: Cast, inbox: Inbox) -> None:
    Clinician.objects.filter(pk=told.nora.pk).update(email_refused_at=MONDAY)
    inbox.refuse_recipients[NORA] = "550 5.1.1 unknown"
    drain(at=MONDAY)
    assert (noras().state, noras().attempts) == ("dead", 1)
    inbox.refuse_recipients.clear()
    Mail.objects.filter(pk=noras().pk).update(state="pending", attempts=0)
    assert drain(at=MONDAY + HOUR).sent == 1
    assert Clinician.objects.get(pk=told.nora.pk).email_refused_at is None


def test_no_mail_server_costs_no_attempt(told: Cast, smtp: Settings) -> None:
    for minute in range(5):
        counts = drain(at=MONDAY + timedelta(minutes=minute))
        assert counts.away
        assert counts.returned == 4
    assert set(Mail.objects.values_list("state", "attempts")) == {("pending", 0)}
    inbox = Inbox()
    with listening(inbox, smtp.EMAIL_PORT):
        drain(at=MONDAY + HOUR)
    assert set(inbox.counts().values()) == {1}
    assert states() == {"sent": 4}


def test_a_server_that_closes_keeps_what_it_took(told: Cast, inbox: Inbox) -> None:
    inbox.refuse_content[NORA] = "421 4.3.2 closing"
    counts = drain(at=MONDAY)
    assert counts.away
    assert counts.sent == len(inbox.taken) < 4
    inbox.refuse_content.clear()
    drain(at=MONDAY + HOUR)
    assert set(inbox.counts().values()) == {1}
    assert states() == {"sent": 4}


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_mail_once(smtp: Settings) -> None:
    """Ten workers find the same thirty people due: nobody gets two mails, and each notice is in one."""
    cast = make_cast()
    case_id = referred(cast)
    todo = Notice.objects.filter(case_id=case_id).values_list("todo_id", flat=True)[0]
    Notice.objects.all().delete()
    people = [
        Clinician.objects.create_user(f"member{number}", f"member{number}@clinic.example")
        for number in range(30)
    ]
    for person in people:
        for _ in range(3):
            values: dict[str, Any] = {"kind": "escalate", "urgency": "safety", "role": "physiatrist"}
            Notice.objects.create(
                case_id=case_id,
                clinic=cast.clinic,
                todo_id=todo,
                recipient=person,
                created_at=MONDAY,
                due_at=MONDAY,
                **values,
            )
    inbox, together = Inbox(), Barrier(WORKERS)

    def work() -> int:
        together.wait(timeout=30)
        try:
            return sum(drain(at=MONDAY).sent for _ in range(3))
        finally:
            connection.close()

    with listening(inbox, smtp.EMAIL_PORT), ThreadPoolExecutor(WORKERS) as pool:
        sent = [future.result(timeout=60) for future in [pool.submit(work) for _ in range(WORKERS)]]
    assert sum(sent) == len(inbox.taken) == 30
    assert set(inbox.counts().values()) == {1}
    assert set(Notice.objects.values_list("state", flat=True)) == {"mailed"}
