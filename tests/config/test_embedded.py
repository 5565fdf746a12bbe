"""The embedded servers: any folder, any user, twice in a row, and after a kill."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from django.conf import settings

from config import embedded
from config.process import spawn, stop
from tests.config.waiting import until


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that only its owner may enter, with spaces in its name, too deep for a socket."""
    with tempfile.TemporaryDirectory(prefix="pathway embedded ") as name:
        deep = Path(name, "a folder with a long name" * 5)
        deep.mkdir(parents=True)
        yield deep
        for name in ("postgres", "valkey"):
            shutil.rmtree(embedded.socket_folder(deep / name), ignore_errors=True)


def database(folder: Path) -> embedded.Server:
    return embedded.embedded_database(folder / "postgres", durable=False)


def test_the_database_keeps_its_rows_from_one_start_to_the_next(folder: Path) -> None:
    with embedded.running(database(folder)) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('once')")
    with embedded.running(database(folder)) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("once",)]
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


def test_the_address_is_known_before_the_server_runs(folder: Path) -> None:
    assert database(folder).url == embedded.database_url(folder / "postgres")
    assert embedded.embedded_broker(folder / "valkey").url == embedded.broker_url(folder / "valkey")


def test_a_killed_database_starts_again(folder: Path) -> None:
    server = embedded.embedded_database(folder / "postgres")
    process = spawn(server.argv, directory=server.directory, output=subprocess.DEVNULL)
    until(server.answers)
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    process.kill()
    process.wait()
    assert (server.directory / "postmaster.pid").exists()
    with embedded.running(database(folder)) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_lock_that_names_somebody_elses_process_is_removed(folder: Path) -> None:
    """After a restart of the machine the old process id may belong to anything, here to this test."""
    server = database(folder)
    (server.directory / "postmaster.pid").write_text(f"{os.getpid()}\n{server.directory}\n")
    with embedded.running(database(folder)) as url:
        psycopg.connect(url).close()


def test_a_server_that_a_killed_launcher_left_is_ended_first(folder: Path) -> None:
    server = database(folder)
    process = spawn(server.argv, directory=server.directory, output=subprocess.DEVNULL)
    until(server.answers)
    with embedded.running(_prepared_while_it_runs(process, folder)) as url:
        psycopg.connect(url).close()
    assert process.poll() is not None


def _prepared_while_it_runs(process: subprocess.Popen[bytes], folder: Path) -> embedded.Server:
    """Preparing waits until the old server is gone; as its parent, this test has to collect it."""
    child = subprocess.Popen(
        [sys.executable, "-c", _PREPARE, str(folder)], cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL
    )
    process.wait(timeout=60)
    assert child.wait(timeout=60) == 0
    return database(folder)


_PREPARE = """
import sys, pathlib
from config import embedded
embedded.embedded_database(pathlib.Path(sys.argv[1]) / "postgres", durable=False)
"""

_AS_ANOTHER_USER = """
import os, sys, pathlib, psycopg
from config import embedded
folder = pathlib.Path(sys.argv[1])
assert os.geteuid() != 0
with embedded.running(embedded.embedded_database(folder / "postgres", durable=False)) as url:
    print(psycopg.connect(url).execute("SELECT 41 + 1").fetchone()[0])
with embedded.running(embedded.embedded_broker(folder / "valkey")) as url:
    print(url)
"""


def test_an_ordinary_user_needs_nothing_special(folder: Path) -> None:
    """Under root it is `nobody`, allowed to pass through root's folders; otherwise whoever runs the tests."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam("nobody")
        os.chown(folder, account.pw_uid, account.pw_gid)
        prefix = embedded.as_account(account)
    done = subprocess.run(
        [*prefix, sys.executable, "-c", _AS_ANOTHER_USER, str(folder)],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == "42"


def test_the_broker_keeps_what_it_confirmed_when_it_is_killed(folder: Path) -> None:
    server = embedded.embedded_broker(folder / "valkey")
    process = spawn(server.argv, directory=server.directory, output=subprocess.DEVNULL)
    until(server.answers)
    client = redis.Redis.from_url(server.url)
    client.set("kept", "once")
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("port") == {"port": "0"}
    client.close()
    process.kill()
    process.wait()
    with embedded.running(embedded.embedded_broker(folder / "valkey")) as url:
        client = redis.Redis.from_url(url)
        assert client.get("kept") == b"once"
        client.close()


def test_sockets_are_private(folder: Path) -> None:
    with embedded.running(database(folder)):
        assert embedded.socket_folder(folder / "postgres").stat().st_mode & 0o777 == 0o700


def test_a_socket_folder_laid_by_somebody_else_is_refused(folder: Path) -> None:
    place = embedded.socket_folder(folder / "postgres")
    place.symlink_to(folder)
    try:
        with pytest.raises(embedded.EmbeddedError, match="belongs to somebody else"):
            database(folder)
    finally:
        place.unlink()


def test_a_folder_for_temporary_files_with_a_long_name_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(embedded.EmbeddedError, match="set TMPDIR to a short folder"):
        database(folder)


def test_half_a_cluster_is_thrown_away(folder: Path) -> None:
    """A kill in the middle of the first start leaves the folder under its temporary name."""
    fresh = folder / "postgres" / "data.new"
    fresh.mkdir(parents=True)
    (fresh / "PG_VERSION").write_text("18\n")
    with embedded.running(database(folder)) as url:
        psycopg.connect(url).close()


def test_a_server_that_cannot_start_says_where_to_look(folder: Path) -> None:
    server = database(folder)
    (server.directory / "PG_VERSION").write_text("7\n")
    with (
        pytest.raises(embedded.EmbeddedError, match=r"did not start: see .*database\.log"),
        embedded.running(server),
    ):
        pass


def test_stop_kills_a_process_that_ignores_its_signal(tmp_path: Path) -> None:
    deaf = "import signal as s, time; s.signal(s.SIGTERM, s.SIG_IGN); print(1, flush=True); time.sleep(600)"
    process = spawn([sys.executable, "-c", deaf], directory=tmp_path, output=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert stop(process, signal.SIGTERM, seconds=0.2) is False
    assert process.returncode == -9
    process.stdout.close()
