"""Rows for a burst: open to-dos of many cases shared out among a few dozen people, their timers, and what fired."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import psycopg
from django.utils import timezone

from pathway.models import Clinician, Membership
from pathway.protocol.roles import Role
from pathway.queries.definitions import calendar_of
from tests.bench.load import load
from tests.cast import Cast

PEOPLE = 36
ROLES = (Role.NEUROSURGEON, Role.PHYSIATRIST, Role.ANESTHESIOLOGIST, Role.COORDINATOR)
PATIENCE_S = 300
# What was written to a timer, by a trigger of its own: a step that fired twice shows as two rows.
WATCH = """
CREATE UNLOGGED TABLE fired (todo_id uuid, step int);
CREATE FUNCTION note_fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO fired VALUES (NEW.todo_id, NEW.step); RETURN NULL; END $$;
CREATE TRIGGER note_fired AFTER UPDATE ON pathway_timer FOR EACH ROW EXECUTE FUNCTION note_fired()
"""
UNWATCH = "DROP TRIGGER note_fired ON pathway_timer; DROP FUNCTION note_fired; DROP TABLE fired"
AWAKE = """UPDATE pathway_case SET held_at = NULL, held_by_id = NULL, hold_reason = '', hold_review_on = NULL
  WHERE held_at IS NOT NULL"""
# Every open to-do belongs to one of a few dozen people and is due on the day whose step rings now.
SHARE_OUT = """
UPDATE pathway_todo t SET owner_id = p.id, role = p.role, due_on = %(due_on)s, safety = false
FROM (SELECT row_number() OVER (ORDER BY id) AS n, id FROM pathway_todo WHERE state = 'open') o,
  (SELECT row_number() OVER (ORDER BY m.id) AS n, m.clinician_id AS id, m.role FROM pathway_membership m
   JOIN pathway_clinician c ON c.id = m.clinician_id WHERE c.username LIKE 'burst-%%') p
WHERE t.id = o.id AND p.n = 1 + o.n %% %(people)s
"""
WAITING = "UPDATE pathway_timer SET step = 1, due_at = '2100-01-01' WHERE step <> 1 OR due_at < '2100-01-01'"
NONE_DUE = "SELECT NOT EXISTS (SELECT FROM pathway_timer WHERE due_at <= now())"


class Duties:
    """The rows of a burst, on a connection of their own in autocommit."""

    def __init__(self, link: psycopg.Connection[Any], cast: Cast, timers: int) -> None:
        self.link, self.timers = link, timers
        for number in range(PEOPLE):
            name = f"burst-{number:02}"
            person = Clinician.objects.create(username=name, email=f"{name}@clinic.example")
            role = ROLES[number % len(ROLES)]
            Membership.objects.create(clinician=person, clinic=cast.clinic, role=str(role))
        load(link, cast, timers // 2)
        link.execute(AWAKE)
        link.execute(SHARE_OUT, {"due_on": _opened_last(cast), "people": PEOPLE})
        link.execute(WATCH)

    def rest(self) -> None:
        """As before a burst: nothing told, every timer far ahead."""
        for sql in ("DELETE FROM pathway_notice", "DELETE FROM pathway_mail", WAITING, "TRUNCATE fired"):
            self.link.execute(sql)
        self.link.execute("VACUUM pathway_timer, pathway_notice, pathway_mail")

    def ring(self, number: int | None = None) -> None:
        """All timers are due at once, or so many of them."""
        which = (
            "" if number is None else f" WHERE todo_id IN (SELECT todo_id FROM pathway_timer LIMIT {number})"
        )
        self.link.execute(f"UPDATE pathway_timer SET due_at = now() - interval '1 second'{which}")
        self.link.execute("TRUNCATE fired")

    def one(self, sql: str) -> Any:
        """The one value that a query answers."""
        row = self.link.execute(sql).fetchone()  # type: ignore[call-overload]
        assert row is not None
        return row[0]

    def wait(self, sql: str) -> None:
        """Ask until the query answers true; without a pause, since this is measured."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.one(sql):
            assert time.monotonic() < deadline, sql

    def check_each_once(self) -> None:
        """Every timer moved once, and told its owner once."""
        fired = self.one("SELECT count(DISTINCT todo_id) FROM fired")
        doubled = self.one("SELECT count(*) FROM (SELECT FROM fired GROUP BY todo_id HAVING count(*) > 1) x")
        told = self.one("SELECT count(*) FROM pathway_notice WHERE kind = 'due'")
        assert (fired, doubled, told) == (self.timers, 0, self.timers), (fired, doubled, told)


def _opened_last(cast: Cast) -> date:
    """The clinic's latest date whose opening hour has passed: a step of this day has come, and the next has not."""
    calendar, now = calendar_of(cast.clinic.id, cast.clinic.calendar_version), timezone.now()
    today = calendar.local_date(now)
    return today if calendar.at_opening(today) <= now else today - timedelta(days=1)


def median_of(runs: int, run: Callable[[], float]) -> float:
    """The middle of several measurements."""
    return sorted(run() for _ in range(runs))[runs // 2]
