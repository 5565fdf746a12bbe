"""`python -m tests.bench [--quick]`: runs the benchmarks and prints their table."""

from __future__ import annotations

import argparse

from tests.bench.ground import database
from tests.bench.passages import passages_bench
from tests.bench.report import Report
from tests.cast import make_cast


def main() -> None:
    """Run everything; `--quick` with few rounds and small tables, to see that it works."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Benchmarks as ratios to a floor."
    )
    parser.add_argument("--quick", action="store_true", help="few rounds and small tables")
    quick = parser.parse_args().quick
    report = Report()
    with database():
        cast = make_cast()
        passages_bench(cast, report, quick=quick)
    report.print()


if __name__ == "__main__":
    main()
