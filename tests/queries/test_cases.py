"""Lists of cases: search, filters, pages, and whose cases they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathway.engine.cases import close, hold
from pathway.models import Case, Clinician
from pathway.protocol.roles import Stage
from pathway.queries.access import access_of
from pathway.queries.cases import PAGE_ROWS, CaseFilter, CaseRow, cases_of, readings
from tests.cast import MONDAY, Cast, referred
from tests.queries.crowd import crowd, refer_to

LATER = MONDAY + timedelta(days=30)


def listed(person: Clinician, **wanted: Any) -> list[CaseRow]:
    """Every page, one after the other."""
    rows: list[CaseRow] = []
    after = ""
    while True:
        page = cases_of(access_of(person.id), CaseFilter(**wanted), at=LATER, after=after)
        rows += page.rows
        if not page.cursor:
            return rows
        assert len(page.rows) == PAGE_ROWS
        after = page.cursor


def names(person: Clinician, search: str) -> set[str]:
    return {row.patient for row in listed(person, search=search)}


def withdraw(cast: Cast, case_id: Any) -> None:
    close(
        case_id=case_id,
        reason="withdrew",
        evidence={"note": "They decided against it."},
        by=cast.cora,
        at=LATER,
    )


@pytest.fixture
def people(cast: Cast) -> Cast:
    """Three patients here, one next door."""
    for mrn, given, family in [
        ("A-1", "Ada", "Stone"),
        ("A-12", "Bo", "Stoneham"),
        ("B-2", "Ada", "van der Berg"),
    ]:
        refer_to(cast.clinic, cast.cora, MONDAY, mrn, given_name=given, family_name=family)
    refer_to(cast.other_clinic, cast.omar, MONDAY, "A-1", given_name="Ada", family_name="Stone")
    return cast


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("a-1", {"Stone, Ada", "Stoneham, Bo"}),
        ("A-12", {"Stoneham, Bo"}),
        ("stone", {"Stone, Ada", "Stoneham, Bo"}),
        ("Stone, Ada", {"Stone, Ada"}),
        ("stone a", {"Stone, Ada"}),
        ("Ada Stone", {"Stone, Ada"}),
        ("van der", {"van der Berg, Ada"}),
        ("Ada van der Berg", {"van der Berg, Ada"}),
        ("%", set()),
        ("_tone", set()),
        ("tone", set()),
        ("'; DROP TABLE pathway_case; --", set()),
    ],
)
def test_a_search_finds_the_beginning_of_mrn_or_name(people: Cast, search: str, found: set[str]) -> None:
    assert names(people.cora, search) == found


def test_a_search_stays_inside_the_clinic(people: Cast) -> None:
    assert [row.clinic for row in listed(people.cora, search="A-1")] == ["Riverside", "Riverside"]
    assert [row.clinic for row in listed(people.omar, search="A-1")] == ["Hillside"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Stone", []),
        ("Stone,", [("Stone", "")]),
        ("Stone, Ada", [("Stone", "Ada")]),
        ("Ada Stone", [("Ada", "Stone"), ("Stone", "Ada")]),
    ],
)
def test_names_are_read_in_either_order(text: str, meant: list[tuple[str, str]]) -> None:
    assert readings(text) == meant


def test_pages_hold_every_open_case_once_by_due_date(cast: Cast, django_assert_num_queries: Any) -> None:
    cases = crowd(cast, 2 * PAGE_ROWS + 4, last=MONDAY)
    rows = listed(cast.cora)
    assert {row.id for row in rows} == set(cases)
    assert [(row.next_due_on, row.id) for row in rows] == sorted((row.next_due_on, row.id) for row in rows)
    access = access_of(cast.cora.id)
    with django_assert_num_queries(1):
        cases_of(access, CaseFilter(), at=LATER)
    with django_assert_num_queries(1):
        cases_of(access, CaseFilter(search="crowd"), at=LATER)
    assert [row.id for row in listed(cast.cora, search="crowd")] == sorted(cases, reverse=True)


def test_a_closed_case_is_found_and_says_why(cast: Cast) -> None:
    case_id, other = referred(cast), referred(cast, mrn="R-2")
    withdraw(cast, case_id)
    assert [row.id for row in listed(cast.cora)] == [other]
    for wanted in ({"state": "closed"}, {"state": "withdrew"}, {"search": "R-1001"}):
        (row,) = listed(cast.cora, **wanted)
        assert (row.id, row.is_open, row.close_label) == (case_id, False, "Patient withdrew")
        assert (row.closed_from, row.closed_on) == ("evaluation", LATER.date())
    assert listed(cast.cora, state="died") == []
    assert len(listed(cast.cora, state="closed", stage=Stage.EVALUATION)) == 1
    assert listed(cast.cora, state="closed", stage=Stage.TRIAL) == []
    assert listed(cast.omar, state="closed") == []


def test_filters_narrow_a_list_and_a_search_alike(cast: Cast) -> None:
    held, closed, *_ = crowd(cast, 6, last=MONDAY + timedelta(days=29), every=timedelta(days=7))
    hold(case_id=held, reason="Ulcer", review_on=(LATER + timedelta(days=9)).date(), by=cast.cora, at=LATER)
    withdraw(cast, closed)
    for search in ("", "crowd"):
        assert [row.id for row in listed(cast.cora, state="hold", search=search)] == [held]
        late = {row.id for row in listed(cast.cora, state="overdue", search=search)}
        assert late == set(Case.objects.filter(next_due_on__lt=LATER.date()).values_list("id", flat=True))
        assert late
        turns = {row.next_role for row in listed(cast.cora, turn="coordinator", search=search)}
        assert turns == {"coordinator"}
        assert len(listed(cast.cora, stage=Stage.EVALUATION, search=search)) == 5
        assert listed(cast.cora, stage=Stage.TRIAL, search=search) == []
    assert len(listed(cast.cora, search="crowd")) == 6


def test_a_case_without_a_next_duty_comes_first(cast: Cast) -> None:
    cases = crowd(cast, PAGE_ROWS + 2, last=MONDAY)
    Case.objects.filter(pk=cases[-1]).update(next_key="", next_role="", next_due_on=None)
    rows = listed(cast.cora)
    assert (rows[0].id, rows[0].is_stuck) == (cases[-1], True)
    assert len(rows) == len({row.id for row in rows}) == PAGE_ROWS + 2


@pytest.mark.parametrize("after", ["nonsense", "2026-13-01,x", "2026-03-02", ",,"])
def test_an_unreadable_page_is_the_first(cast: Cast, after: str) -> None:
    referred(cast)
    assert len(cases_of(access_of(cast.cora.id), CaseFilter(), at=LATER, after=after).rows) == 1
