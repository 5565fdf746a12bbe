"""An embedded server: how to start it, how to reach it, and how to run it for the length of a block."""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.process import spawn, stop


class EmbeddedError(Exception):
    """An embedded server cannot be prepared or started; the message is a sentence for the person at the
    terminal.
    """


@dataclass(frozen=True)
class Server:
    """How to start one server and how to reach it; `answers` is true when a client gets an answer now."""

    name: str
    url: str
    argv: tuple[str, ...]
    directory: Path
    socket: Path
    stop_signal: signal.Signals
    answers: Callable[[], bool]


@contextlib.contextmanager
def running(server: Server, *, seconds: float = 60) -> Iterator[str]:
    """Run `server` for the length of a with-block; yields its URL. Its output goes to a file beside it."""
    with (server.directory.parent / f"{server.name}.log").open("ab") as log:
        process = spawn(server.argv, directory=server.directory, output=log, death_signal=server.stop_signal)
        try:
            deadline = time.monotonic() + seconds
            while not server.answers():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise EmbeddedError(f"The embedded {server.name} did not start: see {log.name}.")
                time.sleep(0.02)
            yield server.url
        finally:
            stop(process, server.stop_signal, seconds=20)
            shutil.rmtree(server.socket.parent, ignore_errors=True)
