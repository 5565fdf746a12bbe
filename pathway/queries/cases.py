"""Lists of cases: where each stands, whose turn it is and since when; filtered, searched, page by page.

Open cases are listed by the date of their next duty, along one index range a clinic and stage; found and
closed ones newest referral first. A search names a person, so whoever calls this keeps it out of addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from pathway.protocol.roles import OPEN_STAGES, CloseReason, Stage
from pathway.queries.access import Access, person_name
from pathway.queries.definitions import protocol_of, title_of

PAGE_ROWS = 50

# What a list shows of a case. The sub-select of a page is called w, so that only a page's rows are joined.
CASE_COLUMNS = (
    "id, clinic_id, patient_id, protocol_id, stage, stage_entered_at, next_key, next_role, next_owner_id,"
    " next_due_on, required_open, held_at IS NOT NULL AS held, hold_review_on, close_reason, closed_from, closed_at"
)
# "NOT stage = 'closed'" is the condition of the partial index, which the planner does not work out from the stage.
OPEN_IN_STAGE = (
    f"SELECT {CASE_COLUMNS} FROM pathway_case WHERE NOT stage = 'closed' AND clinic_id = %s AND stage = %s"
)
DETAILS = f"p.family_name, p.given_name, p.mrn, {person_name('o')}"
DETAIL_JOINS = (
    "JOIN pathway_patient p ON p.id = w.patient_id LEFT JOIN pathway_clinician o ON o.id = w.next_owner_id"
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case in a list. Dates are the clinic's; `today` is the clinic's date."""

    id: UUID
    clinic: str
    patient: str
    mrn: str
    stage: Stage
    days_in_stage: int
    target_days: int | None
    next_title: str
    next_role: str
    next_owner: str
    next_is_mine: bool
    next_due_on: date | None
    required_open: int
    on_hold: bool
    hold_review_on: date | None
    close_reason: str
    closed_from: str
    closed_on: date | None
    today: date

    @property
    def is_open(self) -> bool:
        """Whether the case still needs somebody."""
        return self.stage is not Stage.CLOSED

    @property
    def is_stuck(self) -> bool:
        """An open case without a next duty: it must never happen, so it must never be hidden."""
        return self.is_open and not self.next_role

    @property
    def is_over_target(self) -> bool:
        """Whether the case has been in its stage for longer than the protocol wants."""
        return self.is_open and self.target_days is not None and self.days_in_stage > self.target_days

    @property
    def stay(self) -> str:
        """How long the case has been in its stage, against the target: "Day 12 of 45"."""
        return f"Day {self.days_in_stage}" + (f" of {self.target_days}" if self.target_days else "")

    @property
    def close_label(self) -> str:
        """Why the case ended, in words."""
        return CloseReason(self.close_reason).label if self.close_reason else ""


def case_row(row: tuple[Any, ...], access: Access, at: datetime) -> CaseRow:
    """A row of CASE_COLUMNS and DETAILS as a value."""
    (case_id, clinic_id, _, protocol_id, stage, entered_at, key, role, owner_id, due_on, required_open, held, review_on,
     close_reason, closed_from, closed_at, family_name, given_name, mrn, owner) = row  # fmt: skip
    clinic = access.by_id[clinic_id]
    zone, today = ZoneInfo(clinic.time_zone), clinic.today(at)
    definition = protocol_of(protocol_id).stage.get(Stage(stage))
    return CaseRow(
        id=case_id,
        clinic=clinic.name,
        patient=f"{family_name}, {given_name}",
        mrn=mrn,
        stage=Stage(stage),
        days_in_stage=(today - entered_at.astimezone(zone).date()).days,
        target_days=definition.target_days if definition else None,
        next_title=title_of(protocol_id, key) if key else "",
        next_role=role,
        next_owner=owner or "",
        next_is_mine=owner_id == access.person_id or (owner_id is None and access.holds(clinic_id, role)),
        next_due_on=due_on,
        required_open=required_open,
        on_hold=held,
        hold_review_on=review_on,
        close_reason=close_reason,
        closed_from=closed_from,
        closed_on=closed_at.astimezone(zone).date() if closed_at else None,
        today=today,
    )


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list of cases shows. `state`: overdue, hold, closed or a reason for closing; empty for open cases,
    or for all where there is a search.

    `stage` of a closed case is the stage it left. `search`: the beginning of an MRN or of a family name, or both
    names.
    """

    stage: Stage | None = None
    turn: str = ""
    state: str = ""
    search: str = ""

    @property
    def wants_closed(self) -> bool:
        """Whether only closed cases are asked for."""
        return self.state == "closed" or self.state in set(CloseReason)

    @property
    def by_due_date(self) -> bool:
        """Whether the list is in the order of next duties; else newest referral first."""
        return not self.search and not self.wants_closed


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases; `cursor` is empty on the last one."""

    rows: tuple[CaseRow, ...]
    cursor: str = ""


def open_conditions(turn: str, state: str, today: date) -> tuple[str, list[Any]]:
    """The conditions that a board and a list share, beginning with AND, and their parameters."""
    sql, params = "", []
    if turn:
        sql, params = " AND next_role = %s", [turn]
    if state == "overdue":
        return f"{sql} AND next_due_on < %s", [*params, today]
    return sql + (" AND held_at IS NOT NULL" if state == "hold" else ""), params


