"""What is printed in a clinic's name: the hospital and the 24-hour number on its emergency cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError

from pathway.engine.action import action
from pathway.engine.cards import card_reads_anew
from pathway.engine.clinic_action import clinic_action
from pathway.engine.errors import Invalid
from pathway.models import Case, Clinic, Clinician, Pump
from pathway.protocol.roles import Role, Stage

PRINTED = ("hospital_name", "emergency_phone")


@dataclass(frozen=True, slots=True)
class Named:
    """What naming a clinic did: how many emergency cards read otherwise now. `repeated`: nothing was to change."""

    cards: int = 0
    repeated: bool = False


def name_clinic(*, clinic_id: UUID, values: Mapping[str, str], by: Clinician, at: datetime) -> Named:
    """Set the hospital and the 24-hour number that emergency cards print.

    Each card that reads otherwise by this becomes a new edition: a coordinator is asked to hand it over, as for any
    other changed fact. Raises NotFound, NotAllowed for all but coordinators and the lead, Invalid by field.
    """
    with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
        act.require_keeper("change the clinic")
        clinic = act.clinic
        wanted = {name: " ".join(values[name].split()) for name in PRINTED}
        changed = {name: text for name, text in wanted.items() if text != getattr(clinic, name)}
        if not changed:
            return Named(repeated=True)
        for name, text in changed.items():
            setattr(clinic, name, text)
        try:
            clinic.clean_fields(exclude={field.name for field in Clinic._meta.fields} - set(PRINTED))
        except ValidationError as error:
            raise Invalid(error.message_dict) from error
        # Every open case is held first: an operation that ends now has read the old number for its card.
        open_cases = Case.objects.filter(clinic=clinic).exclude(stage=str(Stage.CLOSED))
        list(open_cases.select_for_update(no_key=True).order_by("id").values_list("id", flat=True))
        clinic.save(update_fields=PRINTED)
        cards = _print_anew(clinic, by, at)
        act.record("name_clinic", **changed, cards=cards)
        return Named(cards)


def _print_anew(clinic: Clinic, by: Clinician, at: datetime) -> int:
    """Note the new edition on every case whose card reads otherwise. Returns how many."""
    in_place = Pump.objects.filter(case__clinic=clinic, explanted_on__isnull=True).order_by("case_id")
    changed = 0
    for case_id in in_place.values_list("case_id", flat=True):
        with action(case_id=case_id, by=by, at=at) as act:
            if card_reads_anew(act):
                act.commit("name_clinic", act.actor.acting_as(Role.COORDINATOR))
                changed += 1
    return changed
