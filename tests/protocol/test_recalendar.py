"""Which open dates move with the clinic's calendar: computed anew, kept, or kept off a day nobody works."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from pathway.calendars import WorkCalendar, even_week
from pathway.protocol.due import anchor_of, due_by
from pathway.protocol.facts import CaseFacts, PumpFact, TodoFact
from pathway.protocol.plan import make_plan
from pathway.protocol.recalendar import Move, moved_dates
from pathway.protocol.roles import Role, Stage, TodoState
from pathway.protocol.rules import DueRule
from pathway.protocol.schema import TodoDef
from tests.protocol.story import CHICAGO, ITB1, MONDAY, in_long_term, new_id

FRIDAY = date(2026, 3, 13)


def calendar(**changes: Any) -> WorkCalendar:
    """The clinic's next calendar."""
    return replace(CHICAGO, version=2, **changes)


def opened(key: str, due_on: date, *, on: date = MONDAY, occurrence: int = 1) -> TodoFact:
    """An open duty of the protocol."""
    definition = ITB1.todos[key]
    return TodoFact(
        id=new_id(),
        key=key,
        occurrence=occurrence,
        visit_seq=1,
        role=definition.role,
        state=TodoState.OPEN,
        due_on=due_on,
        opened_on=on,
        safety=definition.safety,
    )


def facts_of(*todos: TodoFact, today: date = MONDAY, **values: Any) -> CaseFacts:
    """A case with these duties."""
    standing: dict[str, Any] = {"stage": Stage.EVALUATION, "visit_seq": 1, "stage_entered_on": MONDAY}
    return CaseFacts(**standing | values, today=today, todos={todo.key: todo for todo in todos})


def moves(facts: CaseFacts, new: WorkCalendar, old: WorkCalendar = CHICAGO) -> list[tuple[str, date, date]]:
    """What moves when every date was computed in `old`."""
    dated_in = {todo.id: old for todo in facts.todos.values()}
    return [(move.key, move.was_due_on, move.due_on) for move in moved_dates(ITB1, facts, dated_in, new)]


def pump(refill_by: date) -> PumpFact:
    return PumpFact(new_id(), MONDAY, MONDAY, refill_by, None, None)


def test_a_date_counted_in_working_days_is_counted_anew() -> None:
    """+10 WD from Monday 2 March is Monday 16; with the 9th closed it is the 17th, with Saturdays worked the 13th."""
    facts = facts_of(opened("baseline_spasticity", date(2026, 3, 16)))
    assert ITB1.todos["baseline_spasticity"].due == DueRule(anchor="opening", count=10, unit="WD")

    closed = calendar(closed_days=frozenset({date(2026, 3, 9)}))
    saturdays = calendar(week=even_week(time(8), time(17), range(6)))
    assert moves(facts, closed) == [("baseline_spasticity", date(2026, 3, 16), date(2026, 3, 17))]
    assert moves(facts, saturdays) == [("baseline_spasticity", date(2026, 3, 16), FRIDAY)]


def test_a_date_does_not_fall_due_before_today_by_a_change_alone() -> None:
    facts = facts_of(opened("baseline_spasticity", date(2026, 3, 16)), today=date(2026, 3, 14))
    saturdays = calendar(week=even_week(time(8), time(17), range(6)))
    assert moves(facts, saturdays) == [("baseline_spasticity", date(2026, 3, 16), date(2026, 3, 14))]


def test_what_is_overdue_is_counted_anew_like_the_rest() -> None:
    facts = facts_of(opened("baseline_spasticity", date(2026, 3, 16)), today=date(2026, 3, 20))
    saturdays = calendar(week=even_week(time(8), time(17), range(6)))
    assert moves(facts, saturdays) == [("baseline_spasticity", date(2026, 3, 16), FRIDAY)]


def test_a_date_that_somebody_moved_stays_unless_nobody_works_then() -> None:
    moved = facts_of(opened("baseline_spasticity", date(2026, 3, 20)))
    another = calendar(closed_days=frozenset({date(2026, 3, 9)}))
    taken = calendar(closed_days=frozenset({date(2026, 3, 20)}))
    assert moves(moved, another) == []
    assert moves(moved, taken) == [("baseline_spasticity", date(2026, 3, 20), date(2026, 3, 23))]


