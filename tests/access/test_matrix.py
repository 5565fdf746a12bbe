"""Who gets what from every address: each route of the URL configuration × each member of the cast × anonymous.

The table is the whole expectation. A route that no row names fails, and so does a row that names no route. Whoever only
reads, and whoever is refused, leaves no trace in any table of the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, override_settings

from pathway.clinical.signs import Signs
from pathway.engine.incidents import report
from pathway.models import Clinician, Todo
from pathway.models.base import new_id
from tests.access.routes import address, routes
from tests.cast import MONDAY, PASSWORD, Cast, make_cast, referred
from tests.engine.traces import nothing_written
from tests.views.desk import Desk, at

pytestmark = pytest.mark.django_db
NOW = MONDAY + timedelta(hours=6)
TABLE = Path(__file__).with_name("matrix.txt")
PEOPLE = ("anonymous", "nora", "phil", "anna", "cora", "omar", "admin")
SIGN_IN = ("/accounts/login/", "/admin/login/")
#: Pressed by mail programs for a person (RFC 8058): the signed address allows it, no token of a form.
NO_TOKEN = {"reminders/stop/<str:key>/", "notices/mute/<str:token>/"}
#: Nobody is signed in there: the key that the address ends in is what allows it.
KEYED = {*NO_TOKEN, "calendar/<str:key>.ics"}
#: It did something: a verb redirects with 303.
DONE = 303

Row = tuple[str, str]
"""A method and a route."""


@cache
def expected() -> Mapping[Row, Mapping[str, int]]:
    """The table: for each method and route the status that each person gets."""
    found: dict[Row, Mapping[str, int]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        method, route, *statuses = line.split()
        row = (method, "" if route == "(root)" else route)
        assert row not in found, f"two rows for {row}"
        found[row] = dict(zip(PEOPLE, map(int, statuses), strict=True))
    return found


def is_admin(route: str) -> bool:
    """Pages of the administration: Django makes them from its registry, so one rule stands for all."""
    return route.startswith("admin/")


class Scene:
    """A case in evaluation at nora's, phil's, anna's and cora's clinic; its to-do is the physiatrist's, unowned.

    Omar coordinates another clinic; admin is a superuser who belongs to none.
    """

    def __init__(self) -> None:
        self.cast: Cast = make_cast()
        self.admin = Clinician.objects.create_superuser("admin", "admin@clinic.example", PASSWORD)
        self.case_id: UUID = referred(self.cast)
        self.todo_id: UUID = Todo.objects.get(case_id=self.case_id, key="baseline_spasticity").id
        self.incident_id = self.incident_of_another_case()

    def incident_of_another_case(self) -> UUID:
        """An incident that nobody has acknowledged, on a case of its own: the first one's to-dos stay as they are."""
        outcome = report(
            case_id=referred(self.cast, mrn="R-1002"),
            request_id=new_id(),
            signs=Signs(itch=True),
            by=self.cast.cora,
            at=MONDAY,
        )
        assert outcome.incident_id is not None
        return outcome.incident_id

    def client(self, name: str, **options: Any) -> Client:
        """Somebody's browser."""
        if name == "anonymous":
            return Client(**options)
        return Desk(self.admin if name == "admin" else getattr(self.cast, name)).client

    def ask(self, client: Client, method: str, route: str) -> HttpResponse:
        """One request; a POST has no body. What it did is undone."""
        with transaction.atomic():
            answer: Any = getattr(client, method.lower())(
                address(route, self.case_id, self.todo_id, self.incident_id, self.cast.phil.id)
            )
            transaction.set_rollback(True)
        return answer


@pytest.fixture
def scene() -> Iterator[Scene]:
    with at(NOW):
        yield Scene()


def test_every_route_has_a_row_for_reading_and_for_posting_and_no_row_lacks_its_route() -> None:
    wanted = {(method, route) for route in routes() if not is_admin(route) for method in ("GET", "POST")}
    assert set(expected()) == wanted


