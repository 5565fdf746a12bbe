"""What browser tests stand on: Chromium, the running site, and people with a browser window each."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from playwright.sync_api import Browser, sync_playwright

from tests.browser.person import Person
from tests.browser.site import Site
from tests.cast import Cast, make_cast
from tests.config.waiting import until

FLAGS = [
    "--no-sandbox",  # Chromium refuses to sandbox itself as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """The Chromium to drive: CHROMIUM in the environment, else the first on PATH."""
    named = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else NAMES
    return next((path for name in named if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium nothing here runs, and the end of the run says so (see the root conftest)."""
    if chromium_path() is None:
        not_run = pytest.mark.skip(reason="No Chromium: install it, or name it in CHROMIUM.")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(not_run)


@pytest.fixture(scope="session")
def browser(site: Site) -> Iterator[Browser]:
    """One Chromium for the run; each person gets a context of their own.

    While Playwright's event loop runs, Django keeps a second connection for this thread: it is closed with the loop.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield chromium
        chromium.close()
        connections.close_all()


@pytest.fixture(scope="session")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    """The running programs, once for all browser tests."""
    with tempfile.TemporaryDirectory(prefix="pathway browser ") as folder, django_db_blocker.unblock():
        site = Site(Path(folder))
        with site.running():
            yield site
        until(nobody_else_is_connected)  # else the test's database cannot be dropped


def nobody_else_is_connected() -> bool:
    """Whether the programs' sessions have left the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return bool(cursor.fetchone()[0] == 0)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """One clinic with its four people, and an outsider, where the site sees them."""
    return make_cast()


@pytest.fixture
def person(browser: Browser, site: Site) -> Iterator[Callable[..., Person]]:
    """Opens a window for a user name: `person("nora")`. Options go to Chromium's context."""
    opened: list[Person] = []

    def opens(name: str, **options: Any) -> Person:
        opened.append(Person(browser, site, name, **options))
        return opened[-1]

    yield opens
    for one in opened:
        one.context.close()