def test_a_date_on_a_day_nobody_ever_worked_stays() -> None:
    """What opened on a Sunday for that Sunday has no better day in a calendar with other holidays."""
    sunday = date(2026, 3, 8)
    facts = facts_of(opened("baseline_spasticity", sunday, on=sunday))
    assert moves(facts, calendar(closed_days=frozenset({date(2026, 3, 9)}))) == []


def test_a_refill_moves_before_a_day_that_is_closed_now_and_never_later() -> None:
    refill_by = date(2026, 6, 5)
    facts = facts_of(opened("refill", refill_by), stage=Stage.LONG_TERM, pump=pump(refill_by))
    closed = calendar(closed_days=frozenset({refill_by}))
    assert moves(facts, closed) == [("refill", refill_by, date(2026, 6, 4))]

    early = facts_of(opened("refill", date(2026, 6, 4)), stage=Stage.LONG_TERM, pump=pump(refill_by))
    assert moves(early, calendar(closed_days=frozenset()), old=closed) == []


def test_a_refill_kept_earlier_moves_earlier_again_where_its_rule_does() -> None:
    """Its date is no rule's any more; what the next action would move must be shown now."""
    refill_by = date(2026, 6, 5)
    facts = facts_of(opened("refill", date(2026, 6, 4)), stage=Stage.LONG_TERM, pump=pump(refill_by))
    week = frozenset(date(2026, 6, day) for day in (2, 3, 4, 5))
    assert moves(facts, calendar(closed_days=week)) == [("refill", date(2026, 6, 4), date(2026, 6, 1))]


def test_a_safety_date_does_not_move_before_the_day_it_opened() -> None:
    refill_by = date(2026, 6, 5)
    today = opened("refill", date(2026, 6, 4), on=date(2026, 6, 4))
    facts = facts_of(today, stage=Stage.LONG_TERM, pump=pump(refill_by))
    assert moves(facts, calendar(closed_days=frozenset({date(2026, 6, 4)}))) == []


def test_an_incident_of_today_stays_on_a_day_that_is_closed_now() -> None:
    facts = facts_of(opened("incident_neurosurgeon", MONDAY), stage=Stage.LONG_TERM)
    assert facts.todos["incident_neurosurgeon"].safety
    assert moves(facts, calendar(closed_days=frozenset({MONDAY}))) == []


def test_a_date_that_hangs_on_a_booking_follows_it_in_the_new_calendar() -> None:
    booked = replace(
        opened("trial_booking", MONDAY), state=TodoState.DONE, ended_on=MONDAY, result={"date": "2026-03-20"}
    )
    rule = ITB1.todos["trial_plan"].due
    due_on = rule.on(date(2026, 3, 20), CHICAGO)
    facts = facts_of(booked, opened("trial_plan", due_on), stage=Stage.TRIAL)
    assert moves(facts, calendar(closed_days=frozenset({date(2026, 3, 19)}))) == [
        ("trial_plan", due_on, CHICAGO.add_working_days(due_on, -1))
    ]


def test_a_repeated_duty_is_counted_from_the_day_it_came_back() -> None:
    """`call_weekly` and its like come back on another rule than their first."""
    again = [todo for todo in ITB1.todos.values() if todo.repeat and todo.repeat.due.anchor == "previous"]
    for todo in again:
        rule = todo.repeat.due if todo.repeat else todo.due
        due_on = due_by(todo, rule, MONDAY, MONDAY, CHICAGO)
        new = calendar(closed_days=frozenset({due_on}))
        facts = facts_of(opened(todo.key, due_on, occurrence=2), stage=Stage.LONG_TERM)
        expected = due_by(todo, rule, MONDAY, MONDAY, new)
        assert moves(facts, new) == ([(todo.key, due_on, expected)] if expected != due_on else [])


def test_a_duty_that_is_done_or_in_the_calendar_already_is_left_alone() -> None:
    closed = calendar(closed_days=frozenset({date(2026, 3, 9)}))
    todo = opened("baseline_spasticity", date(2026, 3, 16))
    done = replace(todo, state=TodoState.DONE, ended_on=MONDAY)
    assert moves(facts_of(done), closed) == []
    assert moved_dates(ITB1, facts_of(todo), {}, closed) == ()


