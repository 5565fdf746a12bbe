"""Appointment reminders on the case page, and the page behind the link that stops them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from pathway.models import Clinic, Event, ReminderContact
from pathway.models.base import new_id
from pathway.notify.unsubscribe import Whose, token_for
from tests.cast import Cast, make_cast, referred
from tests.engine.reminded import ADDRESS, agree, book, close_it, consent_form
from tests.engine.running_pump import titrating
from tests.engine.traces import nothing_written
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, fresh_case, hidden, words
from tests.views.test_case import NOW
from tests.walk import Walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Iterator[Cast]:
    with at(NOW):
        yield make_cast()


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return fresh_case(cast)


@pytest.fixture
def running(cast: Cast) -> Iterator[Walk]:
    """A case whose pump runs, on its own day."""
    walk = titrating(cast)
    with at(walk.at):
        yield walk


def card(desk: Desk, walk: Walk) -> str:
    """The section as it is read."""
    html = desk.get(case_url(walk.case_id))
    section = re.search(r'<section[^>]*id="reminders".*?</section>', html, re.DOTALL)
    assert section is not None, "no section"
    return words(f"<main>{section[0]}")


# --- the case page ---


def test_nobody_is_reminded_until_somebody_agreed(cast: Cast, walk: Walk) -> None:
    text = card(Desk(cast.cora), walk)
    assert "Nobody is reminded of refill appointments by e-mail." in text
    assert "Record a consent" in text


def test_a_consent_is_recorded_and_shown_with_who_when_how_and_where(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.anna)
    answer = desk.post(case_url(walk.case_id, "reminders"), consent_form(walk, who="caregiver"))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{case_url(walk.case_id)}#reminders")
    text = card(desk, walk)
    for part in (
        "A caregiver",
        ADDRESS,
        "2 Mar 2026, in person; recorded by anna",
        "when a refill is booked",
    ):
        assert part in text
    page = words(desk.get(case_url(walk.case_id)))
    assert "Agreed to appointment reminders: the caregiver" in page, "history"
    assert page.count(ADDRESS) == 1, "the address stands in its section alone"


def test_the_next_reminder_and_the_day_of_the_appointment_are_shown(running: Walk) -> None:
    agree(running)
    day, desk = book(running), Desk(running.cast.phil)
    text = card(desk, running)
    first = day - timedelta(days=7)
    assert f"Next reminder {first:%a} {first.day} {first:%b %Y}" in text
    assert f"The refill is booked for {day:%a} {day.day} {day:%b %Y}." in text
    assert desk.queries(case_url(running.case_id)) <= MAX_QUERIES


def test_where_no_day_is_left_the_page_says_so(running: Walk) -> None:
    day = book(running, 1)
    agree(running)
    text = card(Desk(running.cast.phil), running)
    assert "Next reminder none left" in text, "the clinic has opened: today's has left"
    assert f"The refill is booked for {day:%a} {day.day} {day:%b %Y}." in text


def test_a_refused_address_is_flagged_with_what_to_do(cast: Cast, walk: Walk) -> None:
    agree(walk)
    assert "refused" not in card(Desk(cast.cora), walk)
    ReminderContact.objects.update(refused_at=walk.at)
    text = card(Desk(cast.cora), walk)
    assert "Mail to the patient is refused" in text
    assert "since 2 Mar 2026. Call to remind. Ask for the right address and record it below" in text


def test_what_was_typed_stays_with_the_reason_at_its_field(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.cora)
    with nothing_written():
        answer = desk.post(
            case_url(walk.case_id, "reminders"),
            consent_form(
                walk, email="someone@home.example\r\nBcc: thief@elsewhere.example", consent_on="2026-03-03"
            ),
        )
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "A line break or another hidden character stands in the address: type it anew." in words(html)
    assert "This day is in the future: nobody has agreed yet." in words(html)
    assert 'value="2026-03-03"' in html
    assert re.search(
        r'<details class="app-confirm" open>\s*<summary[^>]*>.{0,400}Record a consent', html, re.DOTALL
    )


@pytest.mark.parametrize("email", ["someone@home.example\n", "\tsomeone@home.example"])
def test_a_line_break_at_the_end_is_not_mended_in_silence(cast: Cast, walk: Walk, email: str) -> None:
    with nothing_written():
        answer = Desk(cast.cora).post(case_url(walk.case_id, "reminders"), consent_form(walk, email=email))
    assert answer.status_code == 422
    assert "A line break or another hidden character" in answer.content.decode()


def test_the_clinic_stops_the_reminders(cast: Cast, walk: Walk) -> None:
    contact, desk = agree(walk), Desk(cast.nora)
    html = desk.get(case_url(walk.case_id))
    assert hidden(html, "contact") == str(contact.id)
    for said in ("The reminders are stopped.", "It had been done before; nothing changed."):
        answer = desk.post(case_url(walk.case_id, "reminders/stop"), {"contact": str(contact.id)})
        assert answer.status_code == 303
        assert said in words(desk.get(case_url(walk.case_id)))
    text = card(desk, walk)
    assert "Nobody is reminded" in text
    assert "Ended: 1" in text
    assert f"{ADDRESS} agreed 2 Mar 2026, by telephone; recorded by cora; ended 2 Mar 2026 by nora" in text


def test_a_contact_of_another_patient_is_nowhere(cast: Cast, walk: Walk) -> None:
    other = agree(Walk(cast, referred(cast, mrn="R-2"), walk.at))
    desk = Desk(cast.cora)
    with nothing_written():
        for contact in (other.id, new_id(), "none", ""):
            answer = desk.post(case_url(walk.case_id, "reminders/stop"), {"contact": str(contact)})
            assert answer.status_code == 404


def test_a_closed_case_shows_who_agreed_and_takes_nobody_new(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.cora)
    agree(walk)
    close_it(walk)
    text = card(desk, walk)
    assert ADDRESS in text
    assert "Record a consent" not in text
    answer = desk.post(case_url(walk.case_id, "reminders"), consent_form(walk, who="caregiver"))
    assert answer.status_code == 409
    assert "The case is closed; reopen it first." in words(answer.content.decode())


# --- the page behind the link ---


def stop_url(contact_id: UUID) -> str:
    return f"/reminders/stop/{token_for(Whose.CONTACT, contact_id)}/"


def test_reading_the_page_changes_nothing_and_names_nobody(cast: Cast, walk: Walk) -> None:
    contact, stranger = agree(walk), Client()
    with nothing_written():
        html = stranger.get(stop_url(contact.id)).content.decode()
        assert stranger.head(stop_url(contact.id)).status_code == 200
    text = words(html)
    assert (
        "Stop the reminders? Riverside will send no more e-mails about appointments to this address." in text
    )
    for secret in (
        ADDRESS,
        "Sample",
        "Person",
        "R-1001",
        "patient",
        "caregiver",
        "pump",
        "refill",
        str(contact.id),
    ):
        assert secret.lower() not in text.lower()
    assert "Sign in" not in html
    assert 'name="robots" content="noindex"' in html


def test_the_page_names_the_hospital_where_it_is_known(cast: Cast, walk: Walk) -> None:
    """A clinic's own name may say what it treats."""
    Clinic.objects.filter(pk=cast.clinic.pk).update(
        name="Riverside ITB programme", hospital_name="Riverside Hospital"
    )
    html = Client().get(stop_url(agree(walk).id)).content.decode()
    assert "Riverside Hospital will send no more e-mails" in words(html)
    assert "ITB" not in html


