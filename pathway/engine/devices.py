"""Pump models of a clinic: add one from its manual, or retire one. These actions belong to no case.

The rows are the trace of who did what and when: nothing in them is ever edited or deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from pathway.clinical.device import PUMP_MODELS
from pathway.clinical.site_pump import DOCUMENT, TAG, VALUE, Numbers, WrongNumbersError, site_model
from pathway.engine.clinic_action import action_on, clinic_action
from pathway.engine.errors import Invalid, Refused
from pathway.engine.permissions import require_role
from pathway.models import Clinician, SitePumpModel
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.protocol.verdict import refused
from pathway.queries.devices import pumps_in_place

MODEL_KEEPERS = frozenset({Role.NEUROSURGEON, Role.PHYSIATRIST, Role.COORDINATOR})
DOING = "add or retire a pump model"


@dataclass(frozen=True, slots=True)
class NewModel:
    """What was typed about a model: its name, maker and numbers (see `clinical.site_pump.Numbers`)."""

    name: str
    maker: str
    numbers: Numbers


class WrongNumbers(Invalid):
    """Numbers that were refused, each at its place: (number, cell) to sentence."""

    def __init__(self, problems: Mapping[tuple[str, str], str]) -> None:
        super().__init__({"numbers": [f"{name}: {text}" for (name, _), text in problems.items()]})
        self.problems = dict(problems)


def add_pump_model(*, clinic_id: UUID, new: NewModel, by: Clinician, at: datetime) -> SitePumpModel:
    """Add a model to a clinic. Its code follows from its name. Sent twice with the same numbers it is added once.

    Raises NotFound, NotAllowed, Invalid by field, WrongNumbers by number.
    """
    with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
        require_role(act.actor, MODEL_KEEPERS, DOING)
        name, maker = " ".join(new.name.split()), " ".join(new.maker.split())
        code = slugify(name)[:40].strip("-")
        if len(code) < 2:
            raise Invalid({"name": ["Write the name with at least two letters or digits."]})
        if any(mark in f"{name}{maker}" for mark in "[]"):
            raise Invalid({"name": ["Write name and maker without square brackets: those mark sources."]})
        if code in PUMP_MODELS:
            raise Invalid(
                {"name": [f"{PUMP_MODELS[code].name} comes with Pathway; give yours another name."]}
            )
        try:
            site_model(code, name, maker, new.numbers)
        except WrongNumbersError as wrong:
            raise WrongNumbers(wrong.problems) from wrong
        row = SitePumpModel(
            id=new_id(),
            clinic_id=clinic_id,
            code=code,
            name=name,
            maker=maker,
            numbers=_tidy(new.numbers),
            added_at=at,
            added_by=by,
        )
        known = SitePumpModel.objects.filter(clinic_id=clinic_id, code=code, retired_at__isnull=True).first()
        if known is not None:
            if (known.name, known.maker, known.numbers) == (row.name, row.maker, row.numbers):
                return known
            raise Invalid(
                {"name": ["Your clinic has a model of this name. Retire it first, or name this one apart."]}
            )
        if code in pumps_in_place(clinic_id):
            text = "Pumps in place rest on a retired model of this name: name this one apart."
            raise Invalid({"name": [text]})
        try:
            row.clean_fields(exclude=["clinic", "added_by"])
        except ValidationError as error:
            fields = error.message_dict
            raise Invalid(
                {("name" if field == "code" else field): texts for field, texts in fields.items()}
            ) from error
        row.save(force_insert=True)
        return row


def retire_pump_model(*, model_id: UUID, by: Clinician, at: datetime) -> SitePumpModel:
    """Take a model out of what can be chosen.

    Raises NotFound, NotAllowed, Refused while a pump in place rests on it.
    """
    missing = "There is no such pump model for you."
    with action_on(SitePumpModel, model_id, by=by, at=at, missing=missing) as (act, found):
        require_role(act.actor, MODEL_KEEPERS, DOING)
        if found.retired_at is not None:
            return found
        used = pumps_in_place(found.clinic_id).get(found.code, 0)
        if used:
            raise Refused(refused("model_in_use", _in_use(used)))
        found.retired_at, found.retired_by = at, by
        found.save(update_fields=["retired_at", "retired_by"])
        return found


def _in_use(used: int) -> str:
    pumps = "1 pump in place rests" if used == 1 else f"{used} pumps in place rest"
    return (
        f"{pumps} on these numbers. Add the corrected model under another name, then correct the operation "
        "record of each patient to it: their dates follow."
    )


def _tidy(numbers: Numbers) -> dict[str, dict[str, str]]:
    """What is stored: known numbers only, without blanks around."""
    return {
        name: {cell: str(given.get(cell, "")).strip() for cell in (VALUE, TAG, DOCUMENT)}
        for name, given in numbers.items()
        if str(given.get(VALUE, "")).strip()
    }
