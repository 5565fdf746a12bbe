"""A to-do reminds the working day before, on its day, and climbs to the coordinator after it; once each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from threading import Barrier
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from config.machine import free_port
from pathway.engine.cases import hold
from pathway.engine.timers import fire_due
from pathway.models import CareTeamMember, Clinic, ClosedDay, Mail, Membership, Notice, Timer, Todo
from pathway.protocol.ladder import step_at
from pathway.protocol.roles import Role
from pathway.queries.definitions import calendar_of, protocol_of
from pathway.tasks import deliver_notices, fire_all, fire_timers
from tests.cast import MONDAY, Cast, make_cast, person, referred
from tests.engine.calendar_desk import changed, closing
from tests.notify.tastes import all_at_once

CHICAGO = ZoneInfo("America/Chicago")
GOALS_DUE = date(2026, 3, 23)  # 15 working days after Monday, 2 March


def opening(day: date) -> datetime:
    """When the clinic opens on a day."""
    return datetime(day.year, day.month, day.day, 8, tzinfo=CHICAGO).astimezone(UTC)


def told(case_id: UUID, key: str = "goals") -> list[tuple[str, str]]:
    """Who was told what about a to-do after it opened: (kind, username), oldest first."""
    notices = Notice.objects.filter(case_id=case_id, todo__key=key).exclude(kind="opened")
    found = notices.values_list("kind", "recipient__username")
    return list(found.order_by("created_at", "recipient__username"))


def test_the_steps_come_at_opening_on_their_days(cast: Cast) -> None:
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    Membership.objects.filter(clinician=pia).update(is_lead=True)
    Clinic.objects.filter(pk=cast.clinic.pk).update(lead=person("dora", cast.clinic, Role.NURSE))
    case_id = referred(cast)
    Todo.objects.filter(key="goals").update(owner=cast.phil)
    assert Todo.objects.get(key="goals").due_on == GOALS_DUE
    steps = [
        (date(2026, 3, 20), [("remind", "phil")]),  # the Friday before a Monday
        (date(2026, 3, 23), [("due", "phil")]),
        (date(2026, 3, 24), [("escalate", "phil"), ("escalate", "pia")]),  # everybody in the role
        (date(2026, 3, 25), [("escalate", "phil"), ("escalate", "pia")]),  # its named lead
        (date(2026, 3, 26), [("escalate", "cora"), ("escalate", "phil")]),
        (date(2026, 4, 6), [("escalate", "dora"), ("escalate", "phil")]),
        (date(2026, 4, 13), [("escalate", "dora"), ("escalate", "phil")]),  # five working days on
    ]
    expected: list[tuple[str, str]] = []
    for day, people in steps:
        fire_all(at=opening(day) - timedelta(minutes=1))
        assert told(case_id) == expected
        fire_all(at=opening(day))
        expected += people
        assert told(case_id) == expected


def test_a_rung_that_reaches_nobody_else_passes_on_at_once(cast: Cast) -> None:
    """Phil alone holds the role and nobody leads it: one working day after the date the coordinator hears, not three.

    The rungs that were passed over do not ring again: the next is the clinic's lead, else the coordinators.
    """
    case_id = referred(cast)
    fire_all(at=opening(date(2026, 3, 24)))
    assert told(case_id) == [("escalate", "cora"), ("escalate", "phil")]
    for day in (date(2026, 3, 25), date(2026, 3, 26), date(2026, 4, 3)):
        fire_all(at=opening(day))
    assert len(told(case_id)) == 2
    fire_all(at=opening(date(2026, 4, 6)))
    assert len(told(case_id)) == 4


def test_safety_climbs_within_days_and_counts_working_hours(cast: Cast) -> None:
    case_id = referred(cast)
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    Todo.objects.filter(key="goals").update(safety=True, owner=cast.phil)
    protocol = protocol_of(Todo.objects.get(key="goals").case.protocol_id)
    ladder = protocol.ladders["safety"]
    steps = [step_at(ladder, GOALS_DUE, step, calendar_of(cast.clinic.pk, 1)) for step in range(8)]
    days = [18, 20, 23, 23, 24, 25, 26, 27]
    assert [step.astimezone(CHICAGO).day for step in steps] == days
    assert steps[3] == opening(GOALS_DUE) + timedelta(hours=4)
    assert protocol.ladder_of("refill") == ladder
    assert protocol.ladder_of("goals") == protocol.usual_ladder
    assert case_id
    assert pia


def test_a_closed_day_moves_the_reminder_before_it(cast: Cast) -> None:
    ClosedDay.objects.create(clinic=cast.clinic, on=date(2026, 3, 20))
    case_id = referred(cast)
    due_on = Todo.objects.get(key="goals").due_on
    assert due_on == date(2026, 3, 24)
    fire_all(at=opening(date(2026, 3, 23)))
    assert told(case_id) == [("remind", "phil")]


@pytest.mark.parametrize(("safety", "day"), [(False, 25), (True, 24)])
def test_a_step_waits_where_its_day_was_closed_since_but_not_a_safety_step(
    cast: Cast, safety: bool, day: int
) -> None:
    case_id = referred(cast)
    Todo.objects.filter(key="goals").update(safety=safety)
    fire_all(at=opening(GOALS_DUE))
    before = told(case_id)
    changed(cast, closing(date(2026, 3, 24)), opening(GOALS_DUE) + timedelta(hours=6))
    assert Todo.objects.get(key="goals").due_on == GOALS_DUE
    fire_all(at=opening(date(2026, 3, day)) - timedelta(minutes=1))
    assert told(case_id) == before
    fire_all(at=opening(date(2026, 3, day)))
    assert told(case_id) == [*before, ("escalate", "cora"), ("escalate", "phil")]


def test_a_public_holiday_is_no_day_to_remind_or_escalate(cast: Cast) -> None:
    case_id = referred(cast, at=datetime(2026, 6, 15, 15, tzinfo=UTC))
    due_on = Todo.objects.get(key="goals").due_on
    assert due_on == date(2026, 7, 8)  # Juneteenth and the observed 4 July (Friday the 3rd) are passed over
    Todo.objects.filter(key="goals").update(due_on=date(2026, 7, 2))
    Timer.objects.filter(todo__key="goals").update(step=2, due_at=opening(date(2026, 7, 6)))
    fire_all(at=opening(date(2026, 7, 3)))
    assert told(case_id) == []
    fire_all(at=opening(date(2026, 7, 6)))
    assert told(case_id) == [("escalate", "cora"), ("escalate", "phil")]


def test_a_late_sweep_sends_the_newest_step_alone(cast: Cast) -> None:
    case_id = referred(cast)
    fire_all(at=opening(date(2026, 3, 25)))
    assert told(case_id) == [("escalate", "cora"), ("escalate", "phil")]
    assert fire_all(at=opening(date(2026, 3, 25))) == 0


def test_the_owner_alone_is_reminded(cast: Cast) -> None:
    case_id = referred(cast)
    pia = type(cast.phil).objects.create_user("pia", "pia@clinic.example")
    Membership.objects.create(clinician=pia, clinic=cast.clinic, role="physiatrist")
    Todo.objects.filter(key="goals").update(owner=pia)
    fire_all(at=opening(date(2026, 3, 20)))
    assert told(case_id) == [("remind", "pia")]


def test_the_care_team_is_reminded_before_the_rest_of_the_clinic(cast: Cast) -> None:
    pia = type(cast.phil).objects.create_user("pia", "pia@clinic.example")
    Membership.objects.create(clinician=pia, clinic=cast.clinic, role="physiatrist")
    case_id = referred(cast)
    CareTeamMember.objects.create(case_id=case_id, role="physiatrist", clinician=pia, since=MONDAY)
    fire_all(at=opening(date(2026, 3, 20)))
    assert told(case_id) == [("remind", "pia")]


def test_on_hold_only_safety_and_the_review_speak(cast: Cast) -> None:
    case_id = referred(cast)
    Todo.objects.filter(key="surgical_review").update(safety=True)
    review_on = date(2026, 3, 23)
    hold(case_id=case_id, by=cast.cora, at=MONDAY, reason="Awaiting imaging", review_on=review_on)
    fire_all(at=opening(date(2026, 3, 24)))
    speaking = set(Notice.objects.exclude(kind="opened").values_list("todo__key", flat=True))
    assert speaking == {"surgical_review", "hold_review"}
    assert told(case_id, "hold_review") == [("escalate", "cora")]


def test_where_nobody_holds_the_role_the_coordinator_hears_an_alarm(cast: Cast) -> None:
    Membership.objects.filter(role="anesthesiologist").delete()
    case_id = referred(cast)
    first = Notice.objects.get(todo__key="anesthesia_review")
    assert (first.kind, first.recipient_id, first.role) == ("unowned", cast.cora.pk, "coordinator")
    due_on = Todo.objects.get(key="anesthesia_review").due_on
    fire_all(at=opening(due_on))
    assert told(case_id, "anesthesia_review")[1:] == [("unowned", "cora")]


@pytest.mark.django_db(transaction=True)
def test_ten_sweeps_at_once_fire_each_step_once() -> None:
    cast = make_cast()
    for number in range(20):
        referred(cast, mrn=f"R-{number}")
    at, together = opening(date(2026, 3, 20)), Barrier(10)
    due = Timer.objects.filter(due_at__lte=at).count()

    def sweep() -> int:
        together.wait(timeout=30)
        try:
            return sum(fire_due(at=at, limit=15) for _ in range(20))
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        fired = [future.result(timeout=60) for future in [pool.submit(sweep) for _ in range(10)]]
    assert sum(fired) == due
    reminded = Notice.objects.filter(kind="remind", todo__key="goals")
    assert reminded.count() == reminded.values("todo").distinct().count() == 20


def test_sweep_does_it_all_without_a_broker(cast: Cast, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    all_at_once(cast)
    referred(cast, at=MONDAY - timedelta(days=365 * 3))
    out = StringIO()
    call_command("sweep", stdout=out)
    assert f"mails sent: {Mail.objects.filter(state='sent').count()}, " in out.getvalue()
    assert not Mail.objects.exclude(state="sent").exists()
    assert set(Notice.objects.values_list("state", flat=True)) == {"mailed"}
    assert Notice.objects.filter(kind="escalate").exists()
    again = StringIO()
    call_command("sweep", stdout=again)
    assert "timers fired: 0; mails sent: 0" in again.getvalue()


def test_sweep_fails_aloud_when_mail_cannot_leave(cast: Cast, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    all_at_once(cast)
    referred(cast)
    with pytest.raises(CommandError, match="kept for the next pass"):
        call_command("sweep", stdout=StringIO())
    assert set(Mail.objects.values_list("state", "attempts")) == {("pending", 0)}


def test_the_tasks_do_the_same_and_may_run_twice(cast: Cast) -> None:
    all_at_once(cast)
    referred(cast, at=MONDAY - timedelta(days=365 * 3))
    for _ in range(2):
        fire_timers()
        deliver_notices()
        assert set(Mail.objects.values_list("state", flat=True)) == {"sent"}
    assert set(Mail.objects.values_list("attempts", flat=True)) == {1}


def test_the_link_in_a_message_leads_to_the_to_do_after_sign_in(cast: Cast, client: Client) -> None:
    referred(cast)
    todo = Todo.objects.get(key="goals")
    asked = client.get(f"/todos/{todo.pk}/")
    assert asked.headers["Location"] == f"/accounts/login/?next=/todos/{todo.pk}/"
    signed_in = client.post(asked.headers["Location"], {"login": "phil", "password": "pathway-demo"})
    assert signed_in.headers["Location"] == f"/todos/{todo.pk}/"