def test_pressing_the_button_stops_them_and_twice_is_fine(walk: Walk) -> None:
    contact, stranger = agree(walk), Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = stranger.post(stop_url(contact.id))
        assert answer.status_code == 200
        assert "You get no more reminders" in words(answer.content.decode())
    contact.refresh_from_db()
    assert contact.withdrawn_at == walk.at
    assert Event.objects.filter(verb="remind_withdraw").count() == 1
    assert "You get no more reminders" in words(stranger.get(stop_url(contact.id)).content.decode())


def test_a_mail_program_presses_it_for_the_person(walk: Walk) -> None:
    """RFC 8058: a POST with this body, without cookies, and no redirect for an answer."""
    contact = agree(walk)
    answer = Client(enforce_csrf_checks=True).post(
        stop_url(contact.id), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    contact.refresh_from_db()
    assert contact.withdrawn_at is not None


def test_the_clinic_sees_that_the_person_stopped_them(cast: Cast, walk: Walk) -> None:
    Client().post(stop_url(agree(walk).id))
    desk = Desk(cast.cora)
    assert "ended 2 Mar 2026 by the link in a mail" in card(desk, walk)
    page = words(desk.get(case_url(walk.case_id)))
    assert "No more appointment reminders: the patient By the link in a mail." in page


def test_a_link_that_we_did_not_sign_or_of_nobody_is_nowhere(cast: Cast, walk: Walk) -> None:
    contact, stranger = agree(walk), Client()
    of_a_clinician = f"/reminders/stop/{token_for(Whose.CLINICIAN, contact.id)}/"
    with nothing_written():
        for url in (
            "/reminders/stop/none/",
            f"/reminders/stop/{contact.id.hex}/",
            stop_url(new_id()),
            of_a_clinician,
        ):
            assert stranger.get(url).status_code == 404
            assert stranger.post(url).status_code == 404
