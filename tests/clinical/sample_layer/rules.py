"""It needs no other module: models made of constants, with and without a name or a text of their own."""

from __future__ import annotations

from dataclasses import dataclass

from pathway.clinical.sources import Sourced, Tag


@dataclass(frozen=True)
class Rule:
    """It has a text and an id."""

    limit: Sourced[int]
    text: str
    id: str = ""


@dataclass(frozen=True)
class Step:
    """It has neither name nor text."""

    wait_h: Sourced[int]


@dataclass(frozen=True)
class Plan:
    """It has a code and a name, which is told first, and steps."""

    code: str
    name: str
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Device:
    """It has only a code."""

    code: str
    size_ml: Sourced[int]


def _one(value: int) -> Sourced[int]:
    return Sourced(value, "", Tag.POLICY)


_RULES = [Rule(_one(1), "The first.", id="R-1"), Rule(_one(2), "No id.")]
PLAN = Plan("p", "Big plan", (Step(_one(3)), Step(_one(4))), (Rule(_one(5), "Its own.", id="R-5"),))
LONE_STEP = Step(_one(6))
DEVICES = (Device("d-1", _one(7)),)
KINDS = (Rule, Step)
"""Classes are no constants."""
