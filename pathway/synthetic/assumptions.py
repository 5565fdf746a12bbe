"""The numbers behind the synthetic cohort, each with its tag and source, and the few ways to draw from them.

Knows `assumptions.toml` and a random generator; must not know a case.
"""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("assumptions.toml")


@dataclass(frozen=True, slots=True)
class Assumption:
    """One number or table of numbers, how well it is known (V, M, U, P) and where it comes from."""

    name: str
    value: Any
    tag: str
    source: str


def _read() -> dict[str, Assumption]:
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: Assumption(name, entry["value"], entry["tag"], entry["source"])
        for name, entry in entries.items()
    }


ASSUMPTIONS = _read()


def assumed(name: str) -> Any:
    """The value of one assumption."""
    return ASSUMPTIONS[name].value


def pick(rng: random.Random, weights: Mapping[str, float]) -> str:
    """One key, drawn by weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


def lognormal_days(rng: random.Random, name: str, spread: float) -> float:
    """Days from a lognormal given by median and sigma, kept within `spread` times the median, up and down."""
    table = assumed(name)
    days: float = rng.lognormvariate(math.log(table["median"]), table["sigma"])
    return min(max(days, table["median"] / spread), table["median"] * spread)


def lognormal_of(mean: float, sd: float, rank: float) -> float:
    """The value at `rank` standard deviations of the lognormal with this mean and standard deviation."""
    variance = math.log(1 + (sd / mean) ** 2)
    return math.exp(math.log(mean) - variance / 2 + rank * math.sqrt(variance))
