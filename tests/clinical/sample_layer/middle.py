"""It needs two modules, so it comes after both and before the one that needs it."""

from __future__ import annotations

from pathway.clinical.device import CATHETER_MODELS, PUMP_MODELS
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.sample_layer.place import Place
from tests.clinical.sample_layer.rules import Rule

FLOW_ML = Sourced(2, "mL", Tag.VERIFIED, ("S4", "S14"))
PUMPS, CATHETERS = PUMP_MODELS, CATHETER_MODELS
LATE_RULES = {Place.LEFT_HAND: Rule(Sourced(9, "", Tag.POLICY), "Late.", id="R-9")}


def doubled(number: int) -> int:
    """A function that another module imports."""
    return 2 * number
