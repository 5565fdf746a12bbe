"""The whole road of a reminder: a refill is booked, the days pass, a mail leaves or no longer has anything to say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from pathway.engine.reminders import withdraw_consent
from pathway.models import Case, Mail, Notice, Patient
from pathway.notify.bundle import bundle
from pathway.notify.outbox import drain
from tests.cast import Cast, patient_values
from tests.engine.reminded import ADDRESS, agree, book, cancel, move_booking
from tests.engine.running_pump import titrating
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """A case whose pump runs and whose patient agreed; the mails of its passage are out of the way."""
    walk = titrating(cast)
    agree(walk)
    Notice.objects.all().delete()
    return walk


def opening(day: date) -> datetime:
    """08:00 in Chicago in summer, which the days of these tests lie in."""
    return datetime(day.year, day.month, day.day, 13, tzinfo=UTC)


def arrived() -> list[EmailMessage]:
    return [sent for sent in mail.outbox if ADDRESS in sent.to]


def subject(day: date) -> str:
    return f"Your appointment on {day:%A} {day.day} {day:%B %Y}"


def test_a_week_and_a_day_before_a_mail_arrives_at_the_opening_and_not_before(walk: Walk) -> None:
    day = book(walk)
    for days, count in ((7, 1), (1, 2)):
        moment = opening(day - timedelta(days=days))
        drain(at=moment - timedelta(minutes=1))
        assert len(arrived()) == count - 1
        drain(at=moment)
        drain(at=moment + timedelta(hours=1))
        assert [sent.subject for sent in arrived()] == [subject(day)] * count
    assert {sent.extra_headers["List-Unsubscribe-Post"] for sent in arrived()} == {
        "List-Unsubscribe=One-Click"
    }
    assert all(sent.to == [ADDRESS] and not sent.cc and not sent.bcc for sent in arrived())


def test_a_cancelled_appointment_leaves_no_mail_and_a_moved_one_its_new_date(walk: Walk) -> None:
    old = book(walk)
    cancel(walk)
    drain(at=opening(old - timedelta(days=7)))
    assert arrived() == []
    new = book(walk, 25)
    drain(at=opening(old))
    assert [sent.subject for sent in arrived()] == [subject(new)]


def test_consent_withdrawn_while_a_mail_waits_stops_it(walk: Walk) -> None:
    day = book(walk)
    moment = opening(day - timedelta(days=7))
    while bundle(at=moment):
        pass
    waiting = Mail.objects.get(contact__isnull=False)
    withdraw_consent(contact_id=waiting.contact_id, by=None, at=moment)
    drain(at=moment)
    waiting.refresh_from_db()
    assert (arrived(), waiting.state) == ([], "dropped")


def test_an_appointment_moved_while_a_mail_waits_stops_it(walk: Walk) -> None:
    day = book(walk)
    moment = opening(day - timedelta(days=7))
    while bundle(at=moment):
        pass
    move_booking(walk, 30)
    drain(at=moment)
    assert arrived() == []


def test_nothing_of_the_patient_and_nothing_clinical_leaves_the_clinic(walk: Walk) -> None:
    """Every free text of patient and case is a canary."""
    names = {
        field.name: f"canary-{field.name}"
        for field in Patient._meta.concrete_fields
        if field.get_internal_type() in ("CharField", "TextField") and not field.choices
    }
    Patient.objects.update(**{**patient_values(), **names, "birth_date": date(1944, 4, 24)})
    Case.objects.update(referred_by="canary-referrer", referral_reason="canary-reason")
    day = book(walk)
    drain(at=opening(day - timedelta(days=7)))
    [sent] = arrived()
    whole = (sent.message().as_string() + sent.subject + sent.body + str(sent.alternatives)).lower()
    secrets = (
        "canary",
        "1944",
        "pump",
        "refill",
        "baclofen",
        "itb",
        "spas",
        "day ward",
        "adapted van",
        "/todos/",
        "/cases/",
    )
    assert not [
        secret
        for secret in secrets
        if secret in whole.replace(sent.extra_headers["List-Unsubscribe"].lower()[1:-1], "")
    ]
