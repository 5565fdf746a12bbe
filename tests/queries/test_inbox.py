"""A person's open duties: whose they are, their order, their pages, and what a hold does to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from pathway.engine.absences import plan_absence
from pathway.engine.cases import hold
from pathway.engine.todos import claim
from pathway.models import Clinician, Membership, Todo
from pathway.protocol.roles import Role
from pathway.queries.absences import with_covered
from pathway.queries.access import Access, access_of
from pathway.queries.inbox import (
    COUNT_LIMIT,
    PAGE_ROWS,
    When,
    Work,
    WorkCounts,
    counts_of,
    read_cursor,
    span_of,
    when_of,
    work_of,
)
from tests.cast import MONDAY, Cast, person, referred
from tests.queries.crowd import crowd, refer_to

LATER = MONDAY + timedelta(days=1)


def work(person: Clinician, at: datetime = LATER, **options: Any) -> tuple[Work, ...]:
    return work_of(access_of(person.id), at=at, **options).rows


def counts(person: Clinician, at: datetime = LATER) -> WorkCounts:
    return counts_of(access_of(person.id), at=at)


def all_pages(person: Clinician, **options: Any) -> list[Work]:
    rows: list[Work] = []
    after = None
    while True:
        page = work_of(access_of(person.id), at=LATER, after=after, **options)
        rows += page.rows
        if not page.more:
            return rows
        assert len(page.rows) == PAGE_ROWS
        after = read_cursor(page.cursor)


def test_unowned_duties_of_my_role_are_my_work(cast: Cast) -> None:
    referred(cast)
    assert {row.title for row in work(cast.nora)} == {"Surgical review"}
    (row,) = work(cast.nora)
    assert (row.patient, row.mrn, row.stage, row.role) == (
        "Person, Sample",
        "R-1001",
        "evaluation",
        "neurosurgeon",
    )
    assert not row.mine
    assert not row.on_hold


def test_a_claimed_duty_stays_with_its_owner_alone(cast: Cast) -> None:
    referred(cast)
    colleague = Clinician.objects.create_user("nils")
    Membership.objects.create(clinician=colleague, clinic=cast.clinic, role="neurosurgeon")
    assert len(work(colleague)) == 1
    claim(todo_id=work(cast.nora)[0].id, by=cast.nora, at=LATER)
    assert [row.mine for row in work(cast.nora)] == [True]
    assert work(colleague) == ()


def test_another_clinics_duties_are_nobodys_business(cast: Cast) -> None:
    referred(cast)
    assert work(cast.omar) == ()
    refer_to(cast.other_clinic, cast.omar, MONDAY, "H-1")
    assert {row.mrn for row in work(cast.omar)} == {"H-1"}


def test_who_left_the_clinic_no_longer_sees_what_they_own(cast: Cast) -> None:
    referred(cast)
    claim(todo_id=work(cast.nora)[0].id, by=cast.nora, at=LATER)
    Membership.objects.filter(clinician=cast.nora).update(clinic=cast.other_clinic)
    assert work(cast.nora) == ()
    Membership.objects.filter(clinician=cast.nora).delete()
    assert work(cast.nora) == ()
    assert counts(cast.nora).groups == dict.fromkeys(When, 0)


def test_two_clinics_make_one_list(cast: Cast) -> None:
    Membership.objects.create(clinician=cast.nora, clinic=cast.other_clinic, role="neurosurgeon")
    referred(cast)
    refer_to(cast.other_clinic, cast.omar, MONDAY - timedelta(days=7), "H-1")
    assert [(row.clinic, row.mrn) for row in work(cast.nora)] == [
        ("Hillside", "H-1"),
        ("Riverside", "R-1001"),
    ]


def test_pages_hold_every_duty_once_in_order(cast: Cast) -> None:
    crowd(cast, 30, last=MONDAY)
    for todo in Todo.objects.filter(role="physiatrist").order_by("?")[:20]:
        claim(todo_id=todo.id, by=cast.phil, at=LATER)
    rows = all_pages(cast.phil)
    assert {row.id for row in rows} == set(
        Todo.objects.filter(role="physiatrist").values_list("id", flat=True)
    )
    assert rows == sorted(rows, key=lambda row: (row.due_on, row.id))
    assert len(rows) == 30 * 4 > 2 * PAGE_ROWS
    assert sum(row.mine for row in rows) == 20


def test_one_query_however_many(cast: Cast, django_assert_num_queries: Any) -> None:
    crowd(cast, 16, last=MONDAY)
    access = access_of(cast.phil.id)
    work_of(access, at=LATER)  # reads the protocol, once a process
    with django_assert_num_queries(1):
        assert len(work_of(access, at=LATER).rows) == PAGE_ROWS
    with django_assert_num_queries(1):
        counts_of(access, at=LATER)


def test_groups_and_their_filters_agree(cast: Cast) -> None:
    crowd(cast, 30, last=MONDAY, every=timedelta(hours=20))
    at = MONDAY + timedelta(days=8)
    rows = work_of(access_of(cast.nora.id), at=at).rows
    assert {row.when for row in rows} == set(When)
    for when in When:
        assert work(cast.nora, at, when=when) == tuple(row for row in rows if row.when is when)
    assert counts(cast.nora, at).groups == {when: sum(row.when is when for row in rows) for when in When}


@pytest.mark.parametrize("today", [date(2026, 3, 2), date(2026, 3, 6), date(2026, 3, 8)])
def test_every_due_date_lies_in_exactly_one_group(today: date) -> None:
    for offset in range(-10, 20):
        day = today + timedelta(days=offset)
        spans = {when: span_of(when, today) for when in When}
        holding = [
            when
            for when, span in spans.items()
            if (span.first is None or span.first <= day) and (span.last is None or day <= span.last)
        ]
        assert holding == [when_of(day, today)]


def test_groups_follow_the_clinics_date_not_the_servers(cast: Cast) -> None:
    referred(cast)
    due_on = work(cast.nora)[0].due_on
    midnight = datetime.combine(
        due_on, datetime.min.time(), tzinfo=UTC
    )  # still the evening before in Chicago
    assert work(cast.nora, midnight)[0].when in (When.WEEK, When.LATER)
    assert work(cast.nora, midnight + timedelta(hours=12))[0].when is When.TODAY


def test_a_hold_pauses_all_but_safety_and_its_own_review(cast: Cast) -> None:
    case_id = referred(cast)
    Todo.objects.filter(case_id=case_id, key="education_first").update(safety=True)
    hold(case_id=case_id, reason="Ulcer", review_on=date(2026, 3, 20), by=cast.cora, at=LATER)
    assert {(row.title, row.on_hold) for row in work(cast.cora)} == {
        ("First education", True),
        ("Review the hold", True),
    }
    assert counts(cast.cora).paused == 1
    assert work(cast.nora) == ()
    assert counts(cast.nora).paused == 1
    assert counts(cast.omar).paused == 0


def test_paused_duties_do_not_fill_the_first_page(cast: Cast) -> None:
    cases = crowd(cast, 16, last=MONDAY)
    for case_id in cases[:-1]:
        hold(case_id=case_id, reason="Ulcer", review_on=date(2026, 3, 20), by=cast.cora, at=LATER)
    assert {row.case_id for row in work(cast.phil)} == {cases[-1]}
    assert counts(cast.phil).paused == 15 * 4


def test_counts_stop_at_their_limit(cast: Cast) -> None:
    crowd(cast, 26, last=MONDAY)
    found = counts(cast.phil, MONDAY + timedelta(days=90))
    assert found.groups[When.OVERDUE] == COUNT_LIMIT < Todo.objects.filter(role="physiatrist").count()


@pytest.mark.parametrize(
    "text", ["", "nonsense", "2026-03-02", "2026-03-02,7", f",{UUID(int=7)}", "2026-13-02,x\0"]
)
def test_an_unreadable_page_is_the_first(text: str) -> None:
    assert read_cursor(text) is None


@contextmanager
def explained() -> Iterator[list[str]]:
    """The plan of every statement within, as on tables that are too large to be read through."""
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        with connection.connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {sql}", params)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def test_the_list_walks_the_two_partial_indexes(cast: Cast) -> None:
    referred(cast)
    access = access_of(cast.phil.id)
    with explained() as plans:
        work_of(access, at=LATER, after=(date(2026, 1, 1), UUID(int=0)))
    assert "todo_work_of_person" in plans[0]
    assert "todo_work_of_role" in plans[0]


# --- answering for colleagues who are away ---


def answering(who: Clinician, at: datetime = LATER) -> Access:
    return with_covered(access_of(who.id), at=at)


def away(cast: Cast, who: Clinician, deputy: Clinician | None, first: int = 0, last: int = 5) -> None:
    plan_absence(
        clinic_id=cast.clinic.id,
        clinician_id=who.id,
        deputy_id=deputy.id if deputy else None,
        first_day=LATER.date() + timedelta(days=first),
        last_day=LATER.date() + timedelta(days=last),
        by=who,
        at=LATER,
    )


def test_a_deputy_has_the_absent_colleagues_duties_and_loses_them_again(cast: Cast) -> None:
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    referred(cast)
    for todo in Todo.objects.filter(role="physiatrist"):
        claim(todo_id=todo.id, by=cast.phil, at=LATER)
    away(cast, cast.phil, pia, first=2, last=5)
    seen = {}
    for number in (1, 2, 5, 6):
        at = LATER + timedelta(days=number)
        rows = work_of(answering(pia, at), at=at).rows
        assert len(rows) == sum(counts_of(answering(pia, at), at=at).groups.values())
        assert len(work(cast.phil, at)) == 4, "the owner keeps them"
        seen[number] = {(row.mine, row.away.name if row.away else "") for row in rows}
    assert seen == {1: set(), 2: {(False, "phil")}, 5: {(False, "phil")}, 6: set()}


def test_a_deputy_who_is_away_passes_duties_on(cast: Cast) -> None:
    pia, paul = (person(name, cast.clinic, Role.PHYSIATRIST) for name in ("pia", "paul"))
    referred(cast)
    todos = list(Todo.objects.filter(role="physiatrist").order_by("id"))
    claim(todo_id=todos[0].id, by=cast.phil, at=LATER)
    claim(todo_id=todos[1].id, by=pia, at=LATER)
    away(cast, cast.phil, pia)
    away(cast, pia, paul)
    assert answering(pia).covered == ()
    whose = {row.away.name for row in work_of(answering(paul), at=LATER).rows if row.away}
    assert whose == {"phil", "pia"}


def test_a_hold_pauses_a_colleagues_duties_too(cast: Cast) -> None:
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    case_id = referred(cast)
    for todo in Todo.objects.filter(role="physiatrist"):
        claim(todo_id=todo.id, by=cast.phil, at=LATER)
    hold(case_id=case_id, reason="Ulcer", review_on=date(2026, 3, 20), by=cast.cora, at=LATER)
    away(cast, cast.phil, pia)
    assert counts(pia).paused == 0
    assert counts_of(answering(pia), at=LATER).paused == 4


def test_answering_for_somebody_ends_at_the_clinics_door(cast: Cast) -> None:
    """A deputy in one clinic has nothing to do with what the colleague owns in another."""
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    for who in (cast.phil, pia):
        Membership.objects.create(clinician=who, clinic=cast.other_clinic, role="physiatrist")
    refer_to(cast.other_clinic, cast.omar, MONDAY, "H-1", family_name="Elsewhere")
    for todo in Todo.objects.filter(role="physiatrist"):
        claim(todo_id=todo.id, by=cast.phil, at=LATER)
    away(cast, cast.phil, pia)
    assert work_of(answering(pia), at=LATER).rows == ()


def test_each_colleague_is_one_more_walk_of_the_same_index(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    referred(cast)
    away(cast, cast.phil, pia)
    access = access_of(pia.id)
    with django_assert_num_queries(1):
        covering = with_covered(access, at=LATER)
    assert len(covering.covered) == 1
    with django_assert_num_queries(1):
        work_of(covering, at=LATER)
    with django_assert_num_queries(1):
        counts_of(covering, at=LATER)
    with explained() as plans:
        work_of(covering, at=LATER)
    assert plans[0].count("todo_work_of_person") == 2
