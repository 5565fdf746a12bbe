"""Verbs on one to-do: who may, what changes, what a refusal leaves behind (nothing)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused, Stale
from pathway.engine.reopening import reopen
from pathway.engine.todos import claim, complete, hand_over, mark_not_applicable, release
from pathway.models import Assessment, Event, Notice, SignOff, Timer, Todo
from pathway.protocol.roles import Role, Stage
from tests.cast import MONDAY, Cast, person, referred
from tests.engine.traces import nothing_written
from tests.examples import moved
from tests.walk import Walk

AT = MONDAY + timedelta(hours=6)


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return Walk(cast, referred(cast), AT)


def baseline(walk: Walk, **changes: Any) -> dict[str, Any]:
    return {**moved("assessment", walk.today), **changes}


def test_a_to_do_is_claimed_once(cast: Cast, walk: Walk) -> None:
    peer = person("paul", cast.clinic, Role.PHYSIATRIST)
    todo = walk.todo("goals")
    claim(todo_id=todo.id, by=cast.phil, at=AT)
    assert (walk.todo("goals").owner, walk.todo("goals").claimed_at) == (cast.phil, AT)
    with nothing_written():
        assert claim(todo_id=todo.id, by=cast.phil, at=AT).repeated
    with nothing_written(), pytest.raises(NotAllowed, match="colleague owns"):
        claim(todo_id=todo.id, by=peer, at=AT)
    with nothing_written(), pytest.raises(NotAllowed, match="colleague owns"):
        complete(todo_id=todo.id, by=peer, at=AT, record=moved("goals", walk.today))
    release(todo_id=todo.id, by=cast.phil, at=AT)
    assert walk.todo("goals").owner is None
    claim(todo_id=todo.id, by=peer, at=AT)


def test_only_its_role_and_only_its_clinic(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("goals")
    for verb in (claim, release):
        with nothing_written(), pytest.raises(NotAllowed, match="physiatrist"):
            verb(todo_id=todo.id, by=cast.nora, at=AT)
        with nothing_written(), pytest.raises(NotFound):
            verb(todo_id=todo.id, by=cast.omar, at=AT)
    with nothing_written(), pytest.raises(NotAllowed, match="physiatrist"):
        mark_not_applicable(todo_id=todo.id, by=cast.cora, at=AT, reason="No goals.")
    cast.phil.is_active = False
    with nothing_written(), pytest.raises(NotFound):
        claim(todo_id=todo.id, by=cast.phil, at=AT)


def test_handing_over_tells_the_new_owner(cast: Cast, walk: Walk) -> None:
    peer = person("paul", cast.clinic, Role.PHYSIATRIST)
    todo = walk.todo("goals")
    with nothing_written(), pytest.raises(Invalid):
        hand_over(todo_id=todo.id, to=peer.id, by=cast.cora, at=AT, reason=" ")
    with nothing_written(), pytest.raises(Refused, match="not a physiatrist"):
        hand_over(todo_id=todo.id, to=cast.nora.id, by=cast.cora, at=AT, reason="Leave.")
    hand_over(todo_id=todo.id, to=peer.id, by=cast.cora, at=AT, reason="Phil is on leave.")
    assert walk.todo("goals").owner == peer
    assert Notice.objects.filter(todo=todo, kind="handed_over", recipient=peer).count() == 1
    assert Event.objects.latest("seq").data["reason"] == "Phil is on leave."
    with nothing_written():
        assert hand_over(todo_id=todo.id, to=peer.id, by=cast.cora, at=AT, reason="Again.").repeated


def test_completing_keeps_the_record_and_stops_the_timer(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("baseline_spasticity")
    outcome = complete(todo_id=todo.id, by=cast.phil, at=AT, record=baseline(walk))
    stored = walk.todo("baseline_spasticity")
    record = Assessment.objects.get()
    assert (stored.state, stored.ended_by_id, record.recorded_by) == ("done", cast.phil.id, cast.phil)
    assert stored.result["record"] == str(record.id)
    assert stored.result["mas_mean"] == record.facts()["mas_mean"]
    assert not Timer.objects.filter(todo=todo).exists()
    assert Timer.objects.filter(todo__state="open").count() == Todo.objects.filter(state="open").count()
    assert outcome.version == walk.case.event_seq == 2
    with nothing_written():
        assert complete(todo_id=todo.id, by=cast.phil, at=AT, record=baseline(walk)).repeated


def test_a_second_different_answer_is_refused_and_said(cast: Cast, walk: Walk) -> None:
    peer = person("paul", cast.clinic, Role.PHYSIATRIST)
    todo = walk.todo("baseline_spasticity")
    complete(todo_id=todo.id, by=cast.phil, at=AT, record=baseline(walk))
    with nothing_written(), pytest.raises(Stale, match="by a colleague"):
        complete(todo_id=todo.id, by=peer, at=AT, record=baseline(walk))
    with nothing_written(), pytest.raises(Stale, match="by you"):
        complete(todo_id=todo.id, by=cast.phil, at=AT, record=baseline(walk, nrs_spasticity=1))


def test_a_form_cannot_be_ticked_without_its_record(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("baseline_spasticity")
    for record, field in ((None, ""), ({}, "assessed_on"), (baseline(walk, shoe_size=42), "shoe_size")):
        with nothing_written(), pytest.raises(Invalid) as caught:
            complete(todo_id=todo.id, by=cast.phil, at=AT, record=record)
        assert field in caught.value.errors
    with nothing_written(), pytest.raises(Invalid, match="future"):
        complete(
            todo_id=todo.id, by=cast.phil, at=AT, record=moved("assessment", walk.today + timedelta(days=2))
        )


def test_not_applicable_needs_a_reason_and_never_skips_safety(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("education_first")
    with nothing_written(), pytest.raises(Invalid):
        mark_not_applicable(todo_id=todo.id, by=cast.cora, at=AT, reason="")
    mark_not_applicable(todo_id=todo.id, by=cast.cora, at=AT, reason="Taught elsewhere.")
    assert (walk.todo("education_first").state, walk.todo("education_first").reason) == (
        "not_applicable",
        "Taught elsewhere.",
    )
    walk.do_all(until=Stage.SELECTION)
    with nothing_written(), pytest.raises(Refused, match="does not allow"):
        mark_not_applicable(todo_id=walk.todo("eligibility").id, by=cast.phil, at=AT, reason="Obvious.")


def test_reopening_supersedes_the_record_and_lapses_signatures(cast: Cast, walk: Walk) -> None:
    walk.do_all(until=Stage.SELECTION)
    walk.do("eligibility")
    for role in ("neurosurgeon", "physiatrist"):
        walk.sign(f"candidacy_{role}")
    todo = walk.todo("baseline_spasticity")
    with nothing_written(), pytest.raises(Invalid):
        reopen(todo_id=todo.id, by=cast.phil, at=AT, reason="")
    reopen(todo_id=todo.id, by=cast.phil, at=AT, reason="Wrong leg.")
    assert Assessment.objects.get().superseded_at == AT
    assert walk.todo("baseline_spasticity").is_open
    assert SignOff.objects.filter(lapsed_at__isnull=True).count() == 0
    told = Notice.objects.filter(kind="lapsed").values_list("recipient__username", flat=True)
    assert sorted(told) == ["nora", "phil"]
    walk.do("baseline_spasticity", nrs_spasticity=3)
    assert Assessment.objects.filter(superseded_at__isnull=True).count() == 1
    assert {todo.key for todo in walk.open()} >= {"candidacy_neurosurgeon", "candidacy_physiatrist"}


def test_a_signer_may_withdraw_and_nobody_else(cast: Cast, walk: Walk) -> None:
    walk.do_all(until=Stage.SELECTION)
    walk.do("eligibility")
    walk.sign("candidacy_neurosurgeon")
    todo = walk.todo("candidacy_neurosurgeon")
    with nothing_written(), pytest.raises(NotAllowed, match="Only the signer"):
        reopen(todo_id=todo.id, by=cast.cora, at=AT, reason="I disagree.")
    reopen(todo_id=todo.id, by=cast.nora, at=AT, reason="The imaging is of another patient.")
    assert "Withdrawn by the signer" in SignOff.objects.get().lapse_reason
    assert walk.todo("candidacy_neurosurgeon").occurrence == 2


def test_the_last_required_to_do_tells_the_next_role(cast: Cast, walk: Walk) -> None:
    walk.do_all(until=Stage.SELECTION)
    walk.do("eligibility")
    opened = Notice.objects.filter(kind="opened", todo__key__startswith="candidacy_")
    assert sorted(opened.values_list("recipient__username", flat=True)) == ["anna", "nora", "phil"]


def test_a_role_that_nobody_holds_alarms_the_coordinator(cast: Cast) -> None:
    cast.anna.memberships.all().delete()
    referred(cast, mrn="R-2")
    notice = Notice.objects.get(todo__key="anesthesia_review")
    assert (notice.kind, notice.recipient) == ("unowned", cast.cora)


def test_the_care_team_is_told_before_the_clinic(cast: Cast) -> None:
    peer = person("paul", cast.clinic, Role.PHYSIATRIST)
    referred(cast, mrn="R-3", team={Role.PHYSIATRIST: [peer.id]})
    todo = Todo.objects.get(key="goals")
    assert todo.owner == peer
    assert list(Notice.objects.filter(todo=todo).values_list("recipient__username", flat=True)) == ["paul"]
