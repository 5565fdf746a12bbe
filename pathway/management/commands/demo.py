"""`manage.py demo`: the whole system on one machine, out of Python wheels, with synthetic people.

Starts embedded servers, loads the protocol and the demonstration clinic once, then web, worker, beat with its
stand-in, and an SMTP inbox. Knows the order of things; keeping processes alive is the supervisor's work.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from config import embedded, machine, process
from config.supervisor import Service, ServiceError, Supervisor
from pathway.management.commands.seed_demo import PASSWORD

ACCOUNTS = (
    ("nora", "neurosurgeon"),
    ("phil", "physiatrist"),
    ("anna", "anesthesiologist"),
    ("cora", "coordinator"),
    ("omar", "other clinic"),
    ("admin", "administration"),
)


class Command(BaseCommand):
    help = "Start Pathway with embedded servers and synthetic people. State is kept in var/."
    requires_system_checks: list[str] = []  # the database is not up yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--reset", action="store_true", help="forget everything and start over")
        parser.add_argument("--follow-parent", action="store_true", help="stop when the calling program dies")

    def handle(self, *args: Any, port: int, reset: bool, follow_parent: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo runs in demo mode only: set DEMO=1, or use `make demo`.")
        if follow_parent:  # whoever kills `make` ends the demo too
            process.follow_parent(signal.SIGTERM)
        var: Path = settings.VAR_DIR
        try:
            with machine.only_one(var):
                machine.refuse_taken_port(port)
                if reset:
                    _forget(var)
                self._serve(var, port)
        except (ServiceError, machine.MachineError, embedded.EmbeddedError) as failure:
            raise CommandError(str(failure)) from None
        except PermissionError as error:
            raise CommandError(
                f"{error.filename} belongs to another user: remove it, or start the demo as that user."
            ) from None

    def _serve(self, var: Path, port: int) -> None:
        environment = os.environ | {
            "DEMO": "1",
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }
        supervisor = Supervisor(self._line)
        with contextlib.ExitStack() as stack, supervisor.session():
            supervisor.say("starting the database and the broker")
            for server in _servers(var):
                stack.callback(shutil.rmtree, server.socket.parent, ignore_errors=True)
                supervisor.start(Service.of(server))
            supervisor.say("preparing tables, pages and people (the first start takes a minute)")
            prepare = [sys.executable, "manage.py", "prepare"]
            supervisor.run(Service("prepare", prepare, settings.BASE_DIR, environment=environment))
            for service in _programs(environment, port):
                supervisor.start(service)
            self._welcome(port)
            supervisor.watch()

    def _welcome(self, port: int) -> None:
        accounts = "\n".join(f"    {name:<6} {role}" for name, role in ACCOUNTS)
        self._line(
            f"\n  Pathway answers at http://127.0.0.1:{port}/\n\n"
            f"  Sign in with the password {PASSWORD} as\n{accounts}\n\n"
            f"  The mail that Pathway sends: http://127.0.0.1:{port}/demo/mail/\n"
            "  Every person here is invented. Ctrl-C stops everything; the next start continues here.\n"
        )

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _servers(var: Path) -> Iterator[embedded.Server]:
    """The embedded servers that no address from outside replaces."""
    if embedded.is_embedded(str(settings.DATABASES["default"]["HOST"])):
        yield embedded.embedded_database(var / "postgres")
    if embedded.is_embedded(settings.REDIS_URL):
        yield embedded.embedded_broker(var / "valkey")


def _programs(environment: dict[str, str], port: int) -> Iterator[Service]:
    """The inbox, the web server, one worker, beat and its stand-in, each run by the Python of this environment."""
    python = [sys.executable, "-m"]
    where = settings.BASE_DIR
    if "EMAIL_URL" not in environment:
        smtp = machine.free_port()
        environment = environment | {"EMAIL_URL": f"smtp://127.0.0.1:{smtp}"}
        inbox = ["aiosmtpd", "-n", "-l", f"127.0.0.1:{smtp}", "-c", "aiosmtpd.handlers.Mailbox"]
        mail = str(settings.DEMO_MAIL_DIR)
        yield Service("inbox", [*python, *inbox, mail], where, answers=lambda: machine.listens(smtp))
    web = ["gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    web += ["--workers", "2", "--threads", "4", "--graceful-timeout", "5", "--no-control-socket"]
    yield Service(
        "web",
        [*python, *web, "--log-level", "warning"],
        where,
        environment=environment | {"DATABASE_POOL": "6"},
        answers=lambda: machine.page_answers(port, reverse("account_login")),
    )
    # Celery warns about root because of pickle, which it is told to refuse.
    celery = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "-q", "-A", "config"]
    worker = ["worker", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    yield Service("worker", [*celery, *worker], where, environment=environment)
    yield Service("beat", [*celery, "beat"], where, environment=environment)
    stand_in = [sys.executable, "manage.py", "sweep", "--every", "60"]
    yield Service("sweep", stand_in, where, environment=environment)


def _forget(var: Path) -> None:
    """Remove every trace of former runs; the secret stays, it says nothing about anybody."""
    for name in ("postgres", "valkey", "mail"):
        if (var / name).exists():
            shutil.rmtree(var / name)
