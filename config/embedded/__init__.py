"""PostgreSQL and Valkey out of Python wheels, private to one folder, behind Unix sockets: for demo and tests.

Nothing starts by itself: `embedded_database` and `embedded_broker` prepare a folder and say how to start the
server in it; the supervisor or `running` does. Works as root, as an ordinary user, in folders with any name.
"""

from __future__ import annotations

from config.embedded.postgres import as_account, database_url, embedded_database
from config.embedded.server import EmbeddedError, Server, running
from config.embedded.sockets import is_embedded, socket_folder
from config.embedded.valkey import broker_url, embedded_broker

__all__ = [
    "EmbeddedError",
    "Server",
    "as_account",
    "broker_url",
    "database_url",
    "embedded_broker",
    "embedded_database",
    "is_embedded",
    "running",
    "socket_folder",
]
