"""A mail server that writes one line a message before it answers, and that can refuse, or withhold its answer.

`python -m tests.simulation.postbox <folder> <port>`. In the folder: `arrived` grows by one line a message; `mode` says
how to answer (empty: take everything; "451": refuse everything for now; an address: refuse this one for good); while
`hold` exists, a message that has come is not answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LOOK_S = 0.005
LATER = "451"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that the server has had in full. `moment`: seconds of the machine's clock that only goes forward."""

    moment: float
    message_id: str
    mail_id: str
    address: str


class Postbox:
    """The handler; it keeps who got what and forgets the text."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._arrived = (folder / "arrived").open("a", buffering=1)
        self._parser = BytesHeaderParser()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse where the mode says so."""
        mode = mode_of(self.folder)
        if mode == LATER:
            return "451 4.3.2 Not now"
        if mode == address:
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Note the message, then answer, or wait with the answer."""
        assert isinstance(envelope.content, bytes)
        headers = self._parser.parsebytes(envelope.content, headersonly=True)
        line = [
            time.monotonic(),
            str(headers["Message-ID"]).strip(),
            str(headers["X-Pathway-Mail"]),
            envelope.rcpt_tos[0],
        ]
        self._arrived.write(json.dumps(line) + "\n")
        while (self.folder / "hold").exists():
            await asyncio.sleep(LOOK_S)
        return "250 OK"


def mode_of(folder: Path) -> str:
    """How the server answers now."""
    try:
        return (folder / "mode").read_text()
    except FileNotFoundError:
        return ""


def set_mode(folder: Path, mode: str) -> None:
    """Have the server answer otherwise from now on."""
    fresh = folder / "mode.new"
    fresh.write_text(mode)
    fresh.replace(folder / "mode")


def arrivals(folder: Path) -> list[Arrival]:
    """Every message that came, in order; a line that a killed server left half is not one."""
    try:
        lines = (folder / "arrived").read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    return [Arrival(*json.loads(line)) for line in lines if line.endswith("\n")]


async def serve(folder: Path, port: int) -> None:
    """Answer until the process is ended."""
    box = Postbox(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=False), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
