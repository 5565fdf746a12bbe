"""Every rule of the sentinel, broken on purpose: a person is told within one look, every page says so, monitoring
sees it, and it is gone as soon as it is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from django.test import override_settings

from pathway.engine.mails import correct_address, resend
from pathway.engine.sentinel import beat, fall_silent
from pathway.models import (
    Absence,
    Alarm,
    Case,
    Clinic,
    Clinician,
    Event,
    IncidentTimer,
    Mail,
    Membership,
    Notice,
    Patient,
    Pump,
    ReminderContact,
    Timer,
    Todo,
)
from pathway.models.base import new_id
from pathway.protocol.alarms import ALARM_RULES
from pathway.queries.findings import Window
from pathway.queries.signs import BROKER, SWEEP, WATCH, WATCHING, WORKER
from pathway.queries.watch_clinics import pump_without_refill, window_of
from tests.cast import Cast, person
from tests.engine.told import tell
from tests.engine.watched import (
    DAY,
    HOUR,
    MINUTE,
    Watch,
    all_alive,
    beat_ran,
    forget_beat,
    title,
    unprotected,
)

Step = Callable[[Watch], object]
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def world(cast: Cast) -> Iterator[Watch]:
    yield Watch(cast)
    forget_beat()


@dataclass(frozen=True)
class Trouble:
    """How a rule is broken and mended. `system`: it concerns every clinic."""

    breaks: Step
    mends: Step
    system: bool = False


def refill(world: Watch) -> object:
    return Todo.objects.filter(case_id=world.case_id, key="refill", state="open")


def withdraw_refill(world: Watch) -> None:
    world.refill = refill(world).get().id
    Todo.objects.filter(pk=world.refill).update(
        state="withdrawn", ended_at=world.at, ended_by_id=world.cast.phil.id
    )


def open_refill(world: Watch) -> None:
    Todo.objects.filter(pk=world.refill).update(state="open", ended_at=None, ended_by_id=None)


def move_refill(world: Watch, days: int) -> None:
    refill_by = Pump.objects.get(case_id=world.case_id).refill_by
    refill(world).update(due_on=refill_by + days * DAY)


def change_history(world: Watch, verb: str) -> None:
    with unprotected():
        Event.objects.filter(case_id=world.case_id, seq=2).update(verb=verb)


def rename(world: Watch, old: str, new: str) -> None:
    """A column that one check alone reads is called something else."""
    world.sql("SET CONSTRAINTS ALL IMMEDIATE")
    world.sql(f"ALTER TABLE pathway_event RENAME COLUMN {old} TO {new}")


def letter(world: Watch, **values: object) -> None:
    """A message to phil."""
    row = {"state": "pending", "due_at": world.at, "created_at": world.at, "urgency": "soon", **values}
    world.mail = Mail.objects.create(recipient=world.cast.phil, clinic=world.cast.clinic, **row)


def away(world: Watch) -> None:
    due = refill(world).get().due_on
    Absence.objects.create(
        clinic=world.cast.clinic,
        clinician=world.cast.phil,
        first_day=due - DAY,
        last_day=due + DAY,
        planned_at=world.at,
        planned_by=world.cast.phil,
    )


def stranger_leads(world: Watch) -> None:
    Clinic.objects.filter(pk=world.cast.clinic.id).update(lead=Clinician.objects.create_user("lena"))


def anna_left_with_a_duty(world: Watch) -> None:
    person("arno", world.cast.clinic, "anesthesiologist")
    refill(world).update(owner=world.cast.anna)
    Clinician.objects.filter(pk=world.cast.anna.pk).update(is_active=False)


def silent(name: str) -> Step:
    return lambda world: beat(name, world.at - 10 * MINUTE)


def lively(name: str) -> Step:
    return lambda world: beat(name, world.at)


def active(name: str, value: bool) -> Step:
    return lambda world: Clinician.objects.filter(username=name).update(is_active=value)


def refuse_contact(world: Watch) -> None:
    world.contact = ReminderContact.objects.create(
        patient=Patient.objects.get(),
        who="patient",
        email="someone@home.example",
        consent_on=world.at.date(),
        consent_how="in_person",
        recorded_at=world.at,
        recorded_by=world.cast.cora,
        refused_at=world.at,
    )


def drop_all_duties(world: Watch) -> None:
    """Everything the case asked fell away although the case still says whose turn it is."""
    Pump.objects.update(explanted_on=world.at.date(), explant_reason="For this test")
    Todo.objects.filter(state="open").update(
        state="withdrawn", ended_at=world.at, ended_by_id=world.cast.phil.id
    )


TROUBLES = {
    "pump_without_refill": Trouble(withdraw_refill, open_refill),
    "refill_after_refill_by": Trouble(
        lambda world: move_refill(world, 1), lambda world: move_refill(world, 0)
    ),
    "case_without_duty": Trouble(
        lambda world: Case.objects.update(next_key=""), lambda world: Case.objects.update(next_key="refill")
    ),
    "case_without_duty, whose to-dos are gone": Trouble(
        drop_all_duties,
        lambda world: Todo.objects.filter(key="refill").update(state="open", ended_at=None, ended_by_id=None),
    ),
    "role_with_nobody": Trouble(active("anna", False), active("anna", True)),
    "owner_gone": Trouble(anna_left_with_a_duty, lambda world: refill(world).update(owner=None)),
    "nobody_leads": Trouble(
        stranger_leads,
        lambda world: Clinic.objects.filter(pk=world.cast.clinic.id).update(lead=world.cast.nora),
    ),
    "cover_gap": Trouble(
        away,
        lambda world: Absence.objects.update(cancelled_at=world.at, cancelled_by=world.cast.phil),
    ),
    "mail_dead": Trouble(
        lambda world: letter(world, state="dead", error="the mail server answered 554"),
        lambda world: resend(mail_id=world.mail.id, by=world.cast.cora, at=world.at),
    ),
    "address_refused": Trouble(
        lambda world: Clinician.objects.filter(username="phil").update(email_refused_at=world.at),
        lambda world: correct_address(
            clinician_id=world.cast.phil.id, email="phil@new.example", by=world.cast.cora, at=world.at
        ),
    ),
    "address_refused, of a patient": Trouble(
        refuse_contact,
        lambda world: ReminderContact.objects.update(
            withdrawn_at=world.at, withdrawn_by_id=world.cast.cora.id
        ),
    ),
    "chain_broken": Trouble(
        lambda world: change_history(world, "forged"), lambda world: change_history(world, world.verb)
    ),
    "mail_stuck": Trouble(
        lambda world: letter(world, due_at=world.at - HOUR),
        lambda world: Mail.objects.update(state="sent", sent_at=world.at),
        system=True,
    ),
    "mail_stuck, a notice of which no mail is made": Trouble(
        lambda world: Notice.objects.update(state="pending", due_at=world.at - HOUR),
        lambda world: Notice.objects.filter(state="pending").update(state="kept"),
        system=True,
    ),
    "mail_stuck, the server is away": Trouble(
        lambda world: letter(
            world, created_at=world.at - HOUR, due_at=world.at + MINUTE, error="ConnectionRefusedError"
        ),
        lambda world: Mail.objects.update(state="sent", sent_at=world.at),
        system=True,
    ),
    "worker_silent": Trouble(silent(WORKER), lively(WORKER), system=True),
    "beat_silent": Trouble(
        lambda world: (forget_beat(), beat("beat", world.at - HOUR)),
        lambda world: beat_ran(world.at),
        system=True,
    ),
    "broker_away": Trouble(silent(BROKER), lively(BROKER), system=True),
    "sweep_silent": Trouble(silent(SWEEP), lambda world: fall_silent(SWEEP), system=True),
    "timers_late": Trouble(
        lambda world: Timer.objects.update(due_at=world.at - HOUR),
        lambda world: Timer.objects.update(due_at=world.at + DAY),
        system=True,
    ),
    "timers_late, of an incident": Trouble(
        lambda world: (tell(world.walk), IncidentTimer.objects.update(due_at=world.at - 5 * MINUTE)),
        lambda world: IncidentTimer.objects.update(due_at=world.at + DAY),
        system=True,
    ),
    "rule_failed": Trouble(
        lambda world: rename(world, "verb", "gone"),
        lambda world: rename(world, "gone", "verb"),
        system=True,
    ),
}


def test_no_rule_is_left_out() -> None:
    assert {name.split(",")[0] for name in TROUBLES} == set(ALARM_RULES)


@pytest.mark.parametrize("name", TROUBLES)
def test_broken_on_purpose_it_is_told_shown_and_cleared_when_mended(world: Watch, name: str) -> None:
    rule, trouble = name.split(",")[0], TROUBLES[name]
    broker = {"REDIS_URL": NOWHERE} if rule == "broker_away" else {}
    world.verb = Event.objects.get(case_id=world.case_id, seq=2).verb
    world.look()
    assert world.standing() == []
    assert world.banner("nora") == ""
    assert world.ready() == (200, world.ready()[1] | {"alarms": {}})
    assert world.metric("pathway_alarms", rule=rule) == 0

    trouble.breaks(world)
    with override_settings(**broker):
        assert world.look().told >= 1
    assert [found for found, _ in world.standing()] == [rule]
    told = {"cora", "omar"} if trouble.system else {"cora"}
    assert world.told(rule) == told
    assert world.mailed(title(rule)) == {f"{name}@clinic.example" for name in told}
    assert title(rule) in world.banner("nora")
    assert (title(rule) in world.banner("omar")) is trouble.system
    status, report = world.ready()
    assert report["alarms"] == {rule: 1}
    assert status == (503 if trouble.system else 200)
    assert world.metric("pathway_alarms", rule=rule) == 1

    trouble.mends(world)
    assert world.look().cleared == 1
    assert world.standing() == []
    assert Alarm.objects.get(rule=rule).cleared_at == world.at
    assert world.banner("nora") == ""
    assert world.ready()[1]["alarms"] == {}
    assert world.metric("pathway_alarms", rule=rule) == 0


def test_a_role_that_only_a_duty_names(world: Watch) -> None:
    Todo.objects.filter(case_id=world.case_id, state="open", owner=None).update(role="therapist")
    world.look()
    assert ("role_with_nobody", f"therapist:{world.cast.clinic.id}") in world.standing()


def test_a_clinic_without_an_open_case_needs_nobody(world: Watch) -> None:
    Membership.objects.filter(clinic=world.cast.other_clinic).delete()
    world.look()
    assert world.standing() == []


def test_a_pump_that_has_no_date_is_one_that_nobody_watches(world: Watch) -> None:
    Pump.objects.update(refill_by=None, stability_on=None)
    world.look()
    assert [rule for rule, _ in world.standing()] == ["pump_without_refill"]


def test_a_history_known_to_be_broken_is_read_at_every_look(world: Watch) -> None:
    change_history(world, "forged")
    for _ in range(3):
        world.look()
        world.wait(MINUTE)
        all_alive(world.at)
    assert [rule for rule, _ in world.standing()] == ["chain_broken"]


def test_a_mail_that_the_server_itself_puts_off_says_nothing_about_the_system(world: Watch) -> None:
    letter(world, created_at=world.at - DAY, due_at=world.at + HOUR, attempts=5, error="450")
    world.look()
    assert world.standing() == []


def test_a_lease_that_ran_out_and_that_nobody_took_again(world: Watch) -> None:
    letter(world, state="leased", created_at=world.at - DAY, due_at=world.at - HOUR, attempts=1)
    world.look()
    assert [rule for rule, _ in world.standing()] == ["mail_stuck"]


def test_a_start_after_a_night_gives_every_part_its_time(world: Watch) -> None:
    """Everything was switched off for a night: nothing is wrong yet; one minute later it is."""
    night = world.at - 8 * HOUR
    for name in (WATCH, WATCHING, WORKER):
        beat(name, night)
    world.look()
    assert world.standing() == []
    world.wait(2 * MINUTE)
    beat_ran(world.at)
    world.look()
    assert [rule for rule, _ in world.standing()] == ["worker_silent"]


def test_a_watch_that_stopped_is_seen_on_every_page_although_no_row_says_it(world: Watch) -> None:
    world.look()
    world.wait(4 * MINUTE)
    assert "The system does not watch itself since 4 minutes" in world.banner("nora")
    assert "The system does not watch itself" in world.banner("omar")
    status, report = world.ready()
    assert (status, report["watch_heartbeat_age_s"]) == (503, 240)
    assert world.metric("pathway_heartbeat_age_seconds", part="watch") == 240
    all_alive(world.at)
    world.look()
    assert world.banner("nora") == ""


def test_a_fresh_installation_says_only_after_minutes_that_nobody_watches(world: Watch) -> None:
    for name in (WATCH, WATCHING, WORKER, BROKER, "beat"):
        fall_silent(name)
    assert world.banner("nora") == ""
    beat("prepared", world.at)
    assert world.banner("nora") == ""
    world.wait(5 * MINUTE)
    assert "The system does not watch itself" in world.banner("nora")


def test_a_window_reads_its_stretch_and_what_is_known_to_be_wrong(world: Watch) -> None:
    withdraw_refill(world)
    pump = Pump.objects.get().id
    whole, after = window_of("pathway_pump", ""), window_of("pathway_pump", str(pump))
    assert (whole.mark, after.mark) == ("", "")
    assert [found.subject for found in pump_without_refill(whole)] == [str(pump)]
    assert pump_without_refill(after) == []
    assert [found.subject for found in pump_without_refill(replace(after, known=(pump,)))] == [str(pump)]
    assert Window(high=pump).mark == str(pump)
    assert [found.subject for found in pump_without_refill(Window(high=pump))] == [str(pump)]


def test_more_than_fits_clears_nothing_until_it_fits(world: Watch) -> None:
    clinics = [Clinic(name=f"Site {number}", slug=f"site-{number}", country="US") for number in range(201)]
    Clinic.objects.bulk_create(clinics)
    mails = [
        Mail(
            id=new_id(),
            clinic=clinic,
            recipient=world.cast.phil,
            state="dead",
            urgency="soon",
            created_at=world.at,
            due_at=world.at,
        )
        for clinic in sorted(clinics, key=lambda clinic: clinic.id)
    ]
    Mail.objects.bulk_create(mails)
    assert world.look().raised == 200
    Mail.objects.filter(pk=mails[0].id).update(state="dropped")
    assert (world.look().cleared, len(world.standing())) == (0, 201)
    Mail.objects.filter(pk=mails[1].id).update(state="dropped")
    assert (world.look().cleared, len(world.standing())) == (2, 199)