@pytest.mark.parametrize("name", PEOPLE)
def test_reading_answers_as_the_table_says_and_writes_nothing(scene: Scene, name: str) -> None:
    with nothing_written():
        wrong = [line for row in expected() if row[0] == "GET" and (line := surprise(scene, name, row))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PEOPLE)
def test_posting_answers_as_the_table_says_and_a_refusal_writes_nothing(scene: Scene, name: str) -> None:
    posts = [row for row in expected() if row[0] == "POST"]
    with nothing_written():
        wrong = [
            line for row in posts if expected()[row][name] != DONE and (line := surprise(scene, name, row))
        ]
    wrong += [line for row in posts if expected()[row][name] == DONE and (line := surprise(scene, name, row))]
    assert not wrong, "\n".join(wrong)


def surprise(scene: Scene, name: str, row: Row) -> str:
    """What one request answered where the table says otherwise; empty where it agrees."""
    answer = scene.ask(scene.client(name), *row)
    wanted = expected()[row][name]
    if answer.status_code == wanted:
        return ""
    return f"{name}: {row[0]} /{row[1]} answered {answer.status_code}, the table says {wanted}"


def test_whoever_is_not_signed_in_is_sent_to_sign_in(scene: Scene) -> None:
    client = scene.client("anonymous")
    for (method, route), statuses in expected().items():
        if statuses["anonymous"] == 302:
            answer = scene.ask(client, method, route)
            assert answer.headers["Location"].startswith(SIGN_IN), f"{method} /{route}"


def test_only_these_pages_of_the_application_need_no_sign_in() -> None:
    open_to_all = {route for (_, route), by in expected().items() if by["anonymous"] != 302}
    assert {route for route in open_to_all if not route.startswith("accounts/")} == {
        "healthz",
        "readyz",
        "metrics",
    } | KEYED


@pytest.mark.parametrize("name", [name for name in PEOPLE if name != "admin"])
def test_the_administration_is_closed_to_everybody_but_staff(scene: Scene, name: str) -> None:
    client = scene.client(name)
    closed = {route for route in routes() if is_admin(route)}
    assert len(closed) > 20
    with nothing_written():
        for route in closed:
            for method in ("GET", "POST"):
                answer = scene.ask(client, method, route)
                assert answer.status_code in (302, 403), f"{name}: {method} /{route}: {answer.status_code}"


def test_staff_enter_the_administration_through_the_same_sign_in(scene: Scene) -> None:
    assert scene.ask(scene.client("admin"), "GET", "admin/").status_code == 200
    answer = scene.client("anonymous").get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")


def test_a_post_without_its_token_is_refused_everywhere(scene: Scene) -> None:
    client = scene.client("phil")
    client.handler.enforce_csrf_checks = True
    with nothing_written():
        for route in set(routes()) - NO_TOKEN:
            assert scene.ask(client, "POST", route).status_code == 403, f"/{route}"


@pytest.mark.parametrize("name", PEOPLE)
def test_files_of_the_pages_need_no_sign_in_and_no_other_file_is_served(scene: Scene, name: str) -> None:
    client = scene.client(name)
    served: Any = client.get("/static/pathway/app.css")
    assert b"{" in b"".join(served.streaming_content)
    for path in (
        "/static/",
        "/static/nothing.css",
        "/static/..%2f..%2fmanage.py",
        "/static/../manage.py",
        "/nowhere",
    ):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize("name", PEOPLE)
def test_the_inbox_of_the_demonstration_opens_in_the_demonstration_alone(
    scene: Scene, name: str, tmp_path: Path
) -> None:
    signed_in = name != "anonymous"
    client = scene.client(name)
    assert client.get("/demo/mail/").status_code == (404 if signed_in else 302)
    with override_settings(DEMO=True, DEMO_MAIL_DIR=tmp_path / "mail"):
        assert client.get("/demo/mail/").status_code == (200 if signed_in else 302)
        assert client.get("/demo/mail/none/").status_code == (404 if signed_in else 302)
