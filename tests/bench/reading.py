"""The reading benches: my work and the board against hand-written SQL, and my work's page against SQL and f-string.

Each with a small and a large database on one server, in turn, so that growth is measured in one run.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from pathway.queries.access import access_of
from pathway.queries.board import board_of
from pathway.queries.inbox import read_cursor, work_of
from tests.bench.ground import Database
from tests.bench.report import Line, Report
from tests.cast import Cast

ROLES = """SELECT m.clinic_id, c.time_zone, m.role FROM pathway_membership m JOIN pathway_clinic c ON c.id = m.clinic_id
WHERE m.clinician_id = %s"""
_ROW = """SELECT t.id, t.due_on, t.case_id, c.protocol_id, t.key, t.role, t.owner_id, t.safety, c.stage,
  c.held_at IS NOT NULL, c.patient_id FROM pathway_todo t JOIN pathway_case c ON c.id = t.case_id
  WHERE t.state = 'open' AND (c.held_at IS NULL OR t.safety OR t.key = 'hold_review')"""
_MINE = "AND t.owner_id = %(person)s AND t.clinic_id = %(clinic)s"
_ROLES = "AND t.owner_id IS NULL AND t.clinic_id = %(clinic)s AND t.role = %(role)s"
_PAGE = "ORDER BY t.due_on, t.id LIMIT 51"
_WORK = """SELECT w.id, w.due_on, w.case_id, w.protocol_id, w.key, w.role, w.owner_id, w.safety, w.stage, w.held,
  p.family_name, p.given_name, p.mrn FROM (SELECT * FROM (({mine}) UNION ALL ({role})) u ORDER BY 2, 1 LIMIT 51)
  w (id, due_on, case_id, protocol_id, key, role, owner_id, safety, stage, held, patient_id)
  JOIN pathway_patient p ON p.id = w.patient_id ORDER BY w.due_on, w.id"""
_AFTER = "AND (t.due_on, t.id) > (%(day)s, %(last)s)"
WORK = _WORK.format(mine=f"{_ROW} {_MINE} {_PAGE}", role=f"{_ROW} {_ROLES} {_PAGE}")
WORK_LATER = _WORK.format(mine=f"{_ROW} {_MINE} {_AFTER} {_PAGE}", role=f"{_ROW} {_ROLES} {_AFTER} {_PAGE}")
_SPANS = {
    "Overdue": "t.due_on < %(today)s",
    "Today": "t.due_on = %(today)s",
    "Later": "t.due_on > %(today)s",
}
COUNTS = "SELECT label, count(*) FROM ({}) u GROUP BY label".format(
    " UNION ALL ".join(
        f"(SELECT '{name}' AS label FROM ({_ROW} {whose} AND {span} LIMIT 100) x)"
        for name, span in _SPANS.items()
        for whose in (_MINE, _ROLES)
    )
)
BOARD = """SELECT k.stage, k.cases, w.*, o.username FROM pathway_stagecount k LEFT JOIN LATERAL (
  SELECT c.id, c.protocol_id, c.stage_entered_at, c.next_key, c.next_role, c.next_owner_id, c.next_due_on,
    c.required_open, c.held_at, c.hold_review_on, p.family_name, p.given_name, p.mrn
  FROM pathway_case c JOIN pathway_patient p ON p.id = c.patient_id
  WHERE NOT c.stage = 'closed' AND c.clinic_id = k.clinic_id AND c.stage = k.stage
  ORDER BY c.next_due_on, c.id LIMIT 21) w ON true LEFT JOIN pathway_clinician o ON o.id = w.next_owner_id
