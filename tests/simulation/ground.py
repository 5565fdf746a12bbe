"""The clinic that every run starts from, made once and kept: a stopped database cluster, and its patients' walks.

Knows processes and folders, not Django: what is laid there is in `laying`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from config import embedded
from config.process import spawn

ROOT = Path(__file__).resolve().parents[2]
WHOLE = "whole"


def make_ground(folder: Path, patients: int, processes: int = 2) -> Path:
    """The ground for so many patients; made anew unless the same code has made it before."""
    ground = folder / f"ground-{patients}-{code_digest()}"
    if (ground / WHOLE).exists():
        return ground
    shutil.rmtree(ground, ignore_errors=True)
    database = ground / "postgres"
    with embedded.running(embedded.embedded_database(database)):
        finish([part(ground, "laying", "configure")])
    with embedded.running(embedded.embedded_database(database)):  # some settings need a second start
        finish([part(ground, "laying", "prepare")])
        share = -(-patients // processes)
        numbers = [(first, min(first + share - 1, patients)) for first in range(1, patients + 1, share)]
        finish([part(ground, "laying", "walk", str(first), str(last)) for first, last in numbers])
        finish([part(ground, "laying", "finish")])
    (ground / WHOLE).touch()
    return ground


def code_digest() -> str:
    """Changes with the code that makes the ground."""
    digest = hashlib.sha256()
    here = [Path(__file__).with_name(f"{name}.py") for name in ("ground", "laying", "resident", "triggers")]
    places = [*(ROOT / "pathway").rglob("*.py"), *(ROOT / "pathway").rglob("*.toml")]
    for file in [*sorted(places), *here]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


def part(folder: Path, module: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a module of the simulation on the servers of a folder."""
    environment = os.environ | {
        "TESTING": "1",
        "DATABASE_URL": embedded.database_url(folder / "postgres"),
        "REDIS_URL": embedded.broker_url(folder / "valkey"),
    }
    command = [sys.executable, "-m", f"tests.simulation.{module}", str(folder), *words]
    return spawn(command, directory=ROOT, environment=environment)


def finish(parts: list[subprocess.Popen[bytes]]) -> None:
    """Wait for all; SystemExit when one failed."""
    codes = [process.wait() for process in parts]
    if any(codes):
        raise SystemExit("A part of the simulation failed; see above.")
