"""A real SMTP server on the loopback address that a test can make refuse, and that remembers what it took."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """aiosmtpd's handler. `refuse_recipients` and `refuse_content` map an address to the reply it gets."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refuse_recipients: dict[str, str] = {}
        self.refuse_content: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse_recipients:
            return self.refuse_recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        for address in envelope.rcpt_tos:
            if address in self.refuse_content:
                return self.refuse_content[address]
        content = envelope.content
        assert isinstance(content, bytes)
        mail: Any = message_from_bytes(content, policy=default)
        self.taken.append(mail)
        return "250 OK"

    def counts(self) -> Counter[str]:
        """How often each mail arrived, by its id."""
        return Counter(str(mail["X-Pathway-Mail"]) for mail in list(self.taken))

    def to(self, address: str) -> list[EmailMessage]:
        """The messages to one address, in the order they came."""
        return [mail for mail in self.taken if mail["To"] == address]


@contextlib.contextmanager
def listening(inbox: Inbox, port: int) -> Iterator[None]:
    """Take mail on this port for the length of a with-block."""
    controller = Controller(inbox, hostname="127.0.0.1", port=port, ready_timeout=10)
    controller.start()
    try:
        yield
    finally:
        controller.stop(no_assert=True)
