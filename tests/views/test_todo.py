"""The page of one to-do: who sees what, completing, correcting, signing, handing over; refusals that lose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pathway.engine.cases import close, reopen_case
from pathway.engine.todos import claim, complete
from pathway.models import Assessment, SignOff, Todo
from pathway.protocol.roles import Role, Stage
from tests.cast import MONDAY, Cast, make_cast, person
from tests.engine.traces import nothing_written
from tests.examples import moved, written
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, fresh_case, hidden, todo_url, words
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


def posted(walk: Walk, key: str, **changes: Any) -> dict[str, Any]:
    """What a browser sends to complete a to-do with its example record."""
    kind = "assessment" if key == "baseline_spasticity" else key
    return written(kind, walk.today, **changes)


def selection(cast: Cast) -> Walk:
    """A case whose three signatures are due."""
    walk = fresh_case(cast)
    walk.do_all(until=Stage.SELECTION)
    walk.do("eligibility")
    return walk


# --- reading ---


def test_the_page_says_what_for_whom_by_when_and_why(cast: Cast, walk: Walk) -> None:
    html = Desk(cast.phil).get(todo_url(walk.todo("baseline_spasticity")))
    text = words(html)
    for part in (
        "Baseline spasticity",
        "Person, Sample",
        "MRN R-1001",
        "born 17 May 1980",
        "Evaluation",
        "local policy",
    ):
        assert part in text
    assert f'href="/cases/{walk.case_id}/"' in html
    assert "Save and complete" in text


def test_reading_changes_nothing(cast: Cast, walk: Walk) -> None:
    pages = [todo_url(todo) for todo in walk.open()]
    with nothing_written():
        for url in pages:
            Desk(cast.phil).get(url)


def test_another_clinic_finds_nothing(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("baseline_spasticity")
    desk = Desk(cast.omar)
    desk.get(todo_url(todo), 404)
    with nothing_written():
        for verb in ("claim", "release", "hand-over", "not-applicable", "reopen", "sign"):
            assert desk.post(todo_url(todo, verb), {"reason": "x", "vote": "for"}).status_code == 404
        assert desk.post(todo_url(todo), posted(walk, "baseline_spasticity")).status_code == 404


def test_a_colleague_without_the_role_reads_it_with_the_reason(cast: Cast, walk: Walk) -> None:
    text = words(Desk(cast.nora).get(todo_url(walk.todo("baseline_spasticity"))))
    assert "This to-do is for the physiatrist" in text
    assert "Save and complete" not in text


def test_verbs_take_no_get(cast: Cast, walk: Walk) -> None:
    desk, todo = Desk(cast.phil), walk.todo("goals")
    for verb in ("claim", "release", "hand-over", "not-applicable", "reopen", "sign"):
        desk.get(todo_url(todo, verb), 405)


def test_every_record_form_is_drawn_within_the_budget(cast: Cast) -> None:
    """Through the whole pathway: each open to-do's page, for the person whose turn it is."""
    walk = fresh_case(cast)
    seen: set[str] = set()
    for stage in list(Stage)[1:6]:
        while walk.case.stage != stage:
            for todo in walk.open():
                if todo.key not in seen:
                    seen.add(todo.key)
                    with at(walk.at):
                        assert Desk(cast.of(todo.role)).queries(todo_url(todo)) <= MAX_QUERIES, todo.key
            before = walk.case.event_seq
            _one_step(walk)
            assert walk.case.event_seq > before, f"stuck in {walk.case.stage}"
    assert {"operation", "candidacy_neurosurgeon", "refill", "edge_settle"} <= seen


def _one_step(walk: Walk) -> None:
    """The next required duty; where time must pass first, it passes."""
    waiting = [todo for todo in walk.open() if todo.required or todo.key.startswith("edge_")]
    if not waiting or waiting[0].key in ("refill", "book_refill"):
        walk.wait(7)
    todo = (waiting or walk.open())[0]
    if todo.due_on > walk.today:
        walk.wait((todo.due_on - walk.today).days)
    walk.do(todo.key)


# --- completing ---