def test_the_moves_say_whose_they_are_and_whether_there_is_less_time() -> None:
    todo = opened("baseline_spasticity", date(2026, 3, 16))
    closed = calendar(closed_days=frozenset({date(2026, 3, 9)}))
    (move,) = moved_dates(ITB1, facts_of(todo), {todo.id: CHICAGO}, closed)
    assert move == Move(todo.id, todo.key, 1, Role.PHYSIATRIST, False, date(2026, 3, 16), date(2026, 3, 17))
    assert not move.is_earlier
    assert replace(move, due_on=FRIDAY).is_earlier


WEEKS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: even_week(time(8), time(17), days))
DAYS = st.dates(date(2026, 3, 2), date(2026, 4, 30))
CALENDARS = st.builds(
    lambda week, closed, country: replace(
        CHICAGO, week=week, closed_days=frozenset(closed), country=country, subdivision=""
    ),
    WEEKS,
    st.sets(DAYS, max_size=12),
    st.sampled_from(["US", "DE", "AE"]),
)
RULES = st.builds(
    DueRule,
    anchor=st.sampled_from(["opening", "stage", "refill_by", "hold_review"]),
    count=st.integers(-15, 15),
    unit=st.sampled_from(["WD", "d", "mo"]),
)


def one_duty(rule: DueRule, is_safety: bool) -> tuple[Any, TodoDef]:
    """A protocol whose first stage has this duty alone."""
    definition = TodoDef(key="duty", title="A duty", role=Role.PHYSIATRIST, due=rule, safety=is_safety)
    stage = ITB1.stages[0].model_copy(update={"todo": (definition,), "edge": ()})
    protocol = ITB1.model_copy(update={"stages": (stage, *ITB1.stages[1:]), "anytime": ()})
    for kept in ("todos", "stage", "home", "prompts"):
        protocol.__dict__.pop(kept, None)
    return protocol, definition


@st.composite
def duties(draw: st.DrawFn, safety: bool | None = None) -> tuple[Any, CaseFacts, WorkCalendar]:
    """A protocol with one duty of any rule, open in any calendar: on its rule's date or moved by hand."""
    rule, old = draw(RULES), draw(CALENDARS)
    is_safety = draw(st.booleans()) if safety is None else safety
    protocol, definition = one_duty(rule, is_safety)
    opened_on = draw(DAYS)
    facts = CaseFacts(
        stage=Stage.EVALUATION,
        visit_seq=1,
        stage_entered_on=MONDAY,
        today=opened_on + timedelta(days=draw(st.integers(0, 40))),
        hold_review_on=draw(st.none() | DAYS),
        pump=pump(draw(DAYS)),
    )
    anchor = anchor_of(protocol, facts, rule.anchor, opened_on, opened_on)
    by_rule = opened_on if anchor is None else due_by(definition, rule, anchor, opened_on, old)
    due_on = draw(st.just(by_rule) | DAYS)
    todo = TodoFact(
        new_id(), "duty", 1, 1, Role.PHYSIATRIST, TodoState.OPEN, due_on, opened_on, safety=is_safety
    )
    return protocol, replace(facts, todos={"duty": todo}), old


def moved(protocol: Any, facts: CaseFacts, old: WorkCalendar, new: WorkCalendar) -> date:
    """The duty's date in the new calendar."""
    todo = facts.todos["duty"]
    found = moved_dates(protocol, facts, {todo.id: old}, new)
    return found[0].due_on if found else todo.due_on


@given(duties())
def test_an_unchanged_calendar_moves_nothing(duty: Any) -> None:
    protocol, facts, old = duty
    same = replace(old, version=2)
    assert moved(protocol, facts, old, same) == facts.todos["duty"].due_on


@given(duties(safety=True), CALENDARS)
def test_a_safety_date_never_moves_later(duty: Any, new: WorkCalendar) -> None:
    protocol, facts, old = duty
    assert moved(protocol, facts, old, new) <= facts.todos["duty"].due_on


