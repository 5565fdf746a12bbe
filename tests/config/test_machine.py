"""What the launcher asks the machine, and how `manage.py demo` refuses."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from config import machine


def test_a_folder_is_held_by_one_process(tmp_path: Path) -> None:
    with (
        machine.only_one(tmp_path / "var"),
        pytest.raises(machine.MachineError, match="Another demo is running"),
        machine.only_one(tmp_path / "var"),
    ):
        pass
    with machine.only_one(tmp_path / "var"):
        pass


def test_a_taken_port_is_refused_and_a_free_one_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert machine.listens(port)
        with pytest.raises(machine.MachineError, match=f"Port {port} cannot be used"):
            machine.refuse_taken_port(port)
    free = machine.free_port()
    machine.refuse_taken_port(free)
    assert not machine.listens(free)
    assert not machine.page_answers(free, "/healthz")


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port(port: int) -> None:
    with pytest.raises(machine.MachineError, match="is not a port"):
        machine.refuse_taken_port(port)


def test_a_product_is_stale_when_a_source_changed_after_it(tmp_path: Path) -> None:
    source, product = tmp_path / "source", tmp_path / "product"
    source.mkdir()
    (source / "a").touch()
    assert not machine.newer_than_all(product, [source])
    product.touch()
    os.utime(product, (2_000_000_000, 2_000_000_000))
    assert machine.newer_than_all(product, [source])
    os.utime(source / "a", (2_000_000_001, 2_000_000_001))
    assert not machine.newer_than_all(product, [source])


def test_the_demo_runs_in_demo_mode_only() -> None:
    with pytest.raises(CommandError, match="demo mode only"):
        call_command("demo")


def test_the_demo_names_the_port_that_it_cannot_have() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TESTING"} | {"DEMO": "1"}
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "manage.py", "demo", "--port", port],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    # Where a demo is running in this folder already, that is said first.
    assert f"Port {port} cannot be used" in done.stderr or "Another demo is running" in done.stderr
    assert "Traceback" not in done.stderr
