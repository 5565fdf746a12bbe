"""A small run of the simulation, one seed with every kind of fault; `make simulate` does it at full size."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.simulation.ground import ROOT
from tests.simulation.report import failures, line

SMALL = ("--seeds", "1", "--patients", "5", "--years", "0.3")


@pytest.mark.slow
def test_no_duty_no_rung_and_no_notice_is_lost_in_a_season_of_faults(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with tempfile.TemporaryDirectory(prefix="pathway simulation ") as name:
        results = Path(name, "results.json")
        words = [*SMALL, "--folder", name, "--results", str(results)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulation", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert results.exists(), done.stderr[-4000:]
        result = json.loads(results.read_text())["1"]
    assert failures(result) == [], done.stderr[-4000:]
    with capsys.disabled():
        sys.stdout.write(f"\n{line(result)}\n")
    assert result["mail"]["told"] > 0
    assert result["rungs"] > 0
    assert len(result["faults"]) >= 10, result["faults"]
