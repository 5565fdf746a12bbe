"""Every number of the clinical layer that carries its pedigree, found by walking the layer's modules once.

A new constant appears by itself. It knows shapes (a constant, a table of constants, a model made of constants)
and no single number.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import ModuleType
from typing import Any

from pathway import clinical
from pathway.clinical.device import CatheterModel, PumpModel
from pathway.clinical.sources import Sourced

OWN_NAMES = ("name", "id", "code")
"""How a model made of constants is called: the first of these fields that it has."""

SPELLED = {
    "asa": "ASA",
    "csf": "CSF",
    "eri": "ERI",
    "fim": "FIM",
    "gas": "GAS",
    "gcs": "GCS",
    "h": "hours",
    "kg": "kg",
    "mas": "MAS",
    "mcid": "smallest change that counts",
    "ml": "mL",
    "nrs": "NRS",
    "pct": "percent",
    "tbi": "brain injury",
    "vas": "VAS",
    "us": "US",
    "eu": "EU",
    "c": "in °C",
    "prep": "preparation",
}
"""Words of names in code, as a person reads them."""


Found = tuple[tuple[str, ...], Sourced[Any], str]


@dataclass(frozen=True, slots=True)
class Constant:
    """One constant: the module that defines it, its name in words, itself, and the rule's text where it has no
    number.
    """

    module: str
    name: str
    sourced: Sourced[Any]
    text: str = ""

    @property
    def anchor(self) -> str:
        """Where the page of sources shows it."""
        words = "".join(letter if letter.isalnum() else "-" for letter in self.name.lower())
        return f"{self.module}-{words}"


@cache
def constants(layer: ModuleType = clinical) -> tuple[Constant, ...]:
    """Every constant of the layer that is no number of a pump or catheter; each once, where it is defined."""
    found: dict[int, Constant] = {}
    for module in _modules(layer):
        for name, value in vars(module).items():
            if not name.startswith("__") and not isinstance(value, ModuleType | type):
                for path, sourced, text in _walk(value, (_words(name),)):
                    found.setdefault(id(sourced), Constant(_home(module), _called(path), sourced, text))
    return tuple(found.values())


def resting_on(source: str) -> tuple[Constant, ...]:
    """The constants that name this source."""
    return tuple(constant for constant in constants() if source in constant.sourced.sources)


def _modules(layer: ModuleType) -> list[ModuleType]:
    """The layer's modules, each after those it imports from, so that a constant is met where it is defined."""
    names = [info.name for info in pkgutil.iter_modules(layer.__path__)]
    modules = [importlib.import_module(f"{layer.__name__}.{name}") for name in names]
    return sorted(modules, key=lambda module: len(_stands_on(module)))


def _stands_on(module: ModuleType) -> set[str]:
    """Names of the layer's modules that this one needs, its own among them."""
    names = {module.__name__}
    for value in vars(module).values():
        home = str(getattr(value, "__module__", None))
        if home.startswith(f"{module.__package__}.") and home not in names:
            names |= _stands_on(importlib.import_module(home))
    return names


def _home(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _walk(value: Any, path: tuple[str, ...], text: str = "") -> Iterator[Found]:
    """Every constant inside a value, with the way to it and the text of the rule it belongs to."""
    if isinstance(value, Sourced):
        yield path, value, text
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _walk(entry, (*path, _key(key)))
    elif isinstance(value, tuple | list):
        for number, entry in enumerate(value, start=1):
            yield from _walk(entry, path if _has_name(entry) else (*path, str(number)))
    elif is_dataclass(value) and not isinstance(value, type | PumpModel | CatheterModel):
        yield from _walk_model(value, path)


def _walk_model(value: Any, path: tuple[str, ...]) -> Iterator[Found]:
    """The constants among the fields of a rule, a plan or a step."""
    own = next((str(getattr(value, name)) for name in OWN_NAMES if hasattr(value, name)), "")
    text = str(getattr(value, "text", ""))
    for field in fields(value):
        yield from _walk(
            getattr(value, field.name), (*path, *([own] if own else []), _words(field.name)), text
        )


def _has_name(value: Any) -> bool:
    return any(hasattr(value, name) for name in OWN_NAMES)


def _key(key: Any) -> str:
    return ", ".join(map(_key, key)) if isinstance(key, tuple) else _words(str(key))


def _words(name: str) -> str:
    return " ".join(SPELLED.get(word, word) for word in name.lower().split("_") if word)


def _called(path: tuple[str, ...]) -> str:
    first, *rest = path
    name = first[:1].upper() + first[1:]
    return f"{name}: {', '.join(rest)}" if rest else name
