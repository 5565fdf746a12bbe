"""The one place that runs an engine verb for a request and turns what it answers into something a page can show.

Knows the engine's errors and HTTP; must not know a single screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from pathway.engine.action import Outcome
from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused, Stale
from pathway.models import Case
from pathway.protocol.roles import Role
from pathway.protocol.verdict import Reason, Verdict
from pathway.queries.case import find_case
from pathway.tasks import nudge

Done = TypeVar("Done")
"""What a verb returns."""

Links = Mapping[str, UUID]
"""The newest to-do of each key, for links to what clears a reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb answered: done (`outcome`), or refused with `errors` by field or a `verdict`, and the HTTP status."""

    status: int = 200
    outcome: Outcome | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    title: str = ""
    verdict: Verdict | None = None

    @property
    def done(self) -> bool:
        """Whether the verb did it (now, or at an earlier press)."""
        return self.outcome is not None


def person(request: HttpRequest) -> UUID:
    """Who is signed in. Every page but sign-in has somebody: the middleware sees to it."""
    key = request.user.pk
    assert key is not None
    return key


def case_for(request: HttpRequest, case_id: UUID) -> Case:
    """The case that a page is about, and its clinic for the frame. Raises Http404 for somebody of another clinic."""
    case = find_case(case_id, person(request))
    if case is None:
        raise Http404("There is no such case for you.")
    request.clinic = case.clinic  # type: ignore[attr-defined]  # the frame shows it, see views.context
    return case


def perform(request: HttpRequest, verb: Callable[..., Outcome], **arguments: Any) -> Answer:
    """Run a verb on a case as the signed-in person, now; whoever is to be told of it is told soon."""
    outcome = attempt(request, verb, **arguments)
    if isinstance(outcome, Answer):
        return outcome
    nudge()
    return Answer(outcome=outcome)


def attempt(request: HttpRequest, verb: Callable[..., Done], **arguments: Any) -> Done | Answer:
    """Run any verb as the signed-in person, now. What may not be seen is a 404; every other refusal is an Answer."""
    try:
        return verb(by=request.user, at=timezone.now(), **arguments)
    except NotFound as error:
        raise Http404(str(error)) from error
    except Invalid as error:
        return Answer(422, errors=error.errors)
    except Refused as error:
        return refusal(error)


def refusal(error: Refused) -> Answer:
    """A refusal with its status: 403 where another person could, 409 where the case says no or has moved on."""
    if isinstance(error, NotAllowed):
        return Answer(403, title="You may not do that", verdict=error.verdict)
    title = "This changed in the meantime" if isinstance(error, Stale) else "That is not possible yet"
    return Answer(409, title=title, verdict=error.verdict)


def show_errors(form: forms.BaseForm, answer: Answer) -> None:
    """Put a verb's sentences at their fields; those of no field on top. What was typed stays."""
    for name, texts in answer.errors.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


def who(roles: Sequence[Role]) -> str:
    """Roles in a sentence: "the coordinator or the physiatrist"."""
    return " or ".join(f"the {role.label.lower()}" for role in roles)


def reasons_of(verdict: Verdict | None, links: Links) -> list[dict[str, str]]:
    """A verdict for <c-alert>: each reason with who can clear it and a link to where."""
    return [_reason(reason, links) for reason in verdict.reasons] if verdict else []


def _reason(reason: Reason, links: Links) -> dict[str, str]:
    shown = {"text": reason.text, "who": who(reason.clears)}
    if reason.code == "already_open" and reason.todo_key:
        return {
            "text": reason.text,
            "url": reverse("case", args=[reason.todo_key]),
            "action": "Open the case",
        }
    if reason.todo_key in links:
        shown |= {"url": reverse("todo", args=[links[reason.todo_key]]), "action": "Open the to-do"}
    return shown


def alert_of(answer: Answer | None, links: Links) -> dict[str, Any] | None:
    """The alert of a refused action; None where nothing was refused."""
    if answer is None or answer.verdict is None or not answer.verdict.reasons:
        return None
    return {"title": answer.title, "reasons": reasons_of(answer.verdict, links)}


def finish(request: HttpRequest, answer: Answer, said: str, to: str) -> HttpResponse:
    """Answer a done action: say so, then redirect (303) to `next` where the form names a page of ours, else to `to`."""
    repeated = answer.outcome is not None and answer.outcome.repeated
    messages.success(request, f"{said} It had been done before; nothing changed." if repeated else said)
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
    return HttpResponseRedirect(wanted if wanted and ours else to, status=303)


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks, to swap the answer into the page that is open."""
    return request.headers.get("HX-Request") == "true"