WHERE k.clinic_id = %(clinic)s ORDER BY k.stage"""
COUNTERS = "SELECT stage, cases FROM pathway_stagecount WHERE clinic_id = %(clinic)s"
Runs = dict[str, Callable[[], Any]]


@dataclass(frozen=True)
class Place:
    """One database with its reader (the coordinator) and a plain connection."""

    database: Database
    link: psycopg.Connection[Any]
    cast: Cast

    def runs(self) -> Runs:
        """What is measured here, by name: each reads rows and returns them."""
        self.database.use()
        cora, now = self.cast.cora, timezone.now()
        access = access_of(cora.pk)
        today = access.clinics[0].today(now)
        who = {"person": cora.pk, "clinic": self.cast.clinic.id, "role": "coordinator", "today": today}
        first = work_of(access, at=now)
        after = read_cursor(first.cursor)
        for _ in range(9):
            after = read_cursor(work_of(access, at=now, after=after).cursor)
        assert after is not None
        later = who | {"day": after[0], "last": after[1]}
        return {
            "work": self._here(lambda: work_of(access, at=now)),
            "work floor": self._raw(WORK, who),
            "later": self._here(lambda: work_of(access, at=now, after=after)),
            "later floor": self._raw(WORK_LATER, later),
            "board": self._here(lambda: board_of(access, at=now)),
            "board floor": self._raw(BOARD, who),
            "counters": self._raw(COUNTERS, who),
        }

    def _here(self, read: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            self.database.use()
            return read()

        return run

    def _raw(self, sql: str, values: dict[str, Any]) -> Callable[[], Any]:
        cursor = self.link.cursor()
        return lambda: cursor.execute(sql, values).fetchall()


def in_turn(runs: Runs, *, rounds: int, warm: int = 8) -> dict[str, float]:
    """Median wall seconds of each, one call of each a round."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + warm):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            if number >= warm:
                times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in times.items()}


def reading_bench(small: Place, large: Place, report: Report, *, rounds: int, sizes: tuple[str, str]) -> None:
    """My work and the board at both sizes, against their floors; and which indexes they read along."""
    places = zip(sizes, (small, large), strict=True)
    runs = {f"{size} {name}": run for size, place in places for name, run in place.runs().items()}
    took = in_turn(runs, rounds=rounds)
    ours = {"work": "my work, first 50", "later": "my work, page 11", "board": "board"}
    for name, title in ours.items():
        bar, stretch = (2.5, 1.5) if name == "board" else (4.0, 2.0)
        for size in sizes:
            mine, floor = took[f"{size} {name}"], took[f"{size} {name} floor"]
            note = f"{1e3 * mine:.2f} ms against {1e3 * floor:.2f} ms"
            report.add(Line(f"{title}, {size} to-dos", mine / floor, bar=bar, stretch=stretch, note=note))
        mine = took[f"{sizes[1]} {name}"] / took[f"{sizes[0]} {name}"]
        floor = took[f"{sizes[1]} {name} floor"] / took[f"{sizes[0]} {name} floor"]
        note = f"ours {mine:.2f}, floor's {floor:.2f}"
        report.add(
            Line(f"{title}: growth against the floor's own", mine / floor, bar=1.3, stretch=1.1, note=note)
        )
    report.note(f"the kept counters alone, without a card: {1e3 * took[f'{sizes[1]} counters']:.2f} ms")
    _check_plans(large, report)


def _check_plans(place: Place, report: Report) -> None:
    """The large database's plans must not walk a table of cases or to-dos."""
    runs = place.runs()
    for name in ("work", "later", "board"):
        sent: list[tuple[str, Any]] = []

        def note(execute: Any, sql: str, params: Any, *rest: Any, sent: Any = sent) -> Any:
            sent.append((sql, params))
            return execute(sql, params, *rest)

        with connection.execute_wrapper(note):
            runs[name]()
        for sql, params in sent:
            plan = "\n".join(row[0] for row in place.link.execute("EXPLAIN " + sql, params))
            walked = re.findall(r"Seq Scan on pathway_(?:todo|case|patient)\b", plan)
            indexes = sorted(set(re.findall(r"using (\w+)", plan)))
            report.note(f"{name} reads along {', '.join(indexes)}{'; WALKS A TABLE' if walked else ''}")
