"""Pumps and catheters as data: each number with its unit, tag and source, None where no source gives one.

A site adds a model by building a PumpModel; nothing here knows a patient, and no number of one pump serves
another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from pathway.clinical.results import CannotCompute, cannot
from pathway.clinical.sources import Sourced, Tag

SITE_MODEL_HINT = "A site can add a model with its manual's numbers."


class PumpNumberError(ValueError):
    """A number that cannot belong to a pump; `field` is the one to correct."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class PumpModel:
    """One pump model. Flow in mL/day, volumes in mL, accuracy as +/- percent; None means no source gives the
    number.

    Raises PumpNumberError for numbers that cannot belong to a pump.
    """

    code: str
    name: str
    maker: str
    reservoir_sizes_ml: Sourced[tuple[Decimal, ...]]
    min_flow_ml_per_day: Sourced[Decimal]
    max_flow_ml_per_day: Sourced[Decimal]
    alarm_ml: Sourced[Decimal]
    stability_days: Sourced[int]
    empty_before_mri: Sourced[bool]
    mri_rule: Sourced[str]
    minimum_rate_ml_per_day: Sourced[Decimal] | None = None
    accuracy_pct: Sourced[Decimal] | None = None
    unusable_ml: Sourced[Decimal] | None = None
    internal_path_ml: Sourced[Decimal] | None = None
    life_months: Sourced[int] | None = None
    eri_to_stop_days: Sourced[int] | None = None
    age_min_years: Sourced[int] | None = None
    concentration_range_mcg_per_ml: Sourced[tuple[Decimal, Decimal]] | None = None

    def __post_init__(self) -> None:
        if not self.reservoir_sizes_ml.value or min(self.reservoir_sizes_ml.value) <= 0:
            raise PumpNumberError("reservoir_sizes_ml", f"{self.name}: every reservoir size is above 0 mL.")
        if not 0 <= self.min_flow_ml_per_day.value < self.max_flow_ml_per_day.value:
            raise PumpNumberError(
                "min_flow_ml_per_day",
                f"{self.name}: the minimum flow is not negative and lies below the maximum.",
            )
        if not 0 < self.alarm_ml.value < min(self.reservoir_sizes_ml.value):
            raise PumpNumberError(
                "alarm_ml", f"{self.name}: the alarm volume lies between empty and the smallest reservoir."
            )
        if self.stability_days.value <= 0:
            raise PumpNumberError("stability_days", f"{self.name}: the drug's stability is at least one day.")

    def constants(self) -> Iterator[tuple[str, Sourced[Any]]]:
        """Every known number with its field name, for a page that shows source and tag of each."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Sourced):
                yield field.name, value


@dataclass(frozen=True, slots=True)
class CatheterModel:
    """One catheter model: volume per length, and the full length from which trimmed pieces are subtracted."""

    code: str
    name: str
    ml_per_cm: Sourced[Decimal]
    full_length_cm: Sourced[Decimal] | None = None


def _ml(number: str, tag: Tag, *sources: str, unit: str = "mL", note: str = "") -> Sourced[Decimal]:
    return Sourced(Decimal(number), unit, tag, sources, note=note)


_SIZES = (Decimal(20), Decimal(40))
_LIKE_SM2 = "assumed as SynchroMed II; verify in the manual"

SYNCHROMED_II = PumpModel(
    code="synchromed-ii",
    name="SynchroMed II",
    maker="Medtronic",
    reservoir_sizes_ml=Sourced(_SIZES, "mL", Tag.VERIFIED, ("S40",)),
    min_flow_ml_per_day=_ml("0.048", Tag.MEMORY, "SM2", unit="mL/day"),
    max_flow_ml_per_day=_ml("24", Tag.MEMORY, "SM2", unit="mL/day"),
    minimum_rate_ml_per_day=_ml("0.006", Tag.MEMORY, "SM2", unit="mL/day"),
    accuracy_pct=_ml("14.5", Tag.MEMORY, "SM2", unit="%"),
    alarm_ml=_ml("2.0", Tag.VERIFIED, "S32"),
    unusable_ml=_ml("1.4", Tag.UNCERTAIN),
    internal_path_ml=_ml("0.199", Tag.UNCERTAIN),
    stability_days=Sourced(180, "days", Tag.VERIFIED, ("S31",)),
    life_months=Sourced(84, "months", Tag.VERIFIED, ("S45",)),
    eri_to_stop_days=Sourced(90, "days", Tag.VERIFIED, ("S45",)),
    empty_before_mri=Sourced(False, "", Tag.VERIFIED, ("S46", "S47")),
    mri_rule=Sourced(
        "1.5 T and 3 T conditional, never above 3 T. The motor stops: interrogate after every scan.",
        "",
        Tag.VERIFIED,
        ("S46", "S47"),
    ),
)

SYNCHROMED_III = PumpModel(
    code="synchromed-iii",
    name="SynchroMed III",
    maker="Medtronic",
    reservoir_sizes_ml=Sourced(_SIZES, "mL", Tag.MEMORY, note="the fact sheet names no document for it"),
    min_flow_ml_per_day=_ml("0.048", Tag.UNCERTAIN, unit="mL/day", note=_LIKE_SM2),
    max_flow_ml_per_day=_ml("24", Tag.UNCERTAIN, unit="mL/day", note=_LIKE_SM2),
    alarm_ml=_ml("2.0", Tag.UNCERTAIN, note=_LIKE_SM2),
    stability_days=Sourced(180, "days", Tag.UNCERTAIN, note=_LIKE_SM2),
    empty_before_mri=Sourced(False, "", Tag.VERIFIED, ("S48",)),
    mri_rule=Sourced(
        "1.5 T and 3 T full body conditional. Interrogate after every scan.", "", Tag.VERIFIED, ("S48",)
    ),
)

PROMETRA_II = PumpModel(
    code="prometra-ii",
    name="Prometra II",
    maker="Flowonix",
    reservoir_sizes_ml=Sourced(_SIZES, "mL", Tag.VERIFIED, ("S12", "S41")),
    min_flow_ml_per_day=_ml("0", Tag.UNCERTAIN, unit="mL/day"),
    max_flow_ml_per_day=_ml("28.8", Tag.UNCERTAIN, unit="mL/day"),
    alarm_ml=_ml("3.0", Tag.VERIFIED, "S44", note="the refill date is the day the volume reaches it"),
    stability_days=Sourced(180, "days", Tag.UNCERTAIN, note="use 180 until checked"),
    life_months=Sourced(
        120, "months", Tag.VERIFIED, ("S12",), note="more than 10 years: planned from the lower bound"
    ),
    age_min_years=Sourced(
        12, "years", Tag.VERIFIED, ("S12", "S13"), rule="SEL-06", note="older labelling: 22 years"
    ),
    concentration_range_mcg_per_ml=Sourced(
        (Decimal(500), Decimal(2000)), "mcg/mL", Tag.VERIFIED, ("S12", "S13"), rule="SEL-06"
    ),
    empty_before_mri=Sourced(True, "", Tag.VERIFIED, ("S41", "S49")),
    mri_rule=Sourced(
        "The pump must be emptied before MRI; 1.5 T only. Drug left in the pump can be given as a bolus.",
        "",
        Tag.VERIFIED,
        ("S41", "S49"),
    ),
)

PUMP_MODELS: dict[str, PumpModel] = {
    model.code: model for model in (SYNCHROMED_II, SYNCHROMED_III, PROMETRA_II)
}

CATHETER_MODELS: dict[str, CatheterModel] = {
    model.code: model
    for model in (
        CatheterModel(
            "indura-1p",
            "Medtronic InDura 1P 8709SC",
            _ml("0.0022", Tag.MEMORY, unit="mL/cm"),
            _ml("89", Tag.VERIFIED, "S55", unit="cm"),
        ),
        CatheterModel(
            "ascenda",
            "Medtronic Ascenda 8780/8781",
            _ml("0.0022", Tag.UNCERTAIN, unit="mL/cm", note="some tables differ"),
        ),
        CatheterModel(
            "prometra",
            "Prometra intrathecal catheter",
            _ml("0.0026", Tag.VERIFIED, "S54", unit="mL/cm"),
            _ml("110", Tag.VERIFIED, "S54", unit="cm"),
        ),
    )
}


def pump_model(code: str, site_models: Mapping[str, PumpModel] | None = None) -> PumpModel | CannotCompute:
    """The model with this code, a site's own before the shipped ones; an unknown code is a refusal, never a
    default.
    """
    known = {**PUMP_MODELS, **(site_models or {})}
    if code not in known:
        return cannot("pump_model", f"The pump model {code!r} is not known. {SITE_MODEL_HINT}")
    return known[code]
