"""Records that do not fit this patient, this pump or this day: the table for test_records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pathway.clinical.site_pump import site_model
from pathway.clinical.steps import Phase
from tests.examples import running
from tests.pumps import typed

# Values that are wrong for this patient or this day.
SAMPLE = site_model("sample-20", "Sample 20", "Sample", typed())
UNTIMELY: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("assessment", {"assessed_on": date(2026, 10, 1)}, {}, "assessed_on", "future"),
    ("assessment", {"assessed_on": date(1984, 5, 16)}, {}, "assessed_on", "birth"),
    ("neuro_history", {"onset_on": date(1980, 1, 1)}, {}, "onset_on", "birth"),
    (
        "trial_dose",
        {"given_at": datetime(2026, 10, 2, tzinfo=UTC), "given_on": date(2026, 10, 1)},
        {},
        "given_at",
        "future",
    ),
    (
        "surgical_plan",
        {"pump_model": "prometra-ii"},
        {"birth_date": date(2016, 1, 1)},
        "pump_model",
        "12 years",
    ),
    ("operation", {"pump_model": "prometra-ii"}, {"birth_date": date(2016, 1, 1)}, "pump_model", "12 years"),
    (
        "operation",
        {"pump_model": "sample-20"},
        {},
        "pump_model",
        "The pump model 'sample-20' is not known. A site can add a model with its manual's numbers.",
    ),
    (
        "surgical_plan",
        {"pump_model": "sample-20"},
        {},
        "pump_model",
        "The pump model 'sample-20' is not known.",
    ),
    (
        "operation",
        {"reservoir_ml": 30},
        {},
        "reservoir_ml",
        "SynchroMed II comes with 20 or 40 mL [V:S40], not 30 mL.",
    ),
    ("surgical_plan", {"reservoir_ml": 18}, {}, "reservoir_ml", "comes with 20 or 40 mL"),
    (
        "operation",
        {"pump_model": "sample-20"},
        {"pump_models": {"sample-20": SAMPLE}},
        "reservoir_ml",
        "Sample 20 comes with 10 or 18 mL [M:SITE], not 20 mL.",
    ),
    (
        "program",
        {"effective_at": datetime(2026, 3, 31, 17, 0, tzinfo=UTC), "effective_on": date(2026, 3, 31)},
        {"pump": running("80")},
        "effective_at",
        "no fill of this pump",
    ),
    (
        "program",
        {"daily_dose_mcg_per_day": Decimal(20), "over_limit_reason": "Very sensitive"},
        {"pump": running("23")},
        "daily_dose_mcg_per_day",
        "below the least flow of SynchroMed II",
    ),
    (
        "refill",
        {"filled_ml": Decimal(21)},
        {"pump": running("100")},
        "filled_ml",
        "do not fit into this pump",
    ),
    (
        "refill",
        {"aspirated_ml": Decimal(19), "residual_action": "Repeated"},
        {"pump": running("100")},
        "aspirated_ml",
        "more than the 18 mL that were in the pump",
    ),
    (
        "refill",
        {"refilled_at": datetime(2026, 3, 1, tzinfo=UTC), "refilled_on": date(2026, 3, 1)},
        {"pump": running("100")},
        "refilled_at",
        "before the first fill",
    ),
    (
        "refill",
        {"alarm_setting_ml": Decimal(1)},
        {"pump": running("100")},
        "alarm_setting_ml",
        "between 1.4 mL",
    ),
    (
        "refill",
        {"expected_residual_ml": None, "aspirated_ml": Decimal("4.0")},
        {"pump": running("100")},
        "residual_action",
        "instead of 0 mL",
    ),
    (
        "volume_event",
        {
            "dose_mcg": Decimal(1500),
            "happened_at": datetime(2026, 6, 25, 9, tzinfo=UTC),
            "happened_on": date(2026, 6, 25),
        },
        {"pump": running("100")},
        "dose_mcg",
        "are left",
    ),
    (
        "volume_event",
        {"event": "measured", "dose_mcg": None, "volume_ml": Decimal(30)},
        {"pump": running("100")},
        "volume_ml",
        "do not fit",
    ),
    (
        "volume_event",
        {"happened_at": datetime(2026, 1, 5, tzinfo=UTC), "happened_on": date(2026, 1, 5)},
        {"pump": running("100")},
        "happened_at",
        "before the first fill",
    ),
    ("service_life", {"ends_on": date(2026, 4, 1)}, {"pump": running("100")}, "ends_on", "after that"),
    ("operation", {"prime_ml": Decimal(5), "fill_ml": Decimal(4)}, {}, "prime_ml", "whole fill"),
    (
        "operation",
        {"catheter_model": "indura-1p", "catheter_trimmed_cm": None},
        {},
        "catheter_implanted_cm",
        "is 89 cm long",
    ),
    (
        "program",
        {},
        {"pump": running("80"), "origin": "cerebral"},
        "daily_dose_mcg_per_day",
        "step limit of 15 %",
    ),
    (
        "program",
        {},
        {"pump": running("76"), "origin": "spinal"},
        "daily_dose_mcg_per_day",
        "step limit of 30 %",
    ),
    (
        "program",
        {},
        {"pump": running("80"), "origin": "spinal", "birth_date": date(2016, 1, 1)},
        "daily_dose_mcg_per_day",
        "step limit of 15 %",
    ),
    (
        "program",
        {},
        {"pump": running("130"), "origin": "spinal"},
        "daily_dose_mcg_per_day",
        "withdrawal",
    ),
    (
        "refill",
        {},
        {"pump": running("80"), "origin": "cerebral", "phase": Phase.MAINTENANCE},
        "daily_dose_mcg_per_day",
        "step limit of 20 %",
    ),
    ("device_plan", {"planned_on": date(2026, 9, 29)}, {}, "planned_on", "future"),
]
