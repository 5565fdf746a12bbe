"""What must be true whatever fails, asked in plain SQL of the database and of the mail that arrived.

Nothing here calls the code under test, except `verify_events`, which is the product's own proof of its history.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.core.management import CommandError, call_command
from django.db import connection

from tests.simulation.postbox import Arrival

# Each pump that is in place and filled, in a case that is open: exactly one refill duty, dated before the pump's date,
# with a clock that will ring for it, and with somebody who has it: an active owner or an active holder of its role.
PUMPS = """
SELECT p.case_id, count(t.id) = 1 AS one, coalesce(bool_and(t.due_on <= p.refill_by), false) AS in_time,
  coalesce(bool_and(r.todo_id IS NOT NULL), false) AS rings,
  coalesce(bool_and(EXISTS (SELECT FROM pathway_clinician o WHERE o.id = t.owner_id AND o.is_active)
    OR EXISTS (SELECT FROM pathway_membership m JOIN pathway_clinician h ON h.id = m.clinician_id
      WHERE m.clinic_id = t.clinic_id AND m.role = t.role AND h.is_active)), false) AS owned
FROM pathway_pump p JOIN pathway_case c ON c.id = p.case_id AND c.stage <> 'closed'
  LEFT JOIN pathway_todo t ON t.case_id = p.case_id AND t.key = 'refill' AND t.state = 'open'
  LEFT JOIN pathway_timer r ON r.todo_id = t.id
WHERE p.explanted_on IS NULL AND p.filled_at IS NOT NULL
GROUP BY p.case_id, p.id
"""
WRONG_PUMPS = f"SELECT * FROM ({PUMPS}) x WHERE NOT (one AND in_time AND rings AND owned)"
WITHOUT_DUTY = """
SELECT count(*) FROM pathway_case c WHERE c.stage <> 'closed'
AND NOT EXISTS (SELECT FROM pathway_todo t JOIN pathway_timer r ON r.todo_id = t.id
  WHERE t.case_id = c.id AND t.state = 'open')
"""
# Whether the workers have nothing to do at an instant.
QUIET = """
SELECT NOT (EXISTS (SELECT FROM pathway_timer WHERE due_at <= %(now)s)
  OR EXISTS (SELECT FROM pathway_incidenttimer WHERE due_at <= %(now)s)
  OR EXISTS (SELECT FROM pathway_notice WHERE state = 'pending' AND due_at <= %(now)s)
  OR EXISTS (SELECT FROM pathway_mail WHERE state IN ('pending', 'leased') AND due_at <= %(now)s)
  OR EXISTS (SELECT FROM pathway_case WHERE replan_on <= %(today)s))
"""
FIRED_TWICE = """
SELECT count(*) FROM (SELECT FROM watched_rung GROUP BY todo_id, due_on, step HAVING count(*) > 1) x
"""
UNFINISHED = """
SELECT n.id, n.kind, n.state, m.state, n.mail_id FROM pathway_notice n LEFT JOIN pathway_mail m ON m.id = n.mail_id
WHERE n.created_at <= %(until)s
"""
LEGITIMATE = frozenset(
    {
        *("to-do ended", "incident closed", "incident acknowledged", "called again since"),
        *("alarm cleared", "absence cancelled", "person left"),
    }
)


def rows(sql: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def number(sql: str) -> int:
    """The one number that a query answers."""
    return int(rows(sql)[0][0])


@dataclass
class Watch:
    """Asks at every step; keeps what was wrong."""

    looks: int = 0
    pumps: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    stuck: list[str] = field(default_factory=list)

    def look(self, now: datetime) -> None:
        """Every pump has its one duty, in time, ringing, and somebody's."""
        self.looks += 1
        for case_id, one, in_time, rings, owned in rows(WRONG_PUMPS):
            names = {"not one duty": one, "late": in_time, "no timer": rings, "unowned": owned}
            for name, fine in names.items():
                if not fine:
                    self.wrong[f"{name}: case {case_id} on {now:%Y-%m-%d}"] += 1


@dataclass(frozen=True, slots=True)
class Mails:
    """What became of the notices. `lost` maps a reason to how many; `doubled`: messages that came more than once."""

    notices: int
    told: int
    kept: int
    overtaken: int
    lost: dict[str, int]
    arrived: int
    doubled: int
    unexplained: int
    carried_twice: int


def account(until: datetime, arrived: Sequence[Arrival], breaks: Sequence[tuple[float, float]]) -> Mails:
    """Follow every notice created by `until` to the message that arrived, or to why there was none.

    `breaks`: when sender, database or mail server was killed or restarted, by the machine's forward clock.
    """
    came: dict[str, list[float]] = {}
    for message in arrived:
        came.setdefault(message.mail_id, []).append(message.moment)
    reasons: dict[UUID, set[str]] = {}
    for notice_id, what, _, _, reason in rows("SELECT * FROM watched_end"):
        reasons.setdefault(notice_id, set()).add(f"{what}: {reason}")
    found, lost = Counter[str](), Counter[str]()
    for notice_id, kind, state, mail_state, mail_id in rows(UNFINISHED, {"until": until}):
        fate = _fate(state, mail_state, str(mail_id) in came, reasons.get(notice_id, set()))
        found[fate] += 1
        if fate not in ("told", "kept", "overtaken"):
            lost[f"{kind}: {fate}"] += 1
    doubled = {mail: sorted(moments) for mail, moments in came.items() if len(moments) > 1}
    return Mails(
        notices=found.total(),
        told=found["told"],
        kept=found["kept"],
        overtaken=found["overtaken"],
        lost=dict(lost),
        arrived=len(arrived),
        doubled=sum(len(moments) - 1 for moments in doubled.values()),
        unexplained=sum(_unexplained(moments, breaks) for moments in doubled.values()),
        carried_twice=number("SELECT count(*) FROM watched_carrier"),
    )


def _fate(state: str, mail_state: str | None, arrived: bool, reasons: set[str]) -> str:
    """What became of one notice; a fate that is not one of the three good ones is a loss."""
    if state == "mailed" and mail_state == "sent":
        return "told" if arrived else "marked as sent and never arrived"
    if state == "mailed" and mail_state == "dropped":
        return _excused("mail dropped", reasons)
    if state == "dropped":
        return _excused("dropped", reasons)
    if state == "kept":
        return "kept" if "kept: news muted" in reasons else "kept without a reason"
    return f"still {state}, mail {mail_state}"


def _excused(what: str, reasons: set[str]) -> str:
    excuses = {reason.partition(": ")[2] for reason in reasons if reason.startswith(f"{what}: ")}
    return "overtaken" if excuses and excuses <= LEGITIMATE else f"{what} without a reason"


def _unexplained(moments: Sequence[float], breaks: Sequence[tuple[float, float]]) -> int:
    """Of the copies of one message, those between whose arrivals nothing was killed."""
    pairs = pairwise(moments)
    return sum(not any(first <= end and begin <= second for begin, end in breaks) for first, second in pairs)


def history_is_whole() -> bool:
    """Every case's chain of events verifies."""
    try:
        call_command("verify_events", stdout=io.StringIO())
    except (CommandError, SystemExit):
        return False
    return True
