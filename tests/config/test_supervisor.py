"""The process tree, as real processes: deaths are mended, stops are orderly, nobody is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.config.waiting import until


class Tree:
    """One run of tests.config.tree, its output, and the process ids of its children."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.config.tree", str(folder), kind],
                cwd=settings.BASE_DIR,
                stdout=output,
            )

    def output(self) -> str:
        return self.log.read_text()

    def ready(self) -> Tree:
        until(lambda: "ready" in self.output())
        return self

    def pid(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text())

    def everybody(self) -> list[int]:
        return [
            int(file.read_text()) for file in [*self.folder.glob("*.pid"), *self.folder.glob("*.grandchild")]
        ]

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


def alive(pid: int) -> bool:
    """True for a running process; one that ended and was not yet collected does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Callable[[str], Tree]]:
    started: list[Tree] = []

    def start(kind: str) -> Tree:
        started.append(Tree(tmp_path, kind))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()
        for pid in each.everybody():
            if alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_goes_in_reverse_order(tree: Callable[[str], Tree], number: signal.Signals) -> None:
    run = tree("plain").ready()
    everybody = run.everybody()
    assert run.stop(number) == 0
    lines = run.output().splitlines()
    assert lines.index("second   | leaves") < lines.index("first    | leaves")
    assert not [pid for pid in everybody if alive(pid)]


def test_a_dead_child_starts_again_later_each_time(tree: Callable[[str], Tree]) -> None:
    run = tree("plain").ready()
    first = run.pid("second")
    os.kill(first, signal.SIGKILL)
    until(lambda: run.pid("second") != first)
    second = run.pid("second")
    os.kill(second, signal.SIGKILL)
    until(lambda: run.pid("second") != second)
    told = [line for line in run.output().splitlines() if "died" in line]
    assert told == [
        "pathway  | second died (killed by SIGKILL); starts again in 1 s",
        "pathway  | second died (killed by SIGKILL); starts again in 2 s",
    ]
    assert "second started again" in run.output()
    assert alive(run.pid("first"))
    assert run.stop(signal.SIGINT) == 0


def test_the_grandchildren_of_a_dead_child_go_with_it(tree: Callable[[str], Tree]) -> None:
    run = tree("plain").ready()
    grandchild = int((run.folder / "first.grandchild").read_text())
    os.kill(run.pid("first"), signal.SIGKILL)
    until(lambda: not alive(grandchild))
    run.stop(signal.SIGINT)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
def test_killing_the_supervisor_leaves_no_child(tree: Callable[[str], Tree]) -> None:
    run = tree("plain").ready()
    children = [run.pid("first"), run.pid("second")]
    run.stop(signal.SIGKILL)
    until(lambda: not any(map(alive, children)))


def test_a_child_that_does_not_stop_is_killed(tree: Callable[[str], Tree]) -> None:
    run = tree("deaf").ready()
    everybody = run.everybody()
    assert run.stop(signal.SIGINT) == 0
    assert "second did not stop in 0 s and is killed" in run.output()
    assert not [pid for pid in everybody if alive(pid)]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "ghost cannot be started:"),
        ("failing", "weak ended at its start (exit status 7)."),
        ("step", "step failed (exit status 7)."),
    ],
)
def test_a_failure_ends_the_run_with_a_sentence(
    tree: Callable[[str], Tree], kind: str, sentence: str
) -> None:
    run = tree(kind)
    assert run.process.wait(timeout=30) == 1
    assert sentence in run.output()
    assert ("last words" in run.output()) is (kind == "failing")
