"""Fills a bench database with synthetic cases by plain SQL, triggers and foreign keys off while it loads.

Only for benchmarks: everywhere else cases are made by the engine's verbs. Ten to-dos a case, two of them open.
"""

from __future__ import annotations

from typing import Any

import psycopg

from pathway.models import ProtocolVersion
from pathway.protocol.roles import OPEN_STAGES, Role, Stage
from pathway.queries.definitions import protocol_of
from tests.cast import Cast

TODOS_A_CASE = 10


def _id(kind: int, number: str) -> str:
    """SQL for the id of a loaded row: ordered like the time-ordered ids of real rows, and before them."""
    return f"('01900000-{kind:04x}-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


CASE, PATIENT, TODO, NOTICE = _id(1, "n"), _id(2, "n"), _id(3, "n * 10 + k"), _id(4, "n * 10 + k")
MOMENT = "(timestamptz '2025-06-01 12:00Z' + n * interval '2 min')"
ROLE = "(%(roles)s::text[])[1 + (n + k) %% 4]"
PERSON = "(%(people)s::uuid[])[1 + (n + k) %% 4]"
STAGE = "(%(stages)s::text[])[1 + n %% 6]"
DUE = "(date '2026-03-02' + (n * 7919 %% 400)::int - 100)"
NUMBERS = "generate_series(%(first)s::bigint, %(last)s) n"
TODOS = f"{NUMBERS}, generate_series(0, {TODOS_A_CASE - 1}) k"

LOADS = (
    f"""INSERT INTO pathway_patient (id, clinic_id, mrn, given_name, family_name, birth_date, sex, phone, email,
      language, contact_name, contact_phone)
    SELECT {PATIENT}, %(clinic)s, 'L-' || n, 'Sample', 'Person' || n, '1980-01-01', 'female', '', '', '', '', ''
    FROM {NUMBERS}""",
    f"""INSERT INTO pathway_case (id, clinic_id, patient_id, protocol_id, stage, visit_seq, stage_entered_at, origin,
      referred_by, referral_reason, opened_at, opened_by_id, decision_round, held_at, held_by_id, hold_reason,
      hold_review_on, close_reason, closed_from, next_key, next_role, next_owner_id, next_due_on, required_open,
      event_seq, event_hash, withdrawal_risk)
    SELECT {CASE}, %(clinic)s, {PATIENT}, %(protocol)s, {STAGE}, 1, {MOMENT}, '', '', '', {MOMENT}, %(coordinator)s, 1,
      CASE WHEN n %% 50 = 0 THEN {MOMENT} END, CASE WHEN n %% 50 = 0 THEN %(coordinator)s::uuid END,
      CASE WHEN n %% 50 = 0 THEN 'Away' ELSE '' END, CASE WHEN n %% 50 = 0 THEN date '2027-01-01' END,
      '', '', (%(keys)s::text[])[1], {ROLE}, NULL, {DUE}, 2, {TODOS_A_CASE}, decode(repeat('00', 32), 'hex'),
      '{{}}'
    FROM {NUMBERS}, (VALUES (8)) v (k)""",
    f"""INSERT INTO pathway_stagevisit (case_id, seq, stage, entered_at, entered_by_id, entered_by_edge)
    SELECT {CASE}, 1, 'evaluation', {MOMENT}, %(coordinator)s, 'refer' FROM {NUMBERS}""",
    f"""INSERT INTO pathway_todo (id, case_id, clinic_id, key, occurrence, stage, visit_seq, role, required, safety,
      state, due_on, calendar_version, opened_at, owner_id, claimed_at, ended_at, ended_by_id, reason, result)
    SELECT {TODO}, {CASE}, %(clinic)s, (%(keys)s::text[])[1 + k], 1, 'evaluation', 1, {ROLE}, true, false,
      CASE WHEN k < 8 THEN 'done' ELSE 'open' END, {DUE} + k, 1, {MOMENT}, CASE WHEN n %% 3 = 0 THEN {PERSON} END, NULL,
      CASE WHEN k < 8 THEN {MOMENT} END, CASE WHEN k < 8 THEN {PERSON} END, '',
      jsonb_build_object('digest', repeat('ab', 32), 'date', '2026-03-02', 'record', {TODO})
    FROM {TODOS}""",
    f"""INSERT INTO pathway_timer (todo_id, step, due_at)
    SELECT {TODO}, 0, {DUE} + time '14:00' FROM {TODOS} WHERE k > 7""",
    f"""INSERT INTO pathway_notice (id, case_id, clinic_id, todo_id, recipient_id, role, kind, urgency, data,
      created_at, state, due_at)
    SELECT {NOTICE}, {CASE}, %(clinic)s, {TODO}, {PERSON}, {ROLE}, 'opened', 'news', '{{}}', {MOMENT}, 'kept', {MOMENT}
    FROM {TODOS}""",
    f"""INSERT INTO pathway_event (case_id, seq, at, actor_id, role, verb, data, hash)
    SELECT {CASE}, k + 1, {MOMENT}, {PERSON}, {ROLE}, 'complete',
      jsonb_build_object('key', (%(keys)s::text[])[1 + k], 'occurrence', 1), decode(repeat('00', 32), 'hex')
    FROM {TODOS}""",
    """INSERT INTO pathway_stagecount (clinic_id, stage, cases)
    SELECT clinic_id, stage, count(*) FROM pathway_case GROUP BY clinic_id, stage
    ON CONFLICT (clinic_id, stage) DO UPDATE SET cases = EXCLUDED.cases""",
)


def load(link: psycopg.Connection[Any], cast: Cast, cases: int) -> None:
    """Add this many cases to the first clinic, then vacuum. `link` is in autocommit."""
    version = ProtocolVersion.objects.get().id
    roles = [Role.NEUROSURGEON, Role.PHYSIATRIST, Role.ANESTHESIOLOGIST, Role.COORDINATOR]
    values = {
        "first": 1,
        "last": cases,
        "clinic": cast.clinic.id,
        "protocol": version,
        "coordinator": cast.cora.id,
        "roles": [str(role) for role in roles],
        "people": [cast.of(role).id for role in roles],
        "stages": [str(stage) for stage in OPEN_STAGES],
        "keys": _keys(version),
    }
    link.execute("SET session_replication_role = replica")
    for sql in LOADS:
        link.execute(sql, values if "%(" in sql else None)
    link.execute("SET session_replication_role = origin")
    link.execute("VACUUM (ANALYZE)")


def _keys(version: Any) -> list[str]:
    """Ten real duties, so that lists show real titles."""
    protocol = protocol_of(version)
    keys = [todo.key for stage in (Stage.EVALUATION, Stage.TITRATION) for todo in protocol.stage[stage].todo]
    return keys[:TODOS_A_CASE]
