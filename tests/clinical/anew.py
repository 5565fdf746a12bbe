"""A module of the clinical layer run once more, so that tables built at import are built under a test's eyes."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any


def anew(module: ModuleType) -> Any:
    """A fresh copy beside the module in use. Its enumerations equal those in use and are not the same objects."""
    spec = spec_from_file_location(module.__name__, module.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy
