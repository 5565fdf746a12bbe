"""The demonstration's inbox: what Pathway has sent, read from the folder of the local mail server.

Demo mode only. It shows a message's text and never its HTML as HTML.
"""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_binary_file, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from heapq import nlargest
from typing import IO, Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pathway.views.context import is_demo

#: The newest messages that the page looks at; a demonstration that has sent more shows these.
SHOWN = 200
_KEY = re.compile(r"(\d+)\.M(\d+)P\d+Q(\d+)")
_HEADERS = BytesHeaderParser(policy=policy.default)


@dataclass(frozen=True, slots=True)
class Mail:
    """One line of the inbox."""

    key: str
    to: str
    subject: str
    sent_at: datetime | None


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The newest messages, all or those to `?to=`."""
    box = _open_box()
    mails = [_line(key, _HEADERS.parse(file)) for key, file in _newest(box)]
    recipient = request.GET.get("to", "")
    context = {
        "mails": [mail for mail in mails if recipient in ("", mail.to)],
        "recipient": recipient,
        "recipients": [("", "Everybody"), *((to, to) for to in sorted({mail.to for mail in mails}))],
    }
    return render(request, "demo/mail.html", context)


@require_safe
def message(request: HttpRequest, key: str) -> HttpResponse:
    """One message: its headers, its text and the source of its HTML."""
    box = _open_box()
    if key not in box:
        raise Http404("There is no such message.")
    with box.get_file(key) as file:
        found = message_from_binary_file(cast("IO[bytes]", file), policy=policy.default)
    context: dict[str, Any] = {
        "mail": _line(key, found),
        "headers": [(name, value) for name, value in found.items() if not name.startswith("Content-")],
        "text": _body(found, "plain"),
        "html": _body(found, "html"),
    }
    return render(request, "demo/mail_message.html", context)


def _open_box() -> mailbox.Maildir:
    """The folder of the local mail server. Raises Http404 outside the demonstration."""
    if not is_demo():
        raise Http404("Only the demonstration has an inbox.")
    return mailbox.Maildir(settings.DEMO_MAIL_DIR, create=True)


def _newest(box: mailbox.Maildir) -> Iterator[tuple[str, Any]]:
    """The newest messages' keys and open files."""
    for key in nlargest(SHOWN, box.keys(), key=_moment):
        with box.get_file(key) as file:
            yield key, file


def _moment(key: str) -> tuple[int, ...]:
    """When a message came, out of its key: the second, the microsecond, and a number within a process."""
    found = _KEY.match(key)
    return tuple(int(number) for number in found.groups()) if found else ()


def _line(key: str, found: Any) -> Mail:
    date = found["Date"]
    return Mail(key, parseaddr(str(found["To"]))[1], str(found["Subject"]), date.datetime if date else None)


def _body(found: EmailMessage, kind: str) -> str:
    part = found.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
