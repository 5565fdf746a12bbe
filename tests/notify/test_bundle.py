"""Which notices become which mail: merged by person and case, at the pace the person chose, urgent ones apart."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from pathway.engine.todos import mark_not_applicable
from pathway.models import Attention, Mail, Notice, Todo
from pathway.notify.bundle import bundle
from pathway.notify.outbox import drain
from tests.cast import MONDAY, Cast, referred
from tests.notify.tastes import wants

CHICAGO = ZoneInfo("America/Chicago")


def local(hour: int, minute: int = 0, day: int = 2) -> datetime:
    """A moment of March 2026 on the clinic's clock, in UTC."""
    return datetime(2026, 3, day, hour, minute, tzinfo=CHICAGO).astimezone(UTC)


@pytest.fixture
def case_id(cast: Cast) -> UUID:
    """A case whose opening notices are out of the way."""
    found = referred(cast, at=MONDAY - timedelta(days=3))
    Notice.objects.all().delete()
    return found


def tell(cast: Cast, case_id: UUID, at: datetime, kind: str, urgency: str, **more: Any) -> Notice:
    """A notice to Phil about his goals duty, told at this moment."""
    values: dict[str, Any] = {
        "todo": Todo.objects.get(case_id=case_id, key=more.pop("key", "goals")),
        "recipient": cast.phil,
        "role": "physiatrist",
    }
    return Notice.objects.create(
        case_id=case_id,
        clinic=cast.clinic,
        kind=kind,
        urgency=urgency,
        created_at=at,
        due_at=at,
        **(values | more),
    )


def arrived() -> list[str]:
    """The subjects so far."""
    return [sent.subject for sent in mail.outbox]


def test_thirty_changes_are_one_digest_and_one_urgent_mail(cast: Cast, case_id: UUID) -> None:
    for number in range(29):
        tell(
            cast,
            case_id,
            local(10, number + 1),
            "opened",
            "news",
            key="goals" if number % 2 else "neuro_history",
        )
    tell(cast, case_id, local(10, 30), "escalate", "safety", key="medication_history")
    drain(at=local(10, 31))
    assert arrived() == ["Overdue: Oral antispastic history (was due Fri 13 March 2026)"]
    drain(at=local(11))
    assert len(arrived()) == 2
    assert arrived()[1].startswith("2 things for you at Riverside"), "29 changes about two duties"
    assert set(Notice.objects.values_list("state", flat=True)) == {"mailed"}


def test_what_may_wait_waits_for_the_hour_the_day_or_the_morning(cast: Cast, case_id: UUID) -> None:
    wants(cast.phil, soon="hourly", news="daily", daily_at=time(7, 30), quiet_from=time(19), quiet_to=time(7))
    tell(cast, case_id, local(9, 5), "due", "soon")
    tell(cast, case_id, local(9, 6), "opened", "news", key="neuro_history")
    tell(cast, case_id, local(18, 30), "due", "soon", key="medication_history")
    drain(at=local(9, 59))
    assert not mail.outbox
    drain(at=local(10))
    assert len(mail.outbox) == 1
    drain(at=local(19))
    drain(at=local(6, 59, day=3))
    assert len(mail.outbox) == 1, "19:00 is quiet"
    drain(at=local(7, day=3))
    assert len(mail.outbox) == 2
    drain(at=local(7, 30, day=3))
    assert len(mail.outbox) == 3


def test_a_worker_that_comes_late_does_not_ring_at_night(cast: Cast, case_id: UUID) -> None:
    wants(cast.phil, soon="hourly", quiet_from=time(19), quiet_to=time(7))
    tell(cast, case_id, local(16, 10), "due", "soon")
    drain(at=local(23))
    assert not mail.outbox
    drain(at=local(7, day=3))
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("urgency", ["red", "safety"])
def test_safety_passes_quiet_hours_and_every_digest(cast: Cast, case_id: UUID, urgency: str) -> None:
    wants(cast.phil, soon="daily", news="daily", news_muted=True, quiet_from=time(0), quiet_to=time(23, 59))
    tell(cast, case_id, local(3), "escalate", urgency)
    drain(at=local(3))
    assert len(mail.outbox) == 1
    assert "List-Unsubscribe" not in mail.outbox[0].extra_headers


