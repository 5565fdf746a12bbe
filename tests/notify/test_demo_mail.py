"""The demonstration's inbox, on messages that a real mail server has put into the folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from pytest_django.fixtures import Settings

from config.machine import free_port
from pathway.models import Clinician
from pathway.notify.outbox import drain
from tests.cast import MONDAY, Cast, referred
from tests.notify.tastes import all_at_once


@pytest.fixture
def reader(settings: Settings, tmp_path: Path, cast: Cast, client: Client) -> Client:
    """Phil, signed in to a demonstration whose mail server has taken the messages of one referral."""
    settings.DEMO, settings.DEMO_MAIL_DIR = True, tmp_path / "mail"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    server = Controller(Mailbox(settings.DEMO_MAIL_DIR), hostname="127.0.0.1", port=settings.EMAIL_PORT)
    server.start()
    all_at_once(cast)
    referred(cast)
    drain(at=MONDAY)
    hostile = EmailMultiAlternatives("<b>bold</b>", "<script>alert(1)</script>", to=["eve@clinic.example"])
    hostile.attach_alternative("<p>x", "text/html")
    hostile.send()
    server.stop()
    client.force_login(cast.phil)
    return client


def test_the_inbox_shows_all_and_filters_by_recipient(reader: Client) -> None:
    whole = reader.get("/demo/mail/").content.decode()
    assert "5 messages, newest first" in whole
    nora = reader.get("/demo/mail/", {"to": "nora@clinic.example"}).content.decode()
    assert "1 message, newest first" in nora
    assert "To do: Surgical review" in nora
    assert "anna@clinic.example</td>" not in nora


def test_a_message_shows_its_text_with_the_link(reader: Client) -> None:
    answer = reader.get("/demo/mail/", {"to": "nora@clinic.example"})
    page = reader.get(f"/demo/mail/{answer.context['mails'][0].key}/").content.decode()
    assert "A to-do has opened for you as neurosurgeon at Riverside." in page
    assert '<a href="http://127.0.0.1:8000/todos/' in page
    assert "auto-generated" in page
    assert "&lt;a class=&quot;button&quot;" in page


def test_nothing_in_a_message_becomes_part_of_the_page(reader: Client) -> None:
    answer = reader.get("/demo/mail/", {"to": "eve@clinic.example"})
    page = reader.get(f"/demo/mail/{answer.context['mails'][0].key}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page + answer.content.decode()
    assert "<b>bold" not in page + answer.content.decode()


@pytest.mark.parametrize("key", ["nothing", "..%2f..%2fsecret_key", "1.M1P1Q1.host"])
def test_an_unknown_message_is_not_there(reader: Client, key: str) -> None:
    assert reader.get(f"/demo/mail/{key}/").status_code == 404


def test_an_empty_inbox_says_what_to_do(settings: Settings, tmp_path: Path, client: Client, db: None) -> None:
    settings.DEMO, settings.DEMO_MAIL_DIR = True, tmp_path / "mail"
    client.force_login(Clinician.objects.create_user("phil"))
    assert "No message" in client.get("/demo/mail/").content.decode()


def test_there_is_no_inbox_outside_the_demonstration(client: Client, db: None) -> None:
    client.force_login(Clinician.objects.create_user("phil"))
    for path in ("/demo/mail/", "/demo/mail/any/"):
        assert client.get(path).status_code == 404
