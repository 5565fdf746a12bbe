"""The environment of a test run, set before Django reads its settings; imported first by the root conftest.

One private PostgreSQL and one Valkey serve the whole run. The controller of pytest-xdist starts them; its
workers inherit the addresses. DATABASE_URL and REDIS_URL, where given, are used as they are.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django

from config import embedded

#: Holds the folder of the embedded servers; it has a space in its name, because that is where paths break.
FOLDER_VARIABLE = "PATHWAY_TEST_SERVERS"


def prepare() -> None:
    """Name the servers' addresses (they need not answer yet) and load Django."""
    os.environ["TESTING"] = "1"
    os.environ.pop("DEMO", None)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Playwright drives its browser from an event loop in the test's own thread.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
        folder = Path(os.environ.setdefault(FOLDER_VARIABLE, tempfile.mkdtemp(prefix="pathway tests ")))
        os.environ.setdefault("DATABASE_URL", embedded.database_url(folder / "postgres"))
        os.environ.setdefault("REDIS_URL", embedded.broker_url(folder / "valkey"))
    django.setup()


@contextlib.contextmanager
def servers() -> Iterator[None]:
    """Run the embedded servers that `prepare` named; those that were given from outside are left alone."""
    with contextlib.ExitStack() as stack:
        folder = Path(os.environ.get(FOLDER_VARIABLE, ""))
        if embedded.is_embedded(os.environ["DATABASE_URL"]):
            stack.enter_context(
                embedded.running(embedded.embedded_database(folder / "postgres", durable=False))
            )
        if embedded.is_embedded(os.environ["REDIS_URL"]):
            stack.enter_context(embedded.running(embedded.embedded_broker(folder / "valkey")))
        yield


prepare()
