"""The frame every page stands in, on the page that holds every component."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pathway.models import Clinic, Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client) -> str:
    clinician = get_user_model().objects.create_user("phil", first_name="Phil", last_name="Day")
    clinic = Clinic.objects.create(name="North Clinic", slug="north", country="GB", time_zone="Europe/London")
    Membership.objects.create(clinician=clinician, clinic=clinic, role="physiatrist")
    client.force_login(clinician)
    answer = client.get("/help/style/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_signing_in_comes_first(client: Client) -> None:
    answer = client.get("/help/style/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_the_frame_names_person_clinic_and_limits(page: str) -> None:
    assert "Phil Day" in page
    assert "North Clinic" in page
    assert "never prescribes, never programs a pump" in page


def test_sign_out_is_a_form_with_a_token(page: str) -> None:
    form = page[page.index('action="/accounts/logout/"') :]
    assert "csrfmiddlewaretoken" in form[: form.index("</form>")]


def test_one_main_heading_and_no_component_left_uncompiled(page: str) -> None:
    assert len(re.findall(r"<h1\b", page)) == 1
    assert "<c-" not in page
    assert "{%" not in page
    assert "{{" not in page


def test_ids_are_unique_and_references_lead_somewhere(page: str) -> None:
    text = re.sub(r"<template>.*?</template>", "", page, flags=re.DOTALL)
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    referred = re.findall(r'(?:aria-labelledby|aria-describedby|popovertarget|for)="([^"]+)"', text)
    missing = {name for names in referred for name in names.split()} - set(ids)
    assert missing == set()


def test_the_frame_itself_asks_the_database_twice(client: Client, page: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get("/help/style/")
    session_and_user, clinic_and_what_stands_around = 2, 2
    assert len(asked) <= session_and_user + clinic_and_what_stands_around


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "409", "429", "500"])
def test_error_pages_stand_without_a_request(name: str) -> None:
    html = render_to_string(f"{name}.html")
    assert "Go to my work" in html or "Try again" in html
    assert 'class="app-masthead"' in html or name == "500"


def test_the_sign_in_page_is_ours(client: Client) -> None:
    html = client.get("/accounts/login/").content.decode()
    assert "app-entrance" in html
    assert "pf-v6-c-form-control" in html
    assert "sign up" not in html.lower()
