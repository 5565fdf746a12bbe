"""A burst of due timers on real processes: one broker, one PostgreSQL, Celery workers, two beats; then its mail.

Each timer fires once whatever the number of workers. The floors, measured in the same run: one set-based statement
that moves as many timers on and queues as many notices; one SMTP connection that sends as many prepared messages in a
loop to the same server.
"""

from __future__ import annotations

import os
import smtplib
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from config.machine import listens
from pathway.models import Notice
from pathway.notify.compose import Message
from pathway.notify.letter import letter
from pathway.notify.rows import read
from pathway.tasks import deliver_notices, fire_timers
from tests.bench.duties import NONE_DUE, PEOPLE, Duties, median_of
from tests.bench.ground import Database, raw
from tests.bench.report import Line, Report
from tests.bench.sweep import FLOOR, sweep_bench
from tests.cast import Cast
from tests.config.waiting import until
from tests.faults.plant import Plant

NAME = "burst"
WARM = 60
PROCESSES = (1, 2, 3)
TOLD = "SELECT NOT EXISTS (SELECT FROM pathway_notice WHERE state = 'pending' AND due_at <= now())"
# Each case's notice is a mail of its own.
QUEUE = """
INSERT INTO pathway_notice (id, case_id, clinic_id, todo_id, recipient_id, role, kind, urgency, data, created_at, state,
  due_at)
SELECT gen_random_uuid(), case_id, clinic_id, id, owner_id, role, 'due', 'safety', '{}', now(), 'pending', now()
FROM (SELECT DISTINCT ON (case_id) * FROM pathway_todo WHERE state = 'open' ORDER BY case_id) t LIMIT %s
"""
AT_ONCE = """
INSERT INTO pathway_attention (clinician_id, soon, news, news_muted, daily_at, changed_at)
SELECT id, 'instant', 'instant', false, '07:30', now() FROM pathway_clinician ON CONFLICT DO NOTHING
"""


def burst_bench(cast: Cast, small: Database, report: Report, *, quick: bool) -> None:
    """Timers and mail on one to three worker processes against their floors. `small` holds the cast and no cases."""
    timers, mails, crowd = (1_000, 100, 20_000) if quick else (20_000, 2_000, 1_000_000)
    small.close()
    place = small.copy(NAME)
    place.use()
    with raw(NAME, autocommit=True) as link:
        bench = Burst(Duties(link, cast, timers), report)
        link.execute("VACUUM (ANALYZE)")
        bench.timers_bench()
        bench.mail_bench(mails)
        sweep_bench(bench.duties, report, crowd)
    place.close()


