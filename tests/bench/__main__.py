"""`python -m tests.bench [--quick]`: runs the benchmarks and prints their table."""

from __future__ import annotations

import argparse
import time

from tests import environment  # noqa: F401 - first: it names the private servers before Django reads its settings
from tests.bench.burst import burst_bench
from tests.bench.ground import Database, database, raw
from tests.bench.load import TODOS_A_CASE, load
from tests.bench.page import page_bench
from tests.bench.passages import growth_bench, passages_bench
from tests.bench.reading import Place, reading_bench
from tests.bench.report import Report
from tests.cast import make_cast


def main() -> None:
    """Run everything; `--quick` with few rounds and small tables, to see that it works."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Benchmarks as ratios to a floor."
    )
    parser.add_argument("--quick", action="store_true", help="few rounds and small tables")
    parser.add_argument("--burst", action="store_true", help="only the burst of timers and its mail")
    options = parser.parse_args()
    quick = options.quick
    report, begin = Report(), time.monotonic()
    with database():
        small = Database()
        small.use()
        cast = make_cast()
        burst_bench(cast, small, report, quick=quick)
        if options.burst:
            small.close()
            report.print()
            return
        small.use()
        passages_bench(cast, small, report, quick=quick)
        small.close()
        large = small.copy("large")
        few, many = 1_000, 5_000 if quick else 100_000
        with raw("large", autocommit=True) as large_link, raw(autocommit=True) as small_link:
            large.use()
            load(large_link, cast, many)
            growth_bench(cast, small, large, report, quick=quick, cases=many)
            small.use()
            load(small_link, cast, few)
            places = Place(small, small_link, cast), Place(large, large_link, cast)
            sizes = (f"{few * TODOS_A_CASE:,}", f"{many * TODOS_A_CASE:,}")
            reading_bench(*places, report, rounds=30 if quick else 100, sizes=sizes)
            page_bench(places[1], report, rounds=10 if quick else 40)
        small.close()
        large.close()
    report.note(f"{time.monotonic() - begin:.0f} s in all")
    report.print()


if __name__ == "__main__":
    main()
