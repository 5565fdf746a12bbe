"""A person of the cast at their desk: signed in, reading pages and pressing buttons, while a test holds time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.cookies import Morsel
from typing import Any
from uuid import UUID

import time_machine
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pathway.models import Clinician, Todo
from tests.cast import MONDAY, Cast, referred
from tests.walk import Walk

MAX_QUERIES = 12


class Desk:
    """A signed-in browser without a screen."""

    def __init__(self, person: Clinician) -> None:
        # Not force_login: it writes the person's last sign-in, and many tests prove that nothing is written.
        self.client = Client()
        session = SessionStore()
        session.update({SESSION_KEY: str(person.pk), HASH_SESSION_KEY: person.get_session_auth_hash()})
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session.save()
        self.client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key

    @property
    def cookie(self) -> Morsel[str]:
        """What a browser would send to be this person."""
        return self.client.cookies[settings.SESSION_COOKIE_NAME]

    def get(self, url: str, status: int | None = 200) -> str:
        """The page's text. `status` None: whatever it answers."""
        answer = self.client.get(url)
        assert status is None or answer.status_code == status, (
            f"{url} answered {answer.status_code}, not {status}"
        )
        return answer.content.decode()

    def post(self, url: str, data: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        """Press a button."""
        return self.client.post(url, data or {}, headers=headers)

    def queries(self, url: str, status: int | None = 200) -> int:
        """How many statements the page asks, sign-in's included."""
        self.get(url, status)
        with CaptureQueriesContext(connection) as asked:
            self.get(url, status)
        return len(asked)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """The clock stands at this moment."""
    with time_machine.travel(moment, tick=False):
        yield


def fresh_case(cast: Cast, **referral: Any) -> Walk:
    """A case referred on Monday morning, looked at in the afternoon."""
    return Walk(cast, referred(cast, **referral), MONDAY + timedelta(hours=6))


def words(html: str) -> str:
    """The page as it is read, without markup and scripts."""
    body = re.sub(r"<(script|style|template)\b.*?</\1>", " ", html[html.index("<main") :], flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", body).replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")
    return re.sub(r"\s+", " ", text)


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    field = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', html)
    assert field is not None, f"no hidden {name}"
    return field[1]


def todo_url(todo: Todo | UUID, verb: str = "") -> str:
    """The address of a to-do or of something done to it."""
    key = todo.id if isinstance(todo, Todo) else todo
    return f"/todos/{key}/{verb}/" if verb else f"/todos/{key}/"


def case_url(case_id: UUID, verb: str = "") -> str:
    """The address of a case or of something done to it."""
    return f"/cases/{case_id}/{verb}/" if verb else f"/cases/{case_id}/"