@given(duties(safety=True), CALENDARS)
def test_the_next_action_does_not_move_a_safety_date_later_either(duty: Any, new: WorkCalendar) -> None:
    """Nor does it move one that was not shown: what the plan asks of a date was looked at with the calendar."""
    protocol, facts, old = duty
    todo = facts.todos["duty"]
    assume(make_plan(protocol, facts, old).redates == ())
    settled = replace(todo, due_on=moved(protocol, facts, old, new))
    after = replace(facts, todos={"duty": settled})
    assert make_plan(protocol, after, new, before=after).redates == ()


@given(duties(safety=True), CALENDARS, st.integers(0, 9))
def test_nor_is_a_safety_date_kept_early_moved_without_having_been_shown(
    duty: Any, new: WorkCalendar, days: int
) -> None:
    protocol, facts, old = duty
    todo = facts.todos["duty"]
    assume(make_plan(protocol, facts, old).redates == ())
    early = replace(facts, todos={"duty": replace(todo, due_on=todo.due_on - timedelta(days=days))})
    settled = replace(todo, due_on=moved(protocol, early, old, new))
    after = replace(facts, todos={"duty": settled})
    assert make_plan(protocol, after, new, before=after).redates == ()


def test_a_safety_date_kept_early_is_shown_moving_where_its_rule_moves_before_it() -> None:
    """Five working days before Friday 27 March: with three days closed that is before the date that was kept."""
    protocol, _ = one_duty(DueRule(anchor="refill_by", count=-5, unit="WD"), is_safety=True)
    kept = TodoFact(
        new_id(), "duty", 1, 1, Role.PHYSIATRIST, TodoState.OPEN, date(2026, 3, 19), MONDAY, safety=True
    )
    facts = replace(facts_of(pump=pump(date(2026, 3, 27))), todos={"duty": kept})
    closed = calendar(closed_days=frozenset(date(2026, 3, day) for day in (23, 24, 25)))
    assert moved(protocol, facts, CHICAGO, closed) == date(2026, 3, 17)


@given(duties(safety=False), CALENDARS)
def test_what_moves_lands_on_a_working_day_or_on_the_day_it_opened(duty: Any, new: WorkCalendar) -> None:
    protocol, facts, old = duty
    todo = facts.todos["duty"]
    assume(protocol.todos["duty"].due.unit == "WD" and protocol.todos["duty"].due.count)
    due_on = moved(protocol, facts, old, new)
    assert due_on == todo.due_on or new.is_working_day(due_on) or due_on == todo.opened_on


@given(duties(), CALENDARS)
def test_looking_twice_moves_once(duty: Any, new: WorkCalendar) -> None:
    protocol, facts, old = duty
    todo = facts.todos["duty"]
    due_on = moved(protocol, facts, old, new)
    if due_on != todo.due_on:
        again = replace(facts, todos={"duty": replace(todo, due_on=due_on)})
        assert moved(protocol, again, new, replace(new, version=3)) == due_on


def test_the_runway_moves_a_kept_date_later_again() -> None:
    """A refill date stays early for the calendar's sake only while what it protects stays."""
    story = in_long_term()
    before = story.facts
    refill = before.todos["refill"]
    assert before.pump is not None
    assert before.pump.refill_by is not None
    kept = replace(refill, due_on=refill.due_on - timedelta(days=1))
    facts = replace(before, todos={**before.todos, "refill": kept})
    assert "refill" not in {move.key for move in make_plan(ITB1, facts, CHICAGO, before=facts).redates}

    later = replace(before.pump, refill_by=before.pump.refill_by + timedelta(days=7))
    refilled = replace(facts, pump=later)
    redates = {move.key: move.due_on for move in make_plan(ITB1, refilled, CHICAGO, before=facts).redates}
    assert redates["refill"] == CHICAGO.last_working_day_on_or_before(later.refill_by)


def test_without_what_was_before_the_plan_follows_the_rule() -> None:
    story = in_long_term()
    todo = story.facts.todos["refill"]
    early = replace(todo, due_on=todo.due_on - timedelta(days=3))
    facts = replace(story.facts, todos={**story.facts.todos, "refill": early})
    redates = make_plan(ITB1, facts, CHICAGO).redates
    assert [(move.key, move.due_on) for move in redates] == [("refill", todo.due_on)]