def test_completing_by_the_screen_writes_the_record_and_leads_to_the_case(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("baseline_spasticity")
    desk = Desk(cast.phil)
    answer = desk.post(todo_url(todo), posted(walk, "baseline_spasticity"))
    assert (answer.status_code, answer.headers["Location"]) == (303, case_url(walk.case_id))
    assert "Baseline spasticity: Done." in words(desk.get(case_url(walk.case_id)))
    assert Assessment.objects.get().todo_id == todo.id
    text = words(desk.get(todo_url(todo)))
    assert "P. Hartmann" in text
    assert "Modified Ashworth, 0 to 4 with 1+" in text  # a choice is shown as it was offered
    assert "Knee flexors" in text


def test_wrong_values_stay_in_the_form_with_their_errors(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("baseline_spasticity")
    with nothing_written():
        answer = Desk(cast.phil).post(
            todo_url(todo), posted(walk, "baseline_spasticity") | {"fim_motor": "12o"}
        )
    assert answer.status_code == 422
    html = answer.content.decode()
    assert 'value="12o"' in html
    assert 'value="P. Hartmann"' in html
    assert "data-error-summary" in html


def test_the_same_post_twice_is_one_record(cast: Cast, walk: Walk) -> None:
    todo, desk = walk.todo("baseline_spasticity"), Desk(cast.phil)
    desk.post(todo_url(todo), posted(walk, "baseline_spasticity"))
    with nothing_written():
        assert desk.post(todo_url(todo), posted(walk, "baseline_spasticity")).status_code == 303
    assert Assessment.objects.count() == 1


def test_who_was_too_late_keeps_what_was_typed(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("baseline_spasticity")
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    walk.do("baseline_spasticity")
    with nothing_written():
        answer = Desk(pia).post(todo_url(todo), posted(walk, "baseline_spasticity", rater="Pia Paz"))
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "already ended by a colleague" in text
    assert 'value="Pia Paz"' in text


def test_a_wrong_role_is_refused_even_with_a_wrong_form(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("baseline_spasticity")
    with nothing_written():
        for data in (posted(walk, "baseline_spasticity"), {}):
            answer = Desk(cast.nora).post(todo_url(todo), data)
            assert answer.status_code == 403
            assert "This to-do is for the physiatrist" in words(answer.content.decode())


def test_an_owned_to_do_names_its_owner_and_refuses_others(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("goals")
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    claim(todo_id=todo.id, by=cast.phil, at=NOW)
    text = words(Desk(pia).get(todo_url(todo)))
    assert "A colleague owns this to-do" in text
    assert "phil" in text
    with nothing_written():
        assert Desk(pia).post(todo_url(todo), posted(walk, "goals")).status_code == 403


# --- whose it is ---


def test_claim_and_release_by_plain_form(cast: Cast, walk: Walk) -> None:
    todo, desk = walk.todo("goals"), Desk(cast.phil)
    assert desk.post(todo_url(todo, "claim")).headers["Location"] == todo_url(todo)
    assert Todo.objects.get(pk=todo.pk).owner_id == cast.phil.id
    assert "Yours" in words(desk.get(todo_url(todo)))
    assert desk.post(todo_url(todo, "release")).status_code == 303
    assert Todo.objects.get(pk=todo.pk).owner_id is None


def test_claim_by_htmx_answers_the_card_alone(cast: Cast, walk: Walk) -> None:
    todo = walk.todo("goals")
    answer = Desk(cast.phil).post(todo_url(todo, "claim"), HX_Request="true")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in html
    assert 'id="todo-owner"' in html
    assert "It is yours now." in html
    refused = Desk(cast.nora).post(todo_url(todo, "release"), HX_Request="true")
    assert refused.status_code == 403
    assert "for the physiatrist" in refused.content.decode()


def test_claiming_from_a_list_returns_to_it_but_never_to_another_site(cast: Cast, walk: Walk) -> None:
    todo, desk = walk.todo("goals"), Desk(cast.phil)
    assert desk.post(todo_url(todo, "claim"), {"next": "/?when=today"}).headers["Location"] == "/?when=today"
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert desk.post(todo_url(todo, "claim"), {"next": elsewhere}).headers["Location"] == todo_url(todo)


def test_handing_over_needs_a_colleague_and_a_reason(cast: Cast, walk: Walk) -> None:
    todo, pia = walk.todo("goals"), person("pia", cast.clinic, Role.PHYSIATRIST)
    desk = Desk(cast.cora)
    with nothing_written():
        for data in ({"to": str(pia.id)}, {"reason": "Away."}, {"to": str(cast.nora.id), "reason": "Away."}):
            answer = desk.post(todo_url(todo, "hand-over"), data)
            assert answer.status_code == 422
            assert "app-confirm" in answer.content.decode()
    assert desk.post(todo_url(todo, "hand-over"), {"to": str(pia.id), "reason": "Away."}).status_code == 303
    assert Todo.objects.get(pk=todo.pk).owner_id == pia.id
    with nothing_written():
        denied = Desk(cast.nora).post(todo_url(todo, "hand-over"), {"to": str(cast.phil.id), "reason": "No."})
    assert denied.status_code == 403


def test_not_applicable_asks_why(cast: Cast, walk: Walk) -> None:
    todo, desk = walk.todo("social_checklist"), Desk(cast.cora)
    with nothing_written():
        assert desk.post(todo_url(todo, "not-applicable"), {"reason": " "}).status_code == 422
    assert desk.post(todo_url(todo, "not-applicable"), {"reason": "Lives in a ward."}).status_code == 303
    assert "“Lives in a ward.”" in words(desk.get(todo_url(todo)))


# --- correcting ---


def test_a_correction_starts_from_what_was_written_and_keeps_it(cast: Cast, walk: Walk) -> None:
    walk.do("baseline_spasticity")
    todo, desk = walk.todo("baseline_spasticity"), Desk(cast.phil)
    assert desk.post(todo_url(todo, "reopen"), {"reason": "Wrong rater."}).status_code == 303
    html = desk.get(todo_url(todo))
    assert 'value="P. Hartmann"' in html
    assert "Earlier version" in words(html)
    answer = desk.post(todo_url(todo), posted(walk, "baseline_spasticity", rater="P. Day"))
    assert answer.status_code == 303
    text = words(desk.get(todo_url(todo)))
    assert "P. Day" in text
    assert "Earlier version" in text
    assert Assessment.objects.filter(superseded_at__isnull=False).count() == 1


def test_a_finished_to_do_offers_correction_only_to_those_who_may(cast: Cast, walk: Walk) -> None:
    walk.do("baseline_spasticity")
    todo = walk.todo("baseline_spasticity")
    assert "Reopen to correct" in words(Desk(cast.cora).get(todo_url(todo)))
    assert "Reopen to correct" not in words(Desk(cast.anna).get(todo_url(todo)))
    with nothing_written():
        assert Desk(cast.anna).post(todo_url(todo, "reopen"), {"reason": "No."}).status_code == 403


# --- signing ---


def test_the_signer_reads_every_record_the_signature_is_bound_to(cast: Cast) -> None:
    walk = selection(cast)
    desk = Desk(cast.nora)
    text = words(desk.get(todo_url(walk.todo("candidacy_neurosurgeon"))))
    for part in (
        "Eligibility",
        "Baseline spasticity",
        "Sits in the wheelchair for two hours",
        "MRI of the whole spine",
    ):
        assert part in text
    assert desk.queries(todo_url(walk.todo("candidacy_neurosurgeon"))) <= MAX_QUERIES


def test_signing_for_binds_the_facts_that_were_shown(cast: Cast) -> None:
    walk = selection(cast)
    todo, desk = walk.todo("candidacy_neurosurgeon"), Desk(cast.nora)
    shown = hidden(desk.get(todo_url(todo)), "facts_hash")
    assert desk.post(todo_url(todo, "sign"), {"vote": "for", "facts_hash": shown}).status_code == 303
    signed = SignOff.objects.get()
    assert (signed.facts_hash, signed.vote, signed.signer_id) == (shown, "for", cast.nora.id)
    assert "Withdraw my signature" in words(desk.get(todo_url(todo)))


def test_facts_that_changed_are_shown_again_before_anybody_signs(cast: Cast) -> None:
    walk = selection(cast)
    todo, desk = walk.todo("candidacy_neurosurgeon"), Desk(cast.nora)
    old = hidden(desk.get(todo_url(todo)), "facts_hash")
    Desk(cast.nora).post(todo_url(walk.todo("surgical_review"), "reopen"), {"reason": "Typing error."})
    walk.do("surgical_review", imaging="MRI with contrast")
    todo = walk.todo("candidacy_neurosurgeon")
    with nothing_written():
        answer = desk.post(
            todo_url(todo, "sign"), {"vote": "against", "facts_hash": old, "reason": "Unsure."}
        )
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "The facts changed since you opened this page" in words(html)
    assert "MRI with contrast" in html
    assert "Unsure." in html
    assert hidden(html, "facts_hash") != old


def test_dissent_and_waiver_need_a_reason(cast: Cast) -> None:
    walk = selection(cast)
    todo, desk = walk.todo("candidacy_neurosurgeon"), Desk(cast.nora)
    shown = hidden(desk.get(todo_url(todo)), "facts_hash")
    with nothing_written():
        for data in ({}, {"vote": "against"}, {"vote": "for", "waives_trial": "on"}, {"vote": "maybe"}):
            assert desk.post(todo_url(todo, "sign"), {"facts_hash": shown, **data}).status_code == 422
    dissent = {"facts_hash": shown, "vote": "against", "reason": "Goals are not realistic."}
    assert desk.post(todo_url(todo, "sign"), dissent).status_code == 303
    text = words(Desk(cast.anna).get(todo_url(walk.todo("candidacy_anesthesiologist"))))
    assert "“Goals are not realistic.”" in text


def test_signing_without_the_role_or_twice(cast: Cast) -> None:
    walk = selection(cast)
    todo = walk.todo("candidacy_neurosurgeon")
    vote = {"vote": "for", "facts_hash": hidden(Desk(cast.nora).get(todo_url(todo)), "facts_hash")}
    with nothing_written():
        assert Desk(cast.cora).post(todo_url(todo, "sign"), vote).status_code == 403
        assert Desk(cast.phil).post(todo_url(walk.todo("eligibility"), "sign"), vote).status_code == 409
        assert Desk(cast.nora).post(todo_url(todo), {}).status_code == 409  # a signature is no tick
    Desk(cast.nora).post(todo_url(todo, "sign"), vote)
    with nothing_written():
        assert Desk(cast.nora).post(todo_url(todo, "sign"), vote).status_code == 303
        changed = Desk(cast.nora).post(todo_url(todo, "sign"), vote | {"vote": "against", "reason": "No."})
    assert changed.status_code == 409


# --- prompts ---


def test_a_prompt_says_what_the_gate_says_and_moves_the_case(cast: Cast, walk: Walk) -> None:
    for todo in walk.open():
        if todo.required:
            walk.do(todo.key)
    todo, desk = walk.todo("edge_accept"), Desk(cast.cora)
    html = desk.get(todo_url(todo))
    assert f'action="{case_url(walk.case_id, "advance/accept")}"' in html
    answer = desk.post(case_url(walk.case_id, "advance/accept"), {"version": hidden(html, "version")})
    assert answer.status_code == 303
    assert walk.case.stage == Stage.SELECTION


def test_the_prompt_to_agree_to_a_reopening(cast: Cast, walk: Walk) -> None:
    evidence = {"note": "Moved abroad."}
    close(case_id=walk.case_id, reason="withdrew", evidence=evidence, by=cast.cora, at=NOW)
    reopen_case(case_id=walk.case_id, by=cast.cora, at=NOW, reason="They came back.")
    html = Desk(cast.phil).get(todo_url(walk.todo("edge_reopen")))
    assert "“They came back.”" in words(html)
    answer = Desk(cast.phil).post(case_url(walk.case_id, "reopen"), {"reason": hidden(html, "reason")})
    assert answer.status_code == 303
    assert walk.case.stage == Stage.EVALUATION


def test_names_of_people_who_left_the_clinic_remain(cast: Cast, walk: Walk) -> None:
    guest = person("gwen", cast.clinic, Role.PHYSIATRIST)
    todo = walk.todo("goals")
    complete(todo_id=todo.id, by=guest, at=NOW, record=moved("goals", walk.today))
    guest.memberships.all().delete()
    desk = Desk(cast.phil)
    assert "gwen" in words(desk.get(todo_url(todo)))
    assert "gwen" in words(desk.get(case_url(walk.case_id)))
