"""`python -m tests.simulation`: runs seeds, some at a time, and prints what they showed."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.simulation.ground import make_ground, part
from tests.simulation.report import failures, line, table


def main() -> None:
    """Make the ground, run the seeds that have not ended yet, say what came out; exit 1 when anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--years", type=float, default=5)
    parser.add_argument("--at-a-time", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "pathway-simulation"))
    parser.add_argument("--results", type=Path, help="JSON by seed; seeds that ended are not run again")
    options = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    if options.results and options.results.exists():
        results = json.loads(options.results.read_text())
    seeds = list(range(options.first_seed, options.first_seed + options.seeds))
    ground = make_ground(options.folder, options.patients)
    waiting = [seed for seed in seeds if "crashed" in results.get(str(seed), {"crashed": "never run"})]
    running: dict[int, tuple[Path, subprocess.Popen[bytes]]] = {}
    while waiting or running:
        while waiting and len(running) < options.at_a_time:
            seed = waiting.pop(0)
            running[seed] = start(
                ground, options.folder / f"seed-{seed}", seed, round(options.years * 365.25)
            )
        seed, (folder, process) = first_to_end(running)
        del running[seed]
        results[str(seed)] = (
            json.loads((folder / "result.json").read_text())
            if not process.returncode
            else {"seed": seed, "crashed": f"see {folder}"}
        )
        print(line(results[str(seed)]), flush=True)
        if options.results:
            options.results.write_text(json.dumps(results, indent=1))
        if not failures(results[str(seed)]):
            shutil.rmtree(folder, ignore_errors=True)
    wanted = [results[str(seed)] for seed in seeds]
    print(table(wanted))
    sys.exit(any(failures(one) for one in wanted))


def start(ground: Path, folder: Path, seed: int, days: int) -> tuple[Path, subprocess.Popen[bytes]]:
    """Begin a seed on a copy of the ground."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["cp", "-a", *map(str, ground.iterdir()), str(folder)], check=True)
    return folder, part(folder, "run", str(seed), str(days))


def first_to_end(
    running: dict[int, tuple[Path, subprocess.Popen[bytes]]],
) -> tuple[int, tuple[Path, subprocess.Popen[bytes]]]:
    """Wait for one of the seeds."""
    while True:
        for seed, (folder, process) in running.items():
            try:
                process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                continue
            return seed, (folder, process)


if __name__ == "__main__":
    main()