class Burst:
    """What is measured on the programs around one database."""

    def __init__(self, duties: Duties, report: Report) -> None:
        self.duties, self.report = duties, report
        self.timers = duties.timers

    # --- timers ---
    def timers_bench(self) -> None:
        """The burst with one, two, three processes, then with two beats; each timer once."""
        floor = median_of(3, self._floor)
        self.report.note(f"floor of the burst, one statement: {self.timers / floor:,.0f} timers/s")
        for processes, beats in (*((number, 0) for number in PROCESSES), (PROCESSES[-1], 2)):
            with programs(processes, beats) as plant:
                took = self._burst(plant, processes)
            named = f"{processes} worker process{'es' if processes > 1 else ''}{', 2 beats' if beats else ''}"
            note = f"{self.timers / took:,.0f} timers/s, each fired once"
            bar = 1.5 if (processes, beats) == (1, 0) else None
            self.report.add(
                Line(f"burst of {self.timers:,} timers, {named}", took / floor, bar=bar, note=note)
            )

    def _floor(self) -> float:
        self.duties.rest()
        self.duties.ring()
        begin = time.perf_counter()
        self.duties.link.execute(FLOOR, {"at": timezone.now()})
        took = time.perf_counter() - begin
        self.duties.check_each_once()
        return took

    def _burst(self, plant: Bench, processes: int) -> float:
        """Seconds from the first message to the last timer; a small burst before warms every process."""
        self.duties.rest()
        self.duties.ring(WARM)
        plant.publish(fire_timers, 2 * processes)
        self.duties.wait(NONE_DUE)
        self.duties.wait(TOLD)
        self.duties.rest()
        self.duties.ring()
        begin = time.perf_counter()
        plant.publish(fire_timers, processes)
        self.duties.wait(NONE_DUE)
        took = time.perf_counter() - begin
        self.duties.check_each_once()
        return took

    # --- mail ---
    def mail_bench(self, mails: int) -> None:
        """Safety notices of as many cases, each a mail of its own; then the burst, merged by person."""
        with programs(1) as plant:
            floor = self._mail_floor(plant, mails)
        self.report.note(f"floor of mail, one connection in a loop: {mails / floor:,.0f} messages/s")
        for processes in PROCESSES:
            with programs(processes) as plant:
                self._send(plant, processes, 2 * processes)
                took = self._send(plant, processes, mails)
            named = f"mail, {processes} worker process{'es' if processes > 1 else ''}"
            bar, stretch = (0.4, 0.8) if processes == 1 else (None, None)
            note = f"{mails / took:,.0f} mails/s"
            self.report.add(Line(named, floor / took, bar=bar, stretch=stretch, at_least=True, note=note))
        with programs(PROCESSES[-1]) as plant:
            self._merged(plant)

    def _mail_floor(self, plant: Bench, number: int) -> float:
        self.duties.rest()
        self.duties.link.execute(QUEUE, [number])
        ready = [_prepared(letter(row.id, [row])) for row in read(Notice.objects.all(), at=timezone.now())]
        with smtplib.SMTP("127.0.0.1", plant.port) as server:
            begin = time.perf_counter()
            for text in ready:
                server.sendmail("pathway@clinic.example", ["one@clinic.example"], text)
            return time.perf_counter() - begin

    def _send(self, plant: Bench, processes: int, number: int) -> float:
        self.duties.rest()
        self.duties.link.execute(QUEUE, [number])
        begin = time.perf_counter()
        plant.publish(deliver_notices, processes)
        self.duties.wait(f"SELECT count(*) = {number} FROM pathway_mail WHERE state = 'sent'")
        return time.perf_counter() - begin

    def _merged(self, plant: Bench) -> None:
        """The whole burst as mail: what is due together for one person leaves together."""
        self.duties.rest()
        self.duties.link.execute(AT_ONCE)
        self.duties.ring()
        begin = time.perf_counter()
        plant.publish(fire_timers, PROCESSES[-1])
        self.duties.wait(NONE_DUE)
        self.duties.wait("SELECT NOT EXISTS (SELECT FROM pathway_notice WHERE state = 'pending')")
        self.duties.wait("SELECT NOT EXISTS (SELECT FROM pathway_mail WHERE state <> 'sent')")
        took, mails = time.perf_counter() - begin, self.duties.one("SELECT count(*) FROM pathway_mail")
        self.report.note(
            f"{self.timers:,} timers fired and told to {PEOPLE} people in {mails:,} mails: {took:.1f} s, "
            f"{PROCESSES[-1]} worker processes"
        )


class Bench(Plant):
    """The programs on the bench's database, with a mail server that keeps one line a message."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.database_url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{NAME}"

    def start_mail(self, limit: int = 0) -> None:
        """Start the mail server of the simulation."""
        words = ["-m", "tests.simulation.postbox", str(self.folder), str(self.port)]
        self._spawn("mail", [sys.executable, *words])
        until(lambda: listens(self.port))


@contextmanager
def programs(processes: int, beats: int = 0) -> Iterator[Bench]:
    """Mail server, broker, a worker of so many processes, and beats."""
    with tempfile.TemporaryDirectory(prefix="burst ") as folder, Bench(Path(folder)) as plant:
        plant.start_mail()
        plant.start_broker()
        plant.start_worker(processes)
        for number in range(beats):
            plant.start_beat(f"beat {number}")
        yield plant


def _prepared(message: Message) -> bytes:
    """A message as Django's back-end would put it on the line."""
    sender, to = settings.DEFAULT_FROM_EMAIL, ["one@clinic.example"]
    mail = EmailMultiAlternatives(message.subject, message.text, sender, to, headers=message.headers)
    mail.attach_alternative(message.html, "text/html")
    return mail.message().as_bytes(linesep="\r\n")
