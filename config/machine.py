"""Questions about the machine that a launcher asks: is the folder ours, is the port free, does somebody
answer.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import socket
from collections.abc import Iterator
from pathlib import Path

LOOPBACK = "127.0.0.1"


class MachineError(Exception):
    """The machine cannot be used as asked; the message is a sentence that says what to do."""


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; the kernel lets go of the lock however the process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MachineError(f"Another demo is running in {folder}: stop it first.") from None
        yield


def refuse_taken_port(port: int) -> None:
    """Raise MachineError when no server could listen on `port` of the loopback address."""
    if not 1 <= port <= 65535:
        raise MachineError(f"{port} is not a port: choose one from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise MachineError(
                f"Port {port} cannot be used ({error.strerror}): choose another, e.g. make demo PORT=8001."
            ) from None


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """True when a server accepts connections on `port`."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def page_answers(port: int, path: str) -> bool:
    """True when `path` comes with status 200."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def newer_than_all(product: Path, sources: list[Path]) -> bool:
    """True when `product` exists and no file under `sources` was changed after it was made."""
    if not product.exists():
        return False
    made = product.stat().st_mtime
    return all(file.stat().st_mtime <= made for source in sources for file in source.rglob("*"))
