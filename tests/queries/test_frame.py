"""What stands around every page: unread notices, open alarms, signs of life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from pathway.models import Alarm, Clinic, Clinician, Heartbeat, Membership, Notice, Todo
from pathway.queries.frame import ALARMS_LIMIT, UNREAD_LIMIT, Frame, frame_of
from pathway.queries.noise import noise_of
from pathway.queries.notices import Show, notices_of
from tests.cast import MONDAY, Cast, referred
from tests.inboxes import tell


def alarm(rule: str, clinic: Clinic | None, **columns: Any) -> Alarm:
    """An alarm that stands."""
    values = {"raised_at": MONDAY, "seen_at": MONDAY, "told_at": MONDAY, "subject": "", **columns}
    return Alarm.objects.create(rule=rule, clinic=clinic, **values)


def test_nothing_is_nothing(cast: Cast) -> None:
    assert frame_of(cast.nora.id) == Frame(0, (), {})


def test_unread_are_ones_own_that_still_say_something(cast: Cast) -> None:
    tell(cast.nora, cast.clinic, 3)
    tell(cast.nora, cast.clinic, 2, read_at=MONDAY)
    tell(cast.nora, cast.clinic, 4, state="dropped")
    tell(cast.phil, cast.clinic, 5)
    assert frame_of(cast.nora.id).unread == 3


def test_what_is_about_a_to_do_that_was_done_since_is_not_unread(cast: Cast) -> None:
    """Whoever does a to-do straight from its mail has nothing left to mark; whoever has it reopened, has."""
    todo = Todo.objects.filter(case_id=referred(cast)).first()
    assert todo is not None
    Notice.objects.all().delete()
    (one,) = tell(cast.nora, cast.clinic, todo=todo, kind="due", created_at=MONDAY)
    tell(cast.nora, cast.clinic, created_at=MONDAY + timedelta(hours=1))
    todos = Todo.objects.filter(pk=todo.pk)
    for ended, unread in (
        ({"state": "done", "ended_at": MONDAY, "ended_by_id": cast.nora.id}, 1),
        ({"state": "open", "ended_at": None, "ended_by_id": None}, 2),
    ):
        todos.update(**ended)
        assert frame_of(cast.nora.id).unread == unread
        assert len(notices_of(cast.nora.id, at=MONDAY, show=Show.UNREAD).rows) == unread
        row = notices_of(cast.nora.id, at=MONDAY).rows[-1]
        assert (row.id, row.read) == (one.id, unread == 1)
        [nora] = [person for person in noise_of(cast.clinic.id, since=MONDAY).people if person.name == "nora"]
        assert nora.unread == unread


def test_the_count_stops_at_its_limit(cast: Cast) -> None:
    tell(cast.nora, cast.clinic, UNREAD_LIMIT + 20)
    assert frame_of(cast.nora.id).unread == UNREAD_LIMIT


def test_alarms_are_those_of_ones_clinics_and_of_every_clinic(cast: Cast) -> None:
    alarm("mail_down", None, raised_at=MONDAY + timedelta(hours=1), detail={"oldest": 7})
    alarm("role_empty", cast.clinic, subject="nurse")
    alarm("role_empty", cast.other_clinic, subject="physiatrist")
    alarm("beat_down", None, cleared_at=MONDAY)
    found = frame_of(cast.nora.id).alarms
    assert [(one.rule, one.subject, one.clinic_id) for one in found] == [
        ("role_empty", "nurse", cast.clinic.id),
        ("mail_down", "", None),
    ]
    assert (found[1].detail, found[1].raised_at) == ({"oldest": 7}, MONDAY + timedelta(hours=1))
    assert [one.subject for one in frame_of(cast.omar.id).alarms] == ["physiatrist", ""]


def test_who_works_in_two_clinics_sees_an_alarm_once(cast: Cast) -> None:
    Membership.objects.create(clinician=cast.nora, clinic=cast.clinic, role="nurse")
    alarm("mail_down", None)
    alarm("role_empty", cast.clinic)
    assert len(frame_of(cast.nora.id).alarms) == 2


def test_a_person_of_no_clinic_sees_what_concerns_all(cast: Cast) -> None:
    alarm("mail_down", None)
    alarm("role_empty", cast.clinic)
    admin = Clinician.objects.create_user("admin")
    assert [one.rule for one in frame_of(admin.id).alarms] == ["mail_down"]


def test_signs_of_life_are_aware_instants(cast: Cast) -> None:
    beat = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
    Heartbeat.objects.create(name="worker", at=beat)
    assert frame_of(cast.nora.id).beats == {"worker": beat}


def test_one_statement_however_much(cast: Cast) -> None:
    tell(cast.nora, cast.clinic, 300)
    for number in range(ALARMS_LIMIT + 5):
        alarm("role_empty", cast.clinic, subject=str(number))
    with CaptureQueriesContext(connection) as asked:
        assert len(frame_of(cast.nora.id).alarms) == ALARMS_LIMIT
    assert len(asked) == 1
