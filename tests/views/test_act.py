"""How an engine's answer becomes a page's: statuses, reasons with links, errors at their fields."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django import forms
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import Http404, HttpRequest
from django.test import RequestFactory

from pathway.engine.action import Outcome
from pathway.engine.errors import EngineError, Invalid, NotAllowed, NotFound, Refused, Stale
from pathway.models import Clinician
from pathway.protocol.roles import Role
from pathway.protocol.verdict import Reason, Verdict, refused
from pathway.views.act import alert_of, finish, perform, reasons_of, show_errors

TODO = UUID(int=7)
DONE = Outcome(UUID(int=1), 3)


class SmallForm(forms.Form):
    note = forms.CharField(required=False)


def request() -> HttpRequest:
    made = RequestFactory().post("/")
    made.user = Clinician(username="cora")
    made.session = {}  # type: ignore[assignment]  # messages only need something to hold
    made._messages = FallbackStorage(made)  # type: ignore[attr-defined]
    return made


def raising(error: EngineError) -> Any:
    def verb(**given: Any) -> Outcome:
        raise error

    return verb


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid({"note": ["Write it."]}), 422),
        (Refused(refused("x", "No.")), 409),
        (Stale(refused("x", "Changed.")), 409),
        (NotAllowed(refused("x", "Not you.")), 403),
    ],
)
def test_each_refusal_has_its_status(error: EngineError, status: int) -> None:
    answer = perform(request(), raising(error))
    assert (answer.status, answer.done) == (status, False)


def test_what_may_not_be_seen_is_not_there() -> None:
    with pytest.raises(Http404):
        perform(request(), raising(NotFound("no such case")))


@pytest.mark.django_db
def test_a_done_verb_is_told_who_and_when_and_answers_with_its_outcome() -> None:
    told: dict[str, Any] = {}

    def verb(**given: Any) -> Outcome:
        told.update(given)
        return DONE

    asked = request()
    answer = perform(asked, verb, case_id=5)
    assert answer.outcome == DONE
    assert told["by"] is asked.user
    assert told["at"].tzinfo is not None
    assert told["case_id"] == 5


def test_errors_stand_at_their_fields_and_the_rest_on_top() -> None:
    form = SmallForm({})
    assert form.is_valid()
    show_errors(
        form,
        perform(request(), raising(Invalid({"note": ["Write it."], "": ["Whole."], "gone": ["Other."]}))),
    )
    assert form.errors["note"] == ["Write it."]
    assert form.non_field_errors() == ["Whole.", "Other."]


def test_reasons_say_who_clears_them_and_where() -> None:
    verdict = Verdict(
        (
            Reason("a", "Not done.", (Role.PHYSIATRIST, Role.COORDINATOR), "goals"),
            Reason("b", "No link.", (), "elsewhere"),
            Reason("already_open", "Open already.", (Role.COORDINATOR,), str(TODO)),
        )
    )
    first, second, third = reasons_of(verdict, {"goals": TODO})
    assert first["who"] == "the physiatrist or the coordinator"
    assert first["url"] == f"/todos/{TODO}/"
    assert "url" not in second
    assert third["url"] == f"/cases/{TODO}/"
    assert alert_of(None, {}) is None


def test_a_repeated_press_says_that_nothing_changed() -> None:
    asked = request()
    answer = perform(asked, raising(Refused(refused("x", "No."))))
    assert alert_of(answer, {}) is not None
    done = finish(asked, type(answer)(outcome=Outcome(UUID(int=1), 3, repeated=True)), "Done.", "/cases/")
    assert (done.status_code, done.headers["Location"]) == (303, "/cases/")
    assert "nothing changed" in str(next(iter(asked._messages)))  # type: ignore[attr-defined]
