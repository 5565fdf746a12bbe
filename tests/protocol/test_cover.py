"""Who answers for whom, and where nobody does: chains, rings and days off, against a plain walk day by day."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.protocol.cover import Away, Roster, Span, Staffing, ring_of, spans_without_cover
from pathway.protocol.roles import Role

A, B, C, D = (UUID(int=number) for number in range(1, 5))
PHYSIATRIST, NURSE = Role.PHYSIATRIST, Role.NURSE
MONDAY = date(2026, 3, 2)
EVERYBODY = {PHYSIATRIST: (A, B, C, D)}


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def away(person: UUID, deputy: UUID | None, first: int, last: int) -> Away:
    return Away(person, deputy, day(first), day(last))


def test_who_is_there_answers_for_themselves() -> None:
    assert Roster(EVERYBODY).answering(A) == A


def test_a_deputy_who_is_away_passes_on_to_their_own() -> None:
    roster = Roster(EVERYBODY, {A: B, B: C})
    assert roster.answering(A) == C
    assert roster.covers == {C: {A, B}}
    assert roster.holders(PHYSIATRIST, safety=False) == (C, D)


def test_a_chain_that_ends_with_nobody_and_a_ring_are_nobody() -> None:
    assert Roster(EVERYBODY, {A: B, B: None}).answering(A) is None
    ring = Roster(EVERYBODY, {A: B, B: C, C: A})
    assert [ring.answering(person) for person in (A, B, C, D)] == [None, None, None, D]
    assert ring.covers == {}


def test_a_day_off_counts_for_safety_alone() -> None:
    roster = Roster({PHYSIATRIST: (A,), NURSE: (A,)}, off=frozenset({(A, PHYSIATRIST)}))
    assert roster.holders(PHYSIATRIST, safety=False) == (A,)
    assert roster.holders(PHYSIATRIST, safety=True) == ()
    assert roster.holders(NURSE, safety=True) == (A,)


def test_a_deputy_on_a_day_off_leaves_safety_to_the_others() -> None:
    roster = Roster({PHYSIATRIST: (A, B, C)}, {A: B}, frozenset({(B, PHYSIATRIST)}))
    assert roster.holders(PHYSIATRIST, safety=True) == (C,)


def test_an_absence_covers_both_its_days_and_no_other() -> None:
    staffing = Staffing({PHYSIATRIST: (A,)}, absences=(away(A, None, 2, 4),))
    assert [n for n in range(7) if not staffing.awake(PHYSIATRIST, day(n))] == [2, 3, 4]


@pytest.mark.parametrize(
    ("deputies", "asked", "there"),
    [
        ({A: D}, (A,), ()),  # a nurse
        ({A: D}, (A, B), (B,)),
        ({A: C}, (A,), (C,)),
        ({A: B, B: D}, (A, C), (C,)),  # the deputy's deputy is the nurse
        ({}, (D,), ()),  # nobody's deputy: who gave the role back
        ({}, (D, A), (A,)),
    ],
)
@pytest.mark.parametrize("safety", [True, False])
def test_who_does_not_hold_the_role_is_passed_over(
    deputies: dict[UUID, UUID | None], asked: tuple[UUID, ...], there: tuple[UUID, ...], safety: bool
) -> None:
    roster = Roster({PHYSIATRIST: (A, B, C), NURSE: (D,)}, deputies)
    assert roster.on_duty(asked, PHYSIATRIST, safety=safety) == there


def test_a_deputy_without_the_role_does_not_count_as_cover() -> None:
    staffing = Staffing({PHYSIATRIST: (A,), NURSE: (B,)}, absences=(away(A, B, 0, 9),))
    assert staffing.awake(PHYSIATRIST, day(1)) == ()


@pytest.mark.parametrize(
    ("after", "back"),
    [
        (0, 7),  # away all week, and every day is a Monday's
        (9, 14),
        (13, 14),
        (14, 21),
        (400, 406),
    ],
)
def test_somebody_is_back_on_their_next_clinic_day_after_the_absence(after: int, back: int) -> None:
    monday = {(A, PHYSIATRIST): frozenset({0})}
    staffing = Staffing({PHYSIATRIST: (A,)}, monday, (away(A, None, 0, 5),))
    assert staffing.back_on(PHYSIATRIST, day(after)) == day(back)


def test_nobody_is_ever_back_in_a_role_that_nobody_holds() -> None:
    staffing = Staffing({PHYSIATRIST: (A,)}, absences=(away(A, None, 0, 5),))
    assert staffing.back_on(NURSE, day(0)) is None


def test_clinic_days_come_back_every_week() -> None:
    staffing = Staffing({PHYSIATRIST: (A,)}, {(A, PHYSIATRIST): frozenset({0, 2})})
    assert [n for n in range(14) if staffing.awake(PHYSIATRIST, day(n))] == [0, 2, 7, 9]


def test_gaps_join_until_somebody_comes_in_between() -> None:
    staffing = Staffing({PHYSIATRIST: (A,)}, absences=(away(A, None, 0, 4), away(A, None, 6, 8)))
    load = {(PHYSIATRIST, day(n)): 2 for n in (1, 3, 5, 6, 9)}
    assert spans_without_cover(staffing, load) == [
        Span(PHYSIATRIST, day(1), day(3), 4),
        Span(PHYSIATRIST, day(6), day(6), 2),
    ]


def test_a_role_that_nobody_holds_is_one_gap() -> None:
    load = {(NURSE, day(0)): 1, (NURSE, day(80)): 1}
    assert spans_without_cover(Staffing(EVERYBODY), load) == [Span(NURSE, day(0), day(80), 2)]


def test_a_day_on_which_nothing_falls_is_no_gap() -> None:
    assert spans_without_cover(Staffing({}), {(NURSE, day(0)): 0}) == []


def test_two_deputies_of_each_other_are_a_ring_on_their_common_days_only() -> None:
    present = [away(B, A, 5, 9)]
    assert ring_of(present, away(A, B, 0, 5)) == (day(5), (A, B))
    assert ring_of(present, away(A, B, 7, 7)) == (day(7), (A, B))
    assert ring_of(present, away(A, B, 0, 4)) is None


def test_a_longer_ring_is_found_and_a_chain_that_ends_is_none() -> None:
    present = [away(B, C, 0, 9), away(C, A, 3, 9)]
    assert ring_of(present, away(A, B, 0, 9)) == (day(3), (A, B, C))
    assert ring_of([away(B, C, 0, 9)], away(A, B, 0, 9)) is None
    assert ring_of([away(B, C, 0, 9), away(C, B, 0, 9)], away(A, B, 0, 9)) is None  # not this one's ring


people = st.sampled_from([A, B, C, D])
absences = st.builds(
    lambda person, deputy, first, length: away(person, deputy, first, first + length),
    people,
    st.none() | people,
    st.integers(0, 25),
    st.integers(0, 12),
)


@st.composite
def separate(draw: st.DrawFn) -> tuple[Away, ...]:
    """Absences of which no two of one person overlap, as the engine keeps them."""
    kept: list[Away] = []
    for new in draw(st.lists(absences, max_size=7)):
        apart = all(
            other.person != new.person or other.last_day < new.first_day or new.last_day < other.first_day
            for other in kept
        )
        if apart and new.deputy != new.person:
            kept.append(new)
    return tuple(kept)


clinic_days = st.dictionaries(
    st.tuples(people, st.just(PHYSIATRIST)), st.frozensets(st.integers(0, 6), min_size=1), max_size=4
)
loads = st.dictionaries(
    st.tuples(st.just(PHYSIATRIST), st.integers(0, 40).map(day)), st.integers(0, 3), max_size=12
)


def somebody(staffing: Staffing, today: date) -> bool:
    """The same question, asked person by person: does anybody reachable from a holder work on this day?"""
    holders = staffing.members[PHYSIATRIST]
    for holder in holders:
        at: UUID | None = holder
        for _ in range(10):  # longer than any chain of four people
            gone = [each for each in staffing.absences if each.person == at and each.on(today)]
            if not gone:
                break
            at = gone[0].deputy
        else:
            at = None
        if at in holders and today.weekday() in staffing.clinic_days.get((at, PHYSIATRIST), range(7)):
            return True
    return False


@given(st.sets(people, min_size=1), separate(), clinic_days, loads)
@settings(max_examples=300, deadline=None)
def test_spans_are_what_a_walk_day_by_day_finds(
    members: set[UUID],
    gone: tuple[Away, ...],
    days: dict[tuple[UUID, Role], frozenset[int]],
    load: dict[tuple[Role, date], int],
) -> None:
    staffing = Staffing({PHYSIATRIST: tuple(sorted(members))}, days, gone)
    found: list[Span] = []
    open_span: list[date] = []
    for number in range(42):
        today = day(number)
        if number == 41 or somebody(staffing, today):
            if open_span:
                total = sum(load[PHYSIATRIST, each] for each in open_span)
                found.append(Span(PHYSIATRIST, open_span[0], open_span[-1], total))
            open_span = []
        elif load.get((PHYSIATRIST, today)):
            open_span.append(today)
    assert spans_without_cover(staffing, load) == found


@given(separate(), absences)
@settings(max_examples=300, deadline=None)
def test_a_ring_is_found_where_a_walk_day_by_day_finds_one(gone: tuple[Away, ...], new: Away) -> None:
    others = [each for each in gone if each.person != new.person]
    first = None
    for number in range(40):
        today = day(number)
        deputies = {each.person: each.deputy for each in (*others, new) if each.on(today)}
        at, steps = deputies.get(new.person), 0
        while new.on(today) and at != new.person and at in deputies and steps < 10:
            at, steps = deputies[at], steps + 1
        if new.on(today) and at == new.person:
            first = today
            break
    ring = ring_of(gone, new)
    assert (ring[0] if ring else None) == first
