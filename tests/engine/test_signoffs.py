"""Signing: bound to the facts, one discipline each, dissent kept, rounds after the team has met."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from pathway.engine.errors import Invalid, NotAllowed, Refused, Stale
from pathway.engine.reopening import reopen
from pathway.engine.signoffs import sign
from pathway.models import Membership, Notice, SignOff
from pathway.models.base import new_id
from pathway.protocol.roles import Decision, Stage
from pathway.queries.facts import facts_hash
from tests.cast import Cast
from tests.engine.test_edges import at_stage, do_until
from tests.engine.traces import nothing_written
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return do_until(at_stage(cast, Stage.SELECTION), "candidacy_neurosurgeon")


def shown(walk: Walk) -> str:
    return facts_hash(walk.case_id, Decision.CANDIDACY)


def test_a_signature_needs_sound_input(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("candidacy_neurosurgeon")
    for values, field in (
        ({"vote": "maybe"}, "vote"),
        ({"vote": "against"}, "reason"),
        ({"vote": "for", "waives_trial": True}, "reason"),
        ({"vote": "against", "waives_trial": True, "reason": "No."}, "waives_trial"),
    ):
        with nothing_written(), pytest.raises(Invalid) as caught:
            sign(todo_id=todo.id, by=cast.nora, at=walk.at, facts_hash=shown(walk), **values)
        assert field in caught.value.errors
    with nothing_written(), pytest.raises(NotAllowed):
        sign(todo_id=todo.id, by=cast.phil, at=walk.at, facts_hash=shown(walk), vote="for")
    with nothing_written(), pytest.raises(Refused, match="not a sign-off"):
        sign(todo_id=walk.todo("eligibility").id, by=cast.phil, at=walk.at, facts_hash="", vote="for")


def test_a_signature_on_facts_that_changed_is_refused(cast: Cast, walk: Walk) -> None:
    page = shown(walk)
    reopen(todo_id=walk.todo("goals").id, by=cast.phil, at=walk.at, reason="A goal was missing.")
    todo = walk.todo("candidacy_neurosurgeon")
    with nothing_written(), pytest.raises(Stale, match="facts changed"):
        sign(todo_id=todo.id, by=cast.nora, at=walk.at, facts_hash=page, vote="for")


def test_signing_twice_is_one_signature(cast: Cast, walk: Walk) -> None:
    walk.sign("candidacy_neurosurgeon")
    todo = walk.todo("candidacy_neurosurgeon")
    with nothing_written():
        assert sign(todo_id=todo.id, by=cast.nora, at=walk.at, facts_hash=shown(walk), vote="for").repeated
    with nothing_written(), pytest.raises(Stale, match="already signed"):
        sign(todo_id=todo.id, by=cast.nora, at=walk.at, facts_hash=shown(walk), vote="against", reason="No.")


def test_one_person_is_not_two_opinions(cast: Cast, walk: Walk) -> None:
    Membership.objects.create(clinician=cast.nora, clinic=cast.clinic, role="anesthesiologist")
    walk.sign("candidacy_neurosurgeon")
    todo = walk.todo("candidacy_anesthesiologist")
    with nothing_written(), pytest.raises(NotAllowed, match="another discipline"):
        sign(todo_id=todo.id, by=cast.nora, at=walk.at, facts_hash=shown(walk), vote="for")


def test_the_database_holds_one_signature_per_discipline_and_person(cast: Cast, walk: Walk) -> None:
    walk.sign("candidacy_neurosurgeon")
    signed = SignOff.objects.get()
    for changes in ({"signer": cast.phil}, {"role": "physiatrist"}):
        signed = SignOff.objects.get(signer=cast.nora)
        signed.pk, signed._state.adding = new_id(), True
        for name, value in changes.items():
            setattr(signed, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            signed.save()


def test_dissent_is_kept_and_the_team_meets(cast: Cast, walk: Walk) -> None:
    walk.sign("candidacy_neurosurgeon")
    walk.sign("candidacy_physiatrist", vote="against", reason="Tone holds the patient upright.")
    assert walk.todo("mdt_dissent").role == "coordinator"
    walk.sign("candidacy_anesthesiologist")
    walk.do("mdt_dissent")
    assert walk.case.decision_round == 2
    open_keys = {todo.key for todo in walk.open()}
    assert open_keys >= {f"candidacy_{role}" for role in ("neurosurgeon", "physiatrist", "anesthesiologist")}
    against = SignOff.objects.get(vote="against")
    assert (against.round, against.lapsed_at) == (1, None)
    for role in ("neurosurgeon", "physiatrist", "anesthesiologist"):
        walk.sign(f"candidacy_{role}")
    do_until(walk, "edge_start_trial")
    assert SignOff.objects.count() == 6


def test_a_changed_fact_lapses_signatures_and_tells_the_signers(cast: Cast, walk: Walk) -> None:
    for role in ("neurosurgeon", "physiatrist", "anesthesiologist"):
        walk.sign(f"candidacy_{role}")
    do_until(walk, "edge_start_trial")
    reopen(todo_id=walk.todo("eligibility").id, by=cast.phil, at=walk.at, reason="Infection was missed.")
    assert SignOff.objects.filter(lapsed_at__isnull=False).count() == 3
    assert Notice.objects.filter(kind="lapsed").count() == 3
    assert walk.todo("edge_start_trial").state == "withdrawn"
    walk.do("eligibility")
    assert {f"candidacy_{role}" for role in ("neurosurgeon", "physiatrist", "anesthesiologist")} <= {
        todo.key for todo in walk.open()
    }
