"""A mail server's handler that keeps mail in a folder and can withhold its replies, so that a test meets a sender
in the very middle: the server has the message, the sender does not know it yet.

Run as `python -m aiosmtpd -c tests.faults.heldbox.HeldBox <folder>`. The file `<folder>.limit` holds a number: from
that many messages on, replies wait until the number is raised.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, Envelope, Session


class HeldBox(Mailbox):
    """Keeps each message at once; its reply may have to wait."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = await super().handle_DATA(server, session, envelope)
        while len(self.mailbox) >= limit_of(Path(self.mail_dir)):
            await asyncio.sleep(0.01)
        return reply


def limit_of(folder: Path) -> int:
    """The number of messages from which on replies wait."""
    try:
        return int(limit_file(folder).read_text())
    except (FileNotFoundError, ValueError):  # ValueError: read while it was being written
        return 0


def limit_file(folder: Path) -> Path:
    """Where a folder's limit is kept."""
    return folder.with_name(folder.name + ".limit")
