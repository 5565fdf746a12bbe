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
    """Every model by code: the shipped ones and the clinic's. One query.

    Retired models are there too, each code in its newest version, because pumps in place rest on them; what may
    be chosen for a new pump is `pump_choices`.
    """
    rows = SitePumpModel.objects.filter(clinic_id=clinic_id).order_by("code", "added_at")
    newest = {code: row_id for row_id, code in rows.values_list("id", "code")}
    return PUMP_MODELS | {code: _model(row_id) for code, row_id in newest.items()}


@lru_cache(maxsize=1024)
def _model(row_id: UUID) -> PumpModel:
    """The model of a row; safe to cache because the numbers of a row never change."""
    return SitePumpModel.objects.get(pk=row_id).model()


def pump_choices(clinic_id: UUID) -> tuple[tuple[str, str], ...]:
    """What a form offers: shipped models, then the clinic's own that are not retired."""
    own = SitePumpModel.objects.filter(clinic_id=clinic_id, retired_at__isnull=True).order_by("name")
    shipped = tuple((model.code, model.name) for model in PUMP_MODELS.values())
    return (*shipped, *own.values_list("code", "name"))


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
