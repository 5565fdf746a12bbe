"""Where the sockets of embedded servers are: short private folders that any process can compute."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import tempfile
from pathlib import Path

from config.embedded.server import EmbeddedError

#: Appears in the path of every embedded socket, by which production recognises and refuses it.
MARK = "pathway-embedded-"
#: Longest socket path that the kernel accepts.
SOCKET_PATH_BYTES = 107


def is_embedded(place: str) -> bool:
    """True for a host or path that belongs to an embedded server."""
    return MARK in place


def socket_folder(directory: Path) -> Path:
    """A short folder that follows from `directory` and the user, so that any process can compute it."""
    digest = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:12]
    return Path(tempfile.gettempdir(), f"{MARK}{os.geteuid()}-{digest}")


def private_socket_folder(directory: Path, account: pwd.struct_passwd | None) -> Path:
    """Create `socket_folder`, open to its owner alone, and refuse one that somebody else laid there."""
    folder = socket_folder(directory)
    if len(os.fsencode(folder / ".s.PGSQL.5432.lock")) > SOCKET_PATH_BYTES:
        raise EmbeddedError(
            f"{folder} is too long a name for a socket: set TMPDIR to a short folder, e.g. /tmp."
        )
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    owner = account.pw_uid if account is not None else os.geteuid()
    found = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or found.st_uid not in {owner, os.geteuid()}:
        raise EmbeddedError(f"{folder} belongs to somebody else: remove it or set TMPDIR to your own folder.")
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)
    return folder
