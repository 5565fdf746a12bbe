"""The board's columns: kept counts, order, filters, and whose cases they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pathway.engine.cases import hold
from pathway.engine.todos import claim
from pathway.models import Case, Clinician, Membership, StageCount, Todo
from pathway.protocol.roles import OPEN_STAGES, Stage
from pathway.queries.access import access_of
from pathway.queries.board import CARDS, Column, board_of
from tests.cast import MONDAY, Cast, referred
from tests.queries.crowd import crowd, refer_to
from tests.walk import Walk

LATER = MONDAY + timedelta(days=30)


def column(person: Clinician, stage: Stage = Stage.EVALUATION, **options: Any) -> Column:
    columns = board_of(access_of(person.id), at=LATER, **options)
    assert [each.stage for each in columns] == list(OPEN_STAGES)
    return next(each for each in columns if each.stage is stage)


def test_a_column_shows_its_most_urgent_cases_and_the_kept_count(cast: Cast) -> None:
    crowd(cast, 64, last=MONDAY)
    shown = column(cast.cora)
    assert (shown.count, len(shown.cards), shown.more) == (64, CARDS, True)
    first = Case.objects.order_by("next_due_on", "id").values_list("id", flat=True)[:CARDS]
    assert [card.id for card in shown.cards] == list(first)
    assert column(cast.cora, Stage.TRIAL) == Column(Stage.TRIAL, 0, (), False)


def test_one_query_that_counts_no_case(cast: Cast, django_assert_num_queries: Any) -> None:
    crowd(cast, 3, last=MONDAY)
    StageCount.objects.filter(stage="evaluation").update(cases=1234)
    access = access_of(cast.cora.id)
    board_of(access, at=LATER)  # reads the protocol, once a process
    with django_assert_num_queries(1):
        columns = board_of(access, at=LATER)
    assert columns[0].count == 1234


def test_a_card_says_whose_turn_it_is_and_for_how_long_already(cast: Cast) -> None:
    case_id = referred(cast)
    todo = Todo.objects.get(pk=Todo.objects.filter(case_id=case_id).order_by("due_on", "id")[0].id)
    claim(todo_id=todo.id, by=cast.of(todo.role), at=MONDAY)
    (card,) = column(cast.cora).cards
    assert (card.patient, card.mrn) == ("Person, Sample", "R-1001")
    assert (card.next_role, card.next_due_on) == (todo.role, todo.due_on)
    assert card.next_owner == str(cast.of(todo.role))
    assert card.next_title != todo.key
    assert card.required_open == 8
    assert (card.days_in_stage, card.target_days, card.is_over_target) == (30, 45, False)
    assert board_of(access_of(cast.cora.id), at=MONDAY + timedelta(days=46))[0].cards[0].is_over_target


def test_a_moved_case_stands_in_its_new_column(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    walk.do_all(until=Stage.SELECTION)
    assert column(cast.cora).count == 0
    shown = column(cast.cora, Stage.SELECTION)
    assert (shown.count, [card.id for card in shown.cards]) == (1, [walk.case_id])


def test_filters_keep_the_counts(cast: Cast) -> None:
    held, *others = crowd(cast, 6, last=MONDAY + timedelta(days=29), every=timedelta(days=7))
    hold(case_id=held, reason="Ulcer", review_on=(LATER + timedelta(days=9)).date(), by=cast.cora, at=LATER)
    assert [card.id for card in column(cast.cora, state="hold").cards] == [held]
    overdue = column(cast.cora, state="overdue")
    assert {card.id for card in overdue.cards} == {
        case.id for case in Case.objects.filter(next_due_on__lt=LATER.date())
    }
    assert 0 < len(overdue.cards) < 6
    assert overdue.count == 6
    assert {card.next_role for card in column(cast.cora, turn="coordinator").cards} == {"coordinator"}
    assert column(cast.cora, turn="therapist").cards == ()
    assert len(column(cast.cora).cards) == 1 + len(others)


def test_a_case_without_a_next_duty_stands_on_top(cast: Cast) -> None:
    cases = crowd(cast, CARDS + 3, last=MONDAY)
    Case.objects.filter(pk=cases[-1]).update(next_key="", next_role="", next_due_on=None)
    first = column(cast.cora).cards[0]
    assert (first.id, first.is_stuck) == (cases[-1], True)


def test_each_clinic_its_own_and_both_for_who_works_in_both(cast: Cast) -> None:
    riverside = referred(cast)
    hillside = refer_to(cast.other_clinic, cast.omar, MONDAY + timedelta(days=2), "H-1")
    assert [card.id for card in column(cast.omar).cards] == [hillside]
    assert column(cast.omar).count == 1
    Membership.objects.create(clinician=cast.omar, clinic=cast.clinic, role="nurse")
    both = column(cast.omar)
    assert (both.count, {(card.id, card.clinic) for card in both.cards}) == (
        2,
        {(riverside, "Riverside"), (hillside, "Hillside")},
    )


def test_nobody_without_a_clinic_sees_a_case(cast: Cast) -> None:
    referred(cast)
    stranger = Clinician.objects.create_user("stranger")
    assert column(stranger) == Column(Stage.EVALUATION, 0, (), False)
