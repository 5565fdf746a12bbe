"""Two people press at once: real connections, real locks; one wins, the other gets a clear answer, nothing doubles."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from pathway.clinical.signs import Signs
from pathway.engine.advance import advance
from pathway.engine.errors import EngineError
from pathway.engine.incidents import acknowledge, report
from pathway.engine.paging import call_due
from pathway.engine.referrals import Referral, refer
from pathway.engine.signoffs import sign
from pathway.engine.timers import fire_due
from pathway.engine.todos import claim, complete
from pathway.models import (
    Case,
    Event,
    Incident,
    IncidentAssessment,
    IncidentTimer,
    Notice,
    SignOff,
    StageVisit,
    Timer,
    Todo,
    TrialObservation,
)
from pathway.models.base import new_id
from pathway.protocol.roles import Decision, Role, Stage
from pathway.queries.facts import facts_hash
from tests.cast import MONDAY, Cast, make_cast, patient_values, person, referred
from tests.engine.test_edges import at_stage, do_until, ready
from tests.engine.test_trials import TrialDay
from tests.examples import moved
from tests.walk import Walk

pytestmark = pytest.mark.django_db(transaction=True)
AT = MONDAY + timedelta(hours=6)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


def at_once(*presses: Callable[[], Any]) -> list[Any]:
    """Run all presses in threads that start together; each result is what the press returned or refused with."""
    barrier = threading.Barrier(len(presses))
    results: list[Any] = [None] * len(presses)

    def run(number: int, press: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            results[number] = press()
        except EngineError as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number, press)) for number, press in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert all(result is not None for result in results), results
    return results


def winners(results: list[Any]) -> list[Any]:
    return [result for result in results if not isinstance(result, EngineError) and not result.repeated]


def test_two_people_complete_the_same_to_do(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), AT)
    peer = person("paul", cast.clinic, Role.PHYSIATRIST)
    todo = walk.todo("goals")
    record = moved("goals", walk.today)
    results = at_once(
        *(
            lambda by=by: complete(todo_id=todo.id, by=by, at=AT, record=record)
            for by in (cast.phil, peer, cast.phil, peer)
        )
    )
    assert len(winners(results)) == 1
    assert Event.objects.filter(verb="complete").count() == 1
    assert walk.todo("goals").goals_records.count() == 1


def test_different_people_finish_different_to_dos_at_once(cast: Cast) -> None:
    """Each waits for the lock, then sees what the others wrote: exactly one prompt for the gate opens."""
    walk = Walk(cast, referred(cast), AT)
    jobs = [(todo, cast.of(todo.role)) for todo in walk.open()]
    definitions = {"baseline_spasticity": "assessment", "education_first": "education_record"}
    results = at_once(
        *(
            lambda todo=todo, by=by: complete(
                todo_id=todo.id, by=by, at=AT, record=moved(definitions.get(todo.key, todo.key), walk.today)
            )
            for todo, by in jobs
        )
    )
    assert len(winners(results)) == 8
    assert Todo.objects.filter(key="edge_accept", state="open").count() == 1
    assert sorted(Event.objects.values_list("seq", flat=True)) == list(range(1, 10))
    assert walk.case.event_seq == 9


def test_two_people_claim_at_once(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), AT)
    peer = person("paul", cast.clinic, Role.PHYSIATRIST)
    todo = walk.todo("goals")
    results = at_once(*(lambda by=by: claim(todo_id=todo.id, by=by, at=AT) for by in (cast.phil, peer)))
    assert len(winners(results)) == 1
    assert walk.todo("goals").owner in (cast.phil, peer)


def test_two_signatures_for_one_discipline_at_once(cast: Cast) -> None:
    walk = do_until(at_stage(cast, Stage.SELECTION), "candidacy_physiatrist")
    peer = person("paul", cast.clinic, Role.PHYSIATRIST)
    todo = walk.todo("candidacy_physiatrist")
    shown = facts_hash(walk.case_id, Decision.CANDIDACY)
    results = at_once(
        *(
            lambda by=by: sign(todo_id=todo.id, by=by, at=walk.at, vote="for", facts_hash=shown)
            for by in (cast.phil, peer)
        )
    )
    assert len(winners(results)) == 1
    assert SignOff.objects.count() == 1


def test_two_people_move_the_case_at_once(cast: Cast) -> None:
    walk = ready(cast, "accept")
    peer = person("cleo", cast.clinic, Role.COORDINATOR)
    results = at_once(
        *(
            lambda by=by: advance(case_id=walk.case_id, edge="accept", by=by, at=walk.at)
            for by in (cast.cora, peer, cast.cora)
        )
    )
    assert len(winners(results)) == 1
    assert (walk.case.stage, StageVisit.objects.count()) == ("selection", 2)


def test_the_same_patient_referred_twice_at_once(cast: Cast) -> None:
    peer = person("cleo", cast.clinic, Role.COORDINATOR)
    results = at_once(
        *(
            lambda by=by: refer(
                clinic_id=cast.clinic.id,
                referral=Referral(request_id=new_id(), patient=patient_values()),
                by=by,
                at=AT,
            )
            for by in (cast.cora, peer)
        )
    )
    assert len(winners(results)) == 1
    assert Case.objects.count() == 1


def test_the_same_form_sent_twice_at_once(cast: Cast) -> None:
    form = Referral(request_id=new_id(), patient=patient_values())
    results = at_once(
        *(lambda: refer(clinic_id=cast.clinic.id, referral=form, by=cast.cora, at=AT) for _ in range(3))
    )
    assert len(winners(results)) == 1
    assert Case.objects.count() == 1


def test_a_reminder_and_a_completion_at_once_do_not_lock_each_other_out(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), AT)
    todos = [todo for todo in walk.open() if todo.role == "physiatrist"]
    Timer.objects.update(due_at=AT)
    records = {"baseline_spasticity": "assessment"}
    results = at_once(
        *(
            lambda todo=todo: complete(
                todo_id=todo.id,
                by=cast.phil,
                at=AT,
                record=moved(records.get(todo.key, todo.key), walk.today),
            )
            for todo in todos
        ),
        lambda: _Fired(fire_due(at=AT)),
        lambda: _Fired(fire_due(at=AT)),
    )
    assert len(winners(results)) == len(todos) + 2
    reminded = Notice.objects.exclude(kind__in=["opened", "unowned"])
    assert reminded.count() == len(
        {(notice.todo_id, notice.recipient_id, notice.kind) for notice in reminded}
    )


class _Fired:
    """The count of a sweep, shaped like an outcome."""

    repeated = False

    def __init__(self, count: int) -> None:
        self.count = count


def test_two_people_report_the_same_patient_at_once(cast: Cast) -> None:
    """Both are kept: one opens the incident, the other adds findings to it; the same form twice is one."""
    walk = Walk(cast, referred(cast), AT)
    key = new_id()
    results = at_once(
        *(
            lambda by=by, request_id=request_id: report(
                case_id=walk.case_id, request_id=request_id, signs=Signs(itch=True), by=by, at=AT
            )
            for by, request_id in (
                (cast.phil, new_id()),
                (cast.nora, new_id()),
                (cast.anna, key),
                (cast.anna, key),
            )
        )
    )
    assert len(winners(results)) == 3
    assert (Incident.objects.count(), IncidentAssessment.objects.count()) == (1, 3)
    assert sorted(Event.objects.exclude(verb="refer").values_list("verb", flat=True)) == [
        "add_findings",
        "add_findings",
        "report_incident",
    ]


def test_two_people_acknowledge_at_once_while_it_calls(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), AT)
    reported = report(
        case_id=walk.case_id, request_id=new_id(), signs=Signs(seizure=True), by=cast.cora, at=AT
    )
    later = AT + timedelta(minutes=5)
    results = at_once(
        lambda: acknowledge(incident_id=reported.incident_id, by=cast.phil, at=later),
        lambda: acknowledge(incident_id=reported.incident_id, by=cast.nora, at=later),
        lambda: [call_due(at=later)],
    )
    assert sum(not one.repeated for one in results[:2]) == 1
    assert Incident.objects.get().acknowledged_at == later
    assert not IncidentTimer.objects.exists()
    assert call_due(at=AT + timedelta(days=1)) == 0


def test_two_nurses_record_the_same_minute(cast: Cast) -> None:
    """Different numbers: the second is told. The same numbers: nothing doubles."""
    day = TrialDay(cast)
    colleague = person("noel", cast.clinic, Role.NURSE)
    results = at_once(
        lambda: day.observe(15, heart_rate=74),
        lambda: day.observe(15, colleague, heart_rate=92),
    )
    assert len(winners(results)) == 1
    [refused] = [result for result in results if isinstance(result, EngineError)]
    assert "already recorded by a colleague" in str(refused)
    results = at_once(*(lambda by=by: day.observe(30, by) for by in (day.nurse, colleague)))
    assert len(winners(results)) == 1
    assert TrialObservation.objects.filter(superseded_at__isnull=True).count() == 2
    assert Event.objects.filter(verb="observe").count() == 2
