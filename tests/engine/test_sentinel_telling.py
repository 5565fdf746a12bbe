"""Whom an alarm tells, how often, and that two looks at once tell once."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from pathway.engine.sentinel import LOCK, Watched, watch
from pathway.models import Alarm, Case, Clinic, Clinician, Mail, Membership, Notice, Timer
from tests.cast import MONDAY, Cast, make_cast, person, referred
from tests.engine.watched import HOUR, MINUTE, all_alive, beat_ran, forget_beat

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 3, 2, 15, tzinfo=UTC)  # 09:00 in Chicago, which opens at 08:00


@pytest.fixture
def world(db: None) -> Iterator[Cast]:
    """A clinic with one case, led by nora; nothing has been told yet."""
    cast = make_cast()
    Clinic.objects.filter(pk=cast.clinic.id).update(lead=cast.nora)
    referred(cast)
    Notice.objects.all().delete()
    yield cast
    forget_beat()


def break_a_case() -> None:
    Case.objects.update(next_key="")


def look(moment: datetime) -> Watched:
    """One look in a system whose timers fire and whose mail leaves."""
    Timer.objects.update(due_at=moment + HOUR)
    watched = watch(at=moment)
    Notice.objects.filter(state="pending").update(state="kept")
    return watched


def turns(kind: str = "alarm") -> dict[str, list[datetime]]:
    """When each person was told, in order."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for name, moment in Notice.objects.filter(kind=kind).values_list("recipient__username", "created_at"):
        found[name].append(moment)
    return {name: sorted(moments) for name, moments in found.items()}


def stale_mail(cast: Cast, moment: datetime) -> Mail:
    """A message that has waited for an hour."""
    return Mail.objects.create(
        recipient=cast.phil, clinic=cast.clinic, urgency="soon", created_at=moment, due_at=moment - HOUR
    )


def test_it_is_told_again_at_each_opening_and_the_lead_from_the_second_day_on(world: Cast) -> None:
    break_a_case()
    moment = NINE
    while moment < NINE + timedelta(days=8):  # the clocks of Chicago jump on the Sunday between
        look(moment)
        moment += HOUR
    openings = [datetime(2026, 3, day, 14, tzinfo=UTC) for day in (3, 4, 5, 6)]
    openings += [datetime(2026, 3, day, 13, tzinfo=UTC) for day in (9, 10)]
    told = turns()
    assert told["cora"] == [NINE, *openings]
    assert told["nora"] == openings
    assert set(told) == {"cora", "nora"}


def test_a_watch_that_was_away_at_the_opening_tells_when_it_is_back(world: Cast) -> None:
    break_a_case()
    look(NINE)
    for hours in (26, 27, 30):
        look(NINE + hours * HOUR)
    assert turns()["cora"] == [NINE, NINE + 26 * HOUR]


def test_an_alarm_raised_before_the_opening_is_not_told_twice_that_day(world: Cast) -> None:
    break_a_case()
    night = NINE - 5 * HOUR
    for hours in range(20):
        look(night + hours * HOUR)
    assert turns() == {"cora": [night]}


def test_an_alarm_of_the_system_tells_every_clinic_and_its_lead_each_at_its_own_opening(world: Cast) -> None:
    stale_mail(world, NINE)
    for hours in range(26):
        look(NINE + hours * HOUR)
    told = turns()
    assert told["cora"] == [NINE, NINE + 23 * HOUR]  # 08:00 in Chicago
    assert told["nora"] == [NINE, NINE + 23 * HOUR]
    assert told["omar"] == [NINE, NINE + 16 * HOUR]  # 08:00 in Berlin


def test_one_rule_in_one_clinic_is_one_notice_however_much_is_wrong(world: Cast) -> None:
    for number in range(3):
        referred(world, mrn=f"R-2{number}")
    Notice.objects.all().delete()
    break_a_case()
    assert look(NINE).raised == 4
    notice = Notice.objects.get(kind="alarm")
    assert (notice.recipient, notice.data["count"], notice.role) == (world.cora, 4, "coordinator")
    assert str(notice.case_id) == "None"


def test_a_later_finding_of_the_same_rule_is_told_at_once(world: Cast) -> None:
    break_a_case()
    look(NINE)
    case_id = referred(world, mrn="R-3")
    Notice.objects.exclude(kind="alarm").delete()
    Case.objects.filter(pk=case_id).update(next_key="")
    assert look(NINE + MINUTE).told == 1
    assert turns()["cora"] == [NINE, NINE + MINUTE]


def test_a_notice_holds_no_identity(world: Cast) -> None:
    break_a_case()
    look(NINE)
    notice, alarm = Notice.objects.get(kind="alarm"), Alarm.objects.get()
    text = f"{notice.data} {alarm.detail} {alarm.subject}"
    assert not {"Sample", "Person", "R-1001"} & set(text.replace("'", " ").split())


def test_an_alarm_of_the_system_that_comes_and_goes_is_told_once_an_hour(world: Cast) -> None:
    mail = stale_mail(world, NINE)
    for minutes in range(0, 121, 5):  # there for five minutes, gone for five
        mail.state = "dropped" if minutes % 10 else "pending"
        mail.save(update_fields=["state"])
        look(NINE + minutes * MINUTE)
    assert Alarm.objects.count() == 13
    assert turns()["cora"] == [NINE, NINE + HOUR, NINE + 2 * HOUR]


def test_without_a_coordinator_the_lead_is_told_and_without_a_lead_everybody(world: Cast) -> None:
    Membership.objects.filter(role="coordinator", clinic=world.clinic).delete()
    look(NINE)
    assert set(turns()) == {"nora"}
    Alarm.objects.update(cleared_at=NINE)
    Clinic.objects.update(lead=None)
    look(NINE + 2 * HOUR)
    assert set(turns()) == {"nora", "phil", "anna"}


def test_who_left_is_not_told(world: Cast) -> None:
    person("carl", world.clinic, "coordinator")
    Clinician.objects.filter(username="cora").update(is_active=False)
    break_a_case()
    look(NINE)
    assert set(turns()) == {"carl"}


def test_a_clinic_without_anybody_is_passed_over(world: Cast) -> None:
    Clinician.objects.update(is_active=False)
    assert look(NINE).told == 0


@pytest.mark.django_db(transaction=True)
def test_while_one_looks_the_other_does_nothing(transactional_db: None) -> None:
    cast = make_cast()
    referred(cast)
    break_a_case()
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            ready.set()
            done.wait(timeout=30)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert ready.wait(timeout=30)
    assert watch(at=MONDAY) == Watched()
    assert not Alarm.objects.exists()
    done.set()
    holder.join(timeout=30)
    assert watch(at=MONDAY).raised == 1
    forget_beat()


@pytest.mark.django_db(transaction=True)
def test_four_looks_at_once_tell_once(transactional_db: None) -> None:
    cast = make_cast()
    referred(cast)
    Notice.objects.all().delete()
    break_a_case()
    all_alive(MONDAY)
    beat_ran(MONDAY)
    barrier, raised = threading.Barrier(4), []

    def look() -> None:
        connection.ensure_connection()
        barrier.wait(timeout=30)
        raised.append(watch(at=MONDAY).raised)
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(raised) == [0, 0, 0, 1]
    assert Alarm.objects.count() == 1
    assert turns() == {"cora": [MONDAY]}
    forget_beat()
