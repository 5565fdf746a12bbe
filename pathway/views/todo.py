"""The page of one to-do and what can be done with it. Views only call verbs; GET never changes anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from pathway.engine import reopening, signoffs, todos
from pathway.engine.action import Outcome
from pathway.views.act import Answer, finish, perform, refusal, show_errors, wants_fragment
from pathway.views.panels import panel_of
from pathway.views.todo_page import Forms, TodoPage, action_form


@require_http_methods(["GET", "HEAD", "POST"])
def todo(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """GET shows the to-do; POST completes it with its record."""
    page = TodoPage(request, todo_id)
    if request.method != "POST":
        return _show(request, page)
    if page.definition.form is None:
        answer = perform(request, todos.complete, todo_id=todo_id)
        return _after(request, page, answer, {})
    form = page.record_form(request.POST)
    if not form.is_valid():
        refused = refusal(page.blocked) if page.blocked else None
        return _show(request, page, {"record": form}, refused or Answer(422))
    answer = perform(request, todos.complete, todo_id=todo_id, record=form.record_data(), second=form.second)
    show_errors(form, answer)
    return _after(request, page, answer, {"record": form})


@require_POST
def check(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """What the typed record means, before it is saved: a fragment for htmx, else the page with it. Saves nothing."""
    page = TodoPage(request, todo_id)
    if page.definition.form is None:
        raise Http404("This to-do has no form.")
    if page.blocked is not None:
        return _show(request, page, answer=refusal(page.blocked))
    form = page.record_form(request.POST)
    form.is_valid()  # reads what was typed; what is wrong with it is said where it is saved, or on the whole page
    if wants_fragment(request):
        return render(request, "todo/_advice.html", {"panel": panel_of(form)})
    return _show(request, page, {"record": form})


@require_POST
def sign(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Sign for or against, bound to the facts of the page that was sent."""
    page = TodoPage(request, todo_id)
    if page.definition.decision is None:
        return _show(
            request, page, answer=perform(request, signoffs.sign, todo_id=todo_id, vote="", facts_hash="")
        )
    form = page.sign_form(request.POST)
    if not form.is_valid():
        refused = refusal(page.blocked) if page.blocked else None
        return _show(request, page, {"sign": form}, refused or Answer(422))
    answer = perform(
        request,
        signoffs.sign,
        todo_id=todo_id,
        vote=form.cleaned_data["vote"],
        facts_hash=request.POST.get("facts_hash", ""),
        reason=form.cleaned_data["reason"],
        waives_trial=form.cleaned_data.get("waives_trial", False),
    )
    show_errors(form, answer)
    return _after(request, page, answer, {"sign": form}, said="Signed.")


@require_POST
def claim(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Take a to-do that nobody owns."""
    return _ownership(request, todo_id, todos.claim, "It is yours now.")


@require_POST
def release(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Give it back to everybody who holds its role."""
    return _ownership(request, todo_id, todos.release, "You gave it back.")


@require_POST
def hand_over(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Give it to a colleague, with a reason."""
    return _with_reason(request, todo_id, "hand-over", todos.hand_over, "Handed over.")


@require_POST
def not_applicable(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Settle it because it does not fit this patient."""
    return _with_reason(
        request, todo_id, "not-applicable", todos.mark_not_applicable, "Marked not applicable."
    )


@require_POST
def reopen(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Open it again to correct it, or withdraw a signature."""
    return _with_reason(request, todo_id, "reopen", reopening.reopen, "Reopened.")


def _ownership(request: HttpRequest, todo_id: UUID, verb: Callable[..., Outcome], said: str) -> HttpResponse:
    """Claim or release: htmx swaps the card alone, so that a half-filled form beside it stays as it is."""
    page = TodoPage(request, todo_id)
    answer = perform(request, verb, todo_id=todo_id)
    if not wants_fragment(request) or request.POST.get("next"):
        return _after(request, page, answer, {}, said=said, to=_address(page))
    context = TodoPage(request, todo_id).owner() | {
        "said": said if answer.done else "",
        "refused": answer.verdict,
    }
    return render(request, "todo/_owner.html", context, status=answer.status)


def _with_reason(
    request: HttpRequest, todo_id: UUID, name: str, verb: Callable[..., Outcome], said: str
) -> HttpResponse:
    page = TodoPage(request, todo_id)
    form = action_form(page, name, request.POST)
    if not form.is_valid():
        return _show(request, page, {name: form}, Answer(422))
    answer = perform(request, verb, todo_id=todo_id, **form.cleaned_data)
    show_errors(form, answer)
    return _after(request, page, answer, {name: form}, said=said, to=_address(page))


def _after(
    request: HttpRequest, page: TodoPage, answer: Answer, forms: Forms, *, said: str = "Done.", to: str = ""
) -> HttpResponse:
    """A done to-do leads back to its case; a refused one is shown again as it now stands."""
    if answer.done:
        title = page.definition.title
        return finish(request, answer, f"{title}: {said}", to or reverse("case", args=[page.case.id]))
    return _show(request, TodoPage(request, page.todo.id), forms, answer)


def _show(
    request: HttpRequest, page: TodoPage, forms: Forms | None = None, answer: Answer | None = None
) -> HttpResponse:
    context: dict[str, Any] = page.context(forms, answer)
    with timezone.override(page.clinic.time_zone):
        return render(request, "todo/todo.html", context, status=answer.status if answer else 200)


def _address(page: TodoPage) -> str:
    return reverse("todo", args=[page.todo.id])
