"""What every test stands on: the run's servers, and a database in which tests may truncate."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import Any

import pgtrigger
import pytest
from django.core.management import call_command

from tests import environment

_stack = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the controller, or the only process
        _stack.enter_context(environment.servers())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """A worker that inherits the name of the settings reads them before `environment` gives it a broker of its own."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.get(environment.FOLDER_VARIABLE, ""), ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Append-only tables refuse TRUNCATE, with which Django empties the database after `transaction=True`
    tests.

    The refusal is switched off for the run; the test that proves it switches it on again for itself.
    """
    with django_db_blocker.unblock():
        names = [
            f"{model._meta.label}:{trigger.name}"
            for model, trigger in pgtrigger.registered()
            if trigger.name == "no_truncate"
        ]
        if names:
            call_command("pgtrigger", "disable", *names)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that browser tests did not run: a skip among two thousand dots is read by nobody."""
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if report.nodeid.startswith("tests/browser/")]
    if missed:
        text = f"{len(missed)} BROWSER TESTS DID NOT RUN: no Chromium. Install it, or name it in CHROMIUM."
        terminalreporter.write_line(text, red=True, bold=True)
