"""The pump models that a clinic knows: those shipped with Pathway and its own. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from pathway.clinical.device import PUMP_MODELS, PumpModel
from pathway.models import Pump, SitePumpModel


@dataclass(frozen=True, slots=True)
class SiteModel:
    """One model that a clinic added, newest first; `in_use` counts the pumps in place with its code."""

    row: SitePumpModel
    model: PumpModel
    added_by: str
    retired_by: str
    in_use: int


def pump_models_of(clinic_id: UUID) -> dict[str, PumpModel]:
    """Every model that may be chosen in a clinic, by code: the shipped ones, then its own by name. One query."""
    own = SitePumpModel.objects.filter(clinic_id=clinic_id, retired_at__isnull=True).order_by("name")
    return PUMP_MODELS | {code: _model(row_id) for row_id, code in own.values_list("id", "code")}


def pump_model_of(clinic_id: UUID, code: str) -> PumpModel:
    """The model of a pump in a patient, retired or not. No query for a shipped one, one for a clinic's own."""
    if code in PUMP_MODELS:
        return PUMP_MODELS[code]
    rows = SitePumpModel.objects.filter(clinic_id=clinic_id, code=code).order_by("added_at", "id")
    row_id = rows.values_list("id", flat=True).last()
    assert row_id is not None  # a record names only models that its clinic knows, and rows are never deleted
    return _model(row_id)


@lru_cache(maxsize=1024)
def _model(row_id: UUID) -> PumpModel:
    """The model of a row; safe to cache because the numbers of a row never change."""
    return SitePumpModel.objects.get(pk=row_id).model()


def site_models(clinic_id: UUID) -> list[SiteModel]:
    """Every model that the clinic added, retired ones too, the newest first. Two queries."""
    rows = list(
        SitePumpModel.objects.filter(clinic_id=clinic_id)
        .select_related("added_by", "retired_by")
        .order_by("-added_at", "-id")
    )
    used = pumps_in_place(clinic_id) if rows else {}
    return [
        SiteModel(
            row=row,
            model=_model(row.id),
            added_by=str(row.added_by),
            retired_by=str(row.retired_by) if row.retired_by else "",
            in_use=used.get(row.code, 0) if row.retired_at is None else 0,
        )
        for row in rows
    ]


def pumps_in_place(clinic_id: UUID) -> dict[str, int]:
    """How many pumps of each model are in a patient of this clinic."""
    found: dict[str, int] = {}
    models = Pump.objects.filter(case__clinic_id=clinic_id, explanted_on__isnull=True)
    for code in models.values_list("model", flat=True):
        found[code] = found.get(code, 0) + 1
    return found