def test_red_alarms_never_share_a_mail(cast: Cast, case_id: UUID) -> None:
    wants(cast.phil)
    tell(cast, case_id, local(9), "escalate", "red")
    tell(cast, case_id, local(9), "escalate", "red", key="neuro_history")
    tell(cast, case_id, local(9), "due", "soon", key="medication_history")
    drain(at=local(9))
    assert len(mail.outbox) == 3


def test_safety_about_one_case_is_one_mail(cast: Cast, case_id: UUID) -> None:
    other = referred(cast, at=MONDAY - timedelta(days=3), mrn="R-2")
    Notice.objects.all().delete()
    for place in (case_id, other):
        tell(cast, place, local(9), "escalate", "safety")
        tell(cast, place, local(9), "escalate", "safety", key="neuro_history")
    drain(at=local(9))
    assert len(mail.outbox) == 2
    assert all(subject.startswith("2 things for you at Riverside, 2 overdue") for subject in arrived())


def test_muted_news_stays_in_the_inbox(cast: Cast, case_id: UUID) -> None:
    wants(cast.phil, news_muted=True)
    tell(cast, case_id, local(9), "opened", "news")
    tell(cast, case_id, local(9), "due", "soon", key="neuro_history")
    drain(at=local(9))
    assert len(mail.outbox) == 1
    assert sorted(Notice.objects.values_list("kind", "state")) == [("due", "mailed"), ("opened", "kept")]


def test_news_can_be_stopped_from_the_mail_itself(cast: Cast, case_id: UUID) -> None:
    wants(cast.phil)
    tell(cast, case_id, local(9), "opened", "news")
    drain(at=local(9))
    tell(cast, case_id, local(10), "due", "soon")
    drain(at=local(10))
    news, due = mail.outbox
    assert news.extra_headers["List-Unsubscribe"].startswith("<http")
    assert news.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in due.extra_headers


@pytest.mark.parametrize("kind", ["opened", "handed_over", "remind", "due", "escalate", "unowned"])
def test_a_to_do_done_before_its_mail_leaves_is_not_mailed(cast: Cast, case_id: UUID, kind: str) -> None:
    wants(cast.phil, soon="hourly", news="hourly")
    tell(cast, case_id, local(9, 5), kind, "soon")
    drain(at=local(9, 6))
    goals = Todo.objects.get(case_id=case_id, key="goals")
    mark_not_applicable(todo_id=goals.pk, by=cast.phil, at=local(9, 30), reason="No goals today.")
    drain(at=local(10))
    assert not mail.outbox
    assert Notice.objects.get(kind=kind, todo=goals).state == "dropped"


def test_a_to_do_done_while_its_mail_waits_falls_out_of_it(cast: Cast, case_id: UUID) -> None:
    wants(cast.phil)
    tell(cast, case_id, local(9), "due", "soon")
    tell(cast, case_id, local(9), "due", "soon", key="neuro_history")
    assert bundle(at=local(9)) == 2
    goals = Todo.objects.get(case_id=case_id, key="goals")
    mark_not_applicable(todo_id=goals.pk, by=cast.phil, at=local(9), reason="No goals today.")
    drain(at=local(9))
    assert len(mail.outbox) == 1
    assert str(goals.pk) not in str(mail.outbox[0].body)


def test_a_mail_is_the_same_however_often_it_is_made(cast: Cast, case_id: UUID) -> None:
    """The id of a mail follows from its notices: a bundle made again after a crash has the same Message-ID."""
    wants(cast.phil)
    tell(cast, case_id, local(9), "due", "soon")
    tell(cast, case_id, local(9), "due", "soon", key="neuro_history")
    bundle(at=local(9))
    first = Mail.objects.get().pk
    Notice.objects.update(state="pending", mail=None)
    Mail.objects.all().delete()
    bundle(at=local(9))
    assert Mail.objects.get().pk == first


@pytest.mark.parametrize(
    ("day", "hours"),
    [(8, "the clock jumps from 02:00 to 03:00"), (1, "an ordinary Sunday")],
)
def test_a_clock_that_jumps_loses_no_digest(cast: Cast, case_id: UUID, day: int, hours: str) -> None:
    wants(cast.phil, soon="hourly", daily_at=time(2, 30), news="daily")
    told_at = local(1, 15, day=day)
    tell(cast, case_id, told_at, "due", "soon")
    tell(cast, case_id, told_at, "opened", "news", key="neuro_history")
    for minute in range(0, 240, 15):
        drain(at=told_at + timedelta(minutes=minute))
    assert len(mail.outbox) == 2, hours
    assert Attention.objects.count() == 1
