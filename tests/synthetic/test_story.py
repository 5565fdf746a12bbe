"""A seed is a story: the same seed tells it twice, and nothing in it is written past the engine."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

import pathway.engine
from pathway.models import Case, Event, Mail, Notice, Patient
from pathway.protocol.roles import Stage
from pathway.synthetic.cases import make_case
from pathway.synthetic.demo import RIVERSIDE_CASES
from pathway.synthetic.scenario import Scenario, Turn
from pathway.synthetic.staff import Staff
from tests.synthetic.conftest import WEDNESDAY

ENGINE = str(Path(pathway.engine.__file__).parent)
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
LIVELY = Scenario(
    "lively",
    Stage.TITRATION,
    30,
    (Turn("hold", Stage.EVALUATION, 3, reason="Infection", length=15),),
    against=("candidacy_physiatrist",),
    doses_fail=1,
)


def _story(staff: Staff, seed: str) -> list[tuple[Any, ...]]:
    """What happened, without ids; afterwards it never did."""
    with transaction.atomic():
        walked = make_case(staff, LIVELY, seed=seed, number=1, end=WEDNESDAY, spread=1.3)
        patient = Patient.objects.values_list("family_name", "given_name", "birth_date").get()
        events = Event.objects.filter(case_id=walked.case_id).order_by("seq")
        story = [patient, *events.values_list("at", "role", "verb", "data__key", "data__reason")]
        transaction.set_rollback(True)
    return story


def test_the_same_seed_tells_the_same_story(staff: Staff) -> None:
    first = _story(staff, "one")
    assert first == _story(staff, "one")
    assert first != _story(staff, "two")


def test_only_the_engine_writes(staff: Staff) -> None:
    strangers: list[str] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.lstrip().upper().startswith(WRITES):
            frames = traceback.extract_stack()
            by_engine = any(frame.filename.startswith(ENGINE) for frame in frames)
            dropping = any(frame.name == "drop_history" for frame in frames) and '"pathway_notice"' in sql
            if not by_engine and not dropping:
                strangers.append(sql[:80])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        make_case(staff, LIVELY, seed="written", number=1, end=WEDNESDAY, spread=1.3)
    assert strangers == []


def test_old_notices_are_dropped_as_read_and_new_ones_wait(staff: Staff) -> None:
    make_case(staff, LIVELY, seed="told", number=1, end=WEDNESDAY, spread=1.3)

    old = Notice.objects.filter(created_at__lt=WEDNESDAY.replace(day=29, hour=0))
    assert old.exists()
    assert set(old.values_list("state", "read_at")) == {("dropped", WEDNESDAY)}
    assert not Mail.objects.exists()
    assert not Notice.objects.filter(state="dropped", created_at__gte=WEDNESDAY.replace(hour=0)).exists()


def test_a_failed_case_leaves_nothing(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    impossible = Scenario(
        "impossible", Stage.CLOSED, 30, (Turn("close", Stage.EVALUATION, reason="declined"),)
    )
    with pytest.raises(Exception, match="No decision against"):
        make_case(staff, impossible, seed="x", number=1, end=WEDNESDAY)
    assert not Case.objects.exists()
    assert not Patient.objects.exists()


def test_the_demonstration_shows_every_situation() -> None:
    goals = [scenario.goal for scenario in RIVERSIDE_CASES]
    assert all(goals.count(stage) >= 3 for stage in Stage)
    reasons = {turn.reason for one in RIVERSIDE_CASES for turn in one.turns if turn.kind == "close"}
    assert reasons == {"declined", "non_responder", "withdrew", "transferred", "lost", "explanted", "died"}
    kinds = {turn.kind for one in RIVERSIDE_CASES for turn in one.turns}
    assert kinds >= {"hold", "close", "correct", "reopen", "revise", "retitrate"}