def cases_of(access: Access, wanted: CaseFilter, *, at: datetime, after: str = "") -> CasePage:
    """One page of the cases a person may see. One query. An unreadable `after` gives the first page."""
    if not access.clinics:
        return CasePage(())
    page, params = (
        _by_due_date(access, wanted, at, after) if wanted.by_due_date else _by_age(access, wanted, at, after)
    )
    order = "w.next_due_on NULLS FIRST, w.id" if wanted.by_due_date else "w.id DESC"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT w.*, {DETAILS} FROM ({page}) w {DETAIL_JOINS} ORDER BY {order}", params)
        found = cursor.fetchall()
    rows = tuple(case_row(row, access, at) for row in found[:PAGE_ROWS])
    if len(found) <= PAGE_ROWS:
        return CasePage(rows)
    last = rows[-1]
    return CasePage(rows, f"{last.next_due_on or ''},{last.id}")


def _by_due_date(access: Access, wanted: CaseFilter, at: datetime, after: str) -> tuple[str, list[Any]]:
    """Open cases along the board's index. Those without a next duty come first, on the first page."""
    start = _read_cursor(after)
    start = start if start and start[0] else None
    stages = [wanted.stage] if wanted.stage else OPEN_STAGES
    branches, params = [], []
    for clinic in access.clinics:
        more, values = open_conditions(wanted.turn, wanted.state, clinic.today(at))
        base = f"{OPEN_IN_STAGE}{more}"
        for stage in stages:
            scope = [clinic.id, str(stage), *values]
            if start is None:
                branches.append(f"({base} AND next_due_on IS NULL ORDER BY id LIMIT {PAGE_ROWS + 1})")
                params += scope
            keyset = " AND (next_due_on, id) > (%s, %s)" if start else " AND next_due_on IS NOT NULL"
            branches.append(f"({base}{keyset} ORDER BY next_due_on, id LIMIT {PAGE_ROWS + 1})")
            params += [*scope, *(start or ())]
    union = " UNION ALL ".join(branches)
    return f"SELECT * FROM ({union}) u ORDER BY next_due_on NULLS FIRST, id LIMIT {PAGE_ROWS + 1}", params


def _by_age(access: Access, wanted: CaseFilter, at: datetime, after: str) -> tuple[str, list[Any]]:
    """Found or closed cases, newest referral first: ids are ordered by time."""
    sql = "clinic_id = ANY(%s)"
    params: list[Any] = [access.clinic_ids]
    if wanted.wants_closed:
        more, values = _closed_conditions(wanted)
    else:  # a closed case has no turn, no due date and no hold, so these leave it out by themselves
        more, values = open_conditions(wanted.turn, wanted.state, access.clinics[0].today(at))
        if wanted.stage:
            more, values = f"{more} AND stage = %s", [*values, str(wanted.stage)]
    sql, params = sql + more, [*params, *values]
    if wanted.search:
        match, values = _patients_like(access, wanted.search)
        sql, params = f"{sql} AND patient_id IN ({match})", [*params, *values]
    start = _read_cursor(after)
    if start:
        sql, params = f"{sql} AND id < %s", [*params, start[1]]
    return (
        f"SELECT {CASE_COLUMNS} FROM pathway_case WHERE {sql} ORDER BY id DESC LIMIT {PAGE_ROWS + 1}",
        params,
    )


def _closed_conditions(wanted: CaseFilter) -> tuple[str, list[Any]]:
    sql, params = " AND stage = 'closed'", []
    if wanted.state != "closed":
        sql, params = f"{sql} AND close_reason = %s", [wanted.state]
    if wanted.stage:
        sql, params = f"{sql} AND closed_from = %s", [*params, str(wanted.stage)]
    return sql, params


def _patients_like(access: Access, text: str) -> tuple[str, list[Any]]:
    """Patients whose MRN or family name begins with the text, or who are called that, in either order."""
    sql = "upper(mrn) ^@ upper(%s) OR upper(family_name) ^@ upper(%s)"
    params: list[Any] = [access.clinic_ids, text, text]
    for family, given in readings(text):
        sql += " OR upper(family_name) ^@ upper(%s) AND upper(given_name) ^@ upper(%s)"
        params += [family, given]
    return f"SELECT id FROM pathway_patient WHERE clinic_id = ANY(%s) AND ({sql})", params


def readings(text: str) -> list[tuple[str, str]]:
    """The (family, given) names that a text of several words may mean: "Person, Sample" one, "Sample Person" two."""
    if "," in text:
        family, _, given = text.partition(",")
        return [(family.strip(), given.strip())]
    first, _, rest = text.partition(" ")
    return [(first, rest.strip()), (rest.strip(), first)] if rest.strip() else []


def _read_cursor(text: str) -> tuple[date | None, UUID] | None:
    """Where a page begins; None for anything else."""
    day, _, key = text.partition(",")
    try:
        return date.fromisoformat(day) if day else None, UUID(key)
    except ValueError:
        return None
