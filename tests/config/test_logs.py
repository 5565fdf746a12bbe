"""Log lines carry no identity: neither by key, nor in a query string, nor in a row that PostgreSQL quotes."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog
from django.conf import settings
from django.test import RequestFactory

from config.logs import IDENTITY_KEYS, logging_settings
from config.middleware import RequestLog

CANARY = "Wilhelmina-Canary"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What production would print, for the length of a test."""
    stream = io.StringIO()
    production = logging_settings(level="INFO", readable=False)
    production["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(production)
    yield stream
    logging.config.dictConfig(settings.LOGGING)


def test_identity_keys_are_emptied_wherever_they_stand(lines: io.StringIO) -> None:
    nested = {"deep": [{key: CANARY} for key in sorted(IDENTITY_KEYS)]}
    structlog.get_logger("test").info("case_moved", case_id="c-1", MRN=CANARY, name=CANARY, facts=nested)
    line = json.loads(lines.getvalue())
    assert CANARY not in lines.getvalue()
    assert (line["event"], line["case_id"], line["name"], line["level"]) == (
        "case_moved",
        "c-1",
        "[removed]",
        "info",
    )


@pytest.mark.parametrize(
    "place", ["/calendar/", "/notices/mute/", "/reminders/stop/", "/accounts/password/reset/key/"]
)
def test_an_address_that_is_a_key_is_logged_without_it(lines: io.StringIO, place: str) -> None:
    logging.getLogger("django.request").warning("Not Found: %s", f"{place}{CANARY}-1a2b/")
    structlog.get_logger("test").info("request_finished", request=f"GET {place}{CANARY}.ics?x=1")
    assert CANARY not in lines.getvalue()
    assert lines.getvalue().count(f"{place}[removed]") == 2


def test_a_refused_row_is_not_quoted(lines: io.StringIO) -> None:
    try:
        raise ValueError(
            f'duplicate key value violates "mrn_once"\nDETAIL:  Key (mrn)=({CANARY}) already exists.'
        )
    except ValueError:
        logging.getLogger("django.request").exception("failed")
    assert CANARY not in lines.getvalue()
    assert "mrn_once" in json.loads(lines.getvalue())["exception"]


def test_a_request_is_logged_without_its_query() -> None:
    request = RequestFactory().get("/cases/", {"q": CANARY})
    assert RequestLog.format_request(request) == "GET /cases/"


def test_periodic_turns_are_not_logged(lines: io.StringIO) -> None:
    logging.getLogger("celery.beat").info("Scheduler: Sending due task")
    logging.getLogger("celery.worker").warning("Connection lost")
    assert [json.loads(line)["event"] for line in lines.getvalue().splitlines()] == ["Connection lost"]
