"""The sweep in one process over very many open to-dos: one in a hundred due against one statement, and nothing due."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from pathway.engine.timers import fire_due
from pathway.tasks import fire_all
from tests.bench.duties import Duties
from tests.bench.report import Line, Report

# The floor: what firing must do at least, as one statement.
FLOOR = """
WITH due AS MATERIALIZED (
  SELECT r.todo_id, r.step, t.case_id, t.clinic_id, t.owner_id, t.role, t.due_on FROM pathway_timer r
  JOIN pathway_todo t ON t.id = r.todo_id JOIN pathway_case c ON c.id = t.case_id
  WHERE r.due_at <= %(at)s AND c.held_at IS NULL FOR UPDATE OF r SKIP LOCKED
), moved AS (
  UPDATE pathway_timer r SET step = r.step + 1, due_at = r.due_at + interval '1 day' FROM due
  WHERE due.todo_id = r.todo_id
)
INSERT INTO pathway_notice (id, case_id, clinic_id, todo_id, recipient_id, role, kind, urgency, data, created_at, state,
  due_at)
SELECT md5(todo_id::text || step || due_on || owner_id)::uuid, case_id, clinic_id, todo_id, owner_id, role, 'due',
  'soon', jsonb_build_object('step', step), %(at)s, 'pending', %(at)s FROM due ON CONFLICT (id) DO NOTHING
"""
MORE = """
INSERT INTO pathway_todo (id, case_id, clinic_id, key, occurrence, stage, visit_seq, role, required, safety, state,
  due_on, calendar_version, opened_at, owner_id, reason, result)
SELECT gen_random_uuid(), case_id, clinic_id, key, 1 + n, stage, visit_seq, role, required, safety, state, due_on,
  calendar_version, opened_at, owner_id, '', '{}'
FROM pathway_todo, generate_series(1, %s) n WHERE state = 'open'
"""
THEIR_TIMERS = """
INSERT INTO pathway_timer SELECT id, 1, '2100-01-01' FROM pathway_todo WHERE state = 'open' ON CONFLICT DO NOTHING
"""
ROUNDS = 4


def sweep_bench(duties: Duties, report: Report, crowd: int) -> None:
    """Grow the burst's to-dos to so many, then sweep. The first round of each contestant is not counted."""
    link, due = duties.link, crowd // 100
    duties.rest()
    link.execute("SET session_replication_role = replica")
    link.execute(MORE, [crowd // duties.timers - 1])
    link.execute(THEIR_TIMERS)
    link.execute("SET session_replication_role = origin")
    link.execute("VACUUM (ANALYZE)")
    at = timezone.now() + timedelta(minutes=1)
    contestants: dict[str, Callable[[], object]] = {
        "ours": lambda: fire_all(at=at),
        "floor": lambda: link.execute(FLOOR, {"at": at}),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            duties.rest()
            duties.ring(due)
            begin = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begin)
            assert duties.one("SELECT count(*) FROM pathway_notice WHERE kind = 'due'") == due
    ours, floor = (statistics.median(times[name][1:]) for name in ("ours", "floor"))
    note = f"{due / ours:,.0f} against {due / floor:,.0f} timers/s, one process"
    report.add(
        Line(f"sweep of {crowd:,} open to-dos, 1 % due", ours / floor, bar=1.5, stretch=1.1, note=note)
    )
    nothing = []
    for _ in range(30):
        begin = time.perf_counter()
        fire_due(at=at)
        nothing.append(time.perf_counter() - begin)
    report.add(Line("the same, nothing due", 1e3 * statistics.median(nothing), "ms", bar=3, stretch=1))
