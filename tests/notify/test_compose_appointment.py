"""The reminder of an appointment: what a patient or caregiver reads, and that whoever else reads it learns nothing."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest
from django.core.mail import EmailMultiAlternatives

from pathway.notify.compose import Message
from pathway.notify.compose_appointment import AppointmentSubject, compose_appointment, stop_link
from pathway.notify.unsubscribe import Whose, token_for

ABOUT = AppointmentSubject(
    mail_id=UUID("11111111-1111-4111-8111-111111111111"),
    contact_id=UUID("22222222-2222-4222-8222-222222222222"),
    on=date(2026, 3, 2),
    clinic="Riverside & Sons",
    phone="+1 (312) 555-0100",
)
CLINICAL = re.compile(
    "pump|refill|baclofen|drug|dose|reservoir|spas|intrathecal|itb|implant|patient|treatment|illness|todo|case|mrn",
    re.IGNORECASE,
)


def read(message: Message) -> str:
    """Everything a mail server and a mailbox get, less the styles and the random part of the link."""
    html = re.sub(r"style=\"[^\"]*\"|<style>.*?</style>", "", message.html, flags=re.DOTALL)
    whole = "\n".join([message.subject, message.text, html, *message.headers.values()])
    return whole.replace(token_for(Whose.CONTACT, ABOUT.contact_id), "")


def test_it_says_when_where_and_whom_to_call() -> None:
    message = compose_appointment(ABOUT)
    assert message.subject == "Your appointment on Monday 2 March 2026"
    for part in (
        "Monday 2 March 2026",
        "+1 (312) 555-0100",
        "if you cannot come",
        stop_link(ABOUT.contact_id),
    ):
        assert part in message.text
        assert part in message.html
    assert "Riverside & Sons" in message.text
    assert "Riverside &amp; Sons" in message.html
    assert 'href="tel:+13125550100"' in message.html


def test_without_a_number_it_asks_to_call_the_clinic() -> None:
    message = compose_appointment(replace(ABOUT, phone=""))
    assert "Please call the clinic if you cannot come" in message.text
    assert "Please call the clinic if you cannot come" in message.html
    assert "Telephone" not in message.text + message.html
    assert "tel:" not in message.html


def test_nothing_clinical_and_no_other_link_stands_in_it() -> None:
    message = compose_appointment(ABOUT)
    assert not CLINICAL.findall(read(message))
    links = set(re.findall(r"https?://[^\s\"<>]+", message.text + message.html))
    assert links == {stop_link(ABOUT.contact_id)}


def test_it_is_made_of_nothing_that_could_name_a_person() -> None:
    assert {field.name for field in fields(AppointmentSubject)} == {
        *("mail_id", "contact_id", "on", "clinic", "phone"),
    }


def test_one_press_in_the_mail_program_stops_the_reminders_and_no_robot_answers() -> None:
    headers = compose_appointment(ABOUT).headers
    assert headers["List-Unsubscribe"] == f"<{stop_link(ABOUT.contact_id)}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Message-ID"] == f"<{ABOUT.mail_id}@127.0.0.1>"


def test_the_long_link_survives_the_journey() -> None:
    """A header that is longer than a line is folded; it must not be encoded, or no mail program finds the link."""
    message = compose_appointment(ABOUT)
    mail = EmailMultiAlternatives(
        message.subject, message.text, "a@b.example", ["c@d.example"], headers=message.headers
    )
    got = message_from_bytes(mail.message().as_bytes(), policy=default)
    assert got["List-Unsubscribe"].strip() == f"<{stop_link(ABOUT.contact_id)}>"
    assert b"=?utf-8?" not in mail.message().as_bytes()


@pytest.mark.parametrize("field", ["clinic", "phone"])
def test_a_line_break_in_what_the_clinic_typed_breaks_nothing(field: str) -> None:
    message = compose_appointment(replace(ABOUT, **{field: "North\r\nBcc: thief@elsewhere.example"}))
    assert "\r" not in message.text
    assert "\n" not in message.subject
    assert "North Bcc: thief@elsewhere.example" in message.text


def test_the_same_mail_reads_the_same_each_time() -> None:
    assert compose_appointment(ABOUT) == compose_appointment(ABOUT)
