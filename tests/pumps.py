"""A pump model that a clinic could add from an invented manual."""

from __future__ import annotations

from pathway.clinical.site_pump import NUMBERS

MANUAL = "Sample 20 manual, 2019, p. 14"

VALUES = {
    "reservoir_sizes_ml": "10, 18",
    "min_flow_ml_per_day": "0.1",
    "max_flow_ml_per_day": "21",
    "alarm_ml": "1.5",
    "stability_days": "90",
    "empty_before_mri": "yes",
    "mri_rule": "1.5 T only.",
    "life_months": "72",
    "concentration_range_mcg_per_ml": "500 to 2000",
}


def typed(**values: str) -> dict[str, dict[str, str]]:
    """The numbers as somebody would type them, with changes; an empty text leaves a number out."""
    chosen = {name: text for name, text in (VALUES | values).items() if text}
    assert set(chosen) <= set(NUMBERS)
    return {name: {"value": text, "tag": "M", "document": MANUAL} for name, text in chosen.items()}
