"""The floor of a list page: the same rows and the same markup as my work, as SQL and an f-string in a Django view.

The page's frame (masthead, navigation, footer) is a constant here: kept text is the least a frame can cost.
"""

from __future__ import annotations

import html
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import include, path
from django.utils import timezone

from pathway.queries.definitions import title_of
from tests.bench.reading import COUNTS, ROLES, WORK

ICON = (
    '<svg class="pf-v6-svg app-icon" width="1em" height="1em" aria-hidden="true">'
    '<use href="/static/vendor/icons.svg#'
)
LABEL = '<span class="pf-v6-c-label pf-m-compact pf-m-'
FRAME = {"head": "", "tail": ""}
"""What stands before and after the rows; the bench takes it from the real page."""


def floor(request: HttpRequest) -> HttpResponse:
    """My work's first page for somebody with one role in one clinic."""
    with connection.cursor() as cursor:
        cursor.execute(ROLES, [request.user.pk])
        (clinic_id, zone, role), *_ = cursor.fetchall()
        today = timezone.now().astimezone(ZoneInfo(zone)).date()
        who = {"person": request.user.pk, "clinic": clinic_id, "role": role, "today": today}
        cursor.execute(WORK, who)
        rows = cursor.fetchall()
        cursor.execute(COUNTS, who)
        counts = dict(cursor.fetchall())
    token = get_token(request)
    body = "".join([_row(row, token, today) for row in rows[:50]])
    tabs = "".join([f"<li>{name} <span>{number}</span></li>" for name, number in counts.items()])
    return HttpResponse(f"{FRAME['head']}{tabs}{body}{FRAME['tail']}")


def _row(row: tuple[Any, ...], token: str, today: date) -> str:
    key, due_on, case_id, protocol_id, todo_key, role, owner_id, _, stage, _, family, given, mrn = row
    title, patient = html.escape(title_of(protocol_id, todo_key)), html.escape(f"{family}, {given}")
    late = (today - due_on).days
    if owner_id:
        claim, whose = (
            "",
            f'{LABEL}info"><span class="pf-v6-c-label__content">{ICON}user"/></svg><span>Mine</span></span></span>',
        )
    else:
        whose = '<span class="app-subtle">Unclaimed</span>'
        claim = f"""
                <form method="post" action="/todos/{key}/claim/">
                  <input type="hidden" name="csrfmiddlewaretoken" value="{token}">
                  <input type="hidden" name="next" value="/">
                  <button class="pf-v6-c-button pf-m-secondary pf-m-small" type="submit"><span class="pf-v6-c-button__text">Claim<span class="pf-v6-screen-reader">: {title}, {patient}</span></span></button>
                </form>"""  # noqa: E501
    return f"""
        <tr class="pf-v6-c-table__tr" id="todo-{key}">
          <td><span class="app-due">{LABEL}danger"><span class="pf-v6-c-label__content"><span class="pf-v6-c-label__icon">{ICON}circle-alert"/></svg></span><span class="pf-v6-c-label__text">{late} days overdue</span></span></span> <time datetime="{due_on}">{due_on:%-d %b %Y}</time></span></td>
          <td>
            <span class="app-cluster">
              <a class="app-strong" href="/todos/{key}/">{title}</a>
            </span>
          </td>
          <td><a href="/cases/{case_id}/">{patient}</a> <span class="app-subtle">{html.escape(mrn)} · {stage.capitalize()}</span></td>
          <td><span class="app-cluster"><span class="app-role">{ICON}clipboard-list"/></svg> <span>{role.capitalize()}</span></span>{whose}</span></td>
          <td class="app-row-actions">
            <span class="app-cluster">{claim}
              <a class="pf-v6-c-button pf-m-secondary pf-m-small" href="/todos/{key}/"><span class="pf-v6-c-button__text">Open<span class="pf-v6-screen-reader">: {title}, {patient}</span></span></a>
            </span>
          </td>
        </tr>"""  # noqa: E501


urlpatterns = [path("bench/", floor), path("", include("config.urls"))]
