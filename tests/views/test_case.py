"""The page of one case and what can be done with the whole case; its history as a story."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from pathway.engine import cases
from pathway.engine.snapshot import read_locked
from pathway.models import Case, Event, Todo
from pathway.protocol.facts import CaseFacts
from pathway.protocol.roles import EDGES, Role, Stage
from pathway.queries.case import read_case
from pathway.queries.timeline import PAGE
from pathway.views.story import SENTENCES
from tests.cast import MONDAY, Cast, make_cast, person, referred
from tests.engine.test_edges import at_stage
from tests.engine.traces import nothing_written
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, fresh_case, hidden, words
from tests.walk import Walk

pytestmark = pytest.mark.django_db
NOW = MONDAY + timedelta(hours=6)


@pytest.fixture
def cast() -> Iterator[Cast]:
    with at(NOW):
        yield make_cast()


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return fresh_case(cast)


def version(walk: Walk) -> dict[str, str]:
    return {"version": str(walk.case.event_seq)}


# --- reading ---


def test_the_header_and_whose_turn(cast: Cast, walk: Walk) -> None:
    text = words(Desk(cast.cora).get(case_url(walk.case_id)))
    for part in ("Person, Sample", "MRN R-1001", "17 May 1980 (45)", "origin not recorded yet", "Riverside"):
        assert part in text
    assert "Whose turn" in text
    assert "since 2 Mar 2026, day 1 of 45" in text
    walk.do("neuro_history")
    assert "Spinal origin" in words(Desk(cast.cora).get(case_url(walk.case_id)))


def test_another_clinic_finds_nothing(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.omar)
    desk.get(case_url(walk.case_id), 404)
    with nothing_written():
        for verb in ("advance/accept", "hold", "resume", "close", "reopen", "team"):
            data = {"reason": "x", "role": "physiatrist", **version(walk)}
            assert desk.post(case_url(walk.case_id, verb), data).status_code == 404


def test_verbs_take_no_get_and_unknown_moves_are_nowhere(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.cora)
    for verb in ("advance/accept", "hold", "resume", "close", "reopen", "team"):
        desk.get(case_url(walk.case_id, verb), 405)
    with nothing_written():
        for edge in ("fly", "reopen", "close"):
            verdict = desk.post(case_url(walk.case_id, f"advance/{edge}"), version(walk)).status_code
            assert verdict == (404 if edge in ("fly", "reopen") else 422)


def test_every_stage_reads_within_the_budget_and_changes_nothing(cast: Cast) -> None:
    walk = fresh_case(cast)
    for stage in (Stage.SELECTION, Stage.TRIAL, Stage.IMPLANT, Stage.TITRATION, Stage.LONG_TERM):
        if stage is Stage.LONG_TERM:
            walk.wait(40)
        walk.do_all(until=stage)
        with at(walk.at), nothing_written():
            desk = Desk(cast.cora)
            assert desk.queries(case_url(walk.case_id)) <= MAX_QUERIES
            assert "Evaluation , done 2 Mar 2026 to " in words(desk.get(case_url(walk.case_id)))
    with at(walk.at):
        text = words(Desk(cast.phil).get(case_url(walk.case_id)))
    for part in ("Refill by", "Low-reservoir alarm", "Empty", "End of service", "mcg/day", "500 mcg/mL"):
        assert part in text


def test_many_rows_cost_no_more_queries(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.cora)
    few = desk.queries(case_url(walk.case_id))
    for number in range(40):
        verb = cases.hold if number % 2 == 0 else cases.resume
        given = {"reason": "Ill.", "review_on": walk.today + timedelta(days=9)} if number % 2 == 0 else {}
        verb(case_id=walk.case_id, by=cast.cora, at=NOW, **given)
    Todo.objects.bulk_create(
        Todo(
            case_id=walk.case_id,
            clinic_id=cast.clinic.id,
            key="weekly_call",
            occurrence=number,
            stage="evaluation",
            visit_seq=1,
            role="coordinator",
            due_on=walk.today,
            opened_at=NOW,
        )
        for number in range(1, 120)
    )
    assert desk.queries(case_url(walk.case_id)) <= few <= MAX_QUERIES


def test_the_page_reads_the_same_facts_as_the_engine(cast: Cast) -> None:
    """Guards judge the page's facts and the engine's: they must never differ."""
    walk = fresh_case(cast)
    for stage in (Stage.SELECTION, Stage.TRIAL, Stage.IMPLANT, Stage.TITRATION):
        walk.do_all(until=stage)
        _same_facts(walk)
    cases.hold(
        case_id=walk.case_id, reason="Ill.", review_on=walk.today + timedelta(9), by=cast.cora, at=walk.at
    )
    _same_facts(walk)
    evidence = {"note": "Moved.", "receiving_clinic": "Hillside"}
    cases.close(case_id=walk.case_id, reason="transferred", evidence=evidence, by=cast.cora, at=walk.at)
    _same_facts(walk)
    for someone in (cast.cora, cast.phil):
        cases.reopen_case(case_id=walk.case_id, by=someone, at=walk.at, reason="Came back.")
    _same_facts(walk)


def _same_facts(walk: Walk) -> None:
    with transaction.atomic():
        locked = read_locked(case_id=walk.case_id, actor_id=None, at=walk.at).facts
    shown = read_case(Case.objects.select_related("clinic").get(pk=walk.case_id), walk.at).facts
    for name in (field.name for field in fields(CaseFacts)):
        ours, theirs = getattr(shown, name), getattr(locked, name)
        assert (set(ours) == set(theirs)) if name == "signoffs" else (ours == theirs), name


def settle(**which: str) -> None:
    """To-dos end although the engine never said so: what must never happen."""
    Todo.objects.filter(state="open", **which).update(
        state="withdrawn", ended_at=NOW, ended_by_id=UUID(int=0)
    )


def test_nothing_open_is_an_alarm(cast: Cast, walk: Walk) -> None:
    settle()
    assert "Nothing is open on this case" in words(Desk(cast.cora).get(case_url(walk.case_id)))


def test_a_pump_without_its_refill_duty_is_an_alarm(cast: Cast) -> None:
    walk = at_stage(cast, Stage.TITRATION)
    with at(walk.at):
        assert "no open refill duty" not in words(Desk(cast.cora).get(case_url(walk.case_id)))
        settle(key="refill")
        assert "no open refill duty" in words(Desk(cast.cora).get(case_url(walk.case_id)))


# --- the next step ---


def test_what_the_next_step_needs_with_who_clears_it(cast: Cast, walk: Walk) -> None:
    html = Desk(cast.cora).get(case_url(walk.case_id))
    gate = words(html)[words(html).index("Accept into selection needs:") :]
    assert "“Baseline spasticity” is not done. Can be cleared by the physiatrist Open the to-do" in gate
    assert f'href="/todos/{walk.todo("baseline_spasticity").id}/"' in html


def test_an_open_gate_is_a_button_for_those_who_may(cast: Cast, walk: Walk) -> None:
    for todo in walk.open():
        walk.do(todo.key)
    action = f'action="{case_url(walk.case_id, "advance/accept")}"'
    assert action in Desk(cast.cora).get(case_url(walk.case_id))
    html = Desk(cast.phil).get(case_url(walk.case_id))
    assert action not in html
    assert "It waits for the coordinator" in words(html)
    with nothing_written():
        denied = Desk(cast.phil).post(case_url(walk.case_id, "advance/accept"), version(walk))
    assert denied.status_code == 403
    assert Desk(cast.cora).post(case_url(walk.case_id, "advance/accept"), version(walk)).status_code == 303
    assert walk.case.stage == Stage.SELECTION


def test_a_shut_gate_refuses_with_every_reason(cast: Cast, walk: Walk) -> None:
    with nothing_written():
        answer = Desk(cast.cora).post(case_url(walk.case_id, "advance/accept"), version(walk))
    assert answer.status_code == 409
    html = answer.content.decode()
    alert = html[html.index('id="refused"') :]
    assert alert.index("“Treatment goals” is not done.") < alert.index("Whose turn")
    assert "Open the to-do" in alert


def test_a_page_that_is_out_of_date_moves_nothing(cast: Cast, walk: Walk) -> None:
    for todo in walk.open():
        walk.do(todo.key)
    old = {"version": str(walk.case.event_seq - 1)}
    with nothing_written():
        answer = Desk(cast.cora).post(case_url(walk.case_id, "advance/accept"), old)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "The case changed since you opened this page" in words(html)
    assert hidden(html, "version") == str(walk.case.event_seq)  # pressing again is pressing on what is shown


def test_a_move_with_a_reason_asks_for_it(cast: Cast) -> None:
    walk = at_stage(cast, Stage.LONG_TERM)
    with at(walk.at):
        desk = Desk(cast.phil)
        with nothing_written():
            answer = desk.post(case_url(walk.case_id, "advance/retitrate"), version(walk))
        assert answer.status_code == 422
        data = version(walk) | {"reason": "Tone rose again."}
        assert desk.post(case_url(walk.case_id, "advance/retitrate"), data).status_code == 303
        assert "“Tone rose again.”" in words(desk.get(case_url(walk.case_id)))
    assert walk.case.stage == Stage.TITRATION


# --- hold, close, reopen, team ---


def test_hold_and_resume(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.cora)
    with nothing_written():
        answer = desk.post(
            case_url(walk.case_id, "hold"), version(walk) | {"reason": "Ill.", "review_on": "2026-03-02"}
        )
    assert answer.status_code == 422
    assert "Give a day after today" in words(answer.content.decode())
    assert "Ill." in answer.content.decode()
    data = version(walk) | {"reason": "Pressure injury.", "review_on": "2026-03-20"}
    assert desk.post(case_url(walk.case_id, "hold"), data).status_code == 303
    text = words(desk.get(case_url(walk.case_id)))
    assert "On hold until a review on 20 Mar 2026" in text
    assert "“Pressure injury.”" in text
    assert desk.post(case_url(walk.case_id, "resume"), version(walk)).status_code == 303
    assert walk.case.held_at is None


def test_closing_asks_for_its_evidence_at_the_fields(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.cora)
    with nothing_written():
        answer = desk.post(case_url(walk.case_id, "close"), version(walk) | {"reason": "transferred"})
        html = answer.content.decode()
        assert answer.status_code == 422
        for name, text in (("note", "Write what happened."), ("receiving_clinic", "Name the programme")):
            error = html[html.index(f'id="id_close_{name}_error"') :]
            assert text in error[:300]
        declined = desk.post(
            case_url(walk.case_id, "close"), version(walk) | {"reason": "declined", "note": "No."}
        )
        assert declined.status_code == 409
        assert "No decision against is on record" in words(declined.content.decode())
        wrong = {"reason": "died", "note": "At home.", "on": "2027-01-01"}
        assert desk.post(case_url(walk.case_id, "close"), version(walk) | wrong).status_code == 422
    data = version(walk) | {"reason": "transferred", "note": "Moved.", "receiving_clinic": "Hillside"}
    assert desk.post(case_url(walk.case_id, "close"), data).status_code == 303
    text = words(desk.get(case_url(walk.case_id)))
    assert "Closed: Care transferred to another programme" in text
    assert "To Hillside." in text


def test_reopening_takes_two_people(cast: Cast, walk: Walk) -> None:
    cases.close(case_id=walk.case_id, reason="withdrew", evidence={"note": "Moved."}, by=cast.cora, at=NOW)
    cora, phil = Desk(cast.cora), Desk(cast.phil)
    with nothing_written():
        assert cora.post(case_url(walk.case_id, "reopen"), {"reason": ""}).status_code == 422
    assert cora.post(case_url(walk.case_id, "reopen"), {"reason": "Came back."}).status_code == 303
    assert "You asked." in words(cora.get(case_url(walk.case_id)))
    with nothing_written():
        assert cora.post(case_url(walk.case_id, "reopen"), {"reason": "Again."}).status_code == 403
    html = phil.get(case_url(walk.case_id))
    assert "“Came back.”" in words(html)
    assert phil.post(case_url(walk.case_id, "reopen"), {"reason": hidden(html, "reason")}).status_code == 303
    assert walk.case.stage == Stage.EVALUATION


def test_naming_the_care_team(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.cora)
    url = case_url(walk.case_id, "team")
    with nothing_written():
        assert desk.post(url, {"role": "physiatrist", "clinicians": [str(cast.nora.id)]}).status_code == 422
        assert desk.post(url, {"role": "wizard"}).status_code == 404
        assert (
            Desk(cast.phil).post(url, {"role": "physiatrist", "clinicians": [str(cast.phil.id)]}).status_code
            == 403
        )
    assert desk.post(url, {"role": "physiatrist", "clinicians": [str(cast.phil.id)]}).status_code == 303
    assert walk.todo("goals").owner_id == cast.phil.id
    assert "Care team, physiatrist: phil" in words(desk.get(case_url(walk.case_id)))


def test_actions_are_offered_only_to_those_who_may(cast: Cast, walk: Walk) -> None:
    therapist = person("theo", cast.clinic, Role.THERAPIST)
    text = words(Desk(therapist).get(case_url(walk.case_id)))
    assert "Close the case" not in text
    assert "Put on hold" not in text
    assert "Close the case" in words(Desk(cast.cora).get(case_url(walk.case_id)))


# --- history ---


def test_every_verb_of_the_engine_has_a_sentence() -> None:
    engine = Path(cases.__file__).parent
    written = {
        verb for file in engine.glob("*.py") for verb in re.findall(r"commit\(\s*\"(\w+)\"", file.read_text())
    }
    moves = {edge.name for edge in EDGES} - {"close", "reopen"}
    assert {"refer", "complete", "sign", "hold"} <= written
    assert written | moves == set(SENTENCES)


def test_a_whole_passage_is_told_without_an_unknown_verb(cast: Cast) -> None:
    walk = at_stage(cast, Stage.TITRATION)
    with at(walk.at):
        desk, pages, url = Desk(cast.cora), "", case_url(walk.case_id)
        while url:
            html = desk.get(url)
            pages += words(html)
            more = re.search(r'href="(\?before=\d+)[^"]*" rel="next"', html)
            url = case_url(walk.case_id) + more[1] if more else ""
    assert "Recorded:" not in pages
    for part in (
        "Referred",
        "Evaluation → selection",
        "Signed for: candidacy",
        "Done: Operation note",
        "nora, neurosurgeon",
    ):
        assert part in pages
    assert pages.count("Evaluation → selection") == 1


def test_the_history_is_paged_and_system_lines_say_so(cast: Cast, walk: Walk) -> None:
    case = walk.case
    Event.objects.bulk_create(
        Event(
            case_id=case.id,
            seq=2 + n,
            at=NOW + timedelta(minutes=n),
            role="system",
            verb="refresh",
            hash=b"x",
        )
        for n in range(PAGE + 5)
    )
    desk = Desk(cast.cora)
    first = desk.get(case_url(case.id))
    assert first.count("app-event ") == PAGE
    assert "Pathway, automatically" in words(first)
    older = desk.get(case_url(case.id) + re.search(r'href="(\?before=\d+)', first)[1])  # type: ignore[index]
    assert older.count("app-event ") == 6
    assert "Referred" in words(older)
    assert len(re.findall("app-event ", desk.get(case_url(case.id) + "?before=x"))) == PAGE


def test_times_are_the_clinics(cast: Cast, walk: Walk) -> None:
    assert "2 Mar 2026, 03:00" in words(Desk(cast.cora).get(case_url(walk.case_id)))  # 09:00 UTC in Chicago


def test_a_person_of_two_clinics_sees_both(cast: Cast) -> None:
    other = referred(cast, mrn="R-7")
    both = person("bea", cast.clinic, Role.NURSE)
    both.memberships.create(clinic=cast.other_clinic, role="nurse")
    text = words(Desk(both).get(case_url(other)))
    assert "MRN R-7" in text
