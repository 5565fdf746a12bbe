"""What can be done on a trial day: record an observation, look at the change before recording it, refresh the clock."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pathway.engine import trials
from pathway.views.act import Answer, finish, perform, show_errors, wants_fragment
from pathway.views.todo_page import Forms, TodoPage
from pathway.views.trial_change import change_of
from pathway.views.trial_day import clock_context


def _page(request: HttpRequest, todo_id: UUID) -> TodoPage:
    """The page of a to-do that reads a trial. Raises Http404 for any other."""
    page = TodoPage(request, todo_id)
    if page.definition.form != "trial_readings":
        raise Http404("This to-do has no trial day.")
    return page


@require_safe
def clock(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """The clock and what is due now: the panel that refreshes itself."""
    page = _page(request, todo_id)
    if page.trial_day is None:
        raise Http404("No dose is on record.")
    context = clock_context(page.trial_day, page.staff, may_record=page.may_observe)
    return render(request, "trial/_clock.html", {"clock": context})


@require_POST
def observe(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Record one observation. What is refused is shown again as it was typed."""
    page, minute = _page(request, todo_id), _minute(request)
    day = page.trial_day
    if day is None or not page.may_observe:
        return _show(
            request, page, {}, perform(request, trials.observe, todo_id=todo_id, minute=minute, values={})
        )
    form = day.form(minute, request.POST)
    if not form.is_valid():
        return _show(request, page, {"observation": form}, Answer(422))
    answer = perform(
        request,
        trials.observe,
        todo_id=todo_id,
        minute=minute,
        values=form.values(),
        correcting=form.correcting,
        reason=form.cleaned_data.get("reason", ""),
    )
    show_errors(form, answer)
    if answer.done:
        return finish(
            request, answer, "Observation recorded.", f"{reverse('todo', args=[todo_id])}#trial-day"
        )
    return _show(request, TodoPage(request, todo_id), {"observation": form}, answer)


@require_POST
def preview(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """The change against the reading before the dose, of what is typed now: a fragment for htmx, else the page."""
    page = _page(request, todo_id)
    if page.trial_day is None:
        raise Http404("No dose is on record.")
    form = page.trial_day.form(_minute(request), request.POST)
    form.is_valid()
    change = change_of(page.trial_day, form.minute, form.cleaned_data)
    if wants_fragment(request):
        return render(request, "trial/_change.html", {"change": change})
    return _show(request, page, {"observation": form, "change": change}, None)


def _minute(request: HttpRequest) -> int:
    """Which observation was sent; one that the schedule lacks where it is no number, so that the engine says so."""
    sent = request.POST.get("minute", "")
    return int(sent[:6]) if sent.isascii() and sent.isdecimal() else -1


def _show(request: HttpRequest, page: TodoPage, forms: Forms, answer: Answer | None) -> HttpResponse:
    context = page.context(forms, answer)
    with timezone.override(page.clinic.time_zone):
        return render(request, "todo/todo.html", context, status=answer.status if answer else 200)
