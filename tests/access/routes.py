"""Every route of the URL configuration, found by walking it: a route nobody thought of is found too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver

#: Addresses for the routes that are regular expressions.
EXAMPLES = {
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$": "accounts/confirm-email/none/",
    r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "accounts/password/reset/key/1-none/",
    "admin/(?P<url>.*)$": "admin/nowhere",
}


def routes() -> list[str]:
    """Every route as it stands in the configuration, includes joined: "todos/<uuid:todo_id>/claim/"."""
    return list(_under(get_resolver(), ""))


def _under(resolver: URLResolver, prefix: str) -> Iterator[str]:
    entries: list[Any] = resolver.url_patterns
    for entry in entries:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from _under(entry, route)


def address(
    route: str,
    case_id: UUID,
    todo_id: UUID,
    incident_id: UUID | None = None,
    clinician_id: UUID | None = None,
) -> str:
    """An address that the route answers, about this case, this to-do and this incident (without one: none is found)."""
    values = {
        "<uuid:case_id>": str(case_id),
        "<uuid:todo_id>": str(todo_id),
        "<uuid:incident_id>": str(incident_id or todo_id),
        "<uuid:model_id>": str(todo_id),  # no pump model: nobody finds one
        "<uuid:mail_id>": str(todo_id),  # no message: nobody finds one
        "<uuid:absence_id>": str(todo_id),  # no absence
        "<uuid:membership_id>": str(todo_id),  # no membership
        "<uuid:clinician_id>": str(clinician_id or todo_id),
        "<slug:edge>": "accept",
        "<uuid:notice_id>": str(todo_id),  # no notice: nobody finds one
        "<str:key>": "none",
        "<str:token>": "none",
        "<slug:key>": "program_change",
        "<path:object_id>": "1",
        "<path:content_type_id>": "1",
    }
    path = EXAMPLES.get(route, route)
    if path.startswith(
        "admin/^"
    ):  # the page of one application, named in a list of all: "^(?P<app_label>auth|mfa)/$"
        path = "admin/auth/"
    for name, value in values.items():
        path = path.replace(name, value)
    assert not set(path) & set("<>^$("), f"name an example address for the route {route}"
    return f"/{path}"
