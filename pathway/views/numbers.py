"""Constants of the clinical layer in words, and a pump or catheter as rows of numbers with their pedigree.

It reads values and draws nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from pathway.clinical.device import CatheterModel, PumpModel
from pathway.clinical.results import plain
from pathway.clinical.sources import Sourced, Tag

LABELS = {
    "reservoir_sizes_ml": "Reservoir sizes",
    "min_flow_ml_per_day": "Lowest flow that delivers drug",
    "max_flow_ml_per_day": "Highest flow",
    "alarm_ml": "Low-reservoir alarm volume",
    "stability_days": "Drug stability in the pump",
    "empty_before_mri": "Must be emptied before MRI",
    "mri_rule": "MRI",
    "minimum_rate_ml_per_day": "Minimum rate mode",
    "accuracy_pct": "Flow accuracy, plus or minus",
    "unusable_ml": "Volume that cannot be delivered",
    "internal_path_ml": "Internal path",
    "life_months": "Battery life",
    "eri_to_stop_days": "From replacement warning to stop",
    "age_min_years": "Youngest patient",
    "concentration_range_mcg_per_ml": "Concentrations allowed",
    "ml_per_cm": "Volume per length",
    "full_length_cm": "Full length",
}
"""Every number of a pump or catheter as a person calls it, in the order of the dataclasses."""

DOUBT = {Tag.MEMORY: "Not yet checked", Tag.UNCERTAIN: "Unverified"}

RANGES = frozenset({"concentration_range_mcg_per_ml"})


@dataclass(frozen=True, slots=True)
class NumberLine:
    """One number of a device; `sourced` is None where no source gives it."""

    label: str
    value: str
    unit: str = ""
    sourced: Sourced[Any] | None = None

    @property
    def doubt(self) -> str:
        """What a label says of a number that nobody has checked."""
        return DOUBT.get(self.sourced.tag, "") if self.sourced is not None else ""


@dataclass(frozen=True, slots=True)
class DeviceLines:
    """A pump or catheter model as it is read."""

    code: str
    name: str
    maker: str
    lines: tuple[NumberLine, ...]

    @property
    def known(self) -> list[NumberLine]:
        """The numbers that some source gives."""
        return [line for line in self.lines if line.sourced]

    @property
    def unknown(self) -> str:
        """The names of the others."""
        return ", ".join(line.label for line in self.lines if not line.sourced)

    @property
    def anchor(self) -> str:
        """Where the pages show it."""
        return f"device-{self.code}"

    def only(self, tag: Tag | None) -> DeviceLines:
        """The lines with this tag; all of them for None."""
        kept = [line for line in self.lines if tag is None or (line.sourced and line.sourced.tag is tag)]
        return replace(self, lines=tuple(kept))


def device_lines(model: PumpModel | CatheterModel) -> DeviceLines:
    """Every number of a model, the unknown ones too."""
    lines = tuple(
        _line(field.name, getattr(model, field.name)) for field in fields(model) if field.name in LABELS
    )
    return DeviceLines(model.code, model.name, getattr(model, "maker", ""), lines)


def _line(name: str, sourced: Sourced[Any] | None) -> NumberLine:
    if sourced is None:
        return NumberLine(LABELS[name], "not known")
    value = " to ".join(map(in_words, sourced.value)) if name in RANGES else in_words(sourced.value)
    return NumberLine(LABELS[name], value, sourced.unit, sourced)


def in_words(value: Any) -> str:
    """A constant's value as a person reads it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain(value)
        case Enum():
            return str(value.value).replace("_", " ")
        case Mapping():
            return "; ".join(f"{in_words(key)}: {in_words(entry)}" for key, entry in value.items())
        case tuple() | list():
            return ", ".join(map(in_words, value))
        case None:
            return "none"
    return str(value)
