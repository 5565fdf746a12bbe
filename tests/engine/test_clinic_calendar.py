"""Changing a clinic's calendar: previewed, agreed on, moved together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from pathway.calendars import countries, even_week, subdivisions
from pathway.engine.cases import close, hold, reopen_case, resume
from pathway.engine.clinic_calendar import change_calendar
from pathway.engine.clinic_proposal import ClosedOn, Proposal
from pathway.engine.errors import Invalid, NotAllowed, NotFound, Stale
from pathway.engine.history import Tally, verify
from pathway.engine.reopening import reopen
from pathway.engine.todos import claim
from pathway.models import CalendarVersion, Clinic, ClinicEvent, ClosedDay, Event, Timer
from pathway.queries.definitions import calendar_of
from tests.cast import Cast, referred
from tests.engine.calendar_desk import (
    AFTER,
    CLOSED,
    NOW,
    TEN_DAYS,
    USUAL,
    changed,
    closing,
    dated,
    previewed,
    sent,
)
from tests.engine.running_pump import change, duty, program, pump_of, titrating
from tests.engine.traces import nothing_written
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """A case referred on Monday 2 March: duties at +10 and +15 working days."""
    return Walk(cast, referred(cast), NOW)


def test_the_preview_names_every_date_that_moves_and_writes_nothing(cast: Cast, walk: Walk) -> None:
    with nothing_written():
        preview = previewed(cast, closing(CLOSED), NOW)
    (case,) = preview.cases
    assert (case.case_id, case.event_seq) == (walk.case_id, walk.case.event_seq)
    assert {move.todo_id for move in case.moves} == {todo.id for todo in walk.open()}
    assert {(move.was_due_on, move.due_on) for move in case.moves} == {
        (TEN_DAYS, AFTER),
        (date(2026, 3, 23), date(2026, 3, 24)),
    }
    assert sum(preview.by_role.values()) == len(preview.moves) == len(walk.open())
    assert set(preview.by_role) == {todo.role for todo in walk.open()}
    assert (preview.earlier, preview.version, preview.same) == (0, 1, False)


def test_a_change_moves_the_dates_their_timers_and_whose_turn_it_is(cast: Cast, walk: Walk) -> None:
    seq, rang = walk.case.event_seq, dict(Timer.objects.values_list("todo_id", "due_at"))
    done = changed(cast, closing(CLOSED), NOW)

    assert (done.version, done.moved, done.cases, done.repeated) == (2, len(walk.open()), 1, False)
    assert dated(walk.todo("baseline_spasticity")) == (AFTER, 2)
    assert walk.case.next_due_on == AFTER
    assert all(timer.due_at > rang[timer.todo_id] for timer in Timer.objects.all())
    event = Event.objects.get(case_id=walk.case_id, seq=seq + 1)
    assert (event.verb, event.actor_id, event.role) == ("calendar", cast.cora.id, "coordinator")
    assert event.data["version"] == 2
    assert {
        "key": "baseline_spasticity",
        "occurrence": 1,
        "from": str(TEN_DAYS),
        "to": str(AFTER),
    } in event.data["moved"]
    assert list(verify(Tally())) == []


def test_both_versions_are_kept_and_the_clinic_says_what_was_done(cast: Cast, walk: Walk) -> None:
    proposal = replace(
        closing(CLOSED), time_zone="America/New_York", subdivision="IL", week=even_week(time(7), time(16))
    )
    changed(cast, proposal, NOW)
    clinic = Clinic.objects.get(pk=cast.clinic.id)
    assert (clinic.calendar_version, clinic.settled_version) == (2, 1)
    assert (clinic.time_zone, clinic.country, clinic.subdivision) == ("America/New_York", "US", "IL")
    assert clinic.week == [["07:00", "16:00"]] * 5 + [None, None]
    kept = {row.version: row for row in CalendarVersion.objects.filter(clinic=clinic)}
    assert kept[1].source["time_zone"] == "America/Chicago"
    assert kept[1].source["closed_days"] == []
    assert kept[2].source["closed_days"] == [str(CLOSED)]
    assert (kept[1].by_id, kept[2].by_id, kept[2].at) == (None, cast.cora.id, NOW)
    calendar_of.cache_clear()
    assert calendar_of(clinic.id, 1).closed_days == frozenset()
    assert calendar_of(clinic.id, 2).closed_days == {CLOSED}
    line = ClinicEvent.objects.get(clinic=clinic)
    assert (line.verb, line.actor_id, line.role) == ("change_calendar", cast.cora.id, "coordinator")
    assert line.data == {"version": 2, "moved": len(walk.open()), "cases": 1}


def test_a_second_change_keeps_the_first_version_once(cast: Cast, walk: Walk) -> None:
    changed(cast, closing(CLOSED), NOW)
    changed(cast, USUAL, NOW)
    assert dated(walk.todo("baseline_spasticity")) == (TEN_DAYS, 3)
    versions = CalendarVersion.objects.filter(clinic=cast.clinic).order_by("version")
    assert list(versions.values_list("version", flat=True)) == [1, 2, 3]


def test_new_dates_are_written_with_the_version_they_were_computed_in(cast: Cast, walk: Walk) -> None:
    assert {todo.calendar_version for todo in walk.open()} == {1}
    changed(cast, closing(date(2026, 6, 1)), NOW)
    assert {todo.calendar_version for todo in walk.open()} == {1}, "nothing moved"

    walk.do("goals")
    reopen(todo_id=walk.todo("goals").id, by=cast.phil, at=NOW, reason="A goal was wrong.")
    assert walk.todo("goals").calendar_version == 2
    later = NOW + timedelta(days=7)
    hold(case_id=walk.case_id, reason="Fever.", review_on=later.date(), by=cast.cora, at=NOW)
    assert walk.todo("hold_review").calendar_version == 2
    resume(case_id=walk.case_id, by=cast.cora, at=later)
    assert {todo.calendar_version for todo in walk.open()} == {2}


def test_a_change_that_moves_nothing_is_a_change_all_the_same(cast: Cast, walk: Walk) -> None:
    seq = walk.case.event_seq
    done = changed(cast, closing(date(2026, 12, 24)), NOW)
    assert (done.version, done.moved, done.cases) == (2, 0, 0)
    assert walk.case.event_seq == seq
    assert ClosedDay.objects.filter(clinic=cast.clinic, on=date(2026, 12, 24)).exists()


def test_pressing_twice_changes_once(cast: Cast, walk: Walk) -> None:
    proposal = closing(CLOSED)
    agreed = previewed(cast, proposal, NOW).fingerprint
    ask = {"clinic_id": cast.clinic.id, "proposal": proposal, "agreed": agreed, "by": cast.cora, "at": NOW}
    assert change_calendar(**ask).version == 2
    with nothing_written():
        again = change_calendar(**ask)
    assert (again.version, again.repeated) == (2, True)


def test_nothing_moves_that_was_not_agreed_on(cast: Cast, walk: Walk) -> None:
    proposal = closing(CLOSED)
    agreed = previewed(cast, proposal, NOW).fingerprint
    referred(cast, NOW, mrn="R-1002")
    ask = {"clinic_id": cast.clinic.id, "proposal": proposal, "by": cast.cora, "at": NOW}
    for shown in (agreed, "", previewed(cast, closing(date(2026, 3, 10)), NOW).fingerprint):
        with nothing_written(), pytest.raises(Stale) as refusal:
            change_calendar(**ask, agreed=shown)
        assert "Look again" in str(refusal.value)
    assert change_calendar(**ask, agreed=previewed(cast, proposal, NOW).fingerprint).cases == 2


def test_a_calendar_that_a_colleague_changed_is_looked_at_again(cast: Cast, walk: Walk) -> None:
    agreed = previewed(cast, closing(CLOSED), NOW).fingerprint
    changed(cast, closing(date(2026, 12, 24)), NOW)
    with nothing_written(), pytest.raises(Stale):
        change_calendar(
            clinic_id=cast.clinic.id, proposal=closing(CLOSED), agreed=agreed, by=cast.cora, at=NOW
        )


def test_only_a_coordinator_or_the_lead_may(cast: Cast, walk: Walk) -> None:
    for stranger in (cast.nora, cast.phil, cast.anna):
        with nothing_written(), pytest.raises(NotAllowed) as refusal:
            changed(cast, closing(CLOSED), NOW, stranger)
        assert "Only a coordinator or the clinic's lead may" in str(refusal.value)
    with nothing_written(), pytest.raises(NotFound):
        changed(cast, closing(CLOSED), NOW, cast.omar)
    Clinic.objects.filter(pk=cast.clinic.id).update(lead=cast.nora)
    assert changed(cast, closing(CLOSED), NOW, cast.nora).version == 2
    assert ClinicEvent.objects.get().role == "neurosurgeon"


def test_a_lead_who_left_or_signs_in_no_more_may_not(cast: Cast) -> None:
    Clinic.objects.filter(pk=cast.clinic.id).update(lead=cast.omar)
    with pytest.raises(NotFound):
        changed(cast, closing(CLOSED), NOW, cast.omar)
    type(cast.cora).objects.filter(pk=cast.cora.pk).update(is_active=False)
    with pytest.raises(NotFound):
        changed(cast, closing(CLOSED), NOW)


@pytest.mark.parametrize(
    ("proposal", "field", "sentence"),
    [
        (replace(USUAL, week=(None,) * 7), "week", "a clinic works on some day"),
        (replace(USUAL, week=USUAL.week[:5]), "week", "a clinic works on some day"),
        (
            replace(USUAL, week=((time(9), time(9)), *USUAL.week[1:])),
            "week",
            "Monday: a clinic closes after it opens",
        ),
        (
            replace(USUAL, week=(*USUAL.week[:4], (time(17), time(8)), None, None)),
            "week",
            "Friday: a clinic closes after it opens",
        ),
        (replace(USUAL, country="XX"), "country", "No public holidays are known for the country code 'XX'"),
        (replace(USUAL, country=""), "country", "No public holidays are known"),
        (replace(USUAL, country="USA"), "country", "code of two letters"),
        (
            replace(USUAL, subdivision="BY"),
            "subdivision",
            "The country US has no subdivision 'BY' with its own holidays",
        ),
        (replace(USUAL, time_zone="Mars/Phobos"), "time_zone", "is not a time zone name"),
        (replace(USUAL, time_zone="../etc/passwd"), "time_zone", "is not a time zone name"),
        (replace(USUAL, time_zone=""), "time_zone", "is not a time zone name"),
        (closing(CLOSED, CLOSED), "closed_days", "2026-03-09 stands twice"),
        (closing(date(2206, 3, 9)), "closed_days", "2206-03-09 is too far away"),
        (closing(date(2020, 3, 9)), "closed_days", "2020-03-09 is too far away"),
        (
            replace(USUAL, closed_days=(ClosedOn(CLOSED, "x" * 121),)),
            "closed_days",
            "at most 120 characters",
        ),
        (
            closing(
                *(date(2026, 3, 2) + timedelta(days=7 * n) for n in range(55)),
                week=even_week(time(8), time(17), [0]),
            ),
            "week",
            "leave no working day within a year",
        ),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_at_its_field(
    cast: Cast, walk: Walk, proposal: Proposal, field: str, sentence: str
) -> None:
    with nothing_written(), pytest.raises(Invalid) as refusal:
        previewed(cast, proposal, NOW)
    assert list(refusal.value.errors) == [field]
    assert sentence in " ".join(refusal.value.errors[field])
    with nothing_written(), pytest.raises(Invalid):
        change_calendar(clinic_id=cast.clinic.id, proposal=proposal, agreed="", by=cast.cora, at=NOW)


def test_a_clinic_keeps_every_region_that_has_holidays_of_its_own() -> None:
    room = Clinic._meta.get_field("subdivision").max_length
    assert room is not None
    assert all(len(code) <= room for country in countries() for code in subdivisions(country))


def test_everything_that_is_wrong_is_told_at_once(cast: Cast) -> None:
    wrong = replace(USUAL, time_zone="Mars/Phobos", country="XX", week=(None,) * 7)
    with pytest.raises(Invalid) as refusal:
        previewed(cast, wrong, NOW)
    assert set(refusal.value.errors) == {"time_zone", "country", "week"}


def test_an_old_closed_day_may_stay(cast: Cast, walk: Walk) -> None:
    ClosedDay.objects.create(clinic=cast.clinic, on=date(2019, 1, 2))
    assert changed(cast, closing(date(2019, 1, 2), CLOSED), NOW).version == 2


def test_closed_days_are_added_reworded_and_taken_away(cast: Cast) -> None:
    first, second = date(2026, 12, 24), date(2026, 12, 31)
    changed(cast, closing(first, second), NOW)
    words = replace(USUAL, closed_days=(ClosedOn(first, " Repairs "),))
    changed(cast, words, NOW)
    assert list(ClosedDay.objects.filter(clinic=cast.clinic).values_list("on", "reason")) == [
        (first, "Repairs")
    ]
    reworded = changed(cast, replace(USUAL, closed_days=(ClosedOn(first, "Painting"),)), NOW)
    assert (reworded.version, reworded.repeated) == (3, False), "a reason is no other calendar"
    assert ClosedDay.objects.get(clinic=cast.clinic).reason == "Painting"
    assert ClosedDay.objects.get(clinic=cast.clinic).on == first


def test_another_clinic_is_left_alone(cast: Cast, walk: Walk) -> None:
    ClosedDay.objects.create(clinic=cast.other_clinic, on=CLOSED)
    changed(cast, closing(date(2026, 3, 10)), NOW)
    assert ClosedDay.objects.filter(clinic=cast.other_clinic).count() == 1
    assert Clinic.objects.get(pk=cast.other_clinic.id).calendar_version == 1


def test_the_refill_only_moves_earlier(cast: Cast) -> None:
    walk = titrating(cast)
    before = dated(duty(walk))[0]
    changed(cast, closing(before), walk.at)
    earlier, version = dated(duty(walk))
    assert earlier < before
    assert version == 2

    changed(cast, USUAL, walk.at)  # it could be done later again, but nobody is told so
    assert dated(duty(walk)) == (earlier, 2)
    claim(todo_id=duty(walk).id, by=cast.phil, at=walk.at)
    assert dated(duty(walk)) == (earlier, 2), "the next action on the case leaves it there"
    assert list(verify(Tally())) == []


def test_a_new_fill_dates_a_refill_kept_earlier_anew(cast: Cast) -> None:
    walk = titrating(cast)
    before = dated(duty(walk))[0]
    changed(cast, closing(before), walk.at)
    changed(cast, USUAL, walk.at)
    change(walk, program(walk.at, dose="90"))
    refill_by = pump_of(walk).refill_by
    assert refill_by is not None
    assert refill_by > before
    assert dated(duty(walk)) == (calendar_of(cast.clinic.id, 3).last_working_day_on_or_before(refill_by), 3)


def test_a_closed_case_that_somebody_asks_to_reopen_moves_too(cast: Cast, walk: Walk) -> None:
    note = {"note": "The patient prefers tablets."}
    close(case_id=walk.case_id, reason="withdrew", evidence=note, by=cast.cora, at=NOW)
    reopen_case(case_id=walk.case_id, by=cast.cora, at=NOW, reason="Came back.")
    asked = walk.todo("edge_reopen")
    changed(cast, closing(asked.due_on), NOW)
    assert dated(asked) == (asked.due_on, 2)
    assert asked.due_on == date(2026, 3, 5)


def test_a_day_is_the_day_it_was_in_the_calendar_it_was_counted_in(cast: Cast) -> None:
    """Opened on Monday evening in Chicago, which is Tuesday in Berlin: ten days from Monday all the same."""
    evening = datetime(2026, 3, 3, 1, tzinfo=UTC)
    walk = Walk(cast, referred(cast, evening), evening)
    assert walk.todo("baseline_spasticity").due_on == TEN_DAYS
    assert changed(cast, replace(USUAL, time_zone="Europe/Berlin"), evening).moved == 0
    changed(cast, closing(CLOSED, time_zone="Europe/Berlin"), evening)
    assert dated(walk.todo("baseline_spasticity")) == (AFTER, 3)


def test_a_preview_reads_a_clinic_in_a_fixed_number_of_statements(cast: Cast, walk: Walk) -> None:
    """Roles, clinic, closed days twice, cases, open duties, dates of records, pumps."""
    previewed(cast, closing(CLOSED), NOW)
    assert sent(lambda: previewed(cast, closing(CLOSED), NOW)) == 8
    for number in range(12):
        referred(cast, NOW, mrn=f"R-{2000 + number}")
    assert sent(lambda: previewed(cast, closing(CLOSED), NOW)) == 8
    assert len(previewed(cast, closing(CLOSED), NOW).cases) == 13


def test_a_change_is_two_statements_a_moved_case(cast: Cast, walk: Walk) -> None:
    alone = sent(lambda: changed(cast, closing(CLOSED), NOW))
    for number in range(5):
        referred(cast, NOW, mrn=f"R-{2000 + number}")
    six = sent(lambda: changed(cast, closing(CLOSED, date(2026, 3, 10)), NOW))
    assert six <= alone + 2 * 5
