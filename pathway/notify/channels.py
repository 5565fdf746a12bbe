"""E-mail as a channel: one connection for many messages, and what the server's answer means for a message.

Knows SMTP, not notices. An error text never holds an address: servers quote the recipient in theirs.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from pathway.notify.compose import Message

_ENHANCED_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_CLOSING = 421
_PERMANENT = 500


class Fate(StrEnum):
    """What became of a message: taken; refused for now; refused for good; the same, because nobody is at this address;
    not offered, the server is away.
    """

    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"
    NOBODY = "nobody"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer; `error` is "" when it accepted."""

    fate: Fate
    error: str = ""


class Mailer:
    """A connection to the mail server for the length of a with-block, opened at the first message."""

    def __init__(self) -> None:
        self._connection = get_connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # the server may be gone; smtplib's errors are OSErrors too
            self._connection.close()

    def send(self, message: Message, address: str) -> Answer:
        """Offer one message to the server. Never raises for what a server, a network or an address can do."""
        if not is_address(address):
            return Answer(Fate.NOBODY, "this is no e-mail address")
        mail = EmailMultiAlternatives(
            message.subject,
            message.text,
            settings.DEFAULT_FROM_EMAIL,
            [address],
            headers=message.headers,
            connection=self._connection,
        )
        mail.attach_alternative(message.html, "text/html")
        try:
            self._connection.open()  # keeps a connection that is open; else each message would open its own
            self._connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, text = next(iter(refusal.recipients.values()))
            return _judge(code, text, for_good=Fate.NOBODY)
        except smtplib.SMTPDataError as refusal:
            return _judge(refusal.smtp_code, refusal.smtp_error, for_good=Fate.REFUSED)
        except smtplib.SMTPResponseException as refusal:
            # The greeting, the sign-in or the sender was refused: it concerns every message.
            return Answer(Fate.AWAY, _describe(refusal.smtp_code, refusal.smtp_error))
        except OSError as error:  # not reachable, timed out, closed the connection
            return Answer(Fate.AWAY, type(error).__name__)
        return Answer(Fate.ACCEPTED)


def is_address(text: str) -> bool:
    """Whether mail can be addressed to this text at all: no line break, which would end a header, and one @ inside."""
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and not any(sign.isspace() or not sign.isprintable() for sign in text)


def _judge(code: int, text: bytes | str, *, for_good: Fate) -> Answer:
    """An answer to one message: 5xx is for good, 4xx for now, 421 says that the server closes."""
    if code == _CLOSING:
        return Answer(Fate.AWAY, _describe(code, text))
    return Answer(for_good if code >= _PERMANENT else Fate.LATER, _describe(code, text))


def _describe(code: int, text: bytes | str) -> str:
    """The reply's codes alone, such as "550 5.1.1": words beside them may hold the recipient's address."""
    words = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    enhanced = _ENHANCED_CODE.search(words)
    return f"the mail server answered {code}" + (f" {enhanced[0]}" if enhanced else "")
