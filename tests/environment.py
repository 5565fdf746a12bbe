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
        os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="pathway tests ")
        folder = Path(os.environ[FOLDER_VARIABLE])
        os.environ.setdefault("DATABASE_URL", embedded.database_url(folder / "postgres"))
        os.environ.setdefault("REDIS_URL", embedded.broker_url(folder / "valkey"))
    os.environ["REDIS_URL"] = _own_database(os.environ["REDIS_URL"])
    django.setup()


def _own_database(redis_url: str) -> str:
    """One of the embedded broker's sixteen databases for each worker, so that no queue is shared between tests."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return (
        redis_url.replace("?db=0", f"?db={int(worker) % 16}")
        if embedded.is_embedded(redis_url)
        else redis_url
    )


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
